//! Buffers and properties.

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::fault::HostCall;
use crate::guest::{End, Guest, offer};
use crate::state::State;
use crate::status::Status;

const REQUEST_BODY: u32 = 0;
const ANSWER_BODY: u32 = 4;
const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;
const KIND_MOST: u32 = 8;

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::BufferBytes.import(),
        |caller: Caller<'_, State>, kind: u32, start: u32, length: u32, pointer: u32, size: u32| {
            offer(caller, HostCall::BufferBytes, |guest| {
                let slice = slice(guest, kind, start, length)?;
                // Nothing is written for nothing.
                if slice.is_empty() {
                    Ok(())
                } else {
                    guest.hand_over(&slice, pointer, size)
                }
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::Property.import(),
        |caller: Caller<'_, State>, path: u32, length: u32, pointer: u32, size: u32| {
            offer(caller, HostCall::Property, |guest| {
                let path = guest.text(path, length)?;
                let value = property(guest.state(), &path.replace('\0', ".")).ok_or(Status::NotFound)?;
                guest.hand_over(&value, pointer, size)
            })
        },
    )?;
    Ok(())
}

fn slice(guest: &mut Guest<'_>, kind: u32, start: u32, length: u32) -> Result<Vec<u8>, End> {
    if kind > KIND_MOST {
        return Err(Status::BadArgument.into());
    }
    let state = guest.state();
    let context = state.context();
    let buffer = match kind {
        REQUEST_BODY => state.streams.get(&context).map(|stream| &stream.buffered),
        ANSWER_BODY => state.answer.as_ref().map(|answer| &answer.body),
        VM_CONFIGURATION => Some(&state.settings.vm_configuration),
        PLUGIN_CONFIGURATION => state
            .configured
            .and_then(|root| state.roots.get(&root))
            .map(|root| &root.configuration),
        _ => None,
    };
    let buffer = buffer.ok_or(Status::NotFound)?;
    let end = start.checked_add(length).ok_or(Status::BadArgument)?;
    let word = |word: u32| usize::try_from(word).unwrap_or(usize::MAX);
    let end = word(end).min(buffer.len());
    Ok(buffer.get(word(start)..end).unwrap_or_default().to_vec())
}

fn property(state: &State, path: &str) -> Option<Vec<u8>> {
    let stream = state.streams.get(&state.context())?;
    stream.request.property(path)
}
