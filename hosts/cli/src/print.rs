//! The one door to standard output and standard error.

use std::io::Write as _;

use serde_json::json;
use tollgate_http::control::Answer;

use crate::exit::Failure;

/// Writes what was asked for. Whoever closed the other end has read enough.
pub(crate) fn out(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
}

/// Writes what was not asked for.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}

/// Writes a whole file. Whoever closed the other end has read enough.
pub(crate) fn copy(from: &mut impl std::io::Read) -> std::io::Result<()> {
    match std::io::copy(from, &mut std::io::stdout().lock()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Writes why something was not done.
pub(crate) fn failure(failure: &Failure, as_json: bool) {
    if as_json {
        note(&json!({ "error": failure.fault }).to_string());
    } else {
        note(&format!("error: {}", failure.fault.message));
    }
}

/// An answer as scripts read it.
pub(crate) fn json(answer: &Answer) -> Result<String, Failure> {
    answer
        .json()
        .map_err(|error| Failure::trouble("not_understood", error.to_string()))
}
