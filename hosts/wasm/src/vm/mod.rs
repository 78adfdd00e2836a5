//! One worker's clone of the module.

mod callbacks;
mod events;
mod streams;

use std::time::Duration;

use wasmtime::{Memory, Store, StoreLimitsBuilder, WasmParams, WasmResults};

use crate::epoch::Epoch;
use crate::fault::Faults;
use crate::journal::Line;
use crate::process::Process;
use crate::program::{Program, ProgramError};
use crate::settings::Settings;
use crate::state::{Effect, Root, State};
use crate::stream::Outcome;
use callbacks::{Callback, Callbacks};

/// A root context or a stream.
pub type ContextId = u32;

/// A VM with its contexts. It runs on whoever calls it, and does nothing by itself.
pub struct Vm {
    program: Program,
    store: Store<State>,
    memory: Option<Memory>,
    callbacks: Callbacks,
    /// Why it ended.
    failed: Option<String>,
    next_context: ContextId,
    /// The configurations it was started with, for another that takes its place.
    started: Vec<(ContextId, Vec<u8>)>,
}

impl Vm {
    /// Makes an instance and lets it initialise itself; no root context is there yet.
    pub fn new(program: &Program, process: &Process, settings: Settings) -> Result<Self, ProgramError> {
        let limits = StoreLimitsBuilder::new().memory_size(settings.memory_most).build();
        let state = State::new(process.clone(), settings, limits);
        let mut store = Store::new(program.linked.module().engine(), state);
        store.limiter(|state| &mut state.limits);
        set_deadline(&mut store);
        let instance = program.linked.instantiate(&mut store).map_err(ProgramError::Start)?;
        let callbacks = Callbacks::of(&instance, &mut store).map_err(ProgramError::Module)?;
        let memory = instance.get_memory(&mut store, "memory");
        let mut vm = Self {
            program: program.clone(),
            store,
            memory,
            callbacks,
            failed: None,
            next_context: 1,
            started: Vec::new(),
        };
        let initialize = vm.callbacks.initialize.clone();
        if let Some(initialize) = initialize {
            initialize.call(&mut vm.store, ()).map_err(ProgramError::Start)?;
        }
        Ok(vm)
    }

    /// Starts a root context with a configuration, and answers whether the guest took it: neither `proxy_on_vm_start` nor
    /// `proxy_on_configure` said no, and nothing trapped.
    ///
    /// Another in the same VM is what a proxy makes when only the configuration changes; the old one is there until
    /// [`Vm::end_root`].
    pub fn start_root(&mut self, configuration: impl Into<Vec<u8>>) -> (ContextId, bool) {
        let (id, configuration) = (self.new_context(), configuration.into());
        self.started.push((id, configuration.clone()));
        let taken = self.start_root_as(id, configuration);
        (id, taken)
    }

    fn start_root_as(&mut self, id: ContextId, configuration: Vec<u8>) -> bool {
        let lengths = [&self.store.data().settings.vm_configuration, &configuration].map(|text| length(text.len()));
        let [vm_length, length] = lengths;
        let root = Root {
            configuration,
            tick: None,
        };
        self.store.data_mut().roots.insert(id, root);
        self.call(id, |callbacks| &callbacks.context_create, (id, 0));
        let started = self.call(id, |callbacks| &callbacks.vm_start, (id, vm_length));
        if started == Some(0) || self.failed.is_some() {
            return false;
        }
        self.store.data_mut().configured = Some(id);
        let configured = self.call(id, |callbacks| &callbacks.configure, (id, length));
        self.store.data_mut().configured = None;
        configured != Some(0) && self.failed.is_none()
    }

    /// Ends a root context, as a proxy does once the last stream of an old configuration is over.
    pub fn end_root(&mut self, root: ContextId) {
        self.call(root, |callbacks| &callbacks.done, (root,));
        self.call(root, |callbacks| &callbacks.delete, (root,));
        let state = self.store.data_mut();
        state.roots.remove(&root);
        state.callouts.retain(|_, callout| callout.root != root);
        self.started.retain(|(id, _)| *id != root);
    }

