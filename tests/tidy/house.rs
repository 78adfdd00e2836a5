//! The tree: which files are read, and which of them are test code because of where they are declared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::imports::Library;
use super::source::{Source, test_modules};

/// Folders that hold nothing anyone wrote; so does a `target` beside a manifest.
const SKIPPED: &[&str] = &[".git", ".tools", "node_modules"];
/// Files without one of these endings are read when they begin with `#!`.
const READ: &[&str] = &["rs", "md", "toml", "sh", "py", "js", "conf", "yaml", "yml"];

/// Every file that a rule may judge, by path.
pub(crate) struct House {
    sources: BTreeMap<String, Source>,
}

impl House {
    /// Reads the repository that this package stands in.
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the package stands in a folder of the repository");
        let walk = WalkDir::new(root).into_iter().filter_entry(|entry| !is_skipped(entry));
        let files = walk
            .map(|entry| entry.expect("the tree can be read"))
            .filter(|entry| entry.file_type().is_file());
        let texts = files.filter_map(|entry| Some((relative(root, entry.path()), text(entry.path())?)));
        Self::new(texts.collect())
    }

    fn new(texts: Vec<(String, String)>) -> Self {
        let mut sources: BTreeMap<String, Source> = texts
            .iter()
            .map(|(path, text)| (path.clone(), Source::new(path, text)))
            .collect();
        let declared: Vec<String> = sources.values().flat_map(files_of_test_modules).collect();
        for source in sources.values_mut() {
            if declared
                .iter()
                .any(|module| source.path == format!("{module}.rs") || source.path.starts_with(&format!("{module}/")))
            {
                source.mark_as_test();
            }
        }
        Self { sources }
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.values()
    }

    /// The libraries that users link or run, whose modules stand in an order.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = Library> {
        let roots = self
            .sources()
            .filter(|source| source.path.ends_with("/src/lib.rs") && !source.shipped.is_empty());
        roots.map(Library::from_root)
    }
}

fn is_skipped(entry: &DirEntry) -> bool {
    let is_build = entry.file_name() == "target" && entry.path().with_file_name("Cargo.toml").exists();
    is_build || SKIPPED.iter().any(|name| entry.file_name() == *name)
}

/// Where the modules lie that `source` declares for tests only: paths without their ending.
fn files_of_test_modules(source: &Source) -> Vec<String> {
    if !source.is_rust() {
        return Vec::new();
    }
    let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let folder = match file {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => format!("{folder}/{}", file.trim_end_matches(".rs")),
    };
    test_modules(&source.tokens)
        .iter()
        .map(|module| format!("{folder}/{module}"))
        .collect()
}

fn relative(root: &Path, path: &Path) -> String {
    let path: PathBuf = path.strip_prefix(root).expect("the walk stays below the root").into();
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

fn text(path: &Path) -> Option<String> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned());
    let text = match ending {
        Some(ending) if !READ.contains(&ending.as_str()) => return None,
        Some(_) => fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        // Licences and binaries have no ending either.
        None => fs::read_to_string(path).ok().filter(|text| text.starts_with("#!"))?,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(texts: &[(&str, &str)]) -> Vec<String> {
        let house = House::new(
            texts
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        );
        house
            .sources()
            .filter(|source| !source.shipped.is_empty())
            .map(|source| source.path.clone())
            .collect()
    }

    #[test]
    fn a_module_declared_for_tests_does_not_ship_and_its_neighbour_does() {
        let planted = [
            ("engine/src/lib.rs", "mod a;"),
            ("engine/src/a.rs", "mod shipped; #[cfg(test)] mod models;"),
            ("engine/src/a/models.rs", "mod deeper;"),
            ("engine/src/a/models/deeper.rs", "fn x() {}"),
            ("engine/src/a/shipped.rs", "fn x() {}"),
            ("engine/src/models.rs", "fn x() {}"),
        ];
        assert_eq!(
            shipped(&planted),
            [
                "engine/src/a.rs",
                "engine/src/a/shipped.rs",
                "engine/src/lib.rs",
                "engine/src/models.rs"
            ]
        );
        let folder = [
            ("engine/src/a/mod.rs", "fn y() {} #[cfg(all(test, loom))] mod models;"),
            ("engine/src/a/models.rs", "fn x() {}"),
        ];
        assert_eq!(shipped(&folder), ["engine/src/a/mod.rs"]);
    }
}
