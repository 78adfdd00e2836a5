//! What the host calls of one VM read and change.

use std::collections::BTreeMap;

use wasmtime::StoreLimits;

use crate::callout::{Callout, Response};
use crate::fault::Faults;
use crate::journal::Line;
use crate::process::Process;
use crate::settings::Settings;
use crate::status::Status;
use crate::stream::{LocalResponse, Stream};

/// Everything of a VM but its code.
pub(crate) struct State {
    pub(crate) process: Process,
    pub(crate) settings: Settings,
    pub(crate) limits: StoreLimits,
    pub(crate) faults: Faults,
    pub(crate) lines: Vec<Line>,
    pub(crate) violations: Vec<String>,
    pub(crate) roots: BTreeMap<u32, Root>,
    pub(crate) streams: BTreeMap<u32, Stream>,
    /// Whom the callback is about that runs.
    pub(crate) current: u32,
    /// Whom the guest has made its calls be about instead; 0 is nobody.
    pub(crate) effective: u32,
    pub(crate) callouts: BTreeMap<u32, Callout>,
    pub(crate) next_token: u32,
    /// The answer that the guest may read while it is told of it.
    pub(crate) answer: Option<Response>,
    /// The root context that may read its configuration, while it is told of it.
    pub(crate) configured: Option<u32>,
    /// What takes effect after the callback.
    pub(crate) effects: Vec<Effect>,
    /// Whether the callback has answered the stream, so that its own answer no longer counts.
    pub(crate) stopped: bool,
    random: u64,
}

/// A root context.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) configuration: Vec<u8>,
    pub(crate) tick: Option<Tick>,
}

/// When a root context wants to be called again, by the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    pub(crate) period: std::time::Duration,
    pub(crate) next: std::time::Duration,
}

/// What a host call has asked for and the proxy does after the callback.
#[derive(Debug)]
pub(crate) enum Effect {
    Answer(u32, LocalResponse),
    Continue(u32),
}

impl State {
    pub(crate) fn new(process: Process, settings: Settings, limits: StoreLimits) -> Self {
        let random = process.next_seed();
        Self {
            process,
            settings,
            limits,
            faults: Faults::default(),
            lines: Vec::new(),
            violations: Vec::new(),
            roots: BTreeMap::new(),
            streams: BTreeMap::new(),
            current: 0,
            effective: 0,
            callouts: BTreeMap::new(),
            next_token: 0,
            answer: None,
            configured: None,
            effects: Vec::new(),
            stopped: false,
            random,
        }
    }

    /// Whom a host call is about.
    pub(crate) fn context(&self) -> u32 {
        if self.knows(self.effective) {
            self.effective
        } else {
            self.current
        }
    }

    pub(crate) fn knows(&self, context: u32) -> bool {
        self.roots.contains_key(&context) || self.streams.contains_key(&context)
    }

    /// The root context of whom a host call is about.
    pub(crate) fn root(&self) -> u32 {
        let context = self.context();
        self.streams.get(&context).map_or(context, |stream| stream.root)
    }

    /// The stream that a host call is about, as long as its request may be read and changed.
    pub(crate) fn open_stream(&mut self, call: &str) -> Result<&mut Stream, Status> {
        let context = self.context();
        match self.streams.get_mut(&context) {
            Some(stream) if stream.open => Ok(stream),
            Some(_) => {
                self.violations
                    .push(format!("{call}: the request of stream {context} has gone on"));
                Err(Status::BadArgument)
            }
            None => {
                self.violations.push(format!("{call}: context {context} is no stream"));
                Err(Status::BadArgument)
            }
        }
    }

    /// The next of numbers that look random and are the same in every run (Steele, Lea and Flood 2014).
    pub(crate) fn random_word(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
