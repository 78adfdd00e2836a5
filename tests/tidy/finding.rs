//! What a rule found, and what to write instead.

use std::fmt;

/// One place that breaks one rule. Findings sort by place, which is the order in which one mends them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the root of the repository, with forward slashes.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// What stands there.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) instead: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}; {}", self.path, self.line, self.what, self.instead)
    }
}

#[test]
fn a_finding_says_where_what_and_what_instead() {
    let finding = Finding {
        path: "a/b.rs".into(),
        line: 7,
        what: "too long".into(),
        instead: "split it".into(),
    };
    assert_eq!(finding.to_string(), "a/b.rs:7: too long; split it");
}
