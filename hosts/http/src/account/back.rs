//! Where a browser goes on after a page: one of few places on this server, so that no form can send anybody elsewhere.

use std::fmt;

use tollgate_oauth::Profile;

/// A place on this server to come back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// The page of personal access tokens.
    Tokens,
    /// The authorization endpoint of a profile, with a query.
    Authorize(Profile, String),
    /// The end-session endpoint of a profile, with a query.
    EndSession(Profile, String),
}

const TOKENS: &str = "/account/tokens";

const ENDPOINTS: [(Profile, &str, &str); 2] = [
    (
        Profile::Cinchy,
        "/identity/connect/authorize",
        "/identity/connect/endsession",
    ),
    (Profile::Standard, "/oauth2/authorize", "/oauth2/endsession"),
];

impl Back {
    /// Reads what [`Back`] is written as; whatever else stands there leads to the tokens.
    pub(super) fn parse(text: &str) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let is_plain = query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let found = ENDPOINTS.iter().find_map(|(profile, authorize, end_session)| {
            let query = query.to_owned();
            if path == *authorize {
                Some(Self::Authorize(*profile, query))
            } else {
                (path == *end_session).then_some(Self::EndSession(*profile, query))
            }
        });
        found.filter(|_| is_plain).unwrap_or(Self::Tokens)
    }
}

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = |wanted: &Profile| ENDPOINTS.iter().find(|(profile, ..)| profile == wanted);
        let (path, query) = match self {
            Self::Tokens => (TOKENS, ""),
            Self::Authorize(profile, query) => (endpoints(profile).map_or(TOKENS, |(_, path, _)| path), query.as_str()),
            Self::EndSession(profile, query) => (endpoints(profile).map_or(TOKENS, |(.., path)| path), query.as_str()),
        };
        f.write_str(path)?;
        if query.is_empty() {
            Ok(())
        } else {
            write!(f, "?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_ours_are_read_as_they_are_written_and_others_lead_to_the_tokens() {
        for text in [
            "/account/tokens",
            "/oauth2/authorize?client_id=a&state=%23",
            "/identity/connect/authorize?client_id=a",
            "/oauth2/endsession",
            "/identity/connect/endsession?state=x",
        ] {
            assert_eq!(Back::parse(text).to_string(), text);
        }
        for text in [
            "",
            "/",
            "//evil.example/oauth2/authorize?a",
            "https://evil.example/oauth2/authorize",
            "/\\evil.example",
            "/oauth2/token?x",
            "/oauth2/authorize/../../x",
            "/oauth2/authorize?a\r\nlocation: x",
            "/oauth2/authorize?a#b",
            "javascript:alert(1)",
        ] {
            assert_eq!(Back::parse(text), Back::Tokens, "{text}");
        }
    }
}
