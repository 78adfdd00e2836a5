//! Forms that our own pages send.

use zeroize::Zeroizing;

/// More fields than any page of ours has. Each is compared with all before it, so that many would keep a thread busy.
const FIELDS_MOST: usize = 16;

/// The fields of a form. It has no `Debug`, because it may hold a password.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads a body; none where a field comes twice or there are too many, which no page of ours sends.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if fields.len() == FIELDS_MOST || fields.iter().any(|(known, _)| *known == name) {
                return None;
            }
            fields.push((name.into_owned(), Zeroizing::new(value.into_owned())));
        }
        Some(Self(fields))
    }

    /// The value of a field; empty where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_a_repeated_one_is_refused() {
        let form = Form::read(b"username=zo%C3%AB+x&password=a%26b&empty=").unwrap();
        assert_eq!(
            ["username", "password", "empty", "absent"].map(|name| form.get(name).to_owned()),
            ["zo\u{eb} x", "a&b", "", ""]
        );
        assert!(Form::read(b"a=1&a=1").is_none());
    }

    #[test]
    fn a_form_has_few_fields() {
        let many = |count: usize| (0..count).map(|at| format!("f{at}=x")).collect::<Vec<_>>().join("&");
        assert!(Form::read(many(FIELDS_MOST).as_bytes()).is_some_and(|form| form.get("f15") == "x"));
        assert!(Form::read(many(FIELDS_MOST + 1).as_bytes()).is_none());
    }
}
