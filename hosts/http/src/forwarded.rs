//! What a request to `/check` is really about: which client sent it, by which method, for which URI.
//!
//! A proxy asks on behalf of a request that it holds, and says in header fields what that request is. The same fields
//! can be written by anybody, and proxies hand on what clients wrote unless told otherwise. So every field here is a
//! witness: it is heard only where the peer of the TCP connection is a proxy that the settings name, it must speak
//! once, and all witnesses must agree. None of them is ever preferred to another.
//!
//! | where | witnesses of method and URI |
//! |---|---|
//! | `/check` | `X-Forwarded-Method`, `X-Original-Method`; `X-Forwarded-Uri`, `X-Original-URI`; the request itself where all are absent |
//! | `/check/…` | the same, and the request itself: its method, and what follows `/check` |
//!
//! `X-HTTP-Method-Override`, `Forwarded` and names with underscores are no witnesses and are ignored.

use std::fmt;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Method, Uri, request};
use tollgate::NetworkRule;

/// The path under which checks are asked for; what follows it is the path of the request that is asked about.
pub(crate) const CHECK_PATH: &str = "/check";

const METHOD_WITNESSES: [HeaderName; 2] = [
    HeaderName::from_static("x-forwarded-method"),
    HeaderName::from_static("x-original-method"),
];
const URI_WITNESSES: [HeaderName; 2] = [
    HeaderName::from_static("x-forwarded-uri"),
    HeaderName::from_static("x-original-uri"),
];
/// The addresses that a request came by, the farthest first.
pub(crate) const ADDRESSES: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The method and URI of the request that is asked about. The path begins with a slash; where nobody has said which it is, it is empty,
/// which no route is about: as soon as there are routes, such a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) query: Option<&'a [u8]>,
}

/// Why it cannot be said what a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// One field has several lines.
    Repeated(&'static str),
    /// Two witnesses say different things.
    Disagree(&'static str),
    /// A method that is no token (RFC 9110 section 9.1).
    Method,
    /// A URI that is not in origin form (RFC 9112 section 3.2.1).
    Uri,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated(what) => write!(
                f,
                "The forwarded {what} came more than once: let the proxy set it, not add to it."
            ),
            Self::Disagree(what) => write!(
                f,
                "Two accounts of the {what} disagree: let the proxy clear the X-Forwarded and X-Original fields that it does not set."
            ),
            Self::Method => f.write_str("The forwarded method is no method."),
            Self::Uri => {
                f.write_str("The forwarded URI must begin with a slash and hold no fragment and no control byte.")
            }
        }
    }
}

/// Whether `address` is one of `proxies`.
pub(crate) fn is_proxy(address: IpAddr, proxies: &[NetworkRule]) -> bool {
    proxies.iter().any(|rule| rule.range().contains(address))
}

/// The address of the client behind `caller`, the peer of the TCP connection.
///
/// The chain in `X-Forwarded-For` is walked from its end, which the nearest proxy wrote, as long as the addresses are
/// proxies; the first other one is the client. Where all are proxies the request began at the farthest of them. None
/// where the walk meets an entry that is no address, because whoever wrote it is unknown.
pub(crate) fn client(headers: &HeaderMap, caller: IpAddr, proxies: &[NetworkRule]) -> Option<IpAddr> {
    let mut nearest = caller.to_canonical();
    if !is_proxy(nearest, proxies) {
        return Some(nearest);
    }
    for line in headers.get_all(ADDRESSES).iter().rev() {
        for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
            nearest = address(entry)?;
            if !is_proxy(nearest, proxies) {
                return Some(nearest);
            }
        }
    }
    Some(nearest)
}

/// An entry of `X-Forwarded-For`: an address, perhaps in brackets, perhaps with a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            let port = if after.is_empty() {
                None
            } else {
                Some(after.strip_prefix(':')?)
            };
            // Brackets are for IPv6 alone.
            (host.contains(':').then_some(host)?, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            Some(_) | None => (text, None),
        },
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if !port.is_none_or(is_port) {
        return None;
    }
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// What the request at hand is about. `believed` says whether its peer is a proxy that may speak for others.
pub(crate) fn target(head: &request::Parts, believed: bool) -> Result<Target<'_>, Contradiction> {
    let (own, speaks_for_itself) = own(&head.method, &head.uri);
    if !believed {
        return Ok(own);
    }
    let method = agreed(&head.headers, &METHOD_WITNESSES, "method")?;
    let uri = agreed(&head.headers, &URI_WITNESSES, "URI")?;
    let forwarded = match uri {
        Some(uri) => origin_form(uri)?,
        None => own,
    };
    let target = Target {
        method: method.map_or(Ok(own.method), method_token)?,
        ..forwarded
    };
    if speaks_for_itself && target.method != own.method {
        return Err(Contradiction::Disagree("method"));
    }
    if speaks_for_itself && target != own {
        return Err(Contradiction::Disagree("URI"));
    }
    Ok(target)
}

