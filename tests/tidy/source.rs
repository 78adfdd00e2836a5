//! One file of the tree: its text, its tokens, and which of them ship.

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::finding::Finding;

/// A file as the rules see it. Rules are pure functions over this.
pub(crate) struct Source {
    /// Relative to the root of the repository, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Every token of a Rust file, comments left out; empty for other files.
    pub(crate) tokens: TokenStream,
    /// The tokens that reach users: without test code.
    pub(crate) shipped: TokenStream,
    /// How many lines of the file are test code.
    pub(crate) test_lines: usize,
    /// Why the file could not be read as Rust, and where.
    pub(crate) broken: Option<(usize, String)>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut source = Self {
            path: path.into(),
            text: text.into(),
            tokens: TokenStream::new(),
            shipped: TokenStream::new(),
            test_lines: 0,
            broken: None,
        };
        if !source.is_rust() {
            return source;
        }
        match text.parse::<TokenStream>() {
            Ok(tokens) => {
                let mut test_code = Vec::new();
                source.shipped = without_tests(&tokens, &mut test_code);
                source.test_lines = test_code.iter().map(|lines| lines.end() - lines.start() + 1).sum();
                source.tokens = tokens;
            }
            Err(error) => source.broken = Some((error.span().start().line, error.to_string())),
        }
        if ["tests", "benches", "fuzz"]
            .iter()
            .any(|room| source.path.split('/').any(|part| part == *room))
        {
            source.mark_as_test();
        }
        source
    }

    /// For a file that only test builds compile.
    pub(crate) fn mark_as_test(&mut self) {
        self.shipped = TokenStream::new();
        self.test_lines = self.text.lines().count();
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn finding(&self, line: usize, what: impl Into<String>, instead: impl Into<String>) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            what: what.into(),
            instead: instead.into(),
        }
    }
}

/// The names of the modules that stand in files of their own and are declared for tests only.
pub(crate) fn test_modules(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut names = Vec::new();
    for at in 0..tokens.len() {
        let after = past_attributes(&tokens, at);
        if after == at || !tokens[at..after].iter().any(is_test_attribute) {
            continue;
        }
        if let Some(word) = tokens[after..].iter().position(|token| is_word(token, "mod"))
            && tokens[after..after + word]
                .iter()
                .all(|token| !is_punct(token, ';') && !is_braces(token))
            && let (Some(name), Some(end)) = (tokens.get(after + word + 1), tokens.get(after + word + 2))
            && is_punct(end, ';')
        {
            names.push(name.to_string());
        }
    }
    names
}

/// The same tokens without test functions and items under `#[cfg(test)]`, whose lines are noted in `removed`.
fn without_tests(tokens: &TokenStream, removed: &mut Vec<RangeInclusive<usize>>) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_punct(&tokens[at], '#') && tokens.get(at + 1).is_some_and(|next| is_punct(next, '!')) {
            if tokens.get(at + 2).is_some_and(is_test_attribute) {
                // `#![cfg(test)]` speaks of everything around it.
                let last = tokens.last().expect("the attribute itself");
                removed.push(line_of(&tokens[0])..=last.span().end().line);
                return TokenStream::new();
            }
            kept.extend_from_slice(&tokens[at..(at + 3).min(tokens.len())]);
            at += 3;
            continue;
        }
        let after = past_attributes(&tokens, at);
        if tokens[at..after].iter().any(is_test_attribute) {
            let end = past_item(&tokens, after);
            removed.push(line_of(&tokens[at])..=tokens[end - 1].span().end().line);
            at = end;
            continue;
        }
        kept.extend_from_slice(&tokens[at..after]);
        at = after;
        if let Some(token) = tokens.get(at) {
            kept.push(match token {
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), without_tests(&group.stream(), removed));
                    inner.set_span(group.span());
                    TokenTree::Group(inner)
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => token.clone(),
            });
            at += 1;
        }
    }
    kept.into_iter().collect()
}

/// The first position from `at` on that is no outer attribute.
pub(crate) fn past_attributes(tokens: &[TokenTree], mut at: usize) -> usize {
    while at + 1 < tokens.len() && is_punct(&tokens[at], '#') && is_brackets(&tokens[at + 1]) {
        at += 2;
    }
    at
}

/// The position behind the item, field, variant or arm that begins at `at`.
fn past_item(tokens: &[TokenTree], mut at: usize) -> usize {
    const ITEMS: &[&str] = &[
        "pub",
        "mod",
        "fn",
        "use",
        "impl",
        "struct",
        "enum",
        "trait",
        "const",
        "static",
        "type",
        "unsafe",
        "async",
        "extern",
        "let",
        "macro_rules",
    ];
    let is_item = tokens
        .get(at)
        .is_some_and(|token| ITEMS.iter().any(|word| is_word(token, word)));
    let mut angles = 0_i32;
    while at < tokens.len() {
        let token = &tokens[at];
        at += 1;
        if is_punct(token, '<') {
            angles += 1;
        }
        let arrow = at >= 2 && (is_punct(&tokens[at - 2], '-') || is_punct(&tokens[at - 2], '='));
        if is_punct(token, '>') && !arrow {
            angles -= 1;
        }
        if is_punct(token, ';') || (!is_item && angles == 0 && is_punct(token, ',')) {
            return at;
        }
        if is_braces(token) && is_item {
            return if tokens.get(at).is_some_and(|next| is_punct(next, ';')) {
                at + 1
            } else {
                at
            };
        }
    }
    at
}

