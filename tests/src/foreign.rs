//! Programs that somebody else wrote, under scripts of `tests/clients` and `tests/pages` that talk in lines of JSON.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

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
    /// Python 3, with the packages that `tests/run setup` has put among the tools.
    Python,
    /// Node, likewise.
    Node,
}

/// A script of this folder that runs.
pub struct Foreign {
    name: &'static str,
    process: Child,
    asked: Option<ChildStdin>,
    told: Lines<BufReader<ChildStdout>>,
    complaints: Option<JoinHandle<String>>,
    _stage: TempDir,
}

impl Foreign {
    /// Starts a script and hands it `settings`.
    pub fn start(interpreter: &Interpreter, name: &'static str, settings: &Value) -> Self {
        let stage = TempDir::new().unwrap();
        let mut command = command(interpreter, name, &stage);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run setup installs what it needs"));
        let mut stderr = process.stderr.take().unwrap();
        let complaints = std::thread::spawn(move || {
            let mut said = String::new();
            let _ = stderr.read_to_string(&mut said);
            said
        });
        let mut started = Self {
            name,
            asked: process.stdin.take(),
            told: BufReader::new(process.stdout.take().unwrap()).lines(),
            complaints: Some(complaints),
            process,
            _stage: stage,
        };
        started.answer(settings);
        started
    }

    /// The next line that it tells; none at its end.
    pub fn listen(&mut self) -> Option<Value> {
        let line = self.told.next()?.unwrap();
        let told = serde_json::from_str(&line);
        Some(told.unwrap_or_else(|error| panic!("{}: {error}: {line}", self.name)))
    }

    /// Answers what it asked.
    pub fn answer(&mut self, value: &Value) {
        // One that has ended says why on standard error, which is shown at the end.
        let _ = writeln!(self.asked.as_mut().unwrap(), "{value}");
    }

    /// What it wrote on standard error, once it has ended.
    pub fn complaints(&mut self) -> String {
        let complaints = self.complaints.take().map(|thread| thread.join().unwrap());
        complaints.unwrap_or_default()
    }

    /// Waits for its end, which must be a good one. `heard` is what it told before.
    pub fn end(mut self, heard: &[Value]) {
        self.asked = None;
        let status = self.process.wait().unwrap();
        let complaints = self.complaints();
        let name = self.name;
        assert!(
            status.success(),
            "{name} ended with {status} after {heard:#?}\n{complaints}"
        );
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a script of this folder with `settings`, and visits for it what it wants to be visited.
pub fn run(
    interpreter: &Interpreter,
    script: &'static str,
    settings: &Value,
    mut visit: impl FnMut(&str) -> String,
) -> Heard {
    let mut client = Foreign::start(interpreter, script, settings);
    let mut heard = Vec::new();
    while let Some(told) = client.listen() {
        if told["step"] == "open" {
            let arrived = visit(told["address"].as_str().unwrap());
            client.answer(&Value::from(arrived));
        } else {
            heard.push(told);
        }
    }
    client.end(&heard);
    Heard(heard)
}

/// The scripts in a folder where their libraries are found.
fn command(interpreter: &Interpreter, script: &str, stage: &TempDir) -> Command {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = ["clients", "pages"].map(|folder| fs::read_dir(here.join(folder)).unwrap());
    for entry in entries.into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "py" || kind == "mjs") {
            fs::copy(&path, stage.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let script = stage.path().join(script);
    let mut command = interpreted(interpreter, &script, stage);
    // Whatever they leave behind goes with the folder.
    command.env("TMPDIR", stage.path());
    command
}

fn interpreted(interpreter: &Interpreter, script: &Path, stage: &TempDir) -> Command {
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
