//! A proxy as a process.

use std::net::{SocketAddr, TcpStream};

use tempfile::TempDir;

use super::kind::{Kind, Places};
use crate::ports::free_address;
use crate::process::Process;
use crate::wait::{self, PATIENCE};

/// How often another port is taken when somebody else was faster.
const ATTEMPTS: usize = 5;

/// A running proxy. Everything it reads and writes lies in a folder that goes with it.
pub struct Proxy {
    address: SocketAddr,
    process: Process,
    _folder: TempDir,
}

impl Proxy {
    /// Starts a proxy in front of `upstream`, asking `tollgate`, and waits until it listens.
    pub fn start(kind: &Kind, tollgate: SocketAddr, upstream: SocketAddr) -> Self {
        let mut complaints = String::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(kind, tollgate, upstream) {
                Ok(proxy) => return proxy,
                Err(output) => complaints.push_str(&output),
            }
        }
        panic!("{} did not start:\n{complaints}", kind.name);
    }

    /// What the proxy said where it ended instead of listening.
    fn attempt(kind: &Kind, tollgate: SocketAddr, upstream: SocketAddr) -> Result<Self, String> {
        let folder = TempDir::new().unwrap();
        let address = free_address();
        let places = Places {
            listen: address,
            tollgate,
            upstream,
            folder: folder.path(),
        };
        let mut process = Process::start(kind.name, &mut (kind.command)(&places));
        let what = format!("{} listens or has ended", kind.name);
        let listening = wait::until(&what, PATIENCE, || {
            if process.ended().is_some() {
                return Some(false);
            }
            TcpStream::connect(address).is_ok().then_some(true)
        });
        if listening && process.ended().is_none() {
            return Ok(Self {
                address,
                process,
                _folder: folder,
            });
        }
        process.wait(PATIENCE);
        Err(process.output())
    }

    /// Where clients reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.ended().is_none()
    }

    /// What it has written so far, for the words of a failure.
    pub fn output(&self) -> String {
        self.process.output()
    }
}
