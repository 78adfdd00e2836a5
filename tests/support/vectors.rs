//! The shared vectors, as they stand in their files.

use std::collections::BTreeMap;
use std::path::Path;

use super::facts::VectorFile;

/// All files by name. The package that asks stands somewhere below the root.
pub fn files() -> BTreeMap<String, VectorFile> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = above.map(|folder| folder.join("tests/vectors"));
    let folder = folders.find(|folder| folder.exists()).expect("the folder of vectors");
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let read = entries.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), file)
    });
    read.collect()
}
