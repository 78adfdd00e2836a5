//! However many close an engine at once, the file is let go of only after the writer has written its counters.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use support::{BEGIN, issue, refused, trust};
use tollgate::{AddUser, Clock, DenyReason, OpenOptions, PepperKey, Timestamp};

/// A clock that stands still, and does not answer the writer while it is held.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    turned: Condvar,
}

#[derive(Default)]
struct State {
    held: bool,
    waiting: bool,
}

impl Gate {
    fn hold(&self, held: bool) {
        self.state.lock().held = held;
        self.turned.notify_all();
    }

    fn until_the_writer_waits(&self) {
        let mut state = self.state.lock();
        self.turned.wait_while(&mut state, |state| !state.waiting);
    }
}

impl Clock for Gate {
    fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("tollgate-writer") {
            let mut state = self.state.lock();
            state.waiting = state.held;
            self.turned.notify_all();
            self.turned.wait_while(&mut state, |state| state.held);
        }
        BEGIN
    }
}

/// The second to close let go of the file while the first still waited for the writer, whose last checkpoint then failed.
#[test]
fn the_second_to_close_waits_for_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Arc::new(Gate::default());
    let open = |create: bool| {
        let options = OpenOptions::new().key(PepperKey::from_bytes([1; 32])).create(create);
        let options = options.checkpoint_every(None).sweep_every(None);
        let options = options.clock(Arc::clone(&gate) as _);
        options.open(folder.path().join("s.redb")).unwrap()
    };
    let engine = open(true);
    trust(&engine);
    let mut user = AddUser::named("ann".parse().unwrap());
    user.per_hour = "1".parse().unwrap();
    let user = engine.execute(user).unwrap().name;
    let token = issue(&engine, &user).token;
    assert_eq!(refused(&engine, token.expose()), None);

    gate.hold(true);
    let (first, second) = (engine.clone(), engine);
    let (said, closed) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| first.close());
        gate.until_the_writer_waits();
        scope.spawn(move || {
            second.close();
            said.send(()).unwrap();
        });
        // The second has no reason to be done while the writer stands still; if it has one, it is found out soon.
        let early = closed.recv_timeout(std::time::Duration::from_millis(200));
        gate.hold(false);
        assert!(early.is_err(), "closed before the writer was done");
        closed.recv().unwrap();
    });
    let engine = open(false);
    assert_eq!(refused(&engine, token.expose()), Some(DenyReason::RateExceeded));
}
