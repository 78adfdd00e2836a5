//! Files and functions stay small enough to be read in one go.

use syn::visit::{self, Visit};

use super::finding::Finding;
use super::source::Source;

const FILE_LINES_MAX: usize = 400;
/// A function has fewer lines than this.
const FUNCTION_LINES_LIMIT: usize = 70;
const ARCHITECTURE_LINES_MAX: usize = 250;

pub(crate) fn files(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count() - source.test_lines;
    if !source.is_rust() || lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    let what = format!("{lines} lines besides tests, at most {FILE_LINES_MAX} may stand in a file");
    vec![source.finding(1, what, "give each idea a file of its own")]
}

pub(crate) fn functions(source: &Source) -> Vec<Finding> {
    // What does not parse is another rule's finding.
    let Ok(file) = syn::parse2::<syn::File>(source.shipped.clone()) else {
        return Vec::new();
    };
    let mut lengths = Lengths::default();
    lengths.visit_file(&file);
    let long = lengths
        .functions
        .into_iter()
        .filter(|function| function.lines >= FUNCTION_LINES_LIMIT);
    long.map(|function| {
        let what = format!(
            "`{}` has {} lines, fewer than {FUNCTION_LINES_LIMIT} are allowed",
            function.name, function.lines
        );
        source.finding(function.line, what, "name its parts and move them out")
    })
    .collect()
}

pub(crate) fn architecture(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if source.path != "ARCHITECTURE.md" || lines <= ARCHITECTURE_LINES_MAX {
        return Vec::new();
    }
    let what = format!("{lines} lines, at most {ARCHITECTURE_LINES_MAX} are read");
    vec![source.finding(
        ARCHITECTURE_LINES_MAX + 1,
        what,
        "move what one module owns into its rustdoc",
    )]
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

#[derive(Default)]
struct Lengths {
    functions: Vec<Function>,
}

impl Lengths {
    fn note(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let lines = body.brace_token.span.close().end().line - line + 1;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line,
            lines,
        });
    }
}

impl<'ast> Visit<'ast> for Lengths {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.note(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> String {
        format!("fn x() {{\n{}}}\n", "    y();\n".repeat(lines - 2))
    }

    #[test]
    fn a_file_of_401_lines_is_rejected_and_one_of_400_is_not() {
        let file = |lines: usize| Source::new("engine/src/a.rs", &"\n".repeat(lines));
        assert_eq!(files(&file(401)).len(), 1);
        assert!(files(&file(400)).is_empty());
    }

    #[test]
    fn tests_do_not_count_towards_the_size_of_a_file() {
        let text = format!(
            "fn x() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n",
            "    // A case.\n".repeat(500)
        );
        assert!(files(&Source::new("engine/src/a.rs", &text)).is_empty());
        assert_eq!(
            files(&Source::new(
                "engine/src/a.rs",
                &text.replace("#[cfg(test)]", "#[cfg(unix)]")
            ))
            .len(),
            1
        );
        assert!(files(&Source::new("tests/a.rs", &"\n".repeat(500))).is_empty());
    }

    #[test]
    fn a_function_of_70_lines_is_rejected_and_one_of_69_is_not() {
        let file = |text: &str| functions(&Source::new("engine/src/a.rs", text));
        assert_eq!(
            file(&function_of(70))[0].what,
            "`x` has 70 lines, fewer than 70 are allowed"
        );
        assert!(file(&function_of(69)).is_empty());
        assert_eq!(file(&format!("impl A {{\n{}}}", function_of(70)))[0].line, 2);
        assert_eq!(file(&format!("trait A {{\n{}}}", function_of(70))).len(), 1);
        assert_eq!(
            file(&format!("fn outer() {{\n{}}}", function_of(70))).len(),
            2,
            "the inner and the outer one"
        );
    }

    #[test]
    fn a_long_test_is_let_through() {
        assert!(
            functions(&Source::new(
                "engine/src/a.rs",
                &format!("#[test]\n{}", function_of(100))
            ))
            .is_empty()
        );
        assert_eq!(
            functions(&Source::new(
                "engine/src/a.rs",
                &format!("#[inline]\n{}", function_of(100))
            ))
            .len(),
            1
        );
    }

    #[test]
    fn an_architecture_of_251_lines_is_rejected_and_one_of_250_is_not() {
        assert_eq!(
            architecture(&Source::new("ARCHITECTURE.md", &"\n".repeat(251))).len(),
            1
        );
        assert!(architecture(&Source::new("ARCHITECTURE.md", &"\n".repeat(250))).is_empty());
        assert!(architecture(&Source::new("README.md", &"\n".repeat(251))).is_empty());
    }
}
