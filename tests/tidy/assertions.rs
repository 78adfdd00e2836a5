//! A test that cannot fail is a bug that looks like proof.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::finding::Finding;
use super::source::{Source, is_braces, is_punct, is_test_attribute, is_word, line_of, past_attributes};

/// Words by which a test can fail on purpose. `expect` and `unwrap` alone are preparation: they do not look at a result.
const ASSERTING: &[&str] = &["panic", "unreachable", "unwrap_err", "expect_err"];
/// Calls that assert, in the words of test support: `world.refuses(…)`, `passed(&answer)`.
const VERBS: &[&str] = &["accepts", "accepted", "passes", "passed", "refuses", "refused"];
const ASSERTING_PREFIXES: &[&str] = &["assert", "prop_assert", "check_", "expect_", "refuses_", "accepts_"];

pub(crate) fn every_test_asserts(source: &Source) -> Vec<Finding> {
    let functions = functions(&source.tokens);
    let asserting = asserting_names(&functions);
    let silent = functions
        .iter()
        .filter(|function| function.is_test && !asserts(&function.body, &asserting));
    silent
        .map(|function| {
            let what = format!("test `{}` asserts nothing", function.name);
            source.finding(function.line, what, "assert what it is about, or delete it")
        })
        .collect()
}

/// `matches!` answers a question; as a statement, nobody listens.
pub(crate) fn no_bare_matches(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for_each_level(&source.tokens, &mut |tokens| {
        for (at, window) in tokens.windows(4).enumerate() {
            let is_matches = is_word(&window[0], "matches") && is_punct(&window[1], '!') && is_punct(&window[3], ';');
            let begins_statement = at == 0 || is_punct(&tokens[at - 1], ';') || is_braces(&tokens[at - 1]);
            if is_matches && begins_statement {
                findings.push(source.finding(
                    line_of(&window[0]),
                    "the answer of `matches!` is dropped",
                    "wrap it in `assert!`",
                ));
            }
        }
    });
    findings
}

struct Function {
    name: String,
    line: usize,
    body: TokenStream,
    /// A test that must assert by itself, rather than by `#[should_panic]`.
    is_test: bool,
}

/// Every function with a body, wherever it stands, in macros too.
fn functions(tokens: &TokenStream) -> Vec<Function> {
    let mut found = Vec::new();
    for_each_level(tokens, &mut |tokens| {
        let mut attributes: &[TokenTree] = &[];
        let mut at = 0;
        while at < tokens.len() {
            let after = past_attributes(tokens, at);
            if after > at {
                attributes = &tokens[at..after];
                at = after;
                continue;
            }
            let name = tokens.get(at + 1).filter(|_| is_word(&tokens[at], "fn"));
            let body = tokens[at..]
                .iter()
                .find(|token| is_braces(token) || is_punct(token, ';'));
            if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) = (name, body) {
                found.push(Function {
                    name: name.to_string(),
                    line: line_of(&tokens[at]),
                    body: body.stream(),
                    is_test: is_test(attributes),
                });
            }
            if is_braces(&tokens[at]) || is_punct(&tokens[at], ';') {
                attributes = &[];
            }
            at += 1;
        }
    });
    found
}

/// Whether attributes mark a function that fails unless it asserts.
fn is_test(attributes: &[TokenTree]) -> bool {
    let says = |token: &TokenTree, word: &str| token.to_string().replace(' ', "").starts_with(word);
    let marked = attributes
        .iter()
        .any(|token| is_test_attribute(token) && !says(token, "[cfg("));
    marked && !attributes.iter().any(|token| says(token, "[should_panic"))
}

/// The functions of this file that assert, by themselves or by calling one that does.
fn asserting_names(functions: &[Function]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    loop {
        let asserting = functions.iter().filter(|function| asserts(&function.body, &names));
        let grown: BTreeSet<String> = asserting.map(|function| function.name.clone()).collect();
        if grown.len() == names.len() {
            return names;
        }
        names = grown;
    }
}

