//! Logs go to standard error, so that standard output is for answers alone.
//!
//! Only what this project writes is logged, at any level: libraries that speak HTTP and TLS trace whole header fields,
//! and credentials stand in those.

use std::io::{BufWriter, IsTerminal as _};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat};
use crate::print;

/// How every target of ours begins.
const OURS: &str = "tollgate";

/// The target of the lines that tell of each request.
const ACCESS: &str = "tollgate::access";

/// Lines that wait for whoever reads standard error. When so many wait, further ones are dropped: a reader that stands
/// still must not make checks stand still.
const LINES_MOST: usize = 16_384;

/// What writes the lines; dropping it writes those that wait.
#[must_use = "lines that wait are written when this is dropped"]
pub(crate) struct Logs {
    writing: Option<WorkerGuard>,
    dropped: ErrorCounter,
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.writing.take();
        let dropped = self.dropped.dropped_lines();
        if dropped > 0 {
            print::note(&format!(
                "{dropped} log lines were dropped, because standard error was read too slowly"
            ));
        }
    }
}

/// Starts logging as `config` has it.
pub(crate) fn start(config: &Config) -> Logs {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_MOST)
        .lossy(true)
        .thread_name("tollgate-logs")
        .finish(BufWriter::new(std::io::stderr()));
    let dropped = writer.error_counter();
    let access = if config.log_access {
        config.log_level
    } else {
        config.log_level.min(LevelFilter::WARN)
    };
    let filter = Targets::new()
        .with_target(OURS, config.log_level)
        .with_target(ACCESS, access);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_span_events(FmtSpan::NONE)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Text => registry.with(layer).init(),
        LogFormat::Json => {
            let layer = layer
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false);
            registry.with(layer).init();
        }
    }
    Logs {
        writing: Some(guard),
        dropped,
    }
}
