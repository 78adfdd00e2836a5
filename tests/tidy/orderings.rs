//! Every memory ordering comes with the sentence that says what it pairs with.
//!
//! The point is not the comment: whoever wrote it had to name the other side.

use super::finding::Finding;
use super::paths::paths;
use super::source::Source;

const ORDERINGS: &[&str] = &["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];
/// How far above its use the reason may end.
const REASON_DISTANCE_MAX: usize = 3;

pub(crate) fn every_ordering_has_a_reason(source: &Source) -> Vec<Finding> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    for path in paths(&source.tokens) {
        let Some(ordering) = ORDERINGS.iter().find(|ordering| path.contains(&["Ordering", ordering])) else {
            if path.contains(&["Ordering", "*"]) {
                findings.push(source.finding(
                    path.line,
                    "all orderings are imported",
                    "write `Ordering::…` at each use",
                ));
            }
            continue;
        };
        if !has_reason(&lines, path.line - 1) {
            let what = format!("`Ordering::{ordering}` without a reason within {REASON_DISTANCE_MAX} lines above");
            findings.push(source.finding(
                path.line,
                what,
                "say in an `// Ordering:` comment what it pairs with, and why that is enough",
            ));
        }
    }
    findings
}

/// Whether a comment that holds `Ordering:` ends on the line at `index` or within the distance above it.
fn has_reason(lines: &[&str], index: usize) -> bool {
    if lines[index].contains("// Ordering:") {
        return true;
    }
    let is_comment = |at: &usize| lines[*at].trim_start().starts_with("//");
    let nearest = (index.saturating_sub(REASON_DISTANCE_MAX)..index)
        .rev()
        .filter(is_comment);
    // A reason may be a long sentence: only its end must be near.
    nearest.into_iter().any(|end| {
        (0..=end)
            .rev()
            .take_while(is_comment)
            .any(|at| lines[at].trim_start().starts_with("// Ordering:"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        every_ordering_has_a_reason(&Source::new("engine/core/src/a.rs", text)).len()
    }

    #[test]
    fn an_ordering_without_a_reason_is_rejected() {
        assert_eq!(found("fn f() {\n    a.load(Ordering::Acquire);\n}"), 1);
        assert_eq!(
            found("fn f() {\n    // It is fast.\n    a.load(atomic::Ordering::Relaxed);\n}"),
            1
        );
        assert_eq!(found("use core::sync::atomic::Ordering::{Relaxed, SeqCst};"), 2);
        assert_eq!(found("use core::sync::atomic::Ordering::*;"), 1);
    }

    #[test]
    fn a_reason_that_is_too_far_away_is_rejected() {
        let text = |gap: usize| {
            format!(
                "fn f() {{\n    // Ordering: pairs with g.\n{}    a.load(Ordering::Acquire);\n}}",
                "    b();\n".repeat(gap)
            )
        };
        assert_eq!(found(&text(3)), 1);
        assert_eq!(found(&text(2)), 0);
    }

    #[test]
    fn an_ordering_with_a_reason_is_let_through() {
        assert_eq!(
            found("fn f() {\n    // Ordering: pairs with the release in g.\n    a.load(Ordering::Acquire);\n}"),
            0
        );
        assert_eq!(
            found("fn f() {\n    // Ordering: a\n    // b\n    // c\n    // d.\n    a.load(Ordering::Acquire);\n}"),
            0
        );
        assert_eq!(
            found("fn f() {\n    a.load(Ordering::Acquire); // Ordering: pairs with g.\n}"),
            0
        );
    }

    #[test]
    fn the_ordering_of_a_comparison_needs_none() {
        assert_eq!(
            found("use std::cmp::Ordering; fn f() { a.cmp(b) == Ordering::Less }"),
            0
        );
    }
}
