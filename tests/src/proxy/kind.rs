//! What tests must know of a proxy, as one row of facts for each.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a proxy listens, whom it asks and for whom it asks, and a folder that is its own.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Where clients reach the proxy.
    pub listen: SocketAddr,
    /// Whom the proxy asks.
    pub tollgate: SocketAddr,
    /// The application behind the proxy.
    pub upstream: SocketAddr,
    /// Everything that the proxy reads and writes lies here.
    pub folder: &'a Path,
}

/// A proxy with one way to ask Tollgate.
#[derive(Debug)]
pub struct Kind {
    /// How tests and failures speak of it.
    pub name: &'static str,
    /// The configuration to copy.
    pub offered: &'static str,
    /// The command that runs it in the foreground, after its configuration has been written.
    pub command: fn(&Places<'_>) -> Command,
    /// The status that a client gets while Tollgate does not answer.
    pub without_answer: u16,
    /// Whether the problem document of a refusal reaches the client.
    pub hands_on_body: bool,
    /// Whether the second challenge of a 401 reaches the client.
    pub hands_on_challenges: bool,
    /// Whether more than the status of a 503 reaches the client.
    pub hands_on_unavailable: bool,
    /// The status for a method that no standard names.
    pub unnamed_method: u16,
    /// What becomes of some targets that can be read in more than one way; none where they are refused.
    pub readings: &'static [(&'static str, Option<&'static str>)],
    /// The target that the proxy told Tollgate, found in the bytes that it sent there.
    pub told: fn(&[u8]) -> Vec<String>,
}

/// The program `name` from the folder where `tests/run` installs pinned versions, else from the system.
///
/// Panics with `install`, the command that installs it, where there is none.
pub fn program(name: &str, install: &str) -> PathBuf {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian keeps servers where only the administrator's PATH looks.
    let folders = [PathBuf::from(installed)]
        .into_iter()
        .chain(env::split_paths(&path))
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders
        .map(|folder| folder.join(name))
        .find(|program| program.exists())
        .unwrap_or_else(|| panic!("these tests need a real {name}; install it with: {install}"))
}

/// `text` with each place that a reader would change put in; a place that is missing or stands there twice is a mistake in
/// the configuration that is offered.
pub(super) fn adapted(text: &str, changes: &[(&str, String)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (place, instead)| {
        assert_eq!(
            text.matches(place).count(),
            1,
            "{place} in the configuration that is offered"
        );
        text.replace(place, instead)
    })
}

/// The values of all header lines `name` in the bytes of requests.
pub(super) fn lines(heard: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(heard);
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
        .collect()
}