/// Whether a body names a word of assertion, or calls one of the functions `known` to assert.
fn asserts(body: &TokenStream, known: &BTreeSet<String>) -> bool {
    let tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Ident(ident) => {
            let word = ident.to_string();
            let calls_known = known.contains(&word) && is_plain_call(&tokens, at);
            let calls_verb = VERBS.contains(&word.as_str()) && is_called(&tokens, at);
            calls_known
                || calls_verb
                || ASSERTING.contains(&word.as_str())
                || ASSERTING_PREFIXES.iter().any(|prefix| word.starts_with(prefix))
        }
        TokenTree::Group(group) => asserts(&group.stream(), known),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// `name(…)` or `name::<T>(…)`; a method or an associated function may be anybody's.
fn is_plain_call(tokens: &[TokenTree], at: usize) -> bool {
    let is_qualified = at > 0 && (is_punct(&tokens[at - 1], '.') || is_punct(&tokens[at - 1], ':'));
    is_called(tokens, at) && !is_qualified
}

fn is_called(tokens: &[TokenTree], at: usize) -> bool {
    match tokens.get(at + 1) {
        Some(TokenTree::Group(arguments)) => arguments.delimiter() == Delimiter::Parenthesis,
        Some(next) => is_punct(next, ':') && tokens.get(at + 3).is_some_and(|third| is_punct(third, '<')),
        None => false,
    }
}

/// Calls `see` with the tokens of each nesting level.
fn for_each_level(tokens: &TokenStream, see: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    see(&tokens);
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            for_each_level(&group.stream(), see);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Source) -> Vec<Finding>, text: &str) -> usize {
        rule(&Source::new("engine/src/a.rs", text)).len()
    }

    #[test]
    fn a_test_without_an_assertion_is_rejected() {
        for text in [
            "#[test] fn x() { f(); }",
            "#[test] fn x() { let refused = f(); g(refused); }",
            "#[test] fn x() { let refused = f(); g(refused); }",
            "#[cfg(test)] mod tests { #[test] fn x() { f().unwrap(); } }",
            "#[tokio::test] async fn x() -> Result<(), E> { f().await.expect(\"it works\"); Ok(()) }",
            "#[test] #[ignore] fn x() { let a = f(); matches!(a, 1); }",
            "proptest! { #[test] fn x(a in 0..3) { f(a); } }",
        ] {
            assert_eq!(found(every_test_asserts, text), 1, "{text}");
        }
    }

    #[test]
    fn a_test_with_an_assertion_is_let_through() {
        for text in [
            "#[test] fn x() { assert!(f()); }",
            "#[test] fn x() { for a in b { if c { assert_eq!(a, d); } } }",
            "#[test] fn x() { f().unwrap_err(); }",
            "#[test] fn x() { let Some(a) = f() else { panic!() }; }",
            "#[test] #[should_panic(expected = \"a\")] fn x() { f(); }",
            "#[should_panic] #[test] fn x() { f(); }",
            "#[test] fn x() { check_twin(&f()); }",
            "#[test] fn x() { refuses_garbage(f); }",
            "#[test] fn x() { world.passes(f()); }",
            "#[test] fn x() { refused(&f(), 401); }",
            "proptest! { #[test] fn x(a in 0..3) { prop_assert!(f(a)); } }",
            "#[cfg(test)] mod tests { fn support() { f(); } }",
            "fn test() { f(); }",
        ] {
            assert_eq!(found(every_test_asserts, text), 0, "{text}");
        }
    }

    #[test]
    fn each_test_must_assert_for_itself() {
        assert_eq!(
            found(
                every_test_asserts,
                "#[test] fn x() { f(); } #[test] fn y() { assert!(f()); }"
            ),
            1
        );
    }

    #[test]
    fn a_test_may_assert_through_a_function_of_its_file() {
        let through =
            |support: &str, call: &str| format!("{support} fn outer() {{ support(); }} #[test] fn x() {{ {call} }}");
        for call in ["support();", "outer();", "support::<u8>(1);", "for a in b { outer() }"] {
            assert_eq!(
                found(every_test_asserts, &through("fn support() { assert!(f()); }", call)),
                0,
                "{call}"
            );
            assert_eq!(
                found(every_test_asserts, &through("fn support() { f(); }", call)),
                1,
                "{call}"
            );
        }
        for call in ["a.support();", "A::support();", "let a = support;"] {
            assert_eq!(
                found(every_test_asserts, &through("fn support() { assert!(f()); }", call)),
                1,
                "{call}"
            );
        }
    }

    #[test]
    fn a_dropped_match_is_rejected_and_a_used_one_is_not() {
        for text in [
            "fn f() { matches!(a, B); }",
            "fn f() { c(); matches!(a, B); d(); }",
            "fn f() { if c { } matches!(a, B); }",
        ] {
            assert_eq!(found(no_bare_matches, text), 1, "{text}");
        }
        for text in [
            "fn f() { assert!(matches!(a, B)); }",
            "fn f() { let c = matches!(a, B); }",
            "fn f() -> bool { matches!(a, B) }",
        ] {
            assert_eq!(found(no_bare_matches, text), 0, "{text}");
        }
    }
}
