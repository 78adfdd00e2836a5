//! The table of `tests/README.md` names tests that are there: each row that says `met` names at least one, each other row says why.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::source::Source;

/// The file with the table.
pub(crate) const TABLE: &str = "tests/README.md";

/// What a row may say of its requirement.
const VERDICTS: [&str; 4] = ["met", "in part", "not met", "not ours"];

/// Names of all functions of a file, tests among them.
pub(crate) fn functions(source: &Source) -> impl Iterator<Item = &str> {
    let lines = source.text.lines().filter(|_| source.is_rust());
    lines.filter_map(|line| {
        let (before, behind) = line.split_once("fn ")?;
        let is_declared = before.trim().is_empty() || before.trim_end().ends_with([')', 'b', 'c']);
        let name = behind.split(['(', '<']).next()?.trim();
        (is_declared && !name.is_empty()).then_some(name)
    })
}

/// Rows that name no test of `known`, or no reason.
pub(crate) fn every_row_is_shown(source: &Source, known: &BTreeSet<String>) -> Vec<Finding> {
    if source.path != TABLE {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, verdict, shown] = cells[..] else {
            continue;
        };
        if !number.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        let line = at + 1;
        if !VERDICTS.contains(&verdict) {
            findings.push(source.finding(
                line,
                format!("{number} is `{verdict}`"),
                format!("say one of {VERDICTS:?}"),
            ));
        }
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        for test in &named {
            let name = test.rsplit("::").next().unwrap_or(test);
            if !known.contains(name) {
                findings.push(source.finding(line, format!("there is no test {test}"), "name one that shows it"));
            }
        }
        if shown.is_empty() || (verdict == "met" && named.is_empty()) {
            findings.push(source.finding(
                line,
                format!("{number} names nothing that shows it"),
                "name a test, or say why not",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(row: &str) -> usize {
        let known = BTreeSet::from(["a_code_is_used_once".to_owned()]);
        every_row_is_shown(&Source::new(TABLE, &format!("{row}\n")), &known).len()
    }

    #[test]
    fn a_row_that_names_no_test_is_rejected() {
        assert_eq!(
            judged("| 10.4.2 | Codes are used once. | met | `tollgate::grants::a_code_is_used_once` |"),
            0
        );
        assert_eq!(
            judged("| 10.4.2 | Codes are used once. | met | `a_code_is_used_twice` |"),
            1
        );
        assert_eq!(judged("| 10.4.2 | Codes are used once. | met | everywhere |"), 1);
        assert_eq!(
            judged("| 10.4.13 | Requests are pushed. | not met | There is no such endpoint. |"),
            0
        );
        assert_eq!(judged("| 10.4.13 | Requests are pushed. | not met |  |"), 1);
        assert_eq!(judged("| 10.4.13 | Requests are pushed. | perhaps | It may be. |"), 1);
        assert_eq!(
            judged("| row | requirement | verdict | shown by |"),
            0,
            "the head of the table"
        );
    }

    #[test]
    fn functions_are_found_by_their_names() {
        let source = Source::new(
            "a.rs",
            "//! x\n#[test]\nfn one() {}\n    pub(crate) fn two<T>() {}\n// fn three\n",
        );
        assert_eq!(functions(&source).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(functions(&Source::new("a.md", "fn one()\n")).count(), 0);
    }
}
