//! Requests to a third party's token endpoint: by a code, a refresh token, for ourselves, by a password (RFC 6749 sections 4 and 6).

use tollgate_oauth::{base64url, form};
use zeroize::Zeroizing;

use crate::entry::{Client, ClientPlace, Entry, OAuth2};
use crate::outbound_request::OutboundRequest;
use crate::secret::Secret;

/// What a token is asked for with.
pub enum Grant<'a> {
    /// A code that a browser has brought back.
    Code {
        /// The code.
        code: &'a Secret,
        /// The redirect URL of the flow, to the letter.
        redirect_url: &'a str,
        /// What is behind the flow's proof key.
        verifier: &'a Secret,
    },
    /// A refresh token.
    Refresh(&'a Secret),
    /// Ourselves.
    ClientCredentials,
    /// A name and a password.
    Password {
        /// The name.
        username: &'a Secret,
        /// The password.
        password: &'a Secret,
    },
}

/// The request for a token. Scopes go along where no grant implies them: with our own credentials and with a password.
pub fn token_request(entry: &Entry, oauth2: &OAuth2, client: &Client, grant: &Grant<'_>) -> OutboundRequest {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    match grant {
        Grant::Code {
            code,
            redirect_url,
            verifier,
        } => {
            pairs.extend([
                ("grant_type", "authorization_code"),
                ("code", code.expose()),
                ("redirect_uri", redirect_url),
            ]);
            if oauth2.pkce {
                pairs.push(("code_verifier", verifier.expose()));
            }
        }
        Grant::Refresh(refresh) => {
            pairs.extend([("grant_type", "refresh_token"), ("refresh_token", refresh.expose())]);
        }
        Grant::ClientCredentials => pairs.push(("grant_type", "client_credentials")),
        Grant::Password { username, password } => {
            pairs.extend([
                ("grant_type", "password"),
                ("username", username.expose()),
                ("password", password.expose()),
            ]);
        }
    }
    if matches!(grant, Grant::ClientCredentials | Grant::Password { .. }) && !oauth2.scopes.is_empty() {
        pairs.push(("scope", &oauth2.scopes));
    }
    let added = oauth2.parameters.iter().filter(|one| one.is_for_token);
    pairs.extend(added.map(|one| (one.name.as_str(), one.value.as_str())));
    let submit =
        |pairs: Vec<(&str, &str)>| OutboundRequest::submit(oauth2.token_url.clone(), pairs).near(entry.near_hosts());
    match (&client.secret, oauth2.client_place) {
        (Some(secret), ClientPlace::Basic) => submit(pairs).authorized(basic(&client.id, secret)),
        (Some(secret), ClientPlace::Body) => {
            pairs.extend([("client_id", client.id.as_str()), ("client_secret", secret.expose())]);
            submit(pairs)
        }
        // A public client says its name in the body (RFC 6749 section 3.2.1).
        (None, ClientPlace::Basic | ClientPlace::Body) => {
            pairs.push(("client_id", client.id.as_str()));
            submit(pairs)
        }
    }
}

