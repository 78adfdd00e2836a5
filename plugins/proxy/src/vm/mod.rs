//! One worker's module: its root contexts, the requests that need to be remembered, and what is done at each callback.
//!
//! A change of the plugin's configuration makes a second root context in the same module while the first still has requests, so
//! views belong to the module and not to a root context.

mod settle;
mod requests;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use tollgate_core::{DenyReason, HeldPermit};

use crate::configuration::{self, Configuration};
use crate::door::{self, Level};
use crate::following::Following;
use crate::settling::Settling;
use crate::stats::Stats;
use crate::verdict::{deny, plain};
use settle::Pending;

/// What a callback about a request answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Continue = 0,
    Pause = 1,
}

/// Milliseconds between ticks: while a snapshot is worked in, while requests wait, and else.
const TICK_BUSY_MS: u32 = 1;
const TICK_WAITING_MS: u32 = 20;
const TICK_IDLE_MS: u32 = 100;

/// A plugin configuration, as one root context has it.
struct Root {
    context: u32,
    /// None where it cannot be worked with.
    plan: Option<Plan>,
    tick_ms: u32,
}

#[derive(Clone)]
struct Plan {
    configuration: Rc<Configuration>,
    following: Rc<RefCell<Following>>,
    settling: Rc<RefCell<Settling>>,
}

impl Plan {
    /// Whether both have one view.
    fn is_of_source(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.following, &other.following)
    }
}

/// Where a request is.
#[derive(Default)]
enum Stage {
    /// It has not come yet, or has passed.
    #[default]
    Elsewhere,
    /// It waits for the first snapshot.
    Parked,
    /// Its form is still coming.
    AwaitsForm,
    /// It waits for the engine to say whose its credential is.
    Unsettled(Pending),
    /// It was refused.
    Refused,
}

/// What has to be remembered of a request. Most need nothing.
#[derive(Default)]
struct Stream {
    /// Its root context, where that is not the first.
    root: Option<u32>,
    stage: Stage,
    /// How much of its body has come, as long as that matters.
    body_so_far: usize,
    /// The whole length of its body, where that has come before it was asked for.
    body_len: Option<usize>,
    held: Option<HeldPermit>,
}

/// A request that waits for the first snapshot, for its form, or for what the engine says.
struct Waiting {
    context: u32,
    until_ms: u64,
}

#[derive(Default)]
struct Vm {
    roots: Vec<Root>,
    streams: BTreeMap<u32, Stream>,
    waiting: VecDeque<Waiting>,
    stats: Option<Stats>,
}

thread_local! {
    static VM: RefCell<Vm> = RefCell::default();
}

/// Runs in this module's state. A proxy that calls while it is being called is answered `otherwise`.
fn within<R>(otherwise: R, run: impl FnOnce(&mut Vm) -> R) -> R {
    VM.with(|vm| match vm.try_borrow_mut() {
        Ok(mut vm) => run(&mut vm),
        Err(_) => otherwise,
    })
}

pub(crate) fn configure(root: u32, len: usize) {
    within((), |vm| vm.configure(root, len));
}

pub(crate) fn create(context: u32, root: u32) {
    within((), |vm| vm.create(context, root));
}

pub(crate) fn tick(root: u32) {
    within((), |vm| vm.tick(root));
}

pub(crate) fn answered(root: u32, call: u32, headers: u32, body_len: usize) {
    within((), |vm| vm.answered(root, call, headers > 0, body_len));
}

pub(crate) fn headers(context: u32, is_end: bool) -> Action {
    let decided = within(None, |vm| Some(vm.headers(context, is_end)));
    decided.unwrap_or_else(|| {
        deny(&plain(DenyReason::StaleView), None);
        Action::Pause
    })
}

pub(crate) fn body(context: u32, len: usize, is_end: bool) -> Action {
    within(Action::Pause, |vm| vm.body(context, len, is_end))
}

pub(crate) fn trailers(context: u32) -> Action {
    within(Action::Pause, |vm| vm.trailers(context))
}

/// The view that the first root context decides by.
#[cfg(all(feature = "measure", target_arch = "wasm32"))]
pub(crate) fn with_view<R>(otherwise: R, run: impl FnOnce(&tollgate_core::LiveView) -> R) -> R {
    within(None, |vm| {
        let plan = vm.roots.first()?.plan.as_ref()?;
        let following = plan.following.borrow();
        following.view().map(run)
    })
    .unwrap_or(otherwise)
}

pub(crate) fn delete(context: u32) {
    within((), |vm| vm.delete(context));
}

impl Vm {
    fn stats(&mut self) -> &mut Stats {
        self.stats.get_or_insert_with(Stats::define)
    }

    fn configure(&mut self, root: u32, len: usize) {
        let read = door::configuration(len.min(configuration::LEN_MAX + 1))
            .map_err(|status| format!("the proxy does not hand out the configuration (status {})", status.0))
            .and_then(|json| Configuration::read(&json));
        #[cfg(all(feature = "trap", target_arch = "wasm32"))]
        let read = read.and_then(crate::trap::fail_on_workers);
        let plan = match read {
            Ok(configuration) => Some(self.plan(configuration)),
            Err(error) => {
                door::log(
                    Level::Error,
                    &format!("tollgate: every request is refused, because the configuration is wrong: {error}"),
                );
                None
            }
        };
        self.stats().misconfigured(plan.is_none());
        // A later tick would find out as well, but nothing would ever be loaded without one.
        let _ = door::set_tick_period(TICK_BUSY_MS);
        let root = Root {
            context: root,
            plan,
            tick_ms: TICK_BUSY_MS,
        };
        // Its place stays: requests that name no root context belong to the first.
        match self.roots.iter_mut().find(|known| known.context == root.context) {
            Some(known) => *known = root,
            None => {
                // Requests that stand still name no root context where there was but one: they are the first's for good.
                let first = self.roots.first().map(|first| first.context);
                for stream in self.streams.values_mut() {
                    stream.root = stream.root.or(first);
                }
                self.roots.push(root);
            }
        }
        self.obey();
    }

