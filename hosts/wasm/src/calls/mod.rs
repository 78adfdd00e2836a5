//! The host calls, by what they are about.

mod buffers;
mod callouts;
mod contexts;
mod fields;
mod measures;
mod sharing;
mod system;

use wasmtime::Linker;

use crate::state::State;

/// Offers all of them to whoever is linked.
pub(crate) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    buffers::offer_all(linker)?;
    callouts::offer_all(linker)?;
    contexts::offer_all(linker)?;
    fields::offer_all(linker)?;
    measures::offer_all(linker)?;
    sharing::offer_all(linker)?;
    system::offer_all(linker)
}

/// The module that the calls of proxy-wasm are imported from.
const ENV: &str = "env";
