//! What the guests have in common.

use std::time::Duration;

use tollgate_wasm::{ContextId, Process, Program, Settings, Vm};

const COMMON: &str = r#"
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
    (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
    (import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
    (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
    (import "env" "proxy_send_local_response"
      (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_http_call"
      (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_property" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 65536))
    (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
      (global.get $free)
      (global.set $free (i32.add (global.get $free) (local.get $size))))
    (func (export "proxy_abi_version_0_2_1"))
    (func $note (param $byte i32)
      (i32.store8 (i32.const 32) (local.get $byte))
      (drop (call $log (i32.const 2) (i32.const 32) (i32.const 1))))
"#;

/// Sends a callout at each tick, and logs what comes of it.
pub(crate) const CALLS_OUT: &str = r#"
    (func (export "proxy_on_tick") (param i32)
      (call $note (call $call (i32.const 300) (i32.const 8) (i32.const 308) (i32.const 62) (i32.const 0) (i32.const 0)
                              (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 16))))
    (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
      (call $note (local.get 1)) (call $note (local.get 2)) (call $note (local.get 3)) (call $note (local.get 4))
      (i32.store (i32.const 0) (i32.const 40))
      (i32.store8 (i32.const 40) (call $buffer (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)))
      (call $note (i32.load8_u (i32.load (i32.const 0))))
      (call $note (call $pairs (i32.const 6) (i32.const 0) (i32.const 4))))
    (data (i32.const 300) "tollgate")
    (data (i32.const 308)
      "\03\00\00\00\05\00\00\00\02\00\00\00\07\00\00\00\03\00\00\00\0a\00\00\00\01\00\00\00"
      ":path\00/p\00:method\00GET\00:authority\00h\00")"#;

/// A module with this in it.
pub(crate) fn guest(own: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {COMMON} {own})")).unwrap()
}

pub(crate) fn started(own: &str) -> (Vm, ContextId) {
    started_with(own, Settings::default())
}

pub(crate) fn started_with(own: &str, settings: Settings) -> (Vm, ContextId) {
    let program = Program::compile(&guest(own)).unwrap();
    let process = Process::new(Duration::from_secs(1_700_000_000));
    let mut vm = Vm::new(&program, &process, settings).unwrap();
    let (root, taken) = vm.start_root("first");
    assert!(taken || own.contains("proxy_on_configure"));
    vm.take_lines();
    (vm, root)
}

pub(crate) fn answering() -> (Vm, ContextId) {
    started(CALLS_OUT)
}
