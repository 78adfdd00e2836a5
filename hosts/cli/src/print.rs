//! The one door to standard output and standard error. Colours are written always, and reach terminals alone.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::json;
use tollgate_http::control::Answer;

use crate::exit::Failure;

/// How a fault looks on a terminal.
pub(crate) const FAULT: Style = AnsiColor::Red.on_default().bold();

/// How a good end looks on a terminal.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();

/// How headings look on a terminal.
pub(crate) const HEAD: Style = Style::new().bold();

/// Writes what was asked for. Whoever closed the other end has read enough.
pub(crate) fn out(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{}", text.trim_end());
}

/// Writes a part of what was asked for, and says whether anybody reads on.
pub(crate) fn part(text: &str) -> bool {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}

/// Writes bytes as they are.
pub(crate) fn raw(bytes: &[u8]) {
    let _ = std::io::stdout().lock().write_all(bytes);
}

/// Shows on the terminal how far something is, in place of what was shown before.
pub(crate) fn progress(text: &str) {
    const WIPE_LINE: &str = "\r\x1b[2K";
    let _ = write!(std::io::stderr().lock(), "{WIPE_LINE}{text}");
}

/// Writes what was not asked for.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", text.trim_end());
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
        let (begin, end) = (FAULT.render(), FAULT.render_reset());
        note(&format!("{begin}error:{end} {}", failure.fault.message));
    }
}

/// An answer as scripts read it.
pub(crate) fn json(answer: &Answer) -> Result<String, Failure> {
    answer
        .json()
        .map_err(|error| Failure::trouble("not_understood", error.to_string()))
}
