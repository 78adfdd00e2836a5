//! The rules of the house, as tests.
//!
//! What a reviewer would otherwise have to say again and again is said here once. Each rule is a pure function from one
//! file to its findings, and stands in a module with a case that it must reject and a near twin that it must let
//! through, so that a rule which went blind fails its own test. [`the_house_is_tidy`] then reads the whole tree.

mod tidy {
    pub(crate) mod finding;
    pub(crate) mod source;
    pub(crate) mod paths;
    pub(crate) mod house;

    pub(crate) mod assertions;
    pub(crate) mod conformance;
    pub(crate) mod dependencies;
    pub(crate) mod docs;
    pub(crate) mod doors;
    pub(crate) mod imports;
    pub(crate) mod leftovers;
    pub(crate) mod names;
    pub(crate) mod orderings;
    pub(crate) mod size;
    pub(crate) mod workplace;
}

use tidy::finding::Finding;
use tidy::house::House;
use tidy::source::Source;

/// The rules that need no more than the file they judge.
const RULES: &[fn(&Source) -> Vec<Finding>] = &[
    tidy::assertions::every_test_asserts,
    tidy::assertions::no_bare_matches,
    tidy::dependencies::core_depends_on_the_list,
    tidy::docs::module_docs,
    tidy::docs::parses,
    tidy::doors::atomics,
    tidy::doors::bincode,
    tidy::doors::clock,
    tidy::doors::redb,
    tidy::doors::redb_tables,
    tidy::leftovers::nothing_left_open,
    tidy::names::file_names,
    tidy::names::identifiers,
    tidy::orderings::every_ordering_has_a_reason,
    tidy::size::architecture,
    tidy::size::files,
    tidy::size::functions,
    tidy::workplace::no_mention,
];

#[test]
fn the_house_is_tidy() {
    let house = House::read();
    let mut findings: Vec<Finding> = house
        .sources()
        .flat_map(|source| RULES.iter().flat_map(|rule| rule(source)))
        .collect();
    for library in house.libraries() {
        for source in house.sources() {
            findings.extend(tidy::imports::upwards(&library, source));
        }
    }
    let functions = house.sources().flat_map(tidy::conformance::functions);
    let functions = functions.map(str::to_owned).collect();
    for source in house.sources() {
        findings.extend(tidy::conformance::every_row_is_shown(source, &functions));
    }
    findings.sort();
    let report: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        report.join("\n")
    );
}

/// A walk that lost its way would find nothing wrong anywhere.
#[test]
fn the_walk_reaches_every_room() {
    let house = House::read();
    let paths: Vec<&str> = house.sources().map(|source| source.path.as_str()).collect();
    for path in [
        "Cargo.toml",
        "CHANGELOG.md",
        "engine/core/src/lib.rs",
        "engine/src/lib.rs",
        "tests/run",
        "tests/tidy.rs",
        tidy::conformance::TABLE,
    ] {
        assert!(paths.contains(&path), "the walk missed {path}");
    }
    assert!(
        paths.iter().all(|path| !path.starts_with("target/")),
        "the walk entered the build's own folder"
    );
    let libraries: Vec<String> = house.libraries().map(|library| library.folder).collect();
    assert!(
        libraries.iter().any(|folder| folder == "engine/core/src"),
        "no module order was read from core: {libraries:?}"
    );
}
