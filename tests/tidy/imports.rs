//! Modules stand in a library's root in the order the data flows, and import only upwards.
//!
//! A module may name `crate::x` only for an `x` that is declared earlier than the module it stands in. A name that the
//! root re-exports hides where it comes from, so inside the library the module is named. Test code is free.

use proc_macro2::TokenTree;

use super::finding::Finding;
use super::paths::{SpelledPath, paths};
use super::source::{Source, is_braces, is_punct, is_word};

/// One library's folder and its modules in order.
pub(crate) struct Library {
    /// The folder of its root file, such as `engine/core/src`.
    pub(crate) folder: String,
    order: Vec<String>,
}

impl Library {
    /// Reads the order from the root file, `…/src/lib.rs`.
    pub(crate) fn from_root(root: &Source) -> Self {
        let folder = root.path.trim_end_matches("/lib.rs").to_owned();
        let tokens: Vec<TokenTree> = root.shipped.clone().into_iter().collect();
        let declarations = tokens
            .windows(3)
            .filter(|window| is_word(&window[0], "mod") && (is_punct(&window[2], ';') || is_braces(&window[2])));
        Self {
            folder,
            order: declarations.map(|window| window[1].to_string()).collect(),
        }
    }

    fn position(&self, module: &str) -> Option<usize> {
        self.order.iter().position(|name| name == module)
    }

    /// The modules a file stands in, outermost first; none for a root file and for files of other libraries.
    fn modules_of(&self, path: &str) -> Vec<String> {
        let Some(inside) = path.strip_prefix(&self.folder).and_then(|rest| rest.strip_prefix('/')) else {
            return Vec::new();
        };
        let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        if ["lib", "main"].contains(&inside) || inside.starts_with("bin/") {
            return Vec::new();
        }
        inside.split('/').map(str::to_owned).collect()
    }
}

pub(crate) fn upwards(library: &Library, source: &Source) -> Vec<Finding> {
    let modules = library.modules_of(&source.path);
    let Some(own) = modules.first() else { return Vec::new() };
    let Some(own_position) = library.position(own) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for path in paths(&source.shipped) {
        let Some(target) = named_in_root(&path, modules.len() + path.inline_depth) else {
            continue;
        };
        match library.position(target) {
            Some(position) if position > own_position => findings.push(source.finding(
                path.line,
                format!("`{own}` names `{target}`, which is declared after it"),
                "move what both need to an earlier module, or declare the modules in the order the data flows",
            )),
            None if !path.is_macro => findings.push(source.finding(
                path.line,
                format!("`{}` goes through the root of the library", path.segments.join("::")),
                format!("name the module that owns `{target}`"),
            )),
            Some(_) | None => {}
        }
    }
    findings
}

/// What the path names directly below the root of the library, when it starts there. `depth` counts the modules that
/// the path stands in.
fn named_in_root(path: &SpelledPath, depth: usize) -> Option<&str> {
    let first = path.segments.first()?;
    let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
    if first == "crate" {
        path.segments.get(1).map(String::as_str)
    } else if supers == depth {
        path.segments.get(supers).map(String::as_str)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> Library {
        Library::from_root(&Source::new(
            "engine/core/src/lib.rs",
            "//! Root.\nmod sync;\npub mod token;\n#[cfg(test)]\nmod fixtures;\nmod index { pub fn f() {} }\nmod check;\npub use check::check;\n",
        ))
    }

    fn found(path: &str, text: &str) -> Vec<String> {
        upwards(&library(), &Source::new(path, text))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn the_order_is_read_from_the_root() {
        assert_eq!(library().order, ["sync", "token", "index", "check"]);
    }

    #[test]
    fn an_import_of_a_later_module_is_rejected_and_of_an_earlier_one_is_not() {
        let later = ["`token` names `index`, which is declared after it"];
        for text in [
            "use crate::index::Arena;",
            "use crate::{sync::A, index::{B, C as D}};",
            "fn f() { g!(crate::index::h()) }",
        ] {
            let found = found("engine/core/src/token.rs", text);
            assert!(
                !found.is_empty() && found.iter().all(|what| what == later[0]),
                "{text}: {found:?}"
            );
        }
        for text in [
            "use crate::sync::A;",
            "use crate::token::B;",
            "pub(crate) fn f() {}",
            "pub(in crate::token) fn f() {}",
        ] {
            assert_eq!(found("engine/core/src/token.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_nested_module_belongs_to_the_module_at_the_root() {
        assert_eq!(found("engine/core/src/index/arena.rs", "use crate::check::A;").len(), 1);
        assert_eq!(found("engine/core/src/index/mod.rs", "use crate::check::A;").len(), 1);
        assert_eq!(
            found(
                "engine/core/src/index/arena.rs",
                "use crate::token::A; use crate::index::B; use super::C;"
            ),
            [""; 0]
        );
    }

    #[test]
    fn supers_that_reach_the_root_are_followed() {
        assert_eq!(found("engine/core/src/token.rs", "use super::index::A;").len(), 1);
        assert_eq!(
            found("engine/core/src/index/arena.rs", "use super::super::check::A;").len(),
            1
        );
        assert_eq!(
            found("engine/core/src/token.rs", "mod inner { use super::super::index::A; }").len(),
            1
        );
        assert_eq!(
            found("engine/core/src/token.rs", "mod inner { use super::index::A; }"),
            [""; 0]
        );
        assert_eq!(found("engine/core/src/index/arena.rs", "use super::check::A;"), [""; 0]);
    }

    #[test]
    fn a_name_of_the_root_is_rejected_and_a_macro_of_the_crate_is_not() {
        assert_eq!(
            found("engine/core/src/check.rs", "use crate::Verdict;"),
            ["`crate::Verdict` goes through the root of the library"]
        );
        assert_eq!(found("engine/core/src/check.rs", "use crate::*;").len(), 1);
        assert_eq!(found("engine/core/src/check.rs", "fn f() { crate::table!() }"), [""; 0]);
    }

    #[test]
    fn tests_and_other_libraries_are_free() {
        assert_eq!(
            found(
                "engine/core/src/token.rs",
                "#[cfg(test)] mod tests { use crate::check::A; }"
            ),
            [""; 0]
        );
        assert_eq!(found("engine/src/token.rs", "use crate::check::A;"), [""; 0]);
        assert_eq!(found("engine/core/src/lib.rs", "use crate::check::A;"), [""; 0]);
    }
}