/// The request taken at its own word, and whether its path goes on after `/check`, as it does where a proxy puts that
/// before the path of the request that it asks about.
fn own<'a>(method: &'a Method, uri: &'a Uri) -> (Target<'a>, bool) {
    let rest = uri.path().strip_prefix(CHECK_PATH).unwrap_or_default();
    let query = uri.query().map(str::as_bytes);
    (
        Target {
            method: method.as_str().as_bytes(),
            path: rest.as_bytes(),
            query,
        },
        !rest.is_empty(),
    )
}

/// What the fields `names` say, where any is there.
fn agreed<'a>(
    headers: &'a HeaderMap,
    names: &[HeaderName; 2],
    what: &'static str,
) -> Result<Option<&'a [u8]>, Contradiction> {
    let mut said = None;
    for name in names {
        let mut lines = headers.get_all(name).iter();
        let line = lines.next().map(|line| line.as_bytes());
        if lines.next().is_some() {
            return Err(Contradiction::Repeated(what));
        }
        match (said, line) {
            (Some(one), Some(other)) if one != other => return Err(Contradiction::Disagree(what)),
            (_, Some(line)) => said = Some(line),
            (_, None) => {}
        }
    }
    Ok(said)
}

pub(crate) fn method_token(method: &[u8]) -> Result<&[u8], Contradiction> {
    // The library's own rule for what a method may be written with.
    Method::from_bytes(method)
        .map(|_| method)
        .map_err(|_| Contradiction::Method)
}

