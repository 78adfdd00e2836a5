//! Every Rust file says what it is for, in its first line, and can be parsed.

use super::finding::Finding;
use super::source::Source;

pub(crate) fn module_docs(source: &Source) -> Vec<Finding> {
    let first = source.text.lines().next().unwrap_or_default();
    let says_something = first
        .strip_prefix("//!")
        .is_some_and(|sentence| !sentence.trim().is_empty());
    if !source.is_rust() || says_something {
        return Vec::new();
    }
    vec![source.finding(
        1,
        "the file does not say what it is for",
        "begin it with a `//!` sentence",
    )]
}

/// The other rules are blind to a file that cannot be read.
pub(crate) fn parses(source: &Source) -> Vec<Finding> {
    let broken = source.broken.clone().or_else(|| {
        let error = syn::parse2::<syn::File>(source.tokens.clone()).err()?;
        Some((error.span().start().line, error.to_string()))
    });
    broken
        .into_iter()
        .map(|(line, error)| source.finding(line, error, "make it Rust"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_its_sentence_is_rejected() {
        for text in [
            "fn x() {}\n",
            "\n//! Late.\n",
            "//!\nfn x() {}\n",
            "// Not for rustdoc.\n",
            "",
        ] {
            assert_eq!(module_docs(&Source::new("engine/src/a.rs", text)).len(), 1, "{text:?}");
        }
        assert!(module_docs(&Source::new("engine/src/a.rs", "//! What it is for.\nfn x() {}\n")).is_empty());
        assert!(module_docs(&Source::new("tests/run", "#!/usr/bin/env bash\n")).is_empty());
    }

    #[test]
    fn a_file_that_is_not_rust_is_rejected() {
        assert_eq!(parses(&Source::new("a.rs", "fn x() {\n"))[0].line, 1);
        assert_eq!(parses(&Source::new("a.rs", "fn x() {}\nfn 3() {}\n"))[0].line, 2);
        assert!(parses(&Source::new("a.rs", "fn x() {}\n")).is_empty());
    }
}
