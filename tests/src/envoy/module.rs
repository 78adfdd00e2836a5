//! Wasm modules as text, for filters that do next to nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What Envoy demands of a filter that has two callbacks and calls nothing, in the text format of WebAssembly. It lets every
/// request pass.
pub const EMPTY: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024)
    (func (export "proxy_on_context_create") (param i32 i32))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 0)
)"#;

/// Assembles `text` and answers the file that holds the module, which stays until the process ends.
pub fn assembled(name: &str, text: &str) -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let module = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let folder = FOLDER.get_or_init(|| TempDir::new().unwrap());
    let path = folder.path().join(format!("{name}.wasm"));
    fs::write(&path, module).unwrap();
    path
}

/// The module `name` as `plugins/proxy/build` leaves it. Panics with that command where it is missing.
pub fn built(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    let path = target.join("wasm32-wasip1/release").join(name);
    assert!(
        path.exists(),
        "there is no {}; make it with: plugins/proxy/build",
        path.display()
    );
    path
}