    /// The view of a source, which may be there already.
    fn plan(&self, configuration: Configuration) -> Plan {
        let mut plans = self.roots.iter().filter_map(|root| root.plan.as_ref());
        let same = plans.find(|plan| plan.configuration.source == configuration.source);
        let (following, settling) = match same {
            Some(plan) => (Rc::clone(&plan.following), Rc::clone(&plan.settling)),
            None => (
                Rc::new(RefCell::new(Following::new(&configuration))),
                Rc::new(RefCell::new(Settling::new(&configuration.source))),
            ),
        };
        let configuration = Rc::new(configuration);
        Plan {
            configuration,
            following,
            settling,
        }
    }

    /// Of several configurations of one source, each view obeys all.
    fn obey(&self) {
        let mut seen: Vec<&Plan> = Vec::new();
        for plan in self.roots.iter().filter_map(|root| root.plan.as_ref()) {
            let alone = !seen.iter().any(|before| before.is_of_source(plan));
            plan.following.borrow_mut().obey(&plan.configuration, alone);
            seen.push(plan);
        }
    }

    fn create(&mut self, context: u32, parent: u32) {
        if parent == 0 {
            return;
        }
        // Until there is a second configuration there is nothing to remember.
        if self.roots.len() > 1 {
            self.streams.entry(context).or_default().root = Some(parent);
        }
    }

    /// Under which root context a request is. One that nobody knows a root context of came when there was but one.
    fn root(&self, context: u32) -> Option<&Root> {
        let named = self.streams.get(&context).and_then(|stream| stream.root);
        match named {
            Some(named) => self.roots.iter().find(|root| root.context == named),
            None => self.roots.first(),
        }
    }

    fn root_of(&self, context: u32) -> Option<u32> {
        self.root(context).map(|root| root.context)
    }

    /// The plan that a request is under.
    fn plan_of(&self, context: u32) -> Option<Plan> {
        self.root(context)?.plan.clone()
    }

    fn tick(&mut self, root: u32) {
        let Some(plan) = self
            .roots
            .iter()
            .find(|known| known.context == root)
            .and_then(|known| known.plan.clone())
        else {
            return;
        };
        self.drive(root, &plan);
    }

    fn drive(&mut self, root: u32, plan: &Plan) {
        let mut following = plan.following.borrow_mut();
        let stats = self.stats.get_or_insert_with(Stats::define);
        let opened = following.drive(root, stats);
        stats.tell(&following.standing());
        let busy = following.is_busy();
        drop(following);
        if opened {
            self.move_permits(plan);
        }
        self.give_up_questions(plan);
        self.attend(root);
        let tick_ms = match (busy, self.waiting.is_empty()) {
            (true, _) => TICK_BUSY_MS,
            (false, false) => TICK_WAITING_MS,
            (false, true) => TICK_IDLE_MS,
        };
        if let Some(known) = self.roots.iter_mut().find(|known| known.context == root)
            && known.tick_ms != tick_ms
            && door::set_tick_period(tick_ms).is_ok()
        {
            known.tick_ms = tick_ms;
        }
    }

    /// Counts requests that are under way in the view that has taken the place of the one that let them pass.
    fn move_permits(&mut self, plan: &Plan) {
        let following = plan.following.borrow();
        let held = self.streams.iter().filter(|(_, stream)| stream.held.is_some());
        let contexts: Vec<u32> = held.map(|(context, _)| *context).collect();
        for context in contexts {
            let theirs = self.plan_of(context);
            let same = theirs.is_some_and(|theirs| theirs.is_of_source(plan));
            if let Some(stream) = self.streams.get_mut(&context).filter(|_| same)
                && let Some(held) = &stream.held
            {
                // The old view's place is free as soon as this takes its permit's place.
                stream.held = following.adopt(held);
            }
        }
    }

    fn answered(&mut self, root: u32, call: u32, has_head: bool, body_len: usize) {
        let mut plans = self.roots.iter().filter_map(|known| known.plan.as_ref());
        let asked = plans.find(|plan| plan.following.borrow_mut().is_answered_by(root, call));
        if let Some(plan) = asked.cloned() {
            let stats = self.stats.get_or_insert_with(Stats::define);
            plan.following.borrow_mut().hear(has_head, body_len, stats);
            return self.drive(root, &plan);
        }
        let mut plans = self.roots.iter().filter_map(|known| known.plan.as_ref());
        let heard = plans.find_map(|plan| {
            let heard = plan.settling.borrow_mut().hear(root, call, has_head, body_len)?;
            Some((plan.clone(), heard))
        });
        if let Some((plan, heard)) = heard {
            self.take_answer(root, &plan, &heard);
        }
    }

    fn delete(&mut self, context: u32) {
        if let Some(at) = self.roots.iter().position(|root| root.context == context) {
            let gone = self.roots.remove(at);
            if let Some(plan) = gone.plan {
                plan.following.borrow_mut().lose(context);
                self.lose_questions(&plan, context);
            }
            self.obey();
            if self.roots.is_empty() {
                self.stats().leave();
            }
            return;
        }
        if let Some(stream) = self.streams.remove(&context)
            && matches!(stream.stage, Stage::Parked | Stage::Unsettled(_))
        {
            self.waiting.retain(|waiting| waiting.context != context);
        }
    }
}
