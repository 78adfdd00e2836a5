//! What is wrong with a form that is shown again, and where on the page that is said.

/// Words about one field of a form, or about all of it.
#[derive(Debug, Default)]
pub(super) struct Wrong(Option<(Option<&'static str>, String)>);

impl Wrong {
    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// The form, or what it asks for.
    pub(super) fn all(words: impl Into<String>) -> Self {
        Self(Some((None, words.into())))
    }

    /// The field of this name. Its page says so below it.
    pub(super) fn field(name: &'static str, words: impl Into<String>) -> Self {
        Self(Some((Some(name), words.into())))
    }

    /// The words about all of the form.
    pub(super) fn above(&self) -> Option<&str> {
        let (field, words) = self.0.as_ref()?;
        field.is_none().then_some(words.as_str())
    }

    /// The words about the field of this name.
    pub(super) fn at(&self, name: &str) -> Option<&str> {
        let (field, words) = self.0.as_ref()?;
        (*field == Some(name)).then_some(words.as_str())
    }

    /// What the title of the page begins with, so that whoever hears it first hears that.
    pub(super) fn title(&self) -> &'static str {
        if self.0.is_some() { "Error: " } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_one_place() {
        for (wrong, above, at, title) in [
            (Wrong::nothing(), None, None, ""),
            (Wrong::all("x"), Some("x"), None, "Error: "),
            (Wrong::field("name", "x"), None, Some("x"), "Error: "),
        ] {
            assert_eq!((wrong.above(), wrong.at("name"), wrong.title()), (above, at, title));
            assert_eq!(wrong.at("days"), None);
        }
    }
}
