//! Tools of the system that judge what was written for them.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Runs a tool on a text.
pub(crate) fn fed(tool: &str, arguments: &[&str], text: &str) -> (bool, String) {
    let child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("{tool}: {error}: run `tests/run setup`, or install it with `apt-get install {tool}`")
    });
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}
