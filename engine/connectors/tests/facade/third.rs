//! A third party on 127.0.0.1: it reads a request, waits at its gate if it has one, and answers what it was told to.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that unwraps says where it failed"
)]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

/// What it answers with: a status and fields, and a body.
pub(crate) struct Reply {
    head: String,
    body: String,
}

pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply {
        head: format!("HTTP/1.1 {status} So\r\nContent-Type: application/json\r\n"),
        body: body.to_owned(),
    }
}

impl Reply {
    pub(crate) fn with(mut self, field: &str) -> Self {
        self.head.push_str(field);
        self.head.push_str("\r\n");
        self
    }
}

/// The answer with these tokens, good for an hour.
pub(crate) fn tokens(access: &str, refresh: Option<&str>) -> Reply {
    let refresh = refresh.map_or_else(String::new, |text| format!(r#","refresh_token":"{text}""#));
    reply(
        200,
        &format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":3600{refresh}}}"#),
    )
}

#[derive(Clone)]
pub(crate) struct Third {
    pub(crate) port: u16,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    requests: Vec<String>,
    is_shut: bool,
}

impl Third {
    /// One that gives these replies one after the other, and afterwards 500.
    pub(crate) fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let third = Self {
            port: listener.local_addr().unwrap().port(),
            inside: Arc::default(),
        };
        third.inside.state.lock().replies.extend(replies);
        let inside = Arc::clone(&third.inside);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let inside = Arc::clone(&inside);
                std::thread::spawn(move || serve(&inside, stream.unwrap()));
            }
        });
        third
    }

    /// From here on requests wait.
    pub(crate) fn shut(&self) {
        self.inside.state.lock().is_shut = true;
    }

    /// Lets all go on.
    pub(crate) fn open(&self) {
        self.inside.state.lock().is_shut = false;
        self.inside.opened.notify_all();
    }

    pub(crate) fn then(&self, reply: Reply) {
        self.inside.state.lock().replies.push_back(reply);
    }

    /// The requests that have come, as they were written.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.inside.state.lock().requests.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.inside.state.lock().requests.len()
    }
}

fn serve(inside: &Inside, mut stream: TcpStream) {
    let mut request = String::new();
    while !is_whole(&request) {
        let mut piece = [0; 4_096];
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.push_str(&String::from_utf8_lossy(&piece[..count])),
        }
    }
    let mut state = inside.state.lock();
    state.requests.push(request);
    let Reply { head, body } = state.replies.pop_front().unwrap_or_else(|| reply(500, "{}"));
    inside.opened.wait_while(&mut state, |state| state.is_shut);
    drop(state);
    // Whoever has gone away wants no answer.
    let _ = stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.map_or(0, |length| length.parse().unwrap()) <= body.len()
}
