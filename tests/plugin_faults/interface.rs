//! What the module asks of a proxy, and what it offers to it: every import may be missing somewhere, and every export costs.

use crate::plugin::program;

#[test]
fn it_imports_and_exports_what_is_needed_and_nothing_else() {
    let mut imports = program().imports();
    imports.sort();
    let known = [
        "clock_time_get",
        "environ_get",
        "environ_sizes_get",
        "fd_write",
        "proc_exit",
        "proxy_add_header_map_value",
        "proxy_continue_stream",
        "proxy_define_metric",
        "proxy_get_buffer_bytes",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_http_call",
        "proxy_increment_metric",
        "proxy_log",
        "proxy_record_metric",
        "proxy_remove_header_map_value",
        "proxy_send_local_response",
        "proxy_set_effective_context",
        "proxy_set_tick_period_milliseconds",
        "random_get",
    ];
    let strange: Vec<_> = imports.iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let mut exports = program().exports();
    exports.sort();
    assert_eq!(
        exports,
        [
            "_initialize",
            "memory",
            "proxy_abi_version_0_2_1",
            "proxy_on_configure",
            "proxy_on_context_create",
            "proxy_on_delete",
            "proxy_on_http_call_response",
            "proxy_on_memory_allocate",
            "proxy_on_request_body",
            "proxy_on_request_headers",
            "proxy_on_request_trailers",
            "proxy_on_tick",
            "proxy_on_vm_start",
        ]
    );
}
