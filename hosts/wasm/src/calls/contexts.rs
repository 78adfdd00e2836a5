//! What becomes of a stream, and whom calls are about.

use std::time::Duration;

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::fault::HostCall;
use crate::guest::{End, Guest, offer};
use crate::state::{Effect, State, Tick};
use crate::status::Status;
use crate::stream::{LocalResponse, Outcome};

const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::SetEffectiveContext.import(),
        |caller: Caller<'_, State>, context: u32| {
            offer(caller, HostCall::SetEffectiveContext, |guest| {
                if !guest.state().knows(context) {
                    guest.violation(format!("{context} is no context"));
                    return Err(Status::BadArgument.into());
                }
                guest.state().effective = context;
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::SetTickPeriod.import(),
        |caller: Caller<'_, State>, millis: u32| {
            offer(caller, HostCall::SetTickPeriod, |guest| set_tick(guest, millis))
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::ContinueStream.import(),
        |caller: Caller<'_, State>, kind: u32| {
            offer(caller, HostCall::ContinueStream, |guest| continue_stream(guest, kind))
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::SendLocalResponse.import(),
        #[allow(clippy::too_many_arguments, reason = "proxy-wasm has it so")]
        |caller: Caller<'_, State>,
         status: u32,
         details: u32,
         details_len: u32,
         body: u32,
         body_len: u32,
         headers: u32,
         headers_len: u32,
         _grpc_status: u32| {
            offer(caller, HostCall::SendLocalResponse, |guest| {
                let call = HostCall::SendLocalResponse.import();
                let response = LocalResponse {
                    status,
                    details: guest.bytes(details, details_len)?,
                    headers: guest.headers(call, headers, headers_len)?,
                    body: guest.bytes(body, body_len)?,
                };
                respond(guest, response)
            })
        },
    )?;
    Ok(())
}

fn set_tick(guest: &mut Guest<'_>, millis: u32) -> Result<(), End> {
    let state = guest.state();
    let (root, now) = (state.root(), state.process.monotonic());
    let period = Duration::from_millis(millis.into());
    let root = state.roots.get_mut(&root).ok_or(Status::BadArgument)?;
    root.tick = (millis > 0).then(|| Tick {
        period,
        next: now.saturating_add(period),
    });
    Ok(())
}

/// The stream goes on after the callback, and its request is the guest's no longer.
fn continue_stream(guest: &mut Guest<'_>, kind: u32) -> Result<(), End> {
    let state = guest.state();
    let context = state.context();
    let waits = |stream: &&mut crate::stream::Stream| stream.open && stream.outcome == Outcome::Waiting;
    match (kind, state.streams.get_mut(&context).filter(waits)) {
        (REQUEST, Some(stream)) => {
            stream.open = false;
            state.effects.push(Effect::Continue(context));
            Ok(())
        }
        (REQUEST | RESPONSE, _) => {
            guest.violation(format!(
                "context {context} has no request that waits, and was continued"
            ));
            Ok(())
        }
        _ => Err(Status::BadArgument.into()),
    }
}

fn respond(guest: &mut Guest<'_>, response: LocalResponse) -> Result<(), End> {
    if !(200..=599).contains(&response.status) {
        guest.violation(format!("{} is no status of a response", response.status));
    }
    let state = guest.state();
    let context = state.context();
    match state.streams.get_mut(&context) {
        Some(stream) if stream.open => {
            stream.open = false;
            // Whatever the callback answers, its stream stands still.
            state.stopped = true;
            state.effects.push(Effect::Answer(context, response));
        }
        Some(_) => guest.violation(format!("stream {context} had its answer already, and got another")),
        None => guest.violation(format!("context {context} is no stream, and was answered")),
    }
    Ok(())
}
