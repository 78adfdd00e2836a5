//! What the proxy calls. A callback that is not exported costs nothing, so there are no others.

#![allow(unsafe_code, reason = "exported symbols")]

use crate::door;
use crate::vm;

unsafe extern "C" {
    /// What the linker collects to be run first.
    fn __wasm_call_ctors();
}

/// Called once, before everything else. Without it the linker would run what it collects at every call of every export.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: the proxy calls this once.
    unsafe { __wasm_call_ctors() }
}

/// The version of the interface.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(len: usize) -> *mut u8 {
    door::lend(len)
}

/// Always succeeds: a failure here would take the filter away on one worker, and let everything pass.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _configuration_len: u32) -> u32 {
    1
}

/// Always succeeds, for the same reason: what is wrong with the configuration is a state that refuses all requests.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, configuration_len: u32) -> u32 {
    vm::configure(root, configuration_len as usize);
    1
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    vm::create(context, root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    vm::tick(root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(root: u32, call: u32, headers: u32, body_len: u32, _trailers: u32) {
    vm::answered(root, call, headers, body_len as usize);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: u32, is_end: u32) -> u32 {
    vm::headers(context, is_end != 0) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, len: u32, is_end: u32) -> u32 {
    vm::body(context, len as usize, is_end != 0) as u32
}

/// Called only where there are trailers. A proxy lets a request go on from here, whatever was said of its body before, unless it is
/// told not to.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: u32) -> u32 {
    vm::trailers(context) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    vm::delete(context);
}
