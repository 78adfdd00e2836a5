//! Cookies, read and written (RFC 6265).

use axum::http::{HeaderMap, HeaderValue, header};

use super::place::Place;

/// The value of a cookie. None where a browser sends two of the name: one of them is not ours, and none tells which.
pub(super) fn presented<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let mut halves = pair.trim_ascii().splitn(2, |byte| *byte == b'=');
        let is_named = halves.next()? == name.as_bytes();
        let value = halves.next()?;
        is_named.then_some(value)
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// The field that sets a cookie for so many seconds, or for as long as the browser is open. `value` is letters, digits and
/// underscores.
pub(super) fn set(place: &Place, name: &str, value: &str, lifetime_s: Option<u32>) -> Option<HeaderValue> {
    let secure = if place.is_secure() { "; Secure" } else { "" };
    let age = lifetime_s
        .map(|seconds| format!("; Max-Age={seconds}"))
        .unwrap_or_default();
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    let mut field = HeaderValue::from_str(&line).ok()?;
    field.set_sensitive(true);
    Some(field)
}

/// The field that takes a cookie away.
pub(super) fn removed(place: &Place, name: &str) -> Option<HeaderValue> {
    set(place, name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_two_of_a_name_are_none() {
        let found: &[(&[&str], Option<&str>)] = &[
            (&["tollgate=abc"], Some("abc")),
            (&["a=1; tollgate=abc;b=2"], Some("abc")),
            (&["a=1", "tollgate=a=b"], Some("a=b")),
            (&["tollgate="], Some("")),
            (&[], None),
            (&["tollgate"], None),
            (&["tollgate-form=abc"], None),
            (&["xtollgate=abc"], None),
            (&["tollgate=abc; tollgate=def"], None),
            (&["tollgate=abc", "tollgate=abc"], None),
        ];
        for (lines, expected) in found {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(header::COOKIE, line.parse().unwrap());
            }
            assert_eq!(
                presented(&headers, "tollgate"),
                expected.map(str::as_bytes),
                "{lines:?}"
            );
        }
    }
}
