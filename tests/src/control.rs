//! The control socket of a running server, spoken to in its own lines of JSON.
//!
//! The command line speaks the same, once per process. A client that stays connected can ask thousands of times a second.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::wait::PATIENCE;

/// One connection to the socket of a server.
pub struct Control {
    stream: BufReader<UnixStream>,
}

/// The server has gone, and whether it did what it was asked is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl Control {
    /// Connects to the server that holds the store at `store`.
    pub fn open(store: &Path) -> Result<Self, Gone> {
        let mut path = store.as_os_str().to_owned();
        path.push(".sock");
        let stream = UnixStream::connect(path).map_err(|_| Gone)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|_| Gone)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Asks by the snake-case name of a request, and answers what was done; panics where the server refuses or fails.
    ///
    /// An answer counts only as a whole line.
    pub fn ask(&mut self, request: &str, facts: Value) -> Result<Value, Gone> {
        let line = match &facts {
            Value::Null => json!(request).to_string(),
            facts => json!({ request: facts }).to_string(),
        };
        let stream = self.stream.get_mut();
        stream.write_all(line.as_bytes()).map_err(|_| Gone)?;
        stream.write_all(b"\n").map_err(|_| Gone)?;
        let mut reply = String::new();
        self.stream.read_line(&mut reply).map_err(|_| Gone)?;
        if !reply.ends_with('\n') {
            return Err(Gone);
        }
        let mut reply: Value = serde_json::from_str(&reply).unwrap();
        match reply.get_mut("done").and_then(Value::as_object_mut) {
            Some(done) => Ok(done.values_mut().next().map(Value::take).unwrap_or_default()),
            None => panic!("{line} was answered with {reply}"),
        }
    }
}
