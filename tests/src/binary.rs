//! Where the `tollgate` binary is.
//!
//! Cargo tells a test only the binaries of its own package. A run of the whole workspace has built the one of
//! `tollgate-cli` into the same folder as this test; a run of this package alone may have left it out or out of date, and
//! then it is built here.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The path of the binary, which is at least as new as every source file it was built from.
///
/// The environment variable `TOLLGATE_BIN` names another one.
pub fn tollgate() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| match env::var_os("TOLLGATE_BIN") {
        Some(path) => PathBuf::from(path),
        None => beside_this_test(),
    })
}

fn beside_this_test() -> PathBuf {
    // TARGET/PROFILE/deps/THIS_TEST
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("tollgate");
    if !is_current(&binary) {
        build(profile);
        assert!(binary.exists(), "the build left no {}", binary.display());
    }
    binary
}

/// Whether `binary` is newer than all that cargo says it was made of, in the file of make rules that it leaves beside it.
fn is_current(binary: &Path) -> bool {
    let (Some(built), Ok(rules)) = (modified(binary), fs::read_to_string(binary.with_extension("d"))) else {
        return false;
    };
    sources(&rules).all(|source| modified(&source).is_some_and(|changed| changed <= built))
}

/// The files to the right of the colon. Blanks in a path are escaped there.
fn sources(rules: &str) -> impl Iterator<Item = PathBuf> {
    let (_, sources) = rules.split_once(": ").unwrap_or_default();
    let sources = sources.replace("\\ ", "\0");
    let sources: Vec<_> = sources
        .split_whitespace()
        .map(|source| PathBuf::from(source.replace('\0', " ")))
        .collect();
    sources.into_iter()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn build(profile: &Path) {
    let name = profile.file_name().and_then(|name| name.to_str()).unwrap();
    let name = if name == "debug" { "dev" } else { name };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--package",
            "tollgate-cli",
            "--bin",
            "tollgate",
            "--profile",
            name,
        ])
        .arg("--target-dir")
        .arg(profile.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{complaints}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    #[test]
    fn a_source_that_is_newer_than_the_binary_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (binary, source) = (folder.path().join("tollgate"), folder.path().join("a b.rs"));
        for path in [&source, &binary] {
            fs::write(path, "").unwrap();
        }
        assert!(!is_current(&binary), "without rules nothing is known");
        let escaped = source.to_str().unwrap().replace(' ', "\\ ");
        fs::write(
            folder.path().join("tollgate.d"),
            format!("{}: {escaped}\n", binary.display()),
        )
        .unwrap();
        assert!(is_current(&binary));
        let later = modified(&binary).unwrap() + Duration::from_secs(1);
        File::options()
            .append(true)
            .open(&source)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert!(!is_current(&binary));
        fs::remove_file(&source).unwrap();
        assert!(!is_current(&binary), "a source that has gone");
    }
}
