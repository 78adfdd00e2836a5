//! The paths that a file's tokens spell, with `use` trees flattened.
//!
//! Working on tokens rather than on syntax sees into macro bodies and attributes as well.

use proc_macro2::{Spacing, TokenStream, TokenTree};

use super::source::{is_braces, is_punct, is_word, line_of};

/// `a::b::c`, wherever it stands: in a `use`, an expression, a type, a macro.
#[derive(Debug, PartialEq)]
pub(crate) struct SpelledPath {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// How many inline modules of the file surround it.
    pub(crate) inline_depth: usize,
    /// Whether a `!` follows: the path of a macro.
    pub(crate) is_macro: bool,
}

impl SpelledPath {
    /// Whether `wanted` stands anywhere in the path, in one piece.
    pub(crate) fn contains(&self, wanted: &[&str]) -> bool {
        self.segments.windows(wanted.len()).any(|window| window == wanted)
    }

    pub(crate) fn starts_in_this_crate(&self) -> bool {
        self.segments
            .first()
            .is_some_and(|first| ["crate", "self", "super"].contains(&first.as_str()))
    }
}

/// All paths in `tokens`, single identifiers included.
pub(crate) fn paths(tokens: &TokenStream) -> Vec<SpelledPath> {
    let mut found = Vec::new();
    collect(tokens, 0, &mut found);
    found
}

fn collect(tokens: &TokenStream, inline_depth: usize, found: &mut Vec<SpelledPath>) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(_) => {
                if is_word(&tokens[at], "mod")
                    && let Some(TokenTree::Group(group)) = tokens.get(at + 2)
                    && is_braces(&tokens[at + 2])
                {
                    collect(&group.stream(), inline_depth + 1, found);
                    at += 3;
                } else {
                    at = read(&tokens, at, &[], inline_depth, found);
                }
            }
            TokenTree::Group(group) => {
                collect(&group.stream(), inline_depth, found);
                at += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
    }
}

/// Reads the path that begins with the identifier at `at`, behind `prefix`; answers the position behind it.
fn read(
    tokens: &[TokenTree],
    mut at: usize,
    prefix: &[String],
    inline_depth: usize,
    found: &mut Vec<SpelledPath>,
) -> usize {
    let line = line_of(&tokens[at]);
    let mut segments = prefix.to_vec();
    segments.push(name(&tokens[at]));
    at += 1;
    while is_path_separator(tokens, at) {
        match tokens.get(at + 2) {
            Some(token @ TokenTree::Ident(_)) => {
                segments.push(name(token));
                at += 3;
            }
            Some(TokenTree::Group(tree)) if is_braces(&tokens[at + 2]) => {
                let tree: Vec<TokenTree> = tree.stream().into_iter().collect();
                for branch in tree.split(|token| is_punct(token, ',')) {
                    match branch.first() {
                        Some(TokenTree::Ident(_)) => {
                            read(branch, 0, &segments, inline_depth, found);
                        }
                        Some(star) if is_punct(star, '*') => {
                            let segments = [segments.as_slice(), &["*".to_owned()]].concat();
                            found.push(SpelledPath {
                                segments,
                                line: line_of(star),
                                inline_depth,
                                is_macro: false,
                            });
                        }
                        _ => {}
                    }
                }
                return at + 3;
            }
            Some(star) if is_punct(star, '*') => {
                segments.push("*".into());
                at += 3;
            }
            _ => break,
        }
    }
    let is_macro = tokens.get(at).is_some_and(|token| is_punct(token, '!'));
    found.push(SpelledPath {
        segments,
        line,
        inline_depth,
        is_macro,
    });
    at
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    let joint = matches!(tokens.get(at), Some(TokenTree::Punct(colon)) if colon.as_char() == ':' && colon.spacing() == Spacing::Joint);
    joint && tokens.get(at + 1).is_some_and(|token| is_punct(token, ':'))
}

fn name(token: &TokenTree) -> String {
    token.to_string().trim_start_matches("r#").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Vec<String> {
        let tokens = text.parse().unwrap();
        paths(&tokens)
            .iter()
            .map(|path| path.segments.join("::"))
            .filter(|path| path.contains("::"))
            .collect()
    }

    #[test]
    fn use_trees_are_flattened() {
        assert_eq!(
            spelled("use std::{sync::{Arc, atomic::{AtomicU64, *}}, fmt::{self, Write as _}};"),
            [
                "std::sync::Arc",
                "std::sync::atomic::AtomicU64",
                "std::sync::atomic::*",
                "std::fmt::self",
                "std::fmt::Write"
            ]
        );
    }

    #[test]
    fn paths_are_found_in_expressions_macros_and_attributes() {
        assert_eq!(
            spelled("#[derive(a::B)] fn f(x: c::D) -> Vec::<e::F> { g!(h::i(), x) }"),
            ["a::B", "c::D", "e::F", "h::i"]
        );
        assert_eq!(spelled("::std::mem::swap"), ["std::mem::swap"]);
        assert_eq!(spelled("struct A { b: c, d: e }"), [""; 0]);
    }

    #[test]
    fn the_surrounding_inline_modules_are_counted() {
        let tokens = "a::b; mod inner { mod deeper { c::d!() } }".parse().unwrap();
        let found: Vec<(usize, bool)> = paths(&tokens)
            .iter()
            .filter(|path| path.segments.len() == 2)
            .map(|path| (path.inline_depth, path.is_macro))
            .collect();
        assert_eq!(found, [(0, false), (2, true)]);
    }
}
