//! The one door to the proxy: proxy-wasm ABI 0.2.1, as raw imports.
//!
//! The usual kit for plugins panics at a status that it does not expect and at a header that is not UTF-8, and exports every
//! callback there is, so that the proxy enters the module for each. Here every call answers a result, and only what is needed
//! is exported. Nothing but this folder and the exports themselves is `unsafe`.

#[cfg(target_arch = "wasm32")]
mod memory;
mod buffer;
mod imports;
mod calls;

#[cfg(target_arch = "wasm32")]
pub(crate) use buffer::lend;
pub(crate) use calls::*;
