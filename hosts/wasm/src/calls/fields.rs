//! Header maps.

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::fault::HostCall;
use crate::guest::{End, Guest, offer};
use crate::headers::Headers;
use crate::state::State;
use crate::status::Status;

const REQUEST_FIELDS: u32 = 0;
const ANSWER_FIELDS: u32 = 6;
const ANSWER_TRAILERS: u32 = 7;

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::HeaderMapPairs.import(),
        |caller: Caller<'_, State>, kind: u32, pointer: u32, size: u32| {
            offer(caller, HostCall::HeaderMapPairs, |guest| {
                let wire = map(guest, HostCall::HeaderMapPairs, kind)?.to_wire();
                guest.hand_over(&wire, pointer, size)
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::HeaderMapValue.import(),
        |caller: Caller<'_, State>, kind: u32, name: u32, length: u32, pointer: u32, size: u32| {
            offer(caller, HostCall::HeaderMapValue, |guest| {
                let name = guest.bytes(name, length)?;
                let value = map(guest, HostCall::HeaderMapValue, kind)?.first(&name);
                let value = value.ok_or(Status::NotFound)?.to_vec();
                guest.hand_over(&value, pointer, size)
            })
        },
    )?;
    for call in [HostCall::AddHeaderMapValue, HostCall::ReplaceHeaderMapValue] {
        linker.func_wrap(
            ENV,
            call.import(),
            move |caller: Caller<'_, State>, kind: u32, name: u32, name_len: u32, value: u32, value_len: u32| {
                offer(caller, call, |guest| {
                    let (name, value) = (guest.bytes(name, name_len)?, guest.bytes(value, value_len)?);
                    guest.judge_field(call.import(), &name, &value);
                    let fields = request_fields(guest, call, kind)?;
                    if call == HostCall::ReplaceHeaderMapValue {
                        fields.remove(&name);
                    }
                    fields.add(name, value);
                    Ok(())
                })
            },
        )?;
    }
    linker.func_wrap(
        ENV,
        HostCall::RemoveHeaderMapValue.import(),
        |caller: Caller<'_, State>, kind: u32, name: u32, length: u32| {
            offer(caller, HostCall::RemoveHeaderMapValue, |guest| {
                let name = guest.bytes(name, length)?;
                request_fields(guest, HostCall::RemoveHeaderMapValue, kind)?.remove(name);
                Ok(())
            })
        },
    )?;
    Ok(())
}

/// A map that may be read now.
fn map<'a>(guest: &'a mut Guest<'_>, call: HostCall, kind: u32) -> Result<&'a Headers, End> {
    match kind {
        REQUEST_FIELDS => Ok(&*request_fields(guest, call, kind)?),
        ANSWER_FIELDS | ANSWER_TRAILERS => {
            let answer = guest.state().answer.as_ref().ok_or(Status::BadArgument)?;
            Ok(if kind == ANSWER_FIELDS {
                &answer.headers
            } else {
                &answer.trailers
            })
        }
        _ => Err(Status::BadArgument.into()),
    }
}

/// The only map that is changed here: the request's, until it goes on.
fn request_fields<'a>(guest: &'a mut Guest<'_>, call: HostCall, kind: u32) -> Result<&'a mut Headers, End> {
    if kind != REQUEST_FIELDS {
        return Err(Status::BadArgument.into());
    }
    Ok(&mut guest.state().open_stream(call.import())?.request.headers)
}