/// Id and secret, each encoded like a form's value before they are joined (RFC 6749 section 2.3.1).
fn basic(id: &str, secret: &Secret) -> Secret {
    // A form of one pair without a name begins with its sign of equality.
    let encoded = |text: &str| Zeroizing::new(form::write([("", text)]).split_off(1));
    let pair = Zeroizing::new(format!("{}:{}", *encoded(id), *encoded(secret.expose())));
    Secret::new(format!(
        "Basic {}",
        *Zeroizing::new(base64url::encode_standard(pair.as_bytes()))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Auth, EntryText, ParameterText};
    use tollgate_oauth::form::Form;

    fn asked(change: impl FnOnce(&mut EntryText), secret: Option<&str>, grant: &Grant<'_>) -> (String, Option<String>) {
        let mut text = EntryText {
            name: "Example".to_owned(),
            auth_type: "OAuth2".to_owned(),
            oauth2_type: Some("AuthorisationCode".to_owned()),
            authorization_url: Some("https://login.crm.example/authorize".to_owned()),
            token_url: Some("https://login.crm.example/token".to_owned()),
            scopes: "read write".to_owned(),
            parameters: [("resource", true), ("prompt", false)]
                .map(|(name, is_for_token)| ParameterText {
                    name: name.to_owned(),
                    value: "a b".to_owned(),
                    is_for_token,
                })
                .to_vec(),
            ..EntryText::default()
        };
        change(&mut text);
        let entry = Entry::accept(&text).unwrap();
        let Auth::OAuth2(oauth2) = entry.auth() else {
            panic!("{entry:?}")
        };
        let client = Client {
            id: "me:you".to_owned(),
            secret: secret.map(Secret::new),
        };
        let request = token_request(&entry, oauth2, &client, grant);
        assert_eq!(request.url().as_str(), "https://login.crm.example/token");
        let authorization = request.authorization.as_ref().map(|field| field.expose().to_owned());
        (request.form.unwrap().to_string(), authorization)
    }

    fn refresh() -> Secret {
        Secret::new("r&1")
    }

    #[test]
    fn each_grant_has_its_form() {
        let body = |grant: &Grant<'_>| asked(|_| {}, Some("s"), grant).0;
        let (code, verifier) = (Secret::new("4/0Ab"), Secret::new("the-verifier"));
        let code = Grant::Code {
            code: &code,
            redirect_url: "https://t.example/cb",
            verifier: &verifier,
        };
        assert_eq!(
            body(&code),
            "grant_type=authorization_code&code=4%2F0Ab&redirect_uri=https%3A%2F%2Ft.example%2Fcb&code_verifier=the-verifier&resource=a+b"
        );
        assert_eq!(
            asked(|text| text.pkce = Some(false), Some("s"), &code).0,
            "grant_type=authorization_code&code=4%2F0Ab&redirect_uri=https%3A%2F%2Ft.example%2Fcb&resource=a+b"
        );
        assert_eq!(
            body(&Grant::Refresh(&refresh())),
            "grant_type=refresh_token&refresh_token=r%261&resource=a+b"
        );
        assert_eq!(
            body(&Grant::ClientCredentials),
            "grant_type=client_credentials&scope=read+write&resource=a+b"
        );
        let (username, password) = (Secret::new("al\u{ef}ce"), Secret::new("p=&"));
        let by_password = Grant::Password {
            username: &username,
            password: &password,
        };
        assert_eq!(
            body(&by_password),
            "grant_type=password&username=al%C3%AFce&password=p%3D%26&scope=read+write&resource=a+b"
        );
    }

    #[test]
    fn a_client_shows_itself_in_one_way() {
        let in_body = |text: &mut EntryText| text.client_authentication = Some("body".to_owned());
        let (form, field) = asked(|_| {}, Some("s:%\u{20ac} "), &Grant::Refresh(&refresh()));
        // RFC 6749 section 2.3.1: the colon inside is escaped, so that the one between is alone.
        let pair = field
            .unwrap()
            .strip_prefix("Basic ")
            .and_then(|text| base64url::decode_standard(text.as_bytes()))
            .unwrap();
        assert_eq!(pair, b"me%3Ayou:s%3A%25%E2%82%AC+");
        assert!(!form.contains("client"), "{form}");

        let (form, field) = asked(in_body, Some("s:%"), &Grant::Refresh(&refresh()));
        assert!(
            field.is_none() && form.ends_with("client_id=me%3Ayou&client_secret=s%3A%25"),
            "{form}"
        );
        for (form, field) in [
            asked(|_| {}, None, &Grant::Refresh(&refresh())),
            asked(in_body, None, &Grant::Refresh(&refresh())),
        ] {
            assert!(field.is_none() && form.ends_with("client_id=me%3Ayou"), "{form}");
            assert!(Form::parse(form.as_bytes()).is_ok_and(|form| form.one("refresh_token") == Some("r&1")));
        }
    }
}
