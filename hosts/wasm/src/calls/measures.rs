//! Metrics and the log.

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::fault::HostCall;
use crate::guest::{End, offer};
use crate::journal::{Level, Line};
use crate::process::MetricKind;
use crate::state::State;
use crate::status::Status;

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::Log.import(),
        |caller: Caller<'_, State>, level: u32, text: u32, length: u32| {
            offer(caller, HostCall::Log, |guest| {
                let level = Level::of(level).ok_or(Status::BadArgument)?;
                let text = guest.text(text, length)?;
                guest.state().lines.push(Line { level, text });
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::DefineMetric.import(),
        |caller: Caller<'_, State>, kind: u32, name: u32, length: u32, id: u32| {
            offer(caller, HostCall::DefineMetric, |guest| {
                let kinds = [MetricKind::Counter, MetricKind::Gauge, MetricKind::Histogram];
                let kind = kinds.into_iter().find(|known| *known as u32 == kind);
                let kind = kind.ok_or(Status::BadArgument)?;
                let name = guest.text(name, length)?;
                let number = guest.state().process.define_metric(kind, &name);
                guest.write_word(id, number)
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::IncrementMetric.import(),
        |caller: Caller<'_, State>, id: u32, by: i64| {
            offer(caller, HostCall::IncrementMetric, |guest| {
                done(guest.state().process.increment_metric(id, by))
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::RecordMetric.import(),
        |caller: Caller<'_, State>, id: u32, value: u64| {
            offer(caller, HostCall::RecordMetric, |guest| {
                done(guest.state().process.record_metric(id, value))
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::MetricValue.import(),
        |caller: Caller<'_, State>, id: u32, value: u32| {
            offer(caller, HostCall::MetricValue, |guest| {
                let number = guest.state().process.metric_value(id)?;
                guest.write(value, &number.to_le_bytes())
            })
        },
    )?;
    Ok(())
}

fn done(status: Status) -> Result<(), End> {
    match status {
        Status::Ok => Ok(()),
        refused => Err(refused.into()),
    }
}
