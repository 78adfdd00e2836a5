//! Values that all VMs of a process share.

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::fault::HostCall;
use crate::guest::offer;
use crate::state::State;
use crate::status::Status;

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::SharedValue.import(),
        |caller: Caller<'_, State>, key: u32, length: u32, pointer: u32, size: u32, cas: u32| {
            offer(caller, HostCall::SharedValue, |guest| {
                let key = guest.bytes(key, length)?;
                let (value, number) = guest.state().process.shared_value(&key).ok_or(Status::NotFound)?;
                guest.hand_over(&value, pointer, size)?;
                guest.write_word(cas, number)
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        HostCall::SetSharedValue.import(),
        |caller: Caller<'_, State>, key: u32, key_len: u32, value: u32, value_len: u32, cas: u32| {
            offer(caller, HostCall::SetSharedValue, |guest| {
                let (key, value) = (guest.bytes(key, key_len)?, guest.bytes(value, value_len)?);
                match guest.state().process.set_shared_value(&key, &value, cas) {
                    Status::Ok => Ok(()),
                    refused => Err(refused.into()),
                }
            })
        },
    )?;
    Ok(())
}
