//! What a client may be made of beyond what the store minds: where logins lead, and keys that something can be verified with.

use tollgate::{Client, ClientAuthentication, ClientChanges, JwksSource};
use tollgate_oauth::{jwk, redirect};

/// Something about a client that would be of no use or do harm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TermsFault {
    /// A URL that no browser should be sent to.
    #[error("at URL {at} of {list}: {fault}")]
    Url {
        /// Its place in the list; the first is 1.
        at: usize,
        /// The list.
        list: &'static str,
        /// What was expected.
        fault: redirect::RedirectFault,
    },
    /// A JWK set of no use.
    #[error(
        "expected a JWK set with at least one public key for RS256, ES256 or EdDSA, such as {{\"keys\":[{{\"kty\":\"EC\",…}}]}}, and no private keys in it"
    )]
    Keys,
}

/// Refuses a client that would be sent to where it should not, given what is changed of what is there.
///
/// # Errors
///
/// [`TermsFault`], which repeats nothing of what was given.
pub(crate) fn accept_terms(changes: &ClientChanges, there: Option<&Client>) -> Result<(), TermsFault> {
    let authentication = changes
        .authentication
        .as_ref()
        .or(there.map(|client| &client.authentication));
    let is_public = authentication == Some(&ClientAuthentication::Public);
    let login = changes.login_urls.as_ref().or(there.map(|client| &client.login_urls));
    let logout = changes.logout_urls.as_ref().or(there.map(|client| &client.logout_urls));
    for (list, urls) in [("login_urls", login), ("logout_urls", logout)] {
        for (at, url) in urls.into_iter().flatten().enumerate() {
            redirect::accept(url, is_public).map_err(|fault| TermsFault::Url {
                at: at + 1,
                list,
                fault,
            })?;
        }
    }
    match &changes.authentication {
        Some(ClientAuthentication::PrivateKeyJwt { jwks }) => accept_keys(jwks),
        Some(ClientAuthentication::Secret | ClientAuthentication::Public) | None => Ok(()),
    }
}

/// Refuses an issuer's keys that nothing can be verified with.
pub(crate) fn accept_source(source: &JwksSource) -> Result<(), TermsFault> {
    match source {
        JwksSource::Text(text) => accept_keys(text),
        JwksSource::Url(_) => Ok(()),
    }
}

fn accept_keys(jwks: &str) -> Result<(), TermsFault> {
    let keys = jwk::parse_set(jwks.as_bytes()).unwrap_or_default();
    let has_private = serde_json::from_str::<serde_json::Value>(jwks).is_ok_and(|set| holds_private(&set));
    if keys.is_empty() || has_private {
        Err(TermsFault::Keys)
    } else {
        Ok(())
    }
}

/// Whether a member stands in a set that only private keys have (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
fn holds_private(set: &serde_json::Value) -> bool {
    let keys = set
        .get("keys")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten();
    keys.into_iter().any(|key| {
        ["d", "p", "q", "dp", "dq", "qi", "k"]
            .iter()
            .any(|member| key.get(member).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

    fn keys(jwks: &str) -> Result<(), TermsFault> {
        let changes = ClientChanges {
            authentication: Some(ClientAuthentication::PrivateKeyJwt { jwks: jwks.to_owned() }),
            ..ClientChanges::default()
        };
        accept_terms(&changes, None)
    }

    #[test]
    fn keys_are_public_and_of_use() {
        assert_eq!(keys(PUBLIC), Ok(()));
        let private = PUBLIC.replace("\"crv\"", "\"d\":\"AQAB\",\"crv\"");
        for jwks in ["", "{}", "{\"keys\":[]}", "[]", private.as_str()] {
            assert_eq!(keys(jwks), Err(TermsFault::Keys), "{jwks}");
        }
    }

    #[test]
    fn logins_lead_where_nobody_listens_on_the_way() {
        let urls = |list: &[&str]| Some(list.iter().map(|url| (*url).to_owned()).collect());
        let confidential = |list: &[&str]| ClientChanges {
            login_urls: urls(list),
            ..ClientChanges::default()
        };
        let good = ["https://app.example/callback", "http://127.0.0.1/callback"];
        assert_eq!(accept_terms(&confidential(&good), None), Ok(()));
        for url in [
            "http://app.example/callback",
            "https://app.example/#x",
            "https://ann@app.example/",
            "javascript:alert(1)",
            "com.example.app:/callback",
        ] {
            let fault = accept_terms(&confidential(&[good[0], url]), None);
            let names = |fault: &TermsFault| {
                matches!(
                    fault,
                    TermsFault::Url {
                        at: 2,
                        list: "login_urls",
                        ..
                    }
                )
            };
            assert!(
                fault.is_err_and(|fault| names(&fault) && !fault.to_string().contains(url)),
                "{url}"
            );
        }
        let public = ClientChanges {
            authentication: Some(ClientAuthentication::Public),
            ..confidential(&["com.example.app:/callback"])
        };
        assert_eq!(accept_terms(&public, None), Ok(()), "the twin");
        let logout = ClientChanges {
            logout_urls: urls(&["http://app.example/"]),
            ..ClientChanges::default()
        };
        assert!(accept_terms(&logout, None).is_err());
    }
}
