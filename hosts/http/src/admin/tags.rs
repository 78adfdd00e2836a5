//! Entity tags, and the conditions that name them (RFC 9110 sections 8.8.3 and 13.1).

use axum::http::{HeaderMap, HeaderName};
use utoipa::IntoParams;

use super::problem::Problem;

/// A condition of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it stands for the field that is read by hand")]
pub(super) struct IfMatch {
    /// The change is made only while the record has one of these entity tags (RFC 9110), as one step with looking. Without
    /// this field it is made in any case.
    #[param(
        rename = "If-Match",
        pattern = "^(\\*|(W/)?\"[!#-~]*\"(, ?(W/)?\"[!#-~]*\")*)$",
        nullable = false
    )]
    tags: Option<String>,
}

/// A condition of a look.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it stands for the field that is read by hand")]
pub(super) struct IfNoneMatch {
    /// The record is answered only where it has none of these entity tags (RFC 9110).
    #[param(
        rename = "If-None-Match",
        pattern = "^(\\*|(W/)?\"[!#-~]*\"(, ?(W/)?\"[!#-~]*\")*)$",
        nullable = false
    )]
    tags: Option<String>,
}

/// The tags of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// Whatever there is.
    Any,
    /// These, each with whether it is weak.
    These(Vec<(String, bool)>),
}

impl Tags {
    /// The condition `name`; none where it is not there.
    ///
    /// # Errors
    ///
    /// A problem where it is no list of entity tags. A condition that cannot be read must not pass for none.
    pub(super) fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Problem> {
        let mut found = None;
        for line in headers.get_all(name) {
            let read = line.to_str().ok().and_then(Self::read);
            let read = read.ok_or_else(|| malformed(name))?;
            found = match (found, read) {
                (None, read) => Some(read),
                (Some(Self::These(mut tags)), Self::These(more)) => {
                    tags.extend(more);
                    Some(Self::These(tags))
                }
                (Some(_), _) => return Err(malformed(name)),
            };
        }
        Ok(found)
    }

    fn read(line: &str) -> Option<Self> {
        if line.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = line.trim();
        loop {
            let (weak, quoted) = match rest.strip_prefix("W/") {
                Some(quoted) => (true, quoted),
                None => (false, rest),
            };
            let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
            if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            tags.push((tag.to_owned(), weak));
            let after = after.trim_start();
            if after.is_empty() {
                return Some(Self::These(tags));
            }
            rest = after.strip_prefix(',')?.trim_start();
        }
    }

    /// Whether `tag`, without its quotes, is meant by `If-Match`, which knows strong tags alone.
    pub(super) fn match_strongly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|(named, weak)| named == tag && !weak),
        }
    }

    /// Whether `tag` is meant by `If-None-Match`.
    pub(super) fn match_weakly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|(named, _)| named == tag),
        }
    }
}

fn malformed(name: &HeaderName) -> Problem {
    let detail =
        format!("expected the field `{name}` to hold entity tags in double quotes, as answers give them, or `*`");
    Problem::malformed("malformed-condition", detail)
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;

    use super::*;

    fn read(lines: &[&str]) -> Option<Option<Tags>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, line.parse().unwrap());
        }
        Tags::of(&headers, &IF_MATCH).ok()
    }

    #[test]
    fn conditions_are_lists_of_tags_or_anything() {
        let these = |tags: &[(&str, bool)]| {
            let owned = tags.iter().map(|(tag, weak)| ((*tag).to_owned(), *weak));
            Some(Some(Tags::These(owned.collect())))
        };
        assert_eq!(read(&[]), Some(None));
        assert_eq!(read(&[" * "]), Some(Some(Tags::Any)));
        assert_eq!(read(&["\"a,b\" , W/\"c\""]), these(&[("a,b", false), ("c", true)]));
        assert_eq!(read(&["\"a\"", "\"b\""]), these(&[("a", false), ("b", false)]));
        for lines in [
            &["a"][..],
            &[""],
            &["\"a"],
            &["\"a\" \"b\""],
            &["\"a\","],
            &["\"a b\""],
            &["*", "\"a\""],
            &["*, \"a\""],
            &["w/\"a\""],
        ] {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn a_weak_tag_matches_no_change() {
        let weak = Tags::These(vec![("a".to_owned(), true)]);
        assert!(weak.match_weakly("a") && !weak.match_strongly("a") && !weak.match_weakly("b"));
        assert!(Tags::Any.match_strongly("a") && Tags::Any.match_weakly("a"));
    }
}
