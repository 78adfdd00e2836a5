//! A control socket that answers on a thread of its own.

use std::path::Path;

use tokio::sync::oneshot;
use tollgate_http::Host;
use tollgate_http::control::{Answer, ControlSocket, Reply, Request, StatusShown, ask};

use super::World;

/// A socket that answers on a thread of its own.
pub(crate) struct Answering {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Answering {
    pub(crate) fn start(world: &World, store: &Path) -> Self {
        Self::serve(Host::from(world.engine.clone()), store)
    }

    pub(crate) fn serve(host: Host, store: &Path) -> Self {
        let store = store.to_path_buf();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let socket = ControlSocket::bind(host, &store).unwrap();
                tell.send(()).unwrap();
                socket.run(async { stopped.await.unwrap_or_default() }).await;
            });
        });
        told.recv().unwrap();
        Self { stop, thread }
    }

    pub(crate) fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

pub(crate) fn user_names(reply: Option<Reply>) -> Vec<String> {
    match reply {
        Some(Reply::Done(Answer::Users(page))) => page.items.into_iter().map(|user| user.name).collect(),
        Some(_) => panic!("a list of users was asked for"),
        None => panic!("a server runs"),
    }
}

/// What the server of a world's store says of itself.
pub(crate) fn status(world: &World) -> StatusShown {
    match ask(&world.path(), &Request::Status).unwrap() {
        Some(Reply::Done(Answer::Status(status))) => *status,
        Some(_) => panic!("the server says how it is"),
        None => panic!("a server runs"),
    }
}

/// How often a check ended so.
pub(crate) fn count(status: &StatusShown, outcome: &str) -> u64 {
    let found: Vec<_> = status.checks.iter().filter(|shown| shown.id == outcome).collect();
    assert_eq!(found.len(), 1, "{outcome} stands there once");
    found[0].count
}
