//! Clients that register themselves (RFC 7591): codes with PKCE and what refreshes them, never a password grant.

use serde_json::{Map, Value};
use tollgate::ScopeSet;

use crate::call::Call;
use crate::fault::{Code, Fault};
use crate::json;
use crate::redirect;

/// How the names begin of clients that registered themselves; the rest is drawn.
pub const NAME_BEGIN: &str = "registered-";
/// The most redirect URLs of one client.
const URLS_MOST: usize = 32;
/// The longest name for people.
const TITLE_BYTES_MOST: usize = 200;

/// What somebody wants to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The name for people.
    pub title: Option<String>,
    /// Where answers go.
    pub redirects: Vec<String>,
    /// Where people go after logging out.
    pub logout_redirects: Vec<String>,
    /// Whether it gets no secret.
    pub public: bool,
    /// How it will show its secret.
    pub way: &'static str,
    /// Whether its tokens can be refreshed.
    pub refreshes: bool,
    /// How far it may reach at most.
    pub scopes: ScopeSet,
}

const fn metadata(description: &'static str) -> Fault {
    Fault::new(Code::InvalidClientMetadata, description)
}

impl Registration {
    /// Reads the body of a request; `offered` are the scopes that are open to anybody.
    pub fn parse(call: &Call<'_>, offered: &ScopeSet) -> Result<Self, Fault> {
        let kind = call
            .content_type
            .unwrap_or_default()
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default();
        if !kind.trim_ascii().eq_ignore_ascii_case(b"application/json") {
            return Err(metadata("The body must be application/json"));
        }
        let members = json::object(call.body).ok_or(metadata(
            "The body must be one JSON object, no member of which stands twice",
        ))?;
        let (public, way) = match text(&members, "token_endpoint_auth_method")? {
            Some("none") => (true, "none"),
            None | Some("client_secret_basic") => (false, "client_secret_basic"),
            Some("client_secret_post") => (false, "client_secret_post"),
            Some(_) => {
                return Err(metadata(
                    "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post",
                ));
            }
        };
        let grants = texts(&members, "grant_types")?.unwrap_or_else(|| vec!["authorization_code"]);
        if !grants.contains(&"authorization_code")
            || !grants
                .iter()
                .all(|grant| ["authorization_code", "refresh_token"].contains(grant))
        {
            return Err(metadata(
                "grant_types must be authorization_code, and refresh_token if wanted",
            ));
        }
        if texts(&members, "response_types")?.is_some_and(|types| types != ["code"]) {
            return Err(metadata("response_types must be code alone"));
        }
        let title = text(&members, "client_name")?;
        if title.is_some_and(|title| title.len() > TITLE_BYTES_MOST || title.chars().any(misleads)) {
            return Err(metadata(
                "client_name must be at most 200 bytes without control and invisible characters",
            ));
        }
        let redirects = urls(&members, "redirect_uris", public)?;
        if redirects.is_empty() {
            return Err(Fault::new(Code::InvalidRedirectUri, "redirect_uris is missing"));
        }
        Ok(Self {
            title: title.map(str::to_owned),
            redirects,
            logout_redirects: urls(&members, "post_logout_redirect_uris", public)?,
            public,
            way,
            refreshes: grants.contains(&"refresh_token"),
            scopes: scopes(text(&members, "scope")?, offered)?,
        })
    }
}

/// A server may give less than was asked for, and says so in its answer (RFC 7591 section 3.2.1).
fn scopes(asked: Option<&str>, offered: &ScopeSet) -> Result<ScopeSet, Fault> {
    let Some(asked) = asked else { return Ok(offered.clone()) };
    let asked: ScopeSet = asked
        .parse()
        .map_err(|_| metadata("scope must be words of ASCII with one blank between them"))?;
    let kept = asked.iter().filter(|scope| offered.contains(scope.as_str())).cloned();
    let kept = ScopeSet::of(kept).map_err(|_| metadata("scope has too many words"))?;
    if kept.is_empty() {
        // A token without scopes is no token for nothing: it may do on paths that want none whatever its user may.
        return Err(metadata("scope must name one at least that is open to anybody"));
    }
    Ok(kept)
}

