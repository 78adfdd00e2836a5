//! Logs go to standard error, so that standard output is for answers alone.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::LevelFilter;

use crate::exit::Failure;

/// The environment variable that says how much is logged.
const VARIABLE: &str = "TOLLGATE_LOG";

/// Starts logging, at the level that the environment asks for, or else `info`.
pub(crate) fn start() -> Result<(), Failure> {
    let level = match std::env::var(VARIABLE) {
        Ok(level) => level.parse::<LevelFilter>().map_err(|_| {
            let words =
                format!("expected {VARIABLE} to be error, warn, info, debug, trace or off, but found `{level}`");
            Failure::usage(words)
        })?,
        Err(_) => LevelFilter::INFO,
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(level)
        .with_target(false)
        .init();
    Ok(())
}
