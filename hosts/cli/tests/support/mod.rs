//! The binary as people run it, in a folder of its own.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod both_ways;
pub(crate) mod crowd;
pub(crate) mod curl;
pub(crate) mod explained;
pub(crate) mod lists;
pub(crate) mod server;
pub(crate) mod terminal;
pub(crate) mod tools;
pub(crate) mod trails;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder in which commands are run.
pub(crate) struct Folder(TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// What it printed, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The fault that it said in JSON.
    pub(crate) fn fault(&self) -> Value {
        let said: Value = serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(self.stdout, "");
        said["error"].clone()
    }
}

impl Folder {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a new store.
    pub(crate) fn with_store() -> Self {
        let folder = Self::empty();
        folder.done(&["init"]);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The binary, standing in the folder, with nothing of the surroundings of this test.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.current_dir(self.0.path()).args(arguments).stdin(Stdio::null());
        for variable in [
            "TOLLGATE_DATA",
            "TOLLGATE_KEY",
            "TOLLGATE_LOG",
            "TOLLGATE_CONFIG",
            "TOLLGATE_LISTEN",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments))
    }

    /// Runs, and panics unless it was done; answers what was printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {run:?}");
        assert_eq!(run.stderr, "", "{arguments:?}");
        run.stdout
    }

    /// The same in JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, 0, "{arguments:?}: {run:?}");
        run.json()
    }

    /// Runs in JSON with `input` on standard input, whatever comes of it.
    pub(crate) fn fed(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = self.command(&[arguments, &["--json"]].concat());
        let (stdin, stdout, stderr) = (Stdio::piped(), Stdio::piped(), Stdio::piped());
        let mut child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn().unwrap();
        // Whoever refuses its arguments reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        ended(child.wait_with_output().unwrap())
    }

    /// Runs in JSON what must not be done; answers the exit code and the code of the fault.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let run = self.run(&[arguments, &["--json"]].concat());
        let fault = run.fault();
        assert!(fault["message"].as_str().unwrap().len() > 10, "{fault}");
        (run.code, fault["code"].as_str().unwrap().to_owned())
    }

    /// A new user with a token: its id and its secret.
    pub(crate) fn user(&self, name: &str, arguments: &[&str]) -> (String, String) {
        self.done(&[&["user", "add", name], arguments].concat());
        let issued = self.json(&["authtoken", "issue", name]);
        (
            issued["id"].as_str().unwrap().to_owned(),
            issued["token"].as_str().unwrap().to_owned(),
        )
    }
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    ended(command.output().unwrap())
}

fn ended(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
