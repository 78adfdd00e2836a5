//! What only tests ask for: a fault in the middle of a request, and a start that goes wrong on workers alone.

use crate::configuration::Configuration;
use crate::door::{self, MetricKind};
use crate::head::Head;

/// Ends this module as a fault of its own would.
pub(crate) fn trap_where_asked(head: &Head<'_>) {
    if head.wants_trap {
        core::arch::wasm32::unreachable()
    }
}

/// The authority under which only the first start in a process, which is the proxy's trial on its main thread, works.
const FAILS_ON_WORKERS: &str = "fails-on-workers.test";

pub(crate) fn fail_on_workers(configuration: Configuration) -> Result<Configuration, String> {
    if configuration.source.authority != FAILS_ON_WORKERS {
        return Ok(configuration);
    }
    let starts = door::define(MetricKind::Counter, "tollgate.test.starts").and_then(|starts| {
        door::add(starts, 1);
        door::value(starts)
    });
    match starts {
        Ok(1) => Ok(configuration),
        Ok(_) | Err(_) => Err("this worker was asked to fail".to_owned()),
    }
}
