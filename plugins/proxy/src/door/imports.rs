//! What the proxy offers. Every function answers a status, of which zero is success.

#![allow(unsafe_code, reason = "foreign functions")]

#[cfg(target_arch = "wasm32")]
#[link(wasm_import_module = "env")]
unsafe extern "C" {
    pub(super) safe fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    pub(super) safe fn proxy_continue_stream(stream_type: u32) -> u32;
    pub(super) safe fn proxy_set_effective_context(context: u32) -> u32;
    pub(super) safe fn proxy_increment_metric(metric: u32, by: i64) -> u32;
    pub(super) safe fn proxy_record_metric(metric: u32, value: u64) -> u32;
    pub(super) fn proxy_log(level: u32, text: *const u8, len: usize) -> u32;
    pub(super) fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    pub(super) fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        most: usize,
        data: *mut usize,
        len: *mut usize,
    ) -> u32;
    pub(super) fn proxy_get_header_map_pairs(map: u32, data: *mut usize, len: *mut usize) -> u32;
    pub(super) fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> u32;
    pub(super) fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) -> u32;
    pub(super) fn proxy_get_property(path: *const u8, path_len: usize, data: *mut usize, len: *mut usize) -> u32;
    pub(super) fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_len: usize,
        body: *const u8,
        body_len: usize,
        headers: *const u8,
        headers_len: usize,
        grpc_status: i32,
    ) -> u32;
    pub(super) fn proxy_http_call(
        cluster: *const u8,
        cluster_len: usize,
        headers: *const u8,
        headers_len: usize,
        body: *const u8,
        body_len: usize,
        trailers: *const u8,
        trailers_len: usize,
        timeout_ms: u32,
        token: *mut u32,
    ) -> u32;
    pub(super) fn proxy_define_metric(kind: u32, name: *const u8, name_len: usize, metric: *mut u32) -> u32;
    #[cfg(feature = "trap")]
    pub(super) fn proxy_get_metric(metric: u32, value: *mut u64) -> u32;
}

#[cfg(target_arch = "wasm32")]
#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    pub(super) fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
}

/// Outside a proxy there is nobody to answer: everything is refused.
#[cfg(not(target_arch = "wasm32"))]
mod absent {
    /// The status for what is not there.
    const UNIMPLEMENTED: u32 = 12;

    macro_rules! absent {
        ($($name:ident($($argument:ty),*);)*) => {
            $(#[allow(clippy::too_many_arguments, reason = "the interface has so many")]
            pub(in crate::door) unsafe fn $name($(_: $argument),*) -> u32 {
                UNIMPLEMENTED
            })*
        };
    }

    absent! {
        proxy_log(u32, *const u8, usize);
        proxy_get_current_time_nanoseconds(*mut u64);
        proxy_get_buffer_bytes(u32, usize, usize, *mut usize, *mut usize);
        proxy_get_header_map_pairs(u32, *mut usize, *mut usize);
        proxy_add_header_map_value(u32, *const u8, usize, *const u8, usize);
        proxy_remove_header_map_value(u32, *const u8, usize);
        proxy_get_property(*const u8, usize, *mut usize, *mut usize);
        proxy_send_local_response(u32, *const u8, usize, *const u8, usize, *const u8, usize, i32);
        proxy_http_call(*const u8, usize, *const u8, usize, *const u8, usize, *const u8, usize, u32, *mut u32);
        proxy_define_metric(u32, *const u8, usize, *mut u32);
        clock_time_get(u32, u64, *mut u64);
    }

    macro_rules! absent_safe {
        ($($name:ident($($argument:ty),*);)*) => {
            $(pub(in crate::door) fn $name($(_: $argument),*) -> u32 {
                UNIMPLEMENTED
            })*
        };
    }

    absent_safe! {
        proxy_set_tick_period_milliseconds(u32);
        proxy_continue_stream(u32);
        proxy_set_effective_context(u32);
        proxy_increment_metric(u32, i64);
        proxy_record_metric(u32, u64);
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) use absent::*;
