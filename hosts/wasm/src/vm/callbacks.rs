//! What the guest exports for the host to call. What it does not export is not called.

use wasmtime::{Instance, Store, TypedFunc, WasmParams, WasmResults};

use crate::state::State;

pub(super) type Callback<P, R> = Option<TypedFunc<P, R>>;

pub(super) struct Callbacks {
    pub(super) instance: Instance,
    pub(super) initialize: Callback<(), ()>,
    pub(super) context_create: Callback<(u32, u32), ()>,
    pub(super) vm_start: Callback<(u32, u32), u32>,
    pub(super) configure: Callback<(u32, u32), u32>,
    pub(super) tick: Callback<(u32,), ()>,
    pub(super) request_headers: Callback<(u32, u32, u32), u32>,
    pub(super) request_body: Callback<(u32, u32, u32), u32>,
    pub(super) request_trailers: Callback<(u32, u32), u32>,
    pub(super) http_call_response: Callback<(u32, u32, u32, u32, u32), ()>,
    pub(super) done: Callback<(u32,), u32>,
    pub(super) log: Callback<(u32,), ()>,
    pub(super) delete: Callback<(u32,), ()>,
}

impl Callbacks {
    /// An export of a callback's name and another type is an error.
    pub(super) fn of(instance: &Instance, store: &mut Store<State>) -> wasmtime::Result<Self> {
        Ok(Self {
            instance: *instance,
            initialize: find(instance, store, "_initialize")?,
            context_create: find(instance, store, "proxy_on_context_create")?,
            vm_start: find(instance, store, "proxy_on_vm_start")?,
            configure: find(instance, store, "proxy_on_configure")?,
            tick: find(instance, store, "proxy_on_tick")?,
            request_headers: find(instance, store, "proxy_on_request_headers")?,
            request_body: find(instance, store, "proxy_on_request_body")?,
            request_trailers: find(instance, store, "proxy_on_request_trailers")?,
            http_call_response: find(instance, store, "proxy_on_http_call_response")?,
            done: find(instance, store, "proxy_on_done")?,
            log: find(instance, store, "proxy_on_log")?,
            delete: find(instance, store, "proxy_on_delete")?,
        })
    }
}

fn find<P: WasmParams, R: WasmResults>(
    instance: &Instance,
    store: &mut Store<State>,
    name: &str,
) -> wasmtime::Result<Callback<P, R>> {
    match instance.get_func(&mut *store, name) {
        Some(export) => export.typed(&*store).map(Some),
        None => Ok(None),
    }
}