pub(crate) fn origin_form(uri: &[u8]) -> Result<Target<'_>, Contradiction> {
    let odd = uri.iter().any(|byte| *byte <= b' ' || matches!(*byte, b'#' | 0x7f));
    if odd || uri.first() != Some(&b'/') {
        return Err(Contradiction::Uri);
    }
    let mut halves = uri.splitn(2, |byte| *byte == b'?');
    let (path, query) = (halves.next().unwrap_or_default(), halves.next());
    Ok(Target {
        method: b"",
        path,
        query,
    })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// Header fields by name.
    type Fields = &'static [(&'static str, &'static str)];

    fn proxies() -> Vec<NetworkRule> {
        vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]
    }

    fn chain(caller: &str, lines: &[&str]) -> Option<IpAddr> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ADDRESSES, line.parse().unwrap());
        }
        client(&headers, caller.parse().unwrap(), &proxies())
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy() {
        let found: &[(&str, &[&str], &str)] = &[
            (PROXY, &[], PROXY),
            (PROXY, &["203.0.113.7"], "203.0.113.7"),
            (PROXY, &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (PROXY, &["198.51.100.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7"),
            (PROXY, &["198.51.100.1", "203.0.113.7", "10.9.9.9"], "203.0.113.7"),
            (PROXY, &["nonsense, 203.0.113.7"], "203.0.113.7"),
            (PROXY, &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (PROXY, &["203.0.113.7:4711"], "203.0.113.7"),
            (PROXY, &["\t2001:db8::7 "], "2001:db8::7"),
            (PROXY, &["[2001:db8::7]"], "2001:db8::7"),
            (PROXY, &["[2001:db8::7]:4711, fd00::1"], "2001:db8::7"),
            (PROXY, &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            // A stranger's own word is not heard.
            ("203.0.113.9", &["10.0.0.2"], "203.0.113.9"),
            ("203.0.113.9", &["127.0.0.1"], "203.0.113.9"),
            ("203.0.113.9", &["nonsense"], "203.0.113.9"),
        ];
        for (caller, lines, expected) in found {
            assert_eq!(
                chain(caller, lines),
                Some(expected.parse().unwrap()),
                "{caller} {lines:?}"
            );
        }
    }

    #[test]
    fn an_entry_that_is_no_address_leaves_the_client_unknown() {
        for entry in [
            "",
            "unknown",
            "_hidden",
            "203.0.113.7:",
            "203.0.113.7:65536",
            "203.0.113.7:+1",
            "203.0.113.7:http",
            "[203.0.113.7]",
            "[2001:db8::7",
            "[2001:db8::7]4711",
            "[2001:db8::7]:",
            "2001:db8::7%eth0",
            "\"203.0.113.7\"",
            "203.0.113.07",
            "203.0.113.7;",
        ] {
            assert_eq!(chain(PROXY, &[entry]), None, "{entry}");
            assert_eq!(
                chain(PROXY, &[&format!("198.51.100.1, {entry}, 10.0.0.2")]),
                None,
                "{entry}"
            );
            let behind = chain(PROXY, &[&format!("{entry}, 198.51.100.1")]);
            assert_eq!(
                behind,
                Some("198.51.100.1".parse().unwrap()),
                "{entry} lies behind the client"
            );
        }
        let mut headers = HeaderMap::new();
        headers.append(ADDRESSES, axum::http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(client(&headers, PROXY.parse().unwrap(), &proxies()), None);
    }

    fn head(own: &str, fields: &[(&str, &str)]) -> request::Parts {
        let (method, uri) = own.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// The target as one line, such as `GET /path?query`.
    fn told(head: &request::Parts, believed: bool) -> Result<String, Contradiction> {
        let Target { method, path, query } = target(head, believed)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let query = query.map(|query| format!("?{}", text(query))).unwrap_or_default();
        Ok(format!("{} {}{query}", text(method), text(path)))
    }

    #[test]
    fn witnesses_that_agree_are_believed_and_strangers_are_not() {
        let own = "GET /check?profile=nginx";
        let cases: [(&str, Fields, &str, &str); 13] = [
            (own, &[], "GET ?profile=nginx", "GET ?profile=nginx"),
            (
                own,
                &[("x-original-method", "DELETE"), ("x-original-uri", "/a?b=c")],
                "DELETE /a?b=c",
                "GET ?profile=nginx",
            ),
            (
                own,
                &[("x-forwarded-method", "DELETE"), ("x-forwarded-uri", "/a")],
                "DELETE /a",
                "GET ?profile=nginx",
            ),
            (
                own,
                &[("x-forwarded-method", "POST"), ("x-original-method", "POST")],
                "POST ?profile=nginx",
                "GET ?profile=nginx",
            ),
            (
                own,
                &[("x-forwarded-uri", "/a?b?c"), ("x-original-uri", "/a?b?c")],
                "GET /a?b?c",
                "GET ?profile=nginx",
            ),
            (
                own,
                &[("x-original-uri", "//a/../b%3F")],
                "GET //a/../b%3F",
                "GET ?profile=nginx",
            ),
            ("POST /check", &[], "POST ", "POST "),
            ("DELETE /check/a/b?c", &[], "DELETE /a/b?c", "DELETE /a/b?c"),
            ("DELETE /check/", &[], "DELETE /", "DELETE /"),
            (
                "DELETE /check/a",
                &[("x-forwarded-method", "DELETE"), ("x-forwarded-uri", "/a")],
                "DELETE /a",
                "DELETE /a",
            ),
            // No witnesses at all.
            (
                own,
                &[("x-http-method-override", "DELETE")],
                "GET ?profile=nginx",
                "GET ?profile=nginx",
            ),
            (
                own,
                &[("x_forwarded_method", "DELETE"), ("x-method-override", "PUT")],
                "GET ?profile=nginx",
                "GET ?profile=nginx",
            ),
            (
                own,
                &[("forwarded", "for=1.2.3.4;proto=http"), ("x-rewrite-url", "/a")],
                "GET ?profile=nginx",
                "GET ?profile=nginx",
            ),
        ];
        for (own, fields, believed, unbelieved) in cases {
            let head = head(own, fields);
            assert_eq!(told(&head, true).as_deref(), Ok(believed), "{own} {fields:?}");
            assert_eq!(
                told(&head, false).as_deref(),
                Ok(unbelieved),
                "{own} {fields:?} from a stranger"
            );
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        use Contradiction::*;
        let cases: [(&str, Fields, Contradiction); 20] = [
            (
                "GET /check",
                &[("x-forwarded-method", "GET"), ("x-original-method", "DELETE")],
                Disagree("method"),
            ),
            (
                "GET /check",
                &[("x-forwarded-uri", "/"), ("x-original-uri", "/admin")],
                Disagree("URI"),
            ),
            (
                "GET /check",
                &[("x-forwarded-uri", "/a"), ("x-original-uri", "/a?")],
                Disagree("URI"),
            ),
            (
                "GET /check",
                &[("x-forwarded-method", "GET"), ("x-forwarded-method", "GET")],
                Repeated("method"),
            ),
            (
                "GET /check",
                &[("x-original-method", "GET"), ("x-original-method", "DELETE")],
                Repeated("method"),
            ),
            (
                "GET /check",
                &[("x-forwarded-uri", "/a"), ("x-forwarded-uri", "/a")],
                Repeated("URI"),
            ),
            ("DELETE /check/a", &[("x-forwarded-method", "GET")], Disagree("method")),
            ("GET /check/a", &[("x-original-method", "DELETE")], Disagree("method")),
            ("GET /check/admin", &[("x-forwarded-uri", "/public")], Disagree("URI")),
            ("GET /check/", &[("x-original-uri", "/admin")], Disagree("URI")),
            ("GET /check", &[("x-forwarded-method", "")], Method),
            ("GET /check", &[("x-forwarded-method", "GET, DELETE")], Method),
            ("GET /check", &[("x-forwarded-method", " ")], Method),
            ("GET /check", &[("x-original-uri", "")], Uri),
            ("GET /check", &[("x-original-uri", "a")], Uri),
            ("GET /check", &[("x-original-uri", "*")], Uri),
            ("GET /check", &[("x-original-uri", "http://upstream/a")], Uri),
            ("GET /check", &[("x-original-uri", "/a#/public")], Uri),
            ("GET /check", &[("x-original-uri", "/a b")], Uri),
            ("GET /check", &[("x-original-uri", "/a\tb")], Uri),
        ];
        for (own, fields, expected) in cases {
            let head = head(own, fields);
            assert_eq!(told(&head, true), Err(expected), "{own} {fields:?}");
            assert!(
                told(&head, false).is_ok_and(|told| !told.is_empty()),
                "a stranger's fields are not looked at"
            );
        }
    }
}
