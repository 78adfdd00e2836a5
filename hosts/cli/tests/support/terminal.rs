//! The live screen on a terminal that `script` makes.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::Folder;

/// The live screen, and everything that it has written.
pub(crate) struct Watched {
    child: Child,
    stdout: ChildStdout,
    text: String,
    /// How much of the text was looked at.
    seen: usize,
}

impl Watched {
    /// Starts it between two lines that say in which modes the terminal is, on one with 80 columns and 24 rows.
    pub(crate) fn start(folder: &Folder) -> Self {
        let line = format!(
            "stty rows 24 cols 80; echo MODES $(stty -g); sh -c 'echo PROCESS $$ .; exec {} top'; code=$?; \
             echo MODES $(stty -g); exit $code",
            env!("CARGO_BIN_EXE_tollgate")
        );
        let mut command = Command::new("script");
        command.args(["-qefc", &line, "/dev/null"]).current_dir(folder.path(""));
        for variable in ["TOLLGATE_DATA", "TOLLGATE_KEY"] {
            command.env_remove(variable);
        }
        let child = command
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child =
            child.unwrap_or_else(|error| panic!("script: {error}: install it with `apt-get install bsdutils`"));
        let stdout = child.stdout.take().unwrap();
        Self {
            child,
            stdout,
            text: String::new(),
            seen: 0,
        }
    }

    /// Waits until `words` are drawn anew.
    pub(crate) fn until(&mut self, words: &str) {
        loop {
            if let Some(found) = self.text[self.seen..].find(words) {
                self.seen += found + words.len();
                return;
            }
            let mut bytes = [0; 4_096];
            let len = self.stdout.read(&mut bytes).unwrap();
            assert_ne!(len, 0, "it ended before {words:?}:\n{}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&bytes[..len]));
        }
    }

    /// Presses keys; answers the exit code and all that was written.
    pub(crate) fn type_and_end(mut self, keys: &str) -> (i32, String) {
        self.child.stdin.as_ref().unwrap().write_all(keys.as_bytes()).unwrap();
        self.end()
    }

    /// Sends it a signal; likewise.
    pub(crate) fn signal_and_end(mut self, signal: Signal) -> (i32, String) {
        let id = self.text.split("PROCESS ").nth(1).unwrap().split(' ').next().unwrap();
        kill_process(Pid::from_raw(id.parse().unwrap()).unwrap(), signal).unwrap();
        self.end()
    }

    fn end(&mut self) -> (i32, String) {
        let mut rest = Vec::new();
        self.stdout.read_to_end(&mut rest).unwrap();
        self.text.push_str(&String::from_utf8_lossy(&rest));
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, std::mem::take(&mut self.text))
    }
}

/// Whether the screen was put aside and brought back, and the modes of the terminal are those it had.
pub(crate) fn given_back(text: &str) -> Result<(), String> {
    let fault = |words: &str| format!("{words}:\n{text}");
    let (before, after) = text
        .split_once("\x1b[?1049h")
        .ok_or_else(|| fault("no other screen was taken"))?;
    let (_, after) = after
        .rsplit_once("\x1b[?1049l")
        .ok_or_else(|| fault("it was not given back"))?;
    let modes = |text: &str| {
        text.lines()
            .find(|line| line.contains("MODES"))
            .map(|line| line.trim().to_owned())
    };
    match (modes(before), modes(after)) {
        (Some(before), Some(after)) if before == after => Ok(()),
        (before, after) => Err(fault(&format!("the modes were {before:?} and are {after:?}"))),
    }
}
