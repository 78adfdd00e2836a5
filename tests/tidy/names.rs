//! Names are the words of the RFCs, or English words that say what a thing is.
//!
//! Only names that this code gives are judged: a crate called `hyper_util` may be used, a module `util` may not be
//! written, and a foreign trait may insist on its own method names.

use proc_macro2::{Spacing, TokenStream, TokenTree};

use super::finding::Finding;
use super::source::{Source, is_braces, is_punct, is_word, line_of, past_attributes};

/// Words that say nothing, with what to say.
const WORDS: &[(&str, &str)] = &[
    ("helper", "name it after the noun it serves"),
    ("helpers", "name it after the noun it serves"),
    ("manager", "name it after what it owns"),
    ("util", "name it after the noun it serves"),
    ("utils", "name it after the noun it serves"),
    ("utility", "name it after the noun it serves"),
    (
        "validate",
        "parse: a constructor, `accept`, `admit` or `extract` that answers a value",
    ),
    (
        "validation",
        "parse: a constructor, `accept`, `admit` or `extract` that answers a value",
    ),
    (
        "validator",
        "parse: a constructor, `accept`, `admit` or `extract` that answers a value",
    ),
];

/// A name that the code gives to something.
struct Given {
    name: String,
    line: usize,
    is_function: bool,
    /// A method of `impl Trait for …`, whose name belongs to the trait.
    is_foreign: bool,
}

pub(crate) fn identifiers(source: &Source) -> Vec<Finding> {
    let mut given = Vec::new();
    collect(&source.tokens, false, &mut given);
    let judged = given.iter().filter(|given| !given.is_foreign);
    judged
        .filter_map(|given| Some(source.finding(given.line, format!("the name `{}`", given.name), fault(given)?)))
        .collect()
}

pub(crate) fn file_names(source: &Source) -> Vec<Finding> {
    let stems = source
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    let faults = stems.filter_map(|stem| Some((stem, meaningless(stem)?)));
    faults
        .map(|(stem, instead)| source.finding(1, format!("the path part `{stem}`"), instead))
        .collect()
}

fn fault(given: &Given) -> Option<&'static str> {
    let name = given.name.as_str();
    let lower = name.to_lowercase();
    if let Some(instead) = meaningless(name) {
        Some(instead)
    } else if given.is_function && name.starts_with("get_") {
        Some("use the bare noun")
    } else if name.starts_with("new_with_") {
        Some("use a builder, or a constructor named after what it takes")
    } else if lower.starts_with("is_valid") {
        Some("parse: a constructor that refuses, so that what exists is well-formed")
    } else if words(name).len() > 1 && words(name).last().is_some_and(|last| last == "info") {
        Some("drop the word, or say which facts")
    } else {
        None
    }
}

fn meaningless(name: &str) -> Option<&'static str> {
    let words = words(name);
    WORDS
        .iter()
        .find(|(banned, _)| words.iter().any(|word| word == banned))
        .map(|(_, instead)| *instead)
}