/// Whether this group, found behind a `#`, says that only tests see what follows: `[test]`, `[tokio::test]`,
/// `[cfg(test)]`, `[cfg(all(test, …))]`.
pub(crate) fn is_test_attribute(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    if group.delimiter() != Delimiter::Bracket {
        return false;
    }
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    match inner.as_slice() {
        [word, TokenTree::Group(predicate)] if is_word(word, "cfg") => needs_test(&predicate.stream()),
        [path @ .., last] => {
            is_word(last, "test")
                && path
                    .iter()
                    .all(|token| matches!(token, TokenTree::Ident(_)) || is_punct(token, ':'))
        }
        [] => false,
    }
}

/// Whether a `cfg` predicate can only hold in a test build.
fn needs_test(predicate: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = predicate.clone().into_iter().collect();
    match tokens.as_slice() {
        [word] => is_word(word, "test"),
        [word, TokenTree::Group(all)] if is_word(word, "all") => {
            let parts: Vec<TokenTree> = all.stream().into_iter().collect();
            parts
                .split(|token| is_punct(token, ','))
                .any(|part| needs_test(&part.iter().cloned().collect()))
        }
        _ => false,
    }
}

pub(crate) fn line_of(token: &TokenTree) -> usize {
    token.span().start().line
}

pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

pub(crate) fn is_punct(token: &TokenTree, punct: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == punct)
}

pub(crate) fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_brackets(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(text: &str) -> String {
        Source::new("engine/src/a.rs", text).shipped.to_string()
    }

    #[test]
    fn test_code_does_not_ship() {
        for text in [
            "#[cfg(test)] mod tests { fn x() {} }",
            "#[cfg(test)]\n#[allow(dead_code)]\nmod tests;",
            "#[allow(dead_code)]\n#[cfg(all(test, loom))]\nmod tests { }",
            "#[test] fn x() { }",
            "#[tokio::test]\nasync fn x() -> Result<(), E> { }",
            "#[cfg(test)] use a::{b, c};",
            "#[cfg(test)] const A: [u8; 2] = [1, 2];",
            "#![cfg(test)] fn x() {}",
        ] {
            assert_eq!(shipped(text), "", "{text}");
        }
        assert_eq!(
            shipped("enum A { #[cfg(test)] Planted(Map<u8, u8>), B }").replace(' ', ""),
            "enumA{B}"
        );
        assert_eq!(
            shipped("struct A { #[cfg(test)] planted: Map<u8, u8>, b: u8 }").replace(' ', ""),
            "structA{b:u8}"
        );
    }

    #[test]
    fn other_code_ships() {
        for text in [
            "#[cfg(not(test))] fn x() { }",
            "#[cfg(any(test, fuzzing))] fn x() { }",
            "#[cfg(loom)] fn x() { }",
            "#[cfg_attr(test, allow(dead_code))] fn x() { }",
            "#![cfg_attr(not(test), no_std)] fn x() {}",
        ] {
            assert!(shipped(text).contains("fn x"), "{text}");
        }
        assert!(shipped("#[test] fn x() { } fn y() { }").contains("fn y"));
    }

    #[test]
    fn a_folder_of_tests_does_not_ship() {
        assert!(Source::new("tests/a.rs", "fn x() {}").shipped.is_empty());
        assert!(Source::new("engine/tests/a.rs", "fn x() {}").shipped.is_empty());
        assert!(!Source::new("engine/src/contests.rs", "fn x() {}").shipped.is_empty());
    }

    #[test]
    fn test_lines_are_counted() {
        let source = Source::new(
            "engine/src/a.rs",
            "fn x() {}\n\n#[cfg(test)]\nmod tests {\n    fn y() {}\n}\n",
        );
        assert_eq!(source.test_lines, 4);
    }

    #[test]
    fn modules_for_tests_are_named() {
        let tokens = |text: &str| text.parse::<TokenStream>().unwrap();
        assert_eq!(
            test_modules(&tokens("#[cfg(test)] mod a; #[cfg(all(test, loom))] pub(crate) mod b;")),
            ["a", "b"]
        );
        assert_eq!(
            test_modules(&tokens("#[cfg(test)] mod a { } mod b; #[cfg(test)] fn x() {} mod c;")),
            [""; 0]
        );
    }
}
