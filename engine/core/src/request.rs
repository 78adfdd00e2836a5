//! What a host hands in of a request; the core never learns what an HTTP library is.

use core::net::IpAddr;

/// A header field as it came: absent, once, or more than once.
///
/// A host must tell repetition apart, because picking the first of two credentials is how peers were fooled.
#[derive(Clone, Copy, Default)]
pub enum Field<'a> {
    /// The field is not there.
    #[default]
    Absent,
    /// One field line, its value as raw bytes.
    Once(&'a [u8]),
    /// Several field lines.
    Repeated,
}

impl<'a> Field<'a> {
    /// Collects the values of all lines of one field.
    pub fn collect(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        lines.into_iter().fold(Self::Absent, |seen, line| match seen {
            Self::Absent => Self::Once(line),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        })
    }
}

/// Whether a line of `Content-Type` announces a form. Some proxies join several lines with commas; one form among them is one,
/// because an upstream may read any.
pub fn announces_form(content_type: &[u8]) -> bool {
    let is_form = |line: &[u8]| {
        let kind = line.split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii()
            .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    };
    content_type.split(|byte| *byte == b',').any(is_form)
}

/// The facts of one request that a check is decided by. Everything is borrowed and nothing is kept.
///
/// It has no `Debug`, because it holds the credential.
#[derive(Clone, Copy, Default)]
pub struct RequestParts<'a> {
    /// The method as it stands on the wire.
    pub method: &'a [u8],
    /// The path, without query.
    pub path: &'a [u8],
    /// The query, without its question mark.
    pub query: Option<&'a [u8]>,
    /// A body of type `application/x-www-form-urlencoded`, where the host has read one.
    pub form: Option<&'a [u8]>,
    /// Who calls. None where that is not known, which no rule trusts.
    pub peer: Option<IpAddr>,
    /// `Authorization`.
    pub authorization: Field<'a>,
    /// `x-cdata-authtoken`.
    pub authtoken: Field<'a>,
    /// Whether this is a CORS preflight: OPTIONS with `Origin` and `Access-Control-Request-Method`.
    pub preflight: bool,
    /// Scopes that the route wants.
    pub scopes: &'a [&'a str],
}

#[cfg(test)]
mod tests {
    use super::announces_form;

    #[test]
    fn a_form_is_announced_by_any_of_several_lines() {
        for line in [
            "application/x-www-form-urlencoded",
            " Application/X-WWW-Form-urlencoded ; charset=utf-8",
            "text/plain,application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded, text/plain",
            "text/plain; a=b, application/x-www-form-urlencoded; a=b",
        ] {
            assert!(announces_form(line.as_bytes()), "{line}");
        }
        for line in [
            "",
            "text/plain",
            "multipart/form-data",
            "application/x-www-form-urlencoded2",
            "text/plain;,",
        ] {
            assert!(!announces_form(line.as_bytes()), "{line}");
        }
    }
}
