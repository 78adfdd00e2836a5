//! A clock that a test sets, and that can keep whoever asks it waiting.

use parking_lot::{Condvar, Mutex};
use tollgate::{Clock, Timestamp};

/// Tells the time that was set. The writer asks for it before every transaction, so a clock that does not answer stops
/// the writer between two of them, while commands queue up behind it.
pub(crate) struct StagedClock {
    state: Mutex<State>,
    turned: Condvar,
}

struct State {
    now: u64,
    held: bool,
    waiting: bool,
}

impl StagedClock {
    /// A clock that says `now`, in milliseconds.
    pub(crate) fn at(now: u64) -> Self {
        let state = State {
            now,
            held: false,
            waiting: false,
        };
        Self {
            state: Mutex::new(state),
            turned: Condvar::new(),
        }
    }

    /// Makes it say `now` from here on.
    pub(crate) fn set(&self, now: u64) {
        self.state.lock().now = now;
    }

    /// Makes it answer nobody while `f` runs. `ask` must make the writer ask for the time; `f` begins once it does.
    pub(crate) fn while_held(&self, ask: impl FnOnce() + Send, f: impl FnOnce()) {
        self.state.lock().held = true;
        std::thread::scope(|scope| {
            scope.spawn(ask);
            let mut state = self.state.lock();
            while !state.waiting {
                self.turned.wait(&mut state);
            }
            drop(state);
            f();
            let mut state = self.state.lock();
            (state.held, state.waiting) = (false, false);
            self.turned.notify_all();
        });
    }
}

impl Clock for StagedClock {
    fn now(&self) -> Timestamp {
        let mut state = self.state.lock();
        while state.held {
            state.waiting = true;
            self.turned.notify_all();
            self.turned.wait(&mut state);
        }
        Timestamp::from_millis(state.now)
    }
}
