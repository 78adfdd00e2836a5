//! Calls to the proxy, each with a result.

#![allow(unsafe_code, reason = "foreign functions take pointers to what they read and write")]

use super::buffer;
use super::imports as import;

/// A status other than success, or an answer that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u32);

/// An answer that names memory that was never given to it.
const NONSENSE: Status = Status(u32::MAX);

const REQUEST_BODY: u32 = 0;
const CALL_BODY: u32 = 4;
const PLUGIN_CONFIGURATION: u32 = 7;
const REQUEST_HEADERS: u32 = 0;
const CALL_HEADERS: u32 = 6;
const MONOTONIC: u32 = 1;

/// How grave a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// What a metric does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricKind {
    Counter = 0,
    Gauge = 1,
}

/// A metric that the proxy keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metric(u32);

fn done(status: u32) -> Result<(), Status> {
    if status == 0 { Ok(()) } else { Err(Status(status)) }
}

/// What a call that hands out bytes has handed out; none where there is nothing.
fn bytes_of(call: impl FnOnce(*mut usize, *mut usize) -> u32) -> Result<Option<Vec<u8>>, Status> {
    let (mut at, mut len) = (0, 0);
    let status = call(&raw mut at, &raw mut len);
    if status != 0 || at == 0 {
        buffer::let_go();
        done(status)?;
        return Ok(None);
    }
    buffer::take_back(at, len).map(Some).ok_or(NONSENSE)
}

/// Writes a line to the proxy's log. Where that fails there is nobody to tell.
pub(crate) fn log(level: Level, text: &str) {
    // SAFETY: the proxy reads `text` and keeps nothing.
    let _ = unsafe { import::proxy_log(level as u32, text.as_ptr(), text.len()) };
}

/// Nanoseconds since 1970 by the system's clock.
pub(crate) fn time_ns() -> Result<u64, Status> {
    let mut time = 0;
    // SAFETY: the proxy writes eight bytes.
    done(unsafe { import::proxy_get_current_time_nanoseconds(&raw mut time) })?;
    Ok(time)
}

/// Nanoseconds by a clock that never runs backwards.
pub(crate) fn monotonic_ns() -> Result<u64, Status> {
    let mut time = 0;
    // SAFETY: the proxy writes eight bytes.
    done(unsafe { import::clock_time_get(MONOTONIC, 0, &raw mut time) })?;
    Ok(time)
}

/// Asks for a tick every so many milliseconds, for the root context in whose name this runs.
pub(crate) fn set_tick_period(ms: u32) -> Result<(), Status> {
    done(import::proxy_set_tick_period_milliseconds(ms))
}

fn buffer_bytes(kind: u32, most: usize) -> Result<Vec<u8>, Status> {
    // SAFETY: the proxy writes two numbers, and to memory that it was lent.
    let bytes = bytes_of(|data, len| unsafe { import::proxy_get_buffer_bytes(kind, 0, most, data, len) });
    Ok(bytes?.unwrap_or_default())
}

/// The first `most` bytes of the plugin's configuration.
pub(crate) fn configuration(most: usize) -> Result<Vec<u8>, Status> {
    buffer_bytes(PLUGIN_CONFIGURATION, most)
}

/// The first `most` bytes of the request's body, as far as it has come.
pub(crate) fn request_body(most: usize) -> Result<Vec<u8>, Status> {
    buffer_bytes(REQUEST_BODY, most)
}

/// The first `most` bytes of the answer to a call.
pub(crate) fn call_body(most: usize) -> Result<Vec<u8>, Status> {
    buffer_bytes(CALL_BODY, most)
}

/// The whole head of the request in one call, for [`Pairs`](crate::pairs::Pairs). Give it back by [`keep`].
pub(crate) fn request_headers() -> Result<Vec<u8>, Status> {
    // SAFETY: the proxy writes two numbers, and to memory that it was lent.
    let bytes = bytes_of(|data, len| unsafe { import::proxy_get_header_map_pairs(REQUEST_HEADERS, data, len) });
    Ok(bytes?.unwrap_or_default())
}

/// The head of the answer to a call.
pub(crate) fn call_headers() -> Result<Vec<u8>, Status> {
    // SAFETY: the proxy writes two numbers, and to memory that it was lent.
    let bytes = bytes_of(|data, len| unsafe { import::proxy_get_header_map_pairs(CALL_HEADERS, data, len) });
    Ok(bytes?.unwrap_or_default())
}

