//! Clocks, randomness, and what a standard library asks of WASI.

use std::time::Duration;

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::fault::HostCall;
use crate::guest::{End, Guest, offer};
use crate::journal::{Level, Line};
use crate::state::State;
use crate::status::Status;

const WASI: &str = "wasi_snapshot_preview1";
/// A proxy draws no more than this at a time.
const RANDOM_MOST: u32 = 64 * 1024;
/// WASI's error for an argument that makes no sense, and for what there is not.
const INVALID: u32 = 28;
const NOT_SUPPORTED: u32 = 58;
/// WASI's error for a descriptor that is not open.
const BAD_DESCRIPTOR: u32 = 8;

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::CurrentTime.import(),
        |caller: Caller<'_, State>, time: u32| {
            offer(caller, HostCall::CurrentTime, |guest| {
                let wall = guest.state().process.wall();
                guest.write(time, &nanoseconds(wall).to_le_bytes())
            })
        },
    )?;
    linker.func_wrap(
        WASI,
        HostCall::Clock.import(),
        |caller: Caller<'_, State>, clock: u32, _precision: u64, time: u32| {
            wasi(caller, HostCall::Clock, |guest| {
                let process = &guest.state().process;
                let reading = match clock {
                    0 => process.wall(),
                    1 => process.monotonic(),
                    _ => return Ok(NOT_SUPPORTED),
                };
                guest.write(time, &nanoseconds(reading).to_le_bytes())?;
                Ok(0)
            })
        },
    )?;
    linker.func_wrap(
        WASI,
        HostCall::Random.import(),
        |caller: Caller<'_, State>, at: u32, length: u32| {
            wasi(caller, HostCall::Random, |guest| {
                if length > RANDOM_MOST {
                    return Ok(INVALID);
                }
                let words = (0..length.div_ceil(8)).map(|_| guest.state().random_word().to_le_bytes());
                let drawn: Vec<u8> = words
                    .flatten()
                    .take(usize::try_from(length).unwrap_or_default())
                    .collect();
                guest.write(at, &drawn)?;
                Ok(0)
            })
        },
    )?;
    linker.func_wrap(
        WASI,
        HostCall::Write.import(),
        |caller: Caller<'_, State>, descriptor: u32, vectors: u32, count: u32, written: u32| {
            wasi(caller, HostCall::Write, |guest| {
                write(guest, descriptor, vectors, count, written)
            })
        },
    )?;
    environment(linker)?;
    linker.func_wrap(
        WASI,
        HostCall::Exit.import(),
        |mut caller: Caller<'_, State>, code: u32| -> wasmtime::Result<()> {
            caller.data_mut().faults.meet(HostCall::Exit);
            Err(wasmtime::format_err!("the guest has ended itself with code {code}"))
        },
    )?;
    Ok(())
}

fn environment(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        WASI,
        HostCall::EnvironmentSizes.import(),
        |caller: Caller<'_, State>, count: u32, size: u32| {
            wasi(caller, HostCall::EnvironmentSizes, |guest| {
                let variables = guest.state().settings.environment.clone();
                let bytes: usize = variables.iter().map(|variable| variable.len() + 1).sum();
                guest.write_word(count, word(variables.len())?)?;
                guest.write_word(size, word(bytes)?)?;
                Ok(0)
            })
        },
    )?;
    linker.func_wrap(
        WASI,
        HostCall::Environment.import(),
        |caller: Caller<'_, State>, pointers: u32, bytes: u32| {
            wasi(caller, HostCall::Environment, |guest| {
                let (mut pointer, mut at) = (pointers, bytes);
                for variable in guest.state().settings.environment.clone() {
                    let text = [variable.as_bytes(), &[0]].concat();
                    guest.write_word(pointer, at)?;
                    guest.write(at, &text)?;
                    pointer = pointer.saturating_add(4);
                    at = at.saturating_add(word(text.len())?);
                }
                Ok(0)
            })
        },
    )?;
    Ok(())
}

/// What a standard library writes becomes lines of the log.
fn write(guest: &mut Guest<'_>, descriptor: u32, vectors: u32, count: u32, written: u32) -> Result<u32, End> {
    let level = match descriptor {
        1 => Level::Note,
        2 => Level::Error,
        _ => return Ok(BAD_DESCRIPTOR),
    };
    let mut bytes = Vec::new();
    for number in 0..count.min(1_024) {
        let vector = guest.bytes(vectors.saturating_add(number * 8), 8)?;
        let mut words = vector.chunks_exact(4).map(|word| match word {
            [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0,
        });
        let (at, length) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        bytes.extend(guest.bytes(at, length)?);
    }
    guest.write_word(written, word(bytes.len())?)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    guest.state().lines.push(Line { level, text });
    Ok(0)
}

/// A call of WASI answers an error's number, or 0.
fn wasi<'a>(
    caller: Caller<'a, State>,
    call: HostCall,
    work: impl FnOnce(&mut Guest<'a>) -> Result<u32, End>,
) -> wasmtime::Result<u32> {
    let mut answered = 0;
    let status = offer(caller, call, |guest| {
        answered = match work(guest) {
            Ok(number) => number,
            Err(End::Status(_)) => INVALID,
            Err(trap @ End::Trap(_)) => return Err(trap),
        };
        Ok(())
    })?;
    Ok(if status == 0 { answered } else { status })
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn word(number: usize) -> Result<u32, End> {
    u32::try_from(number).map_err(|_| Status::InvalidMemoryAccess.into())
}
