//! A process of another program that ends with the test.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use crate::wait;

/// A running program whose output is kept. Dropping it kills exactly this process, by its id, and waits for its end.
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Mutex<Output>>,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Output {
    /// What stood on standard output so far.
    stdout: String,
    /// Both streams, line by line as they came.
    everything: String,
}

impl Process {
    /// Starts `command` with an empty standard input. `name` is how failures speak of it.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} could not be started: {error}\n{command:?}"));
        let output = Arc::<Mutex<Output>>::default();
        let stdout = child.stdout.take().unwrap();
        let stderr = child.stderr.take().unwrap();
        let readers = vec![
            keep(stdout, &output, |output, line| {
                output.stdout.push_str(line);
                output.everything.push_str(line);
            }),
            keep(stderr, &output, |output, line| output.everything.push_str(line)),
        ];
        Self {
            name: name.to_owned(),
            child,
            output,
            readers,
        }
    }

    /// The id of the process, which is nobody else's until this is dropped.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        self.output.lock().stdout.clone()
    }

    /// What it has written to both streams so far, for the words of a failure.
    pub fn output(&self) -> String {
        self.output.lock().everything.clone()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Asks it to end in order.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it without a chance to do anything else, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets every write to a file fail from now on (EFBIG), as on a disk that is full or gone. Whoever is to survive that
    /// must have been started deaf to the signal that goes with it; see [`deaf`].
    pub fn fail_writes(&self) {
        let nothing = Rlimit {
            current: Some(0),
            maximum: None,
        };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, nothing).unwrap();
    }

    fn signal(&self, signal: Signal) {
        // Until it is waited for, nobody else is given its id.
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap_or_else(|error| panic!("{signal:?} for {}: {error}", self.name));
    }

    /// Waits for its end, and until all that it wrote has been read.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        let status = wait::until(&what, within, || self.child.try_wait().unwrap());
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where it has been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that starts `program` in the same process, but deaf to the signal by which the system ends whoever writes
/// beyond a limit.
pub fn deaf(program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program);
    command
}

/// Reads `stream` to its end on a thread of its own, so that its writer never waits for a reader.
fn keep(
    stream: impl Read + Send + 'static,
    output: &Arc<Mutex<Output>>,
    add: impl Fn(&mut Output, &str) + Send + 'static,
) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|len| len > 0) {
            add(&mut output.lock(), &String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::PATIENCE;

    #[test]
    fn output_and_end_of_a_process_are_seen() {
        let mut process = Process::start("sh", Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]));
        assert_eq!(process.wait(PATIENCE).code(), Some(3));
        assert_eq!(process.stdout(), "out\n");
        assert!(process.output().contains("err\n"));
    }

    #[test]
    fn a_dropped_process_is_gone_and_a_kept_one_is_not() {
        let start = || Process::start("sleep", Command::new("sleep").arg("600"));
        let (mut kept, dropped) = (start(), start());
        let entry = format!("/proc/{}", dropped.child.id());
        assert!(Path::new(&entry).exists());
        drop(dropped);
        assert!(!Path::new(&entry).exists());
        assert_eq!(kept.ended(), None);
        kept.terminate();
        assert_eq!(kept.wait(PATIENCE).code(), None, "a signal ended it");
    }

    #[test]
    fn writes_fail_for_a_process_that_may_write_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = deaf(Path::new("/bin/sh"));
        let script = "while [ ! -e go ]; do sleep 0.01; done; echo x > written; echo ended with $?";
        command.args(["-c", script]).current_dir(folder.path());
        let mut process = Process::start("sh", &mut command);
        process.fail_writes();
        std::fs::write(folder.path().join("go"), "").unwrap();
        assert!(process.wait(PATIENCE).success());
        assert!(!process.stdout().contains("ended with 0"), "{}", process.output());
        assert_eq!(std::fs::read(folder.path().join("written")).unwrap(), b"");
    }
}
