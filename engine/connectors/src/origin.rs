//! `targetOrigin`: where the application hears that a flow has ended. It is one parameter with two meanings: a URL that the browser
//! goes back to, or the origin of the window that a message is posted to.
//!
//! So it is an open redirect, a leak of what is posted and a way to a script, if it is believed. Here it is read as browsers read a
//! URL, refused where two readers could differ, and held against the exact origins that an account allows. There is no `*` and no
//! `null`: a message to any window is a message to whoever has embedded the page.

use tollgate_oauth::json::Object;
use url::{Host, Origin, Url};

const BYTES_MOST: usize = 2_000;
/// The longest message that is posted.
const MESSAGE_BYTES_MOST: usize = 1_024;
const ORIGINS_MOST: usize = 64;

/// Why a flow cannot end as it was asked to. It repeats nothing of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OriginFault(pub &'static str);

/// A target: one URL, read in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetOrigin(Url);

impl TargetOrigin {
    /// Reads the parameter, whose percent escapes are already undone.
    pub fn parse(text: &str) -> Result<Self, OriginFault> {
        let fault = OriginFault(
            "expected targetOrigin like https://app.example.org/done, with https or http on this machine, without a user",
        );
        if text.is_empty() || text.len() > BYTES_MOST {
            return Err(OriginFault("expected targetOrigin of 1 to 2,000 bytes"));
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}*".contains(&byte))
        {
            return Err(OriginFault(
                "expected targetOrigin in ASCII, without blank, backslash, wildcard, quotes and brackets",
            ));
        }
        let url = Url::parse(text).map_err(|_| fault)?;
        let Some(behind) = text.split_once("://").filter(|(scheme, _)| *scheme == url.scheme()) else {
            return Err(fault);
        };
        let authority = behind.1.split(['/', '?', '#']).next().unwrap_or_default();
        let is_plain = Some(authority) == written_authority(&url).as_deref();
        let is_allowed = match url.scheme() {
            "https" => true,
            "http" => is_loopback(&url),
            _ => false,
        };
        // A host in another spelling, a user or a default port: what is shown differs from what is meant.
        if is_plain && is_allowed {
            Ok(Self(url))
        } else {
            Err(fault)
        }
    }

    /// The origin, as a browser writes it in `event.origin`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The URL.
    pub fn url(&self) -> &str {
        self.0.as_str()
    }
}

fn written_authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The exact origins that an account allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// Reads origins such as `https://app.example.org`, in this one spelling and without a path.
    pub fn accept<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, OriginFault> {
        let mut origins = Vec::new();
        for text in texts {
            let target = TargetOrigin::parse(text)?;
            if target.origin() != text || !matches!(target.0.origin(), Origin::Tuple(..)) {
                return Err(OriginFault(
                    "expected an origin like https://app.example.org, without a path",
                ));
            }
            if !origins.iter().any(|own| own == text) {
                origins.push(text.to_owned());
            }
        }
        if origins.len() > ORIGINS_MOST {
            return Err(OriginFault("expected at most 64 origins"));
        }
        Ok(Self(origins))
    }

    /// Whether `target` is of one of these origins.
    pub fn allows(&self, target: &TargetOrigin) -> bool {
        let origin = target.origin();
        self.0.contains(&origin)
    }

    /// The origins.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// How a flow ends, whether it went well or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The browser goes back to the URL.
    Redirect(TargetOrigin),
    /// The page posts the message to the window of this origin, and to no other.
    Post {
        /// To whom.
        target: TargetOrigin,
        /// What, as it was asked for: it is data, whatever it looks like, and must not be written into a script or a page unescaped.
        message: String,
    },
}

impl Ending {
    /// Reads the two parameters and holds them against what the account allows. A message that is empty is none.
    pub fn accept(target: &str, message: Option<&str>, allowed: &AllowedOrigins) -> Result<Self, OriginFault> {
        let target = TargetOrigin::parse(target)?;
        if !allowed.allows(&target) {
            return Err(OriginFault(
                "expected targetOrigin of an origin that the account allows",
            ));
        }
        match message {
            None | Some("") => Ok(Self::Redirect(target)),
            Some(message) if message.len() > MESSAGE_BYTES_MOST || message.contains('\0') => Err(OriginFault(
                "expected callbackMessage of at most 1,024 bytes, without NUL",
            )),
            Some(message) => Ok(Self::Post {
                target,
                message: message.to_owned(),
            }),
        }
    }

    /// Where it ends.
    pub fn target(&self) -> &TargetOrigin {
        match self {
            Self::Redirect(target) | Self::Post { target, .. } => target,
        }
    }

    /// What is posted, where something is: the message as it was asked for where all went well, else the JSON text
    /// `{"error":"…"}`. The message is not in that, so that nobody who looks for it takes a failure for the end that was hoped for.
    pub fn posted(&self, error: Option<&str>) -> Option<String> {
        match (self, error) {
            (Self::Redirect(_), _) => None,
            (Self::Post { message, .. }, None) => Some(message.clone()),
            (Self::Post { .. }, Some(error)) => Some(Object::default().with("error", error).finish()),
        }
    }

