//! Which redirects a page lets its form end in.
//!
//! Browsers apply `form-action` to the redirects that answer a form too, so a page that ends at a client's URL has to name it.

use url::Url;

/// The source expression (Content Security Policy Level 3, section 2.3.1) that covers `url`; none where that is no URL.
pub(super) fn source_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let scheme = url.scheme();
    // The grammar has no form for an address in brackets, and a host may hold signs that would end the expression.
    let host = url.host_str().filter(|host| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        matches!(scheme, "http" | "https") && host.bytes().all(plain)
    });
    Some(match (host, url.port()) {
        (Some(host), Some(port)) => format!("{scheme}://{host}:{port}"),
        (Some(host), None) => format!("{scheme}://{host}"),
        (None, _) => format!("{scheme}:"),
    })
}

/// The source of the URL in the parameter `name` of a query.
pub(super) fn source_in(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(found, value)| (found == name).then(|| source_of(&value)).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_names_scheme_host_and_port_and_nothing_that_could_end_it() {
        for (url, source) in [
            ("https://app.example/cb?x=1;y", Some("https://app.example")),
            ("https://app.example:8443/cb", Some("https://app.example:8443")),
            ("http://127.0.0.1:4711/cb", Some("http://127.0.0.1:4711")),
            ("http://[::1]:4711/cb", Some("http:")),
            ("com.example.app:/cb", Some("com.example.app:")),
            ("com.example.app://host/cb", Some("com.example.app:")),
            ("https://b\u{fc}cher.example/", Some("https://xn--bcher-kva.example")),
            ("https://a b/", None),
            ("/cb", None),
            ("", None),
        ] {
            assert_eq!(source_of(url).as_deref(), source, "{url}");
        }
        for url in [
            "https://a;script-src *.b/",
            "https://a'b.example/",
            "https://a,b.example/",
            "https://a;b.example",
            "x;y:z",
        ] {
            let plain = |source: &String| !source.contains([';', ',', ' ', '\'', '*']);
            assert!(source_of(url).as_ref().is_none_or(plain), "{url}: {:?}", source_of(url));
        }
    }

    #[test]
    fn a_parameter_is_found_in_a_query() {
        let query = "client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=x";
        assert_eq!(source_in(query, "redirect_uri").as_deref(), Some("https://app.example"));
        assert_eq!(source_in(query, "post_logout_redirect_uri"), None);
    }
}