/// The lower-case words of `snake_case`, `kebab-case` and `CamelCase`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = '_';
    for letter in name.chars() {
        if letter == '_' || letter == '-' || (letter.is_uppercase() && previous.is_lowercase()) {
            words.push(String::new());
        }
        if letter != '_' && letter != '-' {
            words.last_mut().expect("never empty").extend(letter.to_lowercase());
        }
        previous = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Notes the names given at this level of tokens and below. `foreign` says that an `impl Trait for` surrounds it.
fn collect(tokens: &TokenStream, foreign: bool, given: &mut Vec<Given>) {
    const BEFORE_A_NAME: &[&str] = &[
        "fn",
        "struct",
        "enum",
        "union",
        "trait",
        "mod",
        "type",
        "const",
        "static",
        "let",
        "mut",
        "ref",
        "macro_rules",
    ];
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                // `macro_rules! name`.
                let before = if at > 1 && is_punct(&tokens[at - 1], '!') {
                    at - 2
                } else {
                    at.saturating_sub(1)
                };
                let named = at > 0 && BEFORE_A_NAME.iter().any(|word| is_word(&tokens[before], word));
                let is_function = at > 0 && is_word(&tokens[at - 1], "fn");
                if named || is_followed_by_single_colon(&tokens, at) {
                    let name = ident.to_string().trim_start_matches("r#").to_owned();
                    given.push(Given {
                        name,
                        line: line_of(token),
                        is_function,
                        is_foreign: foreign && is_function,
                    });
                }
            }
            TokenTree::Group(group) => {
                let header = header_of(&tokens, at);
                if header.iter().any(|word| is_word(word, "enum")) && is_braces(token) {
                    variants(&group.stream(), given);
                }
                collect(&group.stream(), is_braces(token) && is_trait_impl(header), given);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The tokens before the group at `at` that belong to the same item.
fn header_of(tokens: &[TokenTree], at: usize) -> &[TokenTree] {
    let ends_item = |token: &TokenTree| is_punct(token, ';') || is_braces(token);
    let start = tokens[..at].iter().rposition(ends_item).map_or(0, |end| end + 1);
    &tokens[start..at]
}

fn is_trait_impl(header: &[TokenTree]) -> bool {
    let Some(word) = header.iter().position(|token| is_word(token, "impl")) else {
        return false;
    };
    // `for<'a>` binds lifetimes; the other `for` names the type that implements.
    header[word..]
        .windows(2)
        .any(|pair| is_word(&pair[0], "for") && !is_punct(&pair[1], '<'))
}

fn variants(body: &TokenStream, given: &mut Vec<Given>) {
    let tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    let starts = std::iter::once(0).chain(
        tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| is_punct(token, ','))
            .map(|(at, _)| at + 1),
    );
    for start in starts {
        let at = past_attributes(&tokens, start);
        if let Some(token @ TokenTree::Ident(ident)) = tokens.get(at) {
            given.push(Given {
                name: ident.to_string(),
                line: line_of(token),
                is_function: false,
                is_foreign: false,
            });
        }
    }
}

fn is_followed_by_single_colon(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Punct(colon)) = tokens.get(at + 1) else {
        return false;
    };
    let doubled = colon.spacing() == Spacing::Joint && tokens.get(at + 2).is_some_and(|next| is_punct(next, ':'));
    let after_double = at > 0 && is_punct(&tokens[at - 1], ':');
    colon.as_char() == ':' && !doubled && !after_double
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        identifiers(&Source::new("engine/src/a.rs", text))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_name_that_says_nothing_is_rejected() {
        for (text, name) in [
            ("struct TokenManager;", "TokenManager"),
            ("mod utils;", "utils"),
            ("fn helper() {}", "helper"),
            ("struct A { token_info: u8 }", "token_info"),
            ("struct TokenInfo;", "TokenInfo"),
            ("fn f(manager: &A) {}", "manager"),
            ("fn f() { let mut helper = 1; }", "helper"),
            ("enum A { B, #[doc = \"x\"] UtilC(u8) }", "UtilC"),
            ("impl A { fn get_token(&self) {} }", "get_token"),
            ("impl A { fn new_with_clock() {} }", "new_with_clock"),
            ("trait A { fn is_valid(&self) -> bool; }", "is_valid"),
            ("fn validate_name() {}", "validate_name"),
            (
                "proptest! { #[test] fn get_round_trip(a in 0..3) { } }",
                "get_round_trip",
            ),
            ("macro_rules! helper { () => {} }", "helper"),
        ] {
            assert_eq!(found(text), [format!("the name `{name}`")], "{text}");
        }
    }

    #[test]
    fn a_name_that_others_gave_is_let_through() {
        for text in [
            "use hyper_util::rt::TokioIo; fn f() { tokio_util::g() }",
            "impl Foreign for A { fn get_ref(&self) {} fn validate(&self) {} }",
            "impl<F: for<'a> Fn(&'a u8)> Foreign for A<F> { fn get_ref(&self) {} }",
            "fn f() { a.get_mut(); map.get_or_insert(b); c.is_valid() }",
            "fn f() { tracing::info!(\"x\"); }",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_name_that_says_something_is_let_through() {
        let text =
            "struct Validity; fn target() {} fn information() {} struct Valid; mod utilisation; struct A { info: u8 }";
        assert_eq!(found(text), [""; 0]);
        assert_eq!(found("impl A { fn digest(&self) {} fn new(b: u8) {} }"), [""; 0]);
    }

    #[test]
    fn the_methods_of_an_own_type_are_judged_where_those_of_a_foreign_trait_are_not() {
        let text = "impl Foreign for A { fn get_a(&self) {} } impl A { fn get_b(&self) {} }";
        assert_eq!(found(text), ["the name `get_b`"]);
    }

    #[test]
    fn a_file_that_says_nothing_is_rejected() {
        assert_eq!(file_names(&Source::new("engine/src/utils.rs", "")).len(), 1);
        assert_eq!(
            file_names(&Source::new("engine/src/store/token_manager/mod.rs", "")).len(),
            1
        );
        assert!(file_names(&Source::new("engine/src/store/token.rs", "")).is_empty());
    }
}
