//! Requests to other servers.

use std::time::Duration;

use wasmtime::{Caller, Linker};

use super::ENV;
use crate::callout::Callout;
use crate::fault::HostCall;
use crate::guest::{End, Guest, offer};
use crate::state::State;
use crate::status::Status;

/// Where in the guest a callout's parts are, in the order of the call's arguments.
struct Parts {
    cluster: (u32, u32),
    headers: (u32, u32),
    body: (u32, u32),
    trailers: (u32, u32),
    timeout_ms: u32,
    token: u32,
}

pub(super) fn offer_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        HostCall::HttpCall.import(),
        #[allow(clippy::too_many_arguments, reason = "proxy-wasm has it so")]
        |caller: Caller<'_, State>,
         cluster: u32,
         cluster_len: u32,
         headers: u32,
         headers_len: u32,
         body: u32,
         body_len: u32,
         trailers: u32,
         trailers_len: u32,
         timeout_ms: u32,
         token: u32| {
            let parts = Parts {
                cluster: (cluster, cluster_len),
                headers: (headers, headers_len),
                body: (body, body_len),
                trailers: (trailers, trailers_len),
                timeout_ms,
                token,
            };
            offer(caller, HostCall::HttpCall, |guest| send(guest, &parts))
        },
    )?;
    Ok(())
}

fn send(guest: &mut Guest<'_>, parts: &Parts) -> Result<(), End> {
    let name = HostCall::HttpCall.import();
    let cluster = guest.text(parts.cluster.0, parts.cluster.1)?;
    let headers = guest.headers(name, parts.headers.0, parts.headers.1)?;
    let body = guest.bytes(parts.body.0, parts.body.1)?;
    guest.headers(name, parts.trailers.0, parts.trailers.1)?;
    // A proxy writes there first, to know that it can.
    guest.write_word(parts.token, 0)?;
    let negative = i32::try_from(parts.timeout_ms).is_err();
    let lacking = [":path", ":method", ":authority"]
        .iter()
        .any(|field| headers.first(field).is_none());
    let state = guest.state();
    if negative || lacking || !state.settings.clusters.contains(&cluster) {
        return Err(Status::BadArgument.into());
    }
    state.next_token += 1;
    let token = state.next_token;
    let callout = Callout {
        token,
        root: state.root(),
        cluster,
        headers,
        body,
        timeout: (parts.timeout_ms > 0).then(|| Duration::from_millis(parts.timeout_ms.into())),
        sent_at: state.process.monotonic(),
    };
    state.callouts.insert(token, callout);
    guest.write_word(parts.token, token)
}
