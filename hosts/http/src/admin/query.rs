//! Queries in which every parameter is known and stands once.

use axum::http::Uri;
use percent_encoding::percent_decode_str;

use super::problem::Problem;

/// The parameters of one query by the names that an operation knows.
pub(crate) struct Query<'a, const N: usize> {
    names: [&'a str; N],
    values: [Option<String>; N],
}

impl<'a, const N: usize> Query<'a, N> {
    /// Reads the query of `uri`.
    ///
    /// # Errors
    ///
    /// A problem where a parameter is unknown, stands twice, or is no UTF-8.
    pub(crate) fn of(uri: &Uri, names: [&'a str; N]) -> Result<Self, Problem> {
        let mut values = [const { None }; N];
        for pair in uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let known = names.iter().position(|known| *known == name);
            match known.and_then(|at| values.get_mut(at)) {
                Some(place @ None) => *place = Some(value),
                Some(Some(_)) => return Err(unexpected(&names, "one that stands twice")),
                None => return Err(unexpected(&names, "another")),
            }
        }
        Ok(Self { names, values })
    }

    /// The value of a parameter that was given.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let at = self.names.iter().position(|known| *known == name)?;
        self.values.get(at)?.as_deref()
    }
}

/// A problem where there is any query at all.
pub(crate) fn no_query(uri: &Uri) -> Result<(), Problem> {
    Query::of(uri, []).map(|_| ())
}

fn decoded(text: &str) -> Result<String, Problem> {
    let text = text.replace('+', " ");
    match percent_decode_str(&text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Problem::malformed(
            "unexpected-query",
            "expected a query in UTF-8, but some percent escapes are not",
        )),
    }
}

fn unexpected(names: &[&str], found: &str) -> Problem {
    let detail = match names {
        [] => "expected no query parameter here, but found one: leave it out".to_owned(),
        names => format!(
            "expected no query parameters but {}, each at most once, but found {found}",
            names.join(", ")
        ),
    };
    Problem::malformed("unexpected-query", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(uri: &str) -> Option<Option<String>> {
        let query = Query::of(&uri.parse().unwrap(), ["limit", "cursor"]).ok()?;
        Some(query.value("limit").map(str::to_owned))
    }

    #[test]
    fn known_parameters_are_read_once() {
        assert_eq!(limit("/a"), Some(None));
        assert_eq!(limit("/a?"), Some(None));
        assert_eq!(limit("/a?limit=5&cursor=x"), Some(Some("5".to_owned())));
        assert_eq!(limit("/a?%6cimit=%35+"), Some(Some("5 ".to_owned())));
        assert_eq!(limit("/a?limit"), Some(Some(String::new())));
        for uri in ["/a?limit=5&limit=5", "/a?Limit=5", "/a?x=1", "/a?limit=%ff", "/a?=5"] {
            assert_eq!(limit(uri), None, "{uri}");
        }
        assert_eq!(no_query(&"/a".parse().unwrap()).ok(), Some(()));
        assert!(no_query(&"/a?b".parse().unwrap()).is_err());
    }
}