    /// The URL that the browser goes back to: as it was asked for where all went well, else with the one parameter `error` more.
    pub fn url(&self, error: Option<&str>) -> String {
        let mut url = self.target().0.clone();
        if let Some(error) = error {
            url.query_pairs_mut().append_pair("error", error);
        }
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allowed() -> AllowedOrigins {
        AllowedOrigins::accept([
            "https://app.example.org",
            "http://localhost:3000",
            "https://app.example.org",
        ])
        .unwrap()
    }

    #[test]
    fn a_target_is_a_url_or_an_origin() {
        for (text, origin) in [
            ("https://app.example.org", "https://app.example.org"),
            ("https://app.example.org/", "https://app.example.org"),
            ("https://partner.cyclr.com/connectors", "https://partner.cyclr.com"),
            ("https://app.example.org:8443/a?b=c#/d", "https://app.example.org:8443"),
            ("http://127.0.0.1:3000/done", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://localhost", "http://localhost"),
            ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(
                TargetOrigin::parse(text).map(|target| target.origin()),
                Ok(origin.to_owned()),
                "{text}"
            );
        }
    }

    /// Each has fooled somebody.
    #[test]
    fn what_nobody_is_sent_to() {
        for text in [
            "",
            "*",
            "null",
            "/",
            "/done",
            "//evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https:\\\\evil.example",
            "https://app.example.org\\@evil.example",
            "https://app.example.org\t.evil.example",
            "https://app.example.org@evil.example/",
            "https://user:pw@app.example.org/",
            "https://@app.example.org/",
            "https://app.example.org:443/",
            "https://APP.example.org/",
            "HTTPS://app.example.org/",
            "https://app.example.org:/",
            "https://0x7f.1/",
            "http://2130706433/",
            "http://app.example.org/",
            "http://localhost.evil.example/",
            "javascript:alert(1)",
            "javascript://app.example.org/%0aalert(1)",
            "data:text/html,x",
            "blob:https://app.example.org/x",
            "file:///etc/passwd",
            "about:blank",
            "https://*.example.org/",
            "https://b\u{fc}cher.example/",
            "https://%61pp.example.org/",
            " https://app.example.org",
            "https://app.example.org/\"><script>",
        ] {
            assert!(
                TargetOrigin::parse(text).is_err_and(|fault| fault.0.contains("targetOrigin")),
                "{text}"
            );
        }
    }

    #[test]
    fn origins_are_allowed_exactly() {
        let allows = |text: &str| TargetOrigin::parse(text).is_ok_and(|target| allowed().allows(&target));
        assert_eq!(allowed().iter().count(), 2);
        for text in [
            "https://app.example.org",
            "https://app.example.org/any/path?x",
            "http://localhost:3000/",
        ] {
            assert!(allows(text), "{text}");
        }
        for text in [
            "https://app.example.org.evil.example",
            "https://evil.example/https://app.example.org",
            "https://sub.app.example.org",
            "https://example.org",
            "https://app.example.org:8443",
            "http://localhost:3001/",
            "http://localhost/",
            "https://localhost:3000/",
            "http://127.0.0.1:3000/",
            "https://app.example.org./",
        ] {
            assert!(!allows(text), "{text}");
        }
        for text in [
            "https://app.example.org/",
            "https://app.example.org/a",
            "*",
            "null",
            "app.example.org",
        ] {
            assert!(
                AllowedOrigins::accept([text]).is_err_and(|fault| !fault.0.is_empty()),
                "{text}"
            );
        }
        let many: Vec<String> = (0..65).map(|at| format!("https://a{at}.example")).collect();
        assert!(AllowedOrigins::accept(many.iter().map(String::as_str)).is_err_and(|fault| fault.0.contains("64")));
        assert!(
            AllowedOrigins::accept(many.iter().skip(1).map(String::as_str)).is_ok_and(|all| all.iter().count() == 64)
        );
        assert!(!AllowedOrigins::default().allows(&TargetOrigin::parse("https://app.example.org").unwrap()));
    }

    #[test]
    fn a_flow_ends_in_one_of_two_ways() {
        let end = |target: &str, message: Option<&str>| Ending::accept(target, message, &allowed());
        let redirect = end("https://app.example.org/done?a=b#/c", None).unwrap();
        assert_eq!(redirect, end("https://app.example.org/done?a=b#/c", Some("")).unwrap());
        assert_eq!(redirect.url(None), "https://app.example.org/done?a=b#/c");
        assert_eq!(
            redirect.url(Some("access_denied")),
            "https://app.example.org/done?a=b&error=access_denied#/c"
        );
        let message = "</script>\u{2028}'\"";
        let post = end("https://app.example.org/done", Some(message)).unwrap();
        assert!(matches!(&post, Ending::Post { message: own, .. } if own == message));
        assert_eq!(post.target().origin(), "https://app.example.org");
        assert_eq!(post.posted(None).as_deref(), Some(message));
        assert_eq!(
            post.posted(Some("access_denied")).as_deref(),
            Some(r#"{"error":"access_denied"}"#)
        );
        assert_eq!(redirect.posted(None), None);
        assert!(end("https://evil.example/", None).is_err_and(|fault| fault.0.contains("allows")));
        let long = "a".repeat(1_025);
        assert!(end("https://app.example.org/", Some(&long)).is_err_and(|fault| fault.0.contains("1,024")));
        assert!(end("https://app.example.org/", Some(&long[1..])).is_ok_and(|ending| ending.target().url().len() > 8));
    }

    proptest! {
        /// Whatever passes leads to an allowed host, as a browser reads it.
        #[test]
        fn what_passes_leads_to_an_allowed_host(before in "[ -~]{0,4}", tail in "[ -~\\t]{0,24}", cut in 0_usize..24) {
            let kept = "https://app.example.org".get(..cut.min(23)).unwrap();
            let text = format!("{before}{kept}{tail}");
            if let Ok(ending) = Ending::accept(&text, None, &allowed()) {
                let read = Url::parse(&text).unwrap();
                prop_assert_eq!(read.host_str(), Some("app.example.org"));
                prop_assert_eq!(read.as_str(), ending.url(None));
            }
        }
    }
}
