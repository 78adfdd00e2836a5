//! The compiled plugin, with a feed that a test states.
#![allow(dead_code, reason = "each test binary takes what it needs")]

pub(crate) mod facts;
pub(crate) mod worker;

use std::sync::LazyLock;

use tollgate_tests::envoy::built;
use tollgate_wasm::Program;

/// The module that is shipped, compiled once for each test process.
pub(crate) fn program() -> &'static Program {
    static PROGRAM: LazyLock<Program> = LazyLock::new(|| compiled("tollgate_proxy.wasm"));
    &PROGRAM
}

/// A module that `plugins/proxy/build` has made.
pub(crate) fn compiled(name: &str) -> Program {
    let module = std::fs::read(built(name)).unwrap();
    Program::compile(&module).unwrap()
}
