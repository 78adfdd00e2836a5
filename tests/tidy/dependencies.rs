//! What `tollgate-core` depends on is a list that one reads, not a graph that one greps.
//!
//! A rule of what core must not depend on passes when a name is misspelt. This one says what it may.

use toml::{Table, Value};

use super::finding::Finding;
use super::source::Source;

/// The direct dependencies that core ships with, by the table of the manifest that they stand in.
const CORE: &[(&str, &str)] = &[
    ("dependencies", "base64ct"),
    ("dependencies", "blake3"),
    ("dependencies", "crc32fast"),
    ("dependencies", "once_cell"),
    ("dependencies", "percent-encoding"),
    // Moving in: tokens that others stored as SHA-2 digests are known by them until they are first used.
    ("dependencies", "sha2"),
    ("dependencies", "subtle"),
    ("dependencies", "zeroize"),
    ("target.cfg(loom).dependencies", "loom"),
];

pub(crate) fn core_depends_on_the_list(source: &Source) -> Vec<Finding> {
    if source.path != "engine/core/Cargo.toml" {
        return Vec::new();
    }
    let manifest: Table = match source.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![source.finding(1, format!("not TOML: {error}"), "mend the manifest")],
    };
    let actual = shipped_dependencies(&manifest);
    let listed = |entry: &(String, String)| CORE.iter().any(|(table, name)| *table == entry.0 && *name == entry.1);
    let surplus = actual.iter().filter(|entry| !listed(entry)).map(|(table, name)| {
        let what = format!("core gained `{name}` under [{table}]");
        source.finding(
            line_of(&source.text, name),
            what,
            "do without it, or argue for it and add it to the list in tests/tidy/dependencies.rs",
        )
    });
    let missing = CORE
        .iter()
        .filter(|(table, name)| !actual.iter().any(|entry| entry.0 == *table && entry.1 == *name));
    let missing = missing.map(|(table, name)| {
        source.finding(
            1,
            format!("core lost `{name}` under [{table}]"),
            "take it off the list in tests/tidy/dependencies.rs",
        )
    });
    surplus.chain(missing).collect()
}

/// Table and true name of each dependency that is compiled outside tests.
fn shipped_dependencies(manifest: &Table) -> Vec<(String, String)> {
    const TABLES: [&str; 2] = ["dependencies", "build-dependencies"];
    let mut found = Vec::new();
    let mut note = |place: &str, table: &Table| {
        for kind in TABLES {
            for (name, dependency) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let package = dependency.get("package").and_then(Value::as_str).unwrap_or(name);
                found.push((format!("{place}{kind}"), package.to_owned()));
            }
        }
    };
    note("", manifest);
    for (target, table) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        if let Some(table) = table.as_table() {
            note(&format!("target.{target}."), table);
        }
    }
    found
}

fn line_of(text: &str, name: &str) -> usize {
    text.lines()
        .position(|line| line.contains(name))
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = r#"
        [dependencies]
        base64ct = "1"
        blake3 = { version = "1", default-features = false }
        crc32fast = "1"
        once_cell = "1"
        percent-encoding = "2"
        sha2 = "0.11"
        subtle = "1"
        zeroize = "1"
        [target.'cfg(loom)'.dependencies]
        loom = "0.7"
        [dev-dependencies]
        proptest = "1"
    "#;

    fn found(manifest: &str) -> Vec<String> {
        let source = Source::new("engine/core/Cargo.toml", manifest);
        core_depends_on_the_list(&source)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_dependency_off_the_list_is_rejected_and_a_dev_dependency_is_not() {
        let planted = LISTED.replace("subtle = \"1\"", "subtle = \"1\"\n        redb = \"4\"");
        assert_eq!(found(&planted), ["core gained `redb` under [dependencies]"]);
        let twin = LISTED.replace("proptest = \"1\"", "proptest = \"1\"\n        redb = \"4\"");
        assert_eq!(found(&twin), [""; 0]);
    }

    #[test]
    fn a_renamed_dependency_is_known_by_its_true_name() {
        let planted = LISTED.replace("subtle = \"1\"", "subtle = { version = \"4\", package = \"redb\" }");
        assert_eq!(
            found(&planted),
            [
                "core gained `redb` under [dependencies]",
                "core lost `subtle` under [dependencies]"
            ]
        );
    }

    #[test]
    fn a_dependency_under_another_table_is_rejected() {
        let planted = LISTED.replace("cfg(loom)", "cfg(unix)");
        assert_eq!(
            found(&planted),
            [
                "core gained `loom` under [target.cfg(unix).dependencies]",
                "core lost `loom` under [target.cfg(loom).dependencies]"
            ]
        );
    }

    #[test]
    fn a_dependency_that_left_must_leave_the_list() {
        assert_eq!(
            found(&LISTED.replace("subtle = \"1\"", "")),
            ["core lost `subtle` under [dependencies]"]
        );
    }
}
