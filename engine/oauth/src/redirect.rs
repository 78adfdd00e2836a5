//! Where a browser may be sent: what a client may register, and whether what it asks for is one of these.
//!
//! Two readings of one URL are how peers were fooled, so a URL is registered in its one canonical spelling or not at all, and what
//! comes with a request is compared as a string. The one freedom is the port of a loopback address (RFC 8252 section 7.3).

use std::net::IpAddr;

use url::{Host, Url};

use crate::form;

/// The longest URL that a client may register.
pub const URL_BYTES_MOST: usize = 2_000;

/// Parameters of an answer: a registered URL that already had one of them could change what the client reads.
const ANSWERED: [&str; 9] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "access_token",
    "id_token",
    "session_state",
];

/// Why a client may not register a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a redirect URL like https://app.example.org/callback, {0}")]
pub struct RedirectFault(pub &'static str);

/// Whether a client may register `text`; `public` clients may also use schemes of their own.
pub fn accept(text: &str, public: bool) -> Result<(), RedirectFault> {
    let refuse = |why| Err(RedirectFault(why));
    if text.is_empty() || text.len() > URL_BYTES_MOST {
        return refuse("of 1 to 2,000 bytes");
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}*#".contains(&byte))
    {
        return refuse("in ASCII, without blank, wildcard, fragment, backslash, quotes and brackets");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("but this is no URL");
    };
    let written = url.as_str();
    if written != text && written.strip_suffix('/') != Some(text) {
        return refuse("in its canonical spelling: small letters in scheme and host, no default port, no dot segments");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("without a user");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return refuse("with https, since http is for 127.0.0.1, [::1] and localhost"),
        scheme if public && scheme.contains('.') => {}
        _ => {
            return refuse("or, for a public client, a scheme of its own with a dot such as org.example.app:/callback");
        }
    }
    if url.query_pairs().any(|(name, _)| ANSWERED.contains(&&*name)) {
        return refuse("without a parameter that answers have");
    }
    Ok(())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Whether `presented` is one of the `registered` URLs: the same string, up to the port of a loopback address.
pub fn is_registered<'a>(registered: impl IntoIterator<Item = &'a str>, presented: &str) -> bool {
    registered
        .into_iter()
        .any(|one| one == presented || same_but_for_the_port(one, presented))
}

fn same_but_for_the_port(registered: &str, presented: &str) -> bool {
    match (portless(registered), portless(presented)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// A URL of a loopback address, split in what stands before its port and behind it.
fn portless(text: &str) -> Option<(&str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find(|host| text.starts_with(host))?;
    let (host, rest) = text.split_at_checked(host.len())?;
    let Some(behind) = rest.strip_prefix(':') else {
        return is_end_of_host(rest).then_some((host, rest));
    };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = behind.split_at_checked(digits)?;
    let is_port = !port.starts_with('0') && port.parse::<u16>().is_ok();
    (is_port && is_end_of_host(rest)).then_some((host, rest))
}

fn is_end_of_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', '?'])
}

/// A registered URL with an answer in its query.
pub fn answer<'a>(redirect: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let separator = match redirect.find('?') {
        None => "?",
        Some(at) if at + 1 == redirect.len() => "",
        Some(_) => "&",
    };
    format!("{redirect}{separator}{}", form::write(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_clients_register() {
        for good in [
            "https://app.example.org/callback",
            "https://app.example.org",
            "https://app.example.org/",
            "https://app.example.org:8443/cb?tenant=a&x=%20",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:8080/cb",
            "http://localhost:3000/cb",
            "https://xn--bcher-kva.example/cb",
        ] {
            assert_eq!(accept(good, false), Ok(()), "{good}");
        }
        for private in ["org.example.app:/callback", "org.example.app://callback/"] {
            assert_eq!(accept(private, true), Ok(()), "{private}");
            assert!(
                accept(private, false).is_err_and(|fault| fault.0.contains("public")),
                "{private}"
            );
        }
    }

    /// Each has fooled somebody.
    #[test]
    fn what_nobody_registers() {
        for bad in [
            "",
            "/callback",
            "//evil.example/cb",
            "https:/\\evil.example",
            "https:\\\\evil.example",
            "https://app.example.org\\@evil.example/cb",
            "https://user@app.example.org/cb",
            "https://user:pw@app.example.org/cb",
            "https://@app.example.org/cb",
            "https://app.example.org/cb#fragment",
            "https://app.example.org/cb#",
            "https://*.example.org/cb",
            "https://app.example.org/*",
            "https://APP.example.org/cb",
            "HTTPS://app.example.org/cb",
            "https://app.example.org:443/cb",
            "https://app.example.org/a/../cb",
            "https://app.example.org/%2e%2e/cb",
            "https://app.example.org/cb\t",
            "https://app.example.org/c b",
            "https://b\u{fc}cher.example/cb",
            "https://0x7f.1/cb",
            "http://app.example.org/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "myapp:/callback",
            "about:blank",
            "https://app.example.org/cb?code=1",
            "https://app.example.org/cb?st%61te=1",
        ] {
            assert!(accept(bad, true).is_err_and(|fault| !fault.0.is_empty()), "{bad}");
        }
        let long = |len: usize| format!("https://a.example/{}", "a".repeat(len - 18));
        assert_eq!(accept(&long(2_000), false), Ok(()));
        assert!(accept(&long(2_001), false).is_err_and(|fault| fault.0.contains("2,000")));
    }

    #[test]
    fn the_same_string_and_nothing_like_it() {
        let registered = ["https://app.example.org/cb"];
        assert!(is_registered(registered, "https://app.example.org/cb"));
        for other in [
            "https://app.example.org/cb/",
            "https://app.example.org/cb?x=1",
            "https://app.example.org/cb#x",
            "https://app.example.org/CB",
            "https://app.example.org:443/cb",
            "https://app.example.org/cb%2f",
            "https://app.example.org.evil.example/cb",
            "https://evil.example/https://app.example.org/cb",
            "https://app.example.org@evil.example/cb",
            "https:\\\\app.example.org/cb",
            "//app.example.org/cb",
            "https://app.example.org/cb\t",
            "http://app.example.org/cb",
            "",
        ] {
            assert!(!is_registered(registered, other), "{other}");
        }
    }

    #[test]
    fn a_loopback_address_may_have_any_port_and_nothing_else() {
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb"] {
            for good in [
                "http://127.0.0.1/cb",
                "http://127.0.0.1:49152/cb",
                "http://127.0.0.1:65535/cb",
            ] {
                assert!(is_registered([registered], good), "{registered} {good}");
            }
            for bad in [
                "http://127.0.0.1:0/cb",
                "http://127.0.0.1:65536/cb",
                "http://127.0.0.1:080/cb",
                "http://127.0.0.1:/cb",
                "http://127.0.0.1:80@evil.example/cb",
                "http://127.0.0.1.evil.example/cb",
                "http://127.0.0.1:80\\@evil.example/cb",
                "http://127.0.0.1:80/other",
                "http://127.0.0.2:80/cb",
                "https://127.0.0.1:80/cb",
                "http://[::1]:80/cb",
                "http://localhost:80/cb",
            ] {
                assert!(!is_registered([registered], bad), "{registered} {bad}");
            }
        }
        assert!(is_registered(["http://[::1]/cb"], "http://[::1]:5000/cb"));
        assert!(
            !is_registered(["http://localhost/cb"], "http://localhost:5000/cb"),
            "a name may be anybody's"
        );
    }

    #[test]
    fn an_answer_keeps_what_was_registered() {
        let answered = |url| answer(url, [("code", "a b"), ("state", "&\"")]);
        assert_eq!(
            answered("https://a.example/cb"),
            "https://a.example/cb?code=a+b&state=%26%22"
        );
        assert_eq!(
            answered("https://a.example/cb?x=1"),
            "https://a.example/cb?x=1&code=a+b&state=%26%22"
        );
        assert_eq!(
            answered("https://a.example/cb?"),
            "https://a.example/cb?code=a+b&state=%26%22"
        );
    }

    proptest! {
        /// Whatever passes leads to the host that was registered, as a browser reads it.
        #[test]
        fn what_passes_leads_where_it_was_registered(tail in "[ -~\\t]{0,24}", registered in prop::sample::select(vec![
            "https://app.example.org/cb", "http://127.0.0.1/cb", "http://127.0.0.1:80/cb", "http://[::1]/",
        ]), cut in 0_usize..24) {
            let presented = format!("{}{tail}", registered.get(..cut.min(registered.len())).unwrap());
            if is_registered([registered], &presented) {
                let (one, other) = (Url::parse(registered).unwrap(), Url::parse(&presented).unwrap());
                prop_assert_eq!(one.host_str(), other.host_str());
                prop_assert_eq!(one.path(), other.path());
                prop_assert_eq!(one.scheme(), other.scheme());
            }
        }

        #[test]
        fn any_text_is_accepted_or_refused(text in "\\PC{0,64}") {
            if accept(&text, true).is_ok() {
                prop_assert!(Url::parse(&text).is_ok_and(|url| url.username().is_empty() && url.fragment().is_none()));
                prop_assert!(is_registered([text.as_str()], &text));
            }
        }
    }
}
