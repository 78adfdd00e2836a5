//! The URL that a browser is sent to, so that a person grants us something at a third party (RFC 6749 section 4.1.1).

use tollgate::{Entropy, EntropyError};
use tollgate_oauth::{base64url, pkce::Challenge};
use zeroize::Zeroizing;

use crate::entry::OAuth2;
use crate::secret::Secret;

/// What only we know of one flow: its state, by which the callback is known to be its own, and the verifier behind its proof key.
/// There is no `Debug`.
#[derive(Clone)]
pub struct FlowSecrets {
    /// 43 characters that nobody can guess. They come back in the browser, so they are good once and for this flow alone.
    pub state: Secret,
    /// 43 characters (RFC 7636 section 4.1), which never go through the browser.
    pub verifier: Secret,
}

impl FlowSecrets {
    /// New ones.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let draw = || {
            let mut bytes = Zeroizing::new([0; 32]);
            entropy.fill(&mut *bytes)?;
            Ok(Secret::new(base64url::encode(&*bytes)))
        };
        Ok(Self {
            state: draw()?,
            verifier: draw()?,
        })
    }
}

/// Where the browser of this flow is sent. None where the third party knows no such flow.
///
/// What the entry adds comes behind what the standard says; a proof key is shown as its S256 challenge unless the entry says that the
/// third party takes none.
pub fn authorization_url(
    oauth2: &OAuth2,
    client_id: &str,
    redirect_url: &str,
    secrets: &FlowSecrets,
) -> Option<String> {
    let mut url = oauth2.authorization_url.clone()?;
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_url);
        if !oauth2.scopes.is_empty() {
            query.append_pair("scope", &oauth2.scopes);
        }
        query.append_pair("state", secrets.state.expose());
        if oauth2.pkce {
            let challenge = Challenge::of(secrets.verifier.expose()).text();
            query
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        for one in oauth2.parameters.iter().filter(|one| !one.is_for_token) {
            query.append_pair(&one.name, &one.value);
        }
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Auth, Entry, EntryText, ParameterText};
    use tollgate::{SeededEntropy, SystemEntropy};

    fn sent(change: impl FnOnce(&mut EntryText)) -> Option<Vec<(String, String)>> {
        let mut text = EntryText {
            name: "Example".to_owned(),
            auth_type: "OAuth2".to_owned(),
            oauth2_type: Some("AuthorisationCode".to_owned()),
            authorization_url: Some("https://login.crm.example/authorize?tenant=a%26b".to_owned()),
            token_url: Some("https://login.crm.example/token".to_owned()),
            scopes: "read write".to_owned(),
            ..EntryText::default()
        };
        change(&mut text);
        let entry = Entry::accept(&text).unwrap();
        let Auth::OAuth2(oauth2) = entry.auth() else {
            panic!("{entry:?}")
        };
        let secrets = FlowSecrets {
            state: Secret::new("the state"),
            verifier: Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        };
        let url = authorization_url(oauth2, "me&you", "https://tollgate.example/callback?a=b", &secrets)?;
        assert!(
            url.starts_with("https://login.crm.example/authorize?tenant=a%26b&response_type=code&"),
            "{url}"
        );
        let url = url::Url::parse(&url).unwrap();
        Some(url.query_pairs().into_owned().collect())
    }

    fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
        let mut named = pairs.iter().filter(|(own, _)| own == name);
        let first = named.next().map(|(_, value)| value.as_str());
        assert!(named.next().is_none(), "{name} stands twice");
        first
    }

    #[test]
    fn the_browser_carries_what_the_standard_says() {
        let pairs = sent(|_| {}).unwrap();
        assert_eq!(value(&pairs, "tenant"), Some("a&b"));
        assert_eq!(value(&pairs, "client_id"), Some("me&you"));
        assert_eq!(
            value(&pairs, "redirect_uri"),
            Some("https://tollgate.example/callback?a=b")
        );
        assert_eq!(value(&pairs, "scope"), Some("read write"));
        assert_eq!(value(&pairs, "state"), Some("the state"));
        // RFC 7636 appendix B.
        assert_eq!(
            value(&pairs, "code_challenge"),
            Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        );
        assert_eq!(value(&pairs, "code_challenge_method"), Some("S256"));
        assert!(
            pairs.iter().all(|(_, value)| !value.contains("dBjftJeZ4CVP")),
            "the verifier stays here"
        );
    }

    #[test]
    fn an_entry_adds_and_leaves_out() {
        let pairs = sent(|text| {
            text.pkce = Some(false);
            text.scopes = String::new();
            text.parameters = [("prompt", false), ("audience", true)]
                .map(|(name, is_for_token)| ParameterText {
                    name: name.to_owned(),
                    value: "x y".to_owned(),
                    is_for_token,
                })
                .to_vec();
        })
        .unwrap();
        assert_eq!(value(&pairs, "prompt"), Some("x y"));
        for absent in ["code_challenge", "code_challenge_method", "scope", "audience"] {
            assert_eq!(value(&pairs, absent), None);
        }
        let credentials = |text: &mut EntryText| {
            text.oauth2_type = Some("ClientCredentials".to_owned());
            text.authorization_url = None;
        };
        assert_eq!(sent(credentials), None, "nobody is sent anywhere");
    }

    #[test]
    fn nobody_can_guess_them() {
        let secrets = FlowSecrets::generate(&SystemEntropy).unwrap();
        let other = FlowSecrets::generate(&SystemEntropy).unwrap();
        let texts =
            [&secrets.state, &secrets.verifier, &other.state, &other.verifier].map(|one| one.expose().to_owned());
        assert!(texts.iter().all(|text| text.len() == 43), "{texts:?}");
        for (at, text) in texts.iter().enumerate() {
            assert!(!texts[at + 1..].contains(text));
        }
        let seeded = || FlowSecrets::generate(&SeededEntropy::new(1)).unwrap();
        assert_eq!(seeded().state.expose(), seeded().state.expose());
    }
}
