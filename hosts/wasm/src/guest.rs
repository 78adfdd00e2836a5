//! The guest's memory, as host calls see it.

use wasmtime::{Caller, Extern, Memory};

use crate::fault::{Fault, HostCall};
use crate::headers::Headers;
use crate::state::State;
use crate::status::Status;

/// How a host call ends early.
pub(crate) enum End {
    /// It answers this.
    Status(Status),
    /// It traps.
    Trap(wasmtime::Error),
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// A host call at work: the guest that made it, and the state it may change.
pub(crate) struct Guest<'a> {
    caller: Caller<'a, State>,
}

/// Makes a host call go as it was planned: through `work`, or wrong.
pub(crate) fn offer<'a>(
    caller: Caller<'a, State>,
    call: HostCall,
    work: impl FnOnce(&mut Guest<'a>) -> Result<(), End>,
) -> wasmtime::Result<u32> {
    let mut guest = Guest { caller };
    match guest.state().faults.meet(call) {
        Some(Fault::Status(status)) => Ok(status.number()),
        Some(Fault::Number(number)) => Ok(number),
        Some(Fault::Trap) => Err(wasmtime::format_err!("{} trapped as planned", call.import())),
        None => match work(&mut guest) {
            Ok(()) => Ok(Status::Ok.number()),
            Err(End::Status(status)) => Ok(status.number()),
            Err(End::Trap(trap)) => Err(trap),
        },
    }
}

impl Guest<'_> {
    pub(crate) fn state(&mut self) -> &mut State {
        self.caller.data_mut()
    }

    /// A copy of bytes of the guest.
    pub(crate) fn bytes(&mut self, at: u32, length: u32) -> Result<Vec<u8>, End> {
        let memory = self.memory()?;
        let bytes = range(at, length).and_then(|range| memory.data(&self.caller).get(range));
        Ok(bytes.ok_or(Status::InvalidMemoryAccess)?.to_vec())
    }

    /// Bytes of the guest that should be text; what is none is made to be.
    pub(crate) fn text(&mut self, at: u32, length: u32) -> Result<String, End> {
        Ok(String::from_utf8_lossy(&self.bytes(at, length)?).into_owned())
    }

    /// A header map that the guest has serialised.
    pub(crate) fn headers(&mut self, call: &str, at: u32, length: u32) -> Result<Headers, End> {
        let wire = self.bytes(at, length)?;
        match Headers::from_wire(&wire) {
            Ok(headers) => {
                for (name, value) in headers.iter() {
                    self.judge_field(call, name, value);
                }
                Ok(headers)
            }
            Err(why) => {
                self.violation(format!("{call}: {why}"));
                Err(Status::BadArgument.into())
            }
        }
    }

    /// Notes bytes that no field may have: proxies end over them in a debug build, and forward them in others.
    pub(crate) fn judge_field(&mut self, call: &str, name: &[u8], value: &[u8]) {
        let odd = |byte: &u8| matches!(byte, 0 | b'\r' | b'\n');
        if name.is_empty() || name.iter().chain(value).any(odd) {
            let name = String::from_utf8_lossy(name).into_owned();
            self.violation(format!("{call}: the field {name:?} holds bytes that no field may have"));
        }
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), End> {
        let memory = self.memory()?;
        let length = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let room = range(at, length).and_then(|range| memory.data_mut(&mut self.caller).get_mut(range));
        room.ok_or(Status::InvalidMemoryAccess)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn write_word(&mut self, at: u32, word: u32) -> Result<(), End> {
        self.write(at, &word.to_le_bytes())
    }

    /// Lets the guest make room for bytes, copies them there, and writes where they are and how many.
    pub(crate) fn hand_over(&mut self, bytes: &[u8], pointer: u32, size: u32) -> Result<(), End> {
        let length = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let mut at = 0;
        if length > 0 {
            at = self.allocate(length)?;
            self.write(at, bytes)?;
        }
        self.write_word(pointer, at)?;
        self.write_word(size, length)
    }

    fn allocate(&mut self, length: u32) -> Result<u32, End> {
        let names = ["proxy_on_memory_allocate", "malloc"];
        let found = names.iter().find_map(|name| self.caller.get_export(name));
        let Some(Extern::Func(allocate)) = found else {
            return Err(Status::InvalidMemoryAccess.into());
        };
        let allocate = allocate.typed::<u32, u32>(&self.caller).map_err(End::Trap)?;
        let at = allocate.call(&mut self.caller, length).map_err(End::Trap)?;
        if at == 0 {
            return Err(Status::InvalidMemoryAccess.into());
        }
        Ok(at)
    }

    pub(crate) fn violation(&mut self, what: String) {
        self.state().violations.push(what);
    }

    fn memory(&mut self) -> Result<Memory, End> {
        match self.caller.get_export("memory") {
            Some(Extern::Memory(memory)) => Ok(memory),
            _ => Err(Status::InvalidMemoryAccess.into()),
        }
    }
}

fn range(at: u32, length: u32) -> Option<std::ops::Range<usize>> {
    let at = usize::try_from(at).ok()?;
    Some(at..at.checked_add(usize::try_from(length).ok()?)?)
}