    /// Puts another VM in the place of one that failed, as `FAIL_RELOAD` does: empty, and with the same root contexts. Answers
    /// whether it started; where it did not, the old one stays, failed as it is.
    pub fn reload(&mut self) -> Result<bool, ProgramError> {
        let state = self.store.data();
        let mut vm = Self::new(&self.program, &state.process, state.settings.clone())?;
        vm.next_context = self.next_context;
        for (id, configuration) in self.started.clone() {
            vm.started.push((id, configuration.clone()));
            if !vm.start_root_as(id, configuration) {
                return Ok(false);
            }
        }
        let state = vm.store.data_mut();
        state.faults = std::mem::take(&mut self.store.data_mut().faults);
        let mut lines = std::mem::take(&mut self.store.data_mut().lines);
        lines.append(&mut state.lines);
        state.lines = lines;
        state.violations.append(&mut self.store.data_mut().violations);
        *self = vm;
        Ok(true)
    }

    /// Why the VM ended, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// What the guest did that no host allows.
    pub fn violations(&self) -> &[String] {
        &self.store.data().violations
    }

    /// What the guest has said so far.
    pub fn lines(&self) -> &[Line] {
        &self.store.data().lines
    }

    /// The same, and forgets it.
    pub fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.store.data_mut().lines)
    }

    /// Which host calls go wrong.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.store.data_mut().faults
    }

    /// The process that this is a worker of.
    pub fn process(&self) -> &Process {
        &self.store.data().process
    }

    /// Bytes of the guest's memory, which never shrinks.
    pub fn memory_size(&self) -> usize {
        self.memory.map_or(0, |memory| memory.data_size(&self.store))
    }

    /// Calls an export that is no callback, as a benchmark does.
    pub fn call_export(&mut self, name: &str, arguments: (u32, u32)) -> Result<u32, ProgramError> {
        set_deadline(&mut self.store);
        let instance = self.callbacks.instance;
        let export = instance
            .get_typed_func::<(u32, u32), u32>(&mut self.store, name)
            .map_err(ProgramError::Module)?;
        export.call(&mut self.store, arguments).map_err(ProgramError::Start)
    }

    fn new_context(&mut self) -> ContextId {
        let id = self.next_context;
        self.next_context += 1;
        id
    }

    /// Makes a callback about a context, if the guest has it and has not failed, and lets its effects be.
    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        context: ContextId,
        callback: impl FnOnce(&Callbacks) -> &Callback<P, R>,
        arguments: P,
    ) -> Option<R> {
        let answered = self.call_without_effects(context, callback, arguments);
        self.apply_effects();
        answered
    }

    fn call_without_effects<P: WasmParams, R: WasmResults>(
        &mut self,
        context: ContextId,
        callback: impl FnOnce(&Callbacks) -> &Callback<P, R>,
        arguments: P,
    ) -> Option<R> {
        let callback = callback(&self.callbacks).clone()?;
        if self.failed.is_some() {
            return None;
        }
        set_deadline(&mut self.store);
        let state = self.store.data_mut();
        (state.current, state.effective, state.stopped) = (context, 0, false);
        match callback.call(&mut self.store, arguments) {
            Ok(answered) => Some(answered),
            Err(trap) => {
                self.failed = Some(format!("{trap:#}"));
                None
            }
        }
    }

    /// Does what host calls have asked for. What was decided before a trap stands; all other streams fail with the VM.
    fn apply_effects(&mut self) {
        let state = self.store.data_mut();
        let mut passed = Vec::new();
        for effect in std::mem::take(&mut state.effects) {
            let (Effect::Answer(id, _) | Effect::Continue(id)) = &effect;
            let id = *id;
            let Some(stream) = state.streams.get_mut(&id) else {
                continue;
            };
            match effect {
                _ if stream.outcome != Outcome::Waiting => {
                    state.violations.push(format!("stream {id} was decided twice"));
                }
                Effect::Answer(_, response) => stream.outcome = Outcome::Answered(response),
                Effect::Continue(_) => {
                    stream.pass();
                    passed.push(id);
                }
            }
        }
        if self.failed.is_some() {
            state.callouts.clear();
            let waiting = state
                .streams
                .values_mut()
                .filter(|stream| stream.outcome == Outcome::Waiting);
            for stream in waiting {
                (stream.open, stream.outcome) = (false, Outcome::Failed);
            }
        }
        for id in passed {
            self.flow(id);
        }
    }
}

/// Gives the next callback its time.
fn set_deadline(store: &mut Store<State>) {
    let most = store.data().settings.callback_most;
    store.set_epoch_deadline(most.map_or(u64::MAX >> 1, Epoch::steps));
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What is due at `now`, of what comes after `wait`.
fn is_due(since: Duration, wait: Duration, now: Duration) -> bool {
    since.saturating_add(wait) <= now
}