/// Keeps a buffer for the next call.
pub(crate) fn keep(bytes: Vec<u8>) {
    buffer::keep(bytes);
}

/// Adds a line to the request's head.
pub(crate) fn add_request_header(name: &[u8], value: &[u8]) -> Result<(), Status> {
    let (name, name_len, value, value_len) = (name.as_ptr(), name.len(), value.as_ptr(), value.len());
    // SAFETY: the proxy reads both and keeps nothing.
    done(unsafe { import::proxy_add_header_map_value(REQUEST_HEADERS, name, name_len, value, value_len) })
}

/// Removes all lines of one name from the request's head.
pub(crate) fn remove_request_header(name: &[u8]) -> Result<(), Status> {
    // SAFETY: the proxy reads the name and keeps nothing.
    done(unsafe { import::proxy_remove_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len()) })
}

/// A property by its path, whose parts are separated by zero bytes. Dear: asked only where an address rule needs it.
pub(crate) fn property(path: &[u8]) -> Result<Option<Vec<u8>>, Status> {
    // SAFETY: the proxy reads the path, writes two numbers, and to memory that it was lent.
    bytes_of(|data, len| unsafe { import::proxy_get_property(path.as_ptr(), path.len(), data, len) })
}

/// Answers the request in whose name this runs. `headers` are pairs.
pub(crate) fn respond(status: u16, headers: &[u8], body: &[u8], details: &[u8]) -> Result<(), Status> {
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: the proxy reads all and keeps nothing.
    done(unsafe {
        import::proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

/// Lets the paused request go on in whose name this runs.
pub(crate) fn go_on() -> Result<(), Status> {
    const REQUEST: u32 = 0;
    done(import::proxy_continue_stream(REQUEST))
}

/// From now on, until this callback returns, runs in the name of another context.
pub(crate) fn act_for(context: u32) -> Result<(), Status> {
    done(import::proxy_set_effective_context(context))
}

/// Sends a request to a cluster, and names the answer that will come. `headers` are pairs.
pub(crate) fn call(cluster: &str, headers: &[u8], body: &[u8], timeout_ms: u32) -> Result<u32, Status> {
    let no_trailers = [0_u8; 4];
    let mut token = 0;
    // SAFETY: the proxy reads all, keeps nothing, and writes a number.
    done(unsafe {
        import::proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            no_trailers.as_ptr(),
            no_trailers.len(),
            timeout_ms,
            &raw mut token,
        )
    })?;
    Ok(token)
}

/// Defines a metric, or finds the one of the same name.
pub(crate) fn define(kind: MetricKind, name: &str) -> Result<Metric, Status> {
    let mut metric = 0;
    // SAFETY: the proxy reads the name and writes a number.
    done(unsafe { import::proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut metric) })?;
    Ok(Metric(metric))
}

/// Adds to a metric; nothing is added to no purpose, since proxies refuse to add zero.
pub(crate) fn add(metric: Metric, by: i64) {
    if by != 0 {
        let _ = import::proxy_increment_metric(metric.0, by);
    }
}

/// Sets a gauge.
pub(crate) fn set(metric: Metric, value: u64) {
    let _ = import::proxy_record_metric(metric.0, value);
}

/// What a metric holds, over all workers.
#[cfg(all(feature = "trap", target_arch = "wasm32"))]
pub(crate) fn value(metric: Metric) -> Result<u64, Status> {
    let mut value = 0;
    // SAFETY: the proxy writes eight bytes.
    done(unsafe { import::proxy_get_metric(metric.0, &raw mut value) })?;
    Ok(value)
}

/// Bytes of this module's memory; it never shrinks.
pub(crate) fn memory_bytes() -> u64 {
    #[cfg(target_arch = "wasm32")]
    {
        core::arch::wasm32::memory_size::<0>() as u64 * 65_536
    }
    #[cfg(not(target_arch = "wasm32"))]
    0
}

/// Bytes of it that are in use.
pub(crate) fn memory_in_use() -> u64 {
    #[cfg(target_arch = "wasm32")]
    {
        super::memory::in_use()
    }
    #[cfg(not(target_arch = "wasm32"))]
    0
}
