//! The one token of a request that is made with Bearer credentials (RFC 6750).

use axum::http::{HeaderMap, header};

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBearer {
    /// There are no credentials.
    Missing,
    /// There is more than one field of them.
    Repeated,
    /// They are of another scheme.
    OtherScheme,
}

impl NoBearer {
    /// As the log names it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::OtherScheme => "other scheme",
        }
    }
}

/// The token in the one field `Authorization`.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&[u8], NoBearer> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next().ok_or(NoBearer::Missing)?;
    if lines.next().is_some() {
        return Err(NoBearer::Repeated);
    }
    token(line.as_bytes()).ok_or(NoBearer::OtherScheme)
}

/// The token of Bearer credentials; the scheme is in any case (RFC 9110 section 11.1).
fn token(line: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = line.split_at_checked("Bearer".len())?;
    let token = rest.trim_ascii_start();
    (scheme.eq_ignore_ascii_case(b"bearer") && token.len() < rest.len()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_credentials_are_a_scheme_blanks_and_a_token() {
        for line in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            assert_eq!(token(line.as_bytes()), Some(b"abc".as_slice()), "{line}");
        }
        for line in ["Bearerabc", "Basic abc", "", "Bear", "Bearer", " Bearer abc"] {
            assert_eq!(token(line.as_bytes()), None, "{line}");
        }
    }
}
