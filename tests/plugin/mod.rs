//! The compiled plugin, with a feed that a test states.
#![allow(dead_code, reason = "each test binary takes what it needs")]

pub(crate) mod facts;
pub(crate) mod worker;

use std::path::PathBuf;
use std::sync::LazyLock;

use tollgate_wasm::Program;

/// The module that is shipped, compiled once for each test process.
pub(crate) fn program() -> &'static Program {
    static PROGRAM: LazyLock<Program> = LazyLock::new(|| compiled("tollgate_proxy.wasm"));
    &PROGRAM
}

/// A module that `plugins/proxy/build` has made.
pub(crate) fn compiled(name: &str) -> Program {
    let repository = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository.join("target"), PathBuf::from);
    let path = target.join("wasm32-wasip1/release").join(name);
    let module = std::fs::read(&path)
        .unwrap_or_else(|why| panic!("{}: {why}; make it with: plugins/proxy/build", path.display()));
    Program::compile(&module).unwrap()
}
