//! The very module that proxies load, run in this process.
//!
//! A proxy shows little of what a plugin does to it, and cannot be made to fail on demand. Here the compiled plugin runs under
//! wasmtime, and the host calls of proxy-wasm 0.2.1 are answered by this crate, as Envoy answers them. So tests see every answer,
//! set the clock, hold callouts back or falsify them, and let any host call fail at any time; benchmarks measure the module
//! without a proxy around it. Nothing here is part of a product.
//!
//! | what | how |
//! |---|---|
//! | [`Program`] | the compiled module; compiling takes the time, so one serves a whole test process |
//! | [`Process`] | what the workers of one proxy share: clocks, metrics, shared data |
//! | [`Vm`] | one worker's clone of the module, with its root contexts, streams and callouts |
//! | [`Faults`] | which host calls go wrong, when and how |
//! | [`Feed`] | facts that a test states, served to the plugin as an engine would |
//!
//! A [`Vm`] runs on whoever calls it, so a test decides the order of all events: [`Vm::request`] begins a stream, [`Vm::tick`]
//! lets time be noticed, [`Vm::callouts`] tells what the plugin asked for, and [`Vm::answer`] and [`Vm::refuse`] end it. What the
//! plugin decides about a stream is told by [`Vm::outcome`].
//!
//! # As Envoy does it
//!
//! - Buffers are handed over through `proxy_on_memory_allocate`; an empty one comes with a null pointer, and an empty slice of a
//!   buffer leaves the guest's variables as they were.
//! - A local response and the continuation of a stream take effect after the callback. After a local response the stream stands
//!   still, whatever the callback answers.
//! - A stream's request can be read and changed until it continues, and not afterwards.
//! - A stop of iteration at the headers is a full stop, unless [`Settings::stop_at_headers`] lets the body come first.
//! - A trap ends the VM: no callback comes any more, its waiting streams and all later ones fail with 503. [`Vm::reload`] starts
//!   another as Envoy's `FAIL_RELOAD` does.
//! - What the guest does that would be wrong in any host is noted by [`Vm::violations`].

mod status;
mod headers;
mod fault;
mod process;
mod settings;
mod stream;
mod callout;
mod journal;
mod state;
mod guest;
mod calls;
mod epoch;
mod program;
mod vm;
mod feed;

pub use callout::{Callout, Response};
pub use fault::{Fault, Faults, HostCall};
pub use feed::Feed;
pub use headers::{Headers, PAIRS_MOST, PairsError};
pub use journal::{Level, Line};
pub use process::{MetricKind, Process};
pub use program::{Program, ProgramError};
pub use settings::Settings;
pub use status::Status;
pub use stream::{LocalResponse, Outcome, Request};
pub use vm::{ContextId, Vm};
