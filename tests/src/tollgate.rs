//! Tollgate as people run it: a store in a folder, commands on it, a server of it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary;
use crate::http::{Connection, Request};
use crate::ports::free_address;
use crate::process::{Process, deaf};
use crate::wait::{self, PATIENCE};

/// How often another port is taken when somebody else was faster.
const ATTEMPTS: usize = 5;

/// A store in a folder of its own, which goes with it.
pub struct Store {
    folder: TempDir,
}

impl Store {
    /// A new store.
    pub fn init() -> Self {
        let store = Self {
            folder: TempDir::new().unwrap(),
        };
        store.run(&["init"]);
        store
    }

    /// The file of the store.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("tollgate.redb")
    }

    /// Runs `tollgate ARGUMENTS --json` and answers what it printed; panics unless it was done.
    pub fn run(&self, arguments: &[&str]) -> Value {
        self.run_with_input(arguments, "")
    }

    /// [`Store::run`] with a line on standard input, where secrets are read from.
    pub fn run_with_input(&self, arguments: &[&str], line: &str) -> Value {
        let mut command = self.command();
        command.args(arguments).arg("--json");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        // It may end without having read anything.
        let _ = writeln!(process.stdin.take().unwrap(), "{line}");
        let output = process.wait_with_output().unwrap();
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "tollgate {arguments:?}: {}\n{stdout}{stderr}",
            output.status
        );
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("tollgate {arguments:?}: {error}\n{stdout}"))
    }

    /// Runs `tollgate ARGUMENTS`, which must end with `code`, and answers what it complained of.
    pub fn run_in_vain(&self, arguments: &[&str], code: i32) -> String {
        let output = self.command().args(arguments).output().unwrap();
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(
            output.status.code(),
            Some(code),
            "tollgate {arguments:?}:\n{stdout}{stderr}"
        );
        stderr.into_owned()
    }

    /// Issues an authtoken and answers its id and its secret.
    pub fn issue(&self, user: &str, arguments: &[&str]) -> (String, String) {
        let issued = self.run(&[&["authtoken", "issue", user], arguments].concat());
        let text = |key: &str| {
            issued[key]
                .as_str()
                .unwrap_or_else(|| panic!("{key} in {issued}"))
                .to_owned()
        };
        (text("id"), text("token"))
    }

    /// Starts a server on a free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Starts a server on a free port with arguments besides its address.
    pub fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut complaints = String::new();
        for _ in 0..ATTEMPTS {
            let mut command = self.command();
            command.arg("serve").args(arguments);
            match self.start(command, free_address()) {
                Ok(server) => return server,
                Err(output) => complaints.push_str(&output),
            }
        }
        panic!("tollgate serve did not start:\n{complaints}");
    }

    /// Starts a server on a free port with variables in its environment.
    pub fn serve_in(&self, environment: &[(&str, &str)]) -> Server {
        let mut command = self.command();
        command.arg("serve").envs(environment.iter().copied());
        self.start(command, free_address())
            .unwrap_or_else(|output| panic!("tollgate serve did not start:\n{output}"))
    }

    /// Starts a server where one was before.
    pub fn serve_at(&self, address: SocketAddr) -> Server {
        let mut command = self.command();
        command.arg("serve");
        self.start(command, address)
            .unwrap_or_else(|output| panic!("tollgate serve --listen {address} did not start:\n{output}"))
    }

    /// Starts a server that nobody waits for.
    pub fn begin_to_serve(&self) -> Process {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Process::start("tollgate serve", &mut command)
    }

    /// Like [`Store::serve_at`], a server that lives on when its [`Server::fail_writes`].
    pub fn serve_deaf_at(&self, address: SocketAddr) -> Server {
        let mut command = deaf(binary::tollgate());
        command.current_dir(self.folder.path()).arg("serve");
        self.start(command, address)
            .unwrap_or_else(|output| panic!("tollgate serve --listen {address} did not start:\n{output}"))
    }

    fn start(&self, mut command: Command, address: SocketAddr) -> Result<Server, String> {
        command.args(["--listen", &address.to_string()]);
        let mut process = Process::start("tollgate serve", &mut command);
        let healthy = wait::until("the server is healthy or has ended", PATIENCE, || {
            if process.ended().is_some() {
                return Some(false);
            }
            let answer =
                Connection::open(address).and_then(|mut connection| connection.send(&Request::get("/healthz")));
            answer.is_ok_and(|answer| answer.status == 200).then_some(true)
        });
        if healthy && process.ended().is_none() {
            Ok(Server { address, process })
        } else {
            process.wait(PATIENCE);
            Err(process.output())
        }
    }

    /// The binary, standing in the folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary::tollgate());
        command.current_dir(self.folder.path());
        command
    }
}

/// A running `tollgate serve`. Dropping it kills it.
pub struct Server {
    address: SocketAddr,
    process: Process,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Lets every write of it to a file fail from now on.
    pub fn fail_writes(&self) {
        self.process.fail_writes();
    }

    /// Asks it to stop, without waiting.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Waits for an orderly end.
    pub fn wait(&mut self) {
        let status = self.process.wait(PATIENCE);
        assert!(
            status.success(),
            "the server ended with {status}:\n{}",
            self.process.output()
        );
    }
}