fn urls(members: &Map<String, Value>, name: &str, public: bool) -> Result<Vec<String>, Fault> {
    const FAULT: Fault = Fault::new(
        Code::InvalidRedirectUri,
        "Redirect URLs must be https, or http on loopback, or a private scheme with a dot for a public client",
    );
    let urls = texts(members, name)?.unwrap_or_default();
    if urls.len() > URLS_MOST || !urls.iter().all(|url| redirect::accept(url, public).is_ok()) {
        return Err(FAULT);
    }
    Ok(urls.into_iter().map(str::to_owned).collect())
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Fault> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(metadata("A member that should be a text is none")),
    }
}

fn texts<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<Vec<&'a str>>, Fault> {
    const FAULT: Fault = metadata("A member that should be a list of texts is none");
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or(FAULT))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(FAULT),
    }
}

/// Whether a character is not seen by itself, or changes the order of those around it: people are asked about a client by its name.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"redirect_uris":["https://app.example.org/cb"],"client_name":"App","scope":"openid admin","grant_types":["authorization_code","refresh_token"]}"#;

    fn read(body: &str) -> Result<Registration, Code> {
        let call = Call {
            content_type: Some(b"application/json"),
            body: body.as_bytes(),
            ..Call::default()
        };
        Registration::parse(&call, &"openid profile".parse().unwrap()).map_err(|fault| fault.code)
    }

    #[test]
    fn a_client_gets_what_is_open_to_anybody() {
        let registered = read(GOOD).unwrap();
        assert!(!registered.public && registered.refreshes && registered.way == "client_secret_basic");
        assert_eq!(registered.scopes.to_string(), "openid");
        let public = GOOD.replace("\"scope\":\"openid admin\"", r#""token_endpoint_auth_method":"none""#);
        let public = read(&public.replace("https://app.example.org/cb", "org.example.app:/cb")).unwrap();
        assert!(public.public);
        assert_eq!(public.scopes.to_string(), "openid profile");
    }

    #[test]
    fn a_client_gets_nothing_else() {
        for (from, to, code) in [
            ("refresh_token", "password", Code::InvalidClientMetadata),
            ("refresh_token", "client_credentials", Code::InvalidClientMetadata),
            ("refresh_token", "implicit", Code::InvalidClientMetadata),
            ("\"authorization_code\",", "", Code::InvalidClientMetadata),
            (
                "\"scope\":\"openid admin\"",
                r#""response_types":["token"]"#,
                Code::InvalidClientMetadata,
            ),
            (
                "\"scope\":\"openid admin\"",
                r#""token_endpoint_auth_method":"client_secret_jwt""#,
                Code::InvalidClientMetadata,
            ),
            (
                "\"scope\":\"openid admin\"",
                r#""client_name":"Twice""#,
                Code::InvalidClientMetadata,
            ),
            ("openid admin", "admin", Code::InvalidClientMetadata),
            ("\"App\"", "\"A\\u0000p\"", Code::InvalidClientMetadata),
            ("\"App\"", "\"A\\u202ep\"", Code::InvalidClientMetadata),
            ("\"App\"", "\"A\\u200bp\"", Code::InvalidClientMetadata),
            ("\"App\"", "7", Code::InvalidClientMetadata),
            (
                "https://app.example.org/cb",
                "http://app.example.org/cb",
                Code::InvalidRedirectUri,
            ),
            (
                "https://app.example.org/cb",
                "org.example.app:/cb",
                Code::InvalidRedirectUri,
            ),
            ("[\"https://app.example.org/cb\"]", "[]", Code::InvalidRedirectUri),
            (
                "[\"https://app.example.org/cb\"]",
                "\"https://app.example.org/cb\"",
                Code::InvalidClientMetadata,
            ),
        ] {
            assert_ne!(GOOD.replace(from, to), GOOD);
            assert_eq!(read(&GOOD.replace(from, to)).err(), Some(code), "{to}");
        }
        assert_eq!(read("[]").err(), Some(Code::InvalidClientMetadata));
        let call = Call {
            content_type: Some(b"text/plain"),
            body: GOOD.as_bytes(),
            ..Call::default()
        };
        assert!(
            Registration::parse(&call, &ScopeSet::NONE).is_err_and(|fault| fault.code == Code::InvalidClientMetadata)
        );
    }
}
