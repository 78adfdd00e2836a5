//! A client that somebody else wrote, as a process that talks in lines of JSON.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a client has told, step by step.
pub struct Heard(Vec<Value>);

impl Heard {
    /// What was told under the name of a step; panics where it was not reached.
    #[track_caller]
    pub fn step(&self, name: &str) -> &Value {
        let told = self.0.iter().find(|told| told["step"] == name);
        told.unwrap_or_else(|| panic!("the step {name} was not reached: {:#?}", self.0))
    }
}

/// What runs a script.
pub enum Interpreter {
    Python,
    Node,
}

/// Runs a script of this folder with `settings`, and visits for it what it wants to be visited.
pub fn run(interpreter: &Interpreter, script: &str, settings: &Value, mut visit: impl FnMut(&str) -> String) -> Heard {
    let stage = TempDir::new().unwrap();
    let mut command = command(interpreter, script, &stage);
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run setup installs what it needs"));
    let mut asked = process.stdin.take().unwrap();
    let mut stderr = process.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said);
        said
    });
    writeln!(asked, "{settings}").unwrap();
    let mut heard = Vec::new();
    for line in BufReader::new(process.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{script}: {error}: {line}"));
        if told["step"] == "open" {
            let arrived = visit(told["address"].as_str().unwrap());
            writeln!(asked, "{}", Value::from(arrived)).unwrap();
        } else {
            heard.push(told);
        }
    }
    drop(asked);
    let status = process.wait().unwrap();
    let complaints = complaints.join().unwrap();
    assert!(
        status.success(),
        "{script} ended with {status} after {heard:#?}\n{complaints}"
    );
    Heard(heard)
}

/// The scripts of this folder in a folder where their libraries are found.
fn command(interpreter: &Interpreter, script: &str, stage: &TempDir) -> Command {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    for entry in fs::read_dir(&here).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "py" || kind == "mjs") {
            fs::copy(&path, stage.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let script = stage.path().join(script);
    match interpreter {
        Interpreter::Python => {
            let mut command = Command::new("python3");
            command.env("PYTHONPATH", tool("clients-python"));
            command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script);
            command
        }
        Interpreter::Node => {
            symlink(tool("clients-node/node_modules"), stage.path().join("node_modules")).unwrap();
            let own = tool_folder().join("bin/node");
            let mut command = Command::new(if own.exists() { own } else { PathBuf::from("node") });
            command.arg(script);
            command
        }
    }
}

fn tool_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools")
}

fn tool(name: &str) -> PathBuf {
    let path = tool_folder().join(name);
    assert!(
        path.exists(),
        "{} is missing; install it with: tests/run setup",
        path.display()
    );
    path
}
