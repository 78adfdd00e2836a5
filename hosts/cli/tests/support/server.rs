//! A running `tollgate serve`, and a client of it that writes its requests byte by byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::Folder;

/// A server of the store in a folder. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// What was read of the log so far.
    log: String,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it on a free port and waits for the line that says which.
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::run(&mut folder.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat()))
    }

    /// Starts a command that serves, and waits likewise.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let listening = line.trim().strip_prefix("listening on ");
        let address = listening.and_then(|url| url.strip_prefix("http://").or(url.strip_prefix("https://")));
        let Some(address) = address else {
            let mut complaint = String::new();
            stderr.read_to_string(&mut complaint).unwrap();
            panic!("expected the address, but found {line:?}\n{complaint}");
        };
        Self {
            address: address.parse().unwrap(),
            child,
            stdout,
            stderr,
            log: String::new(),
        }
    }

    /// The lines that follow, up to and with the one that `is_last`.
    pub(crate) fn lines_until(&mut self, is_last: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stdout.read_line(&mut line).unwrap(),
                0,
                "the server ended after {text:?}"
            );
            text.push_str(&line);
            if is_last(&line) {
                return text;
            }
        }
    }

    /// Asks it to end, waits for that, and answers its status and its log.
    pub(crate) fn stop(mut self, signal: Signal) -> (ExitStatus, String) {
        self.signal(signal);
        self.stderr.read_to_string(&mut self.log).unwrap();
        (self.child.wait().unwrap(), std::mem::take(&mut self.log))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for a line of the log that has `words` in it.
    pub(crate) fn logged(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "{words} in {}", self.log);
            self.log.push_str(&line);
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Ends it without a chance to clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The status of `GET` for a path, with header fields that end in CR LF, and everything that came with it.
    pub(crate) fn get(&self, path: &str, fields: &str) -> (u16, String) {
        exchange(
            self.address,
            &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n"),
        )
    }

    /// The status of a check with a Bearer token.
    pub(crate) fn check(&self, token: &str) -> u16 {
        self.get("/check", &format!("authorization: Bearer {token}\r\n")).0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own.
pub(crate) fn exchange(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// What comes back over HTTP/2 up to the end of a refusal to `GET /check` with one field.
pub(crate) fn over_http_2(address: SocketAddr, name: &str, value: &str) -> String {
    // GET, http, the path and the authority from the static table, then a literal that no table keeps.
    let mut block = b"\x82\x86\x44\x06/check\x41\x01x\x00".to_vec();
    for text in [name, value] {
        block.push(u8::try_from(text.len()).unwrap());
        block.extend(text.as_bytes());
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend([0, 0, u8::try_from(block.len()).unwrap(), 1, 5, 0, 0, 0, 1]);
    bytes.extend(block);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&bytes).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    // The end of a sentence and of the document: no head is written so.
    while !answer.ends_with(b".\"}") && stream.read(&mut byte).unwrap() == 1 {
        answer.push(byte[0]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
