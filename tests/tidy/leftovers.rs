//! Nothing is left open: what is missing is either written or not promised.

use super::finding::Finding;
use super::source::Source;

/// Assembled from halves, so that this file does not find itself.
const MARKS: &[&str] = &[
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("TO", "DO"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("place", "holder"),
    concat!("not yet ", "implemented"),
    concat!("not ", "implemented yet"),
    concat!("for ", "now"),
];

pub(crate) fn nothing_left_open(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        // A loop over times is no excuse.
        let line = line.replace("for now in ", "");
        for mark in MARKS.iter().filter(|mark| holds_word(&line, mark)) {
            findings.push(source.finding(
                index + 1,
                format!("`{mark}` leaves something open"),
                "finish it, or take it out",
            ));
        }
    }
    findings
}

/// Whether `word` stands in `line` with no letter, digit or underscore beside it.
pub(crate) fn holds_word(line: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !is_part(before.chars().next_back())
            && (!word.ends_with(char::is_alphanumeric) || !is_part(after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        nothing_left_open(&Source::new(path, text)).len()
    }

    #[test]
    fn each_mark_is_rejected_in_code_prose_and_scripts() {
        for mark in MARKS {
            assert_eq!(found("engine/src/a.rs", &format!("// {mark} later")), 1, "{mark}");
            assert_eq!(found("README.md", &format!("It is {mark}.")), 1, "{mark}");
            assert_eq!(
                found("tests/run", &format!("#!/usr/bin/env bash\n# {mark}")),
                1,
                "{mark}"
            );
        }
    }

    #[test]
    fn words_that_contain_a_mark_are_let_through() {
        for text in [
            concat!("tg_at_XX", "XX"),
            concat!("place", "holders"),
            "before nowadays",
            "for now in 0..5 {",
            "todo = \"warn\"",
        ] {
            assert_eq!(found("README.md", text), 0, "{text}");
        }
    }
}
