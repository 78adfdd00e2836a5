//! The time after which a callback is an endless loop.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::Engine;

/// How often the epoch moves on.
const STEP: Duration = Duration::from_millis(50);

/// A thread that lets the epoch of an engine move on, until this is dropped.
pub(crate) struct Epoch {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Epoch {
    pub(crate) fn begin(engine: &Engine) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (told, engine) = (Arc::clone(&stop), engine.clone());
        let thread = std::thread::Builder::new().name("epoch".to_owned());
        let thread = thread.spawn(move || {
            let (stop, changed) = &*told;
            let mut stopped = stop.lock();
            while !*stopped {
                changed.wait_for(&mut stopped, STEP);
                engine.increment_epoch();
            }
        })?;
        let thread = Some(thread);
        Ok(Self { stop, thread })
    }

    /// How many steps of the epoch a time takes, the one that has begun besides.
    pub(crate) fn steps(time: Duration) -> u64 {
        u64::try_from(time.as_nanos().div_ceil(STEP.as_nanos())).map_or(u64::MAX >> 1, |steps| steps.saturating_add(1))
    }
}

impl Drop for Epoch {
    fn drop(&mut self) {
        let (stop, changed) = &*self.stop;
        *stop.lock() = true;
        changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that unwound has said so already.
            let _ = thread.join();
        }
    }
}
