//! Entries as they come in and go out: plain texts, of which the secret goes in alone.

use serde::{Deserialize, Serialize};
use url::Url;

use super::third_party::{near_host, third_party_url};
use super::{Auth, AuthType, Client, ClientPlace, Entry, EntryFault, Issuer, OAuth2, OAuth2Type, Parameter};
use crate::secret::Secret;

/// What the standards use themselves; an entry that sets one of them could redirect a flow.
const RESERVED: [&str; 19] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "username",
    "password",
    "client_assertion",
    "client_assertion_type",
    "request",
];
const PARAMETERS_MOST: usize = 32;
const NEAR_HOSTS_MOST: usize = 16;

/// An entry in plain texts, as JSON and the store have it. Members that are left out are empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EntryText {
    /// What people call it: 1 to 128 characters.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Which of several of one name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// `ApiKey`, `Basic`, `OAuth2` or `None`.
    pub auth_type: String,
    /// What stands before the token in `Authorization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_scheme: Option<String>,
    /// `AuthorisationCode`, `ClientCredentials` or `PasswordCredentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2_type: Option<String>,
    /// Where the browser is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
    /// Where tokens are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// As the third party separates them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scopes: String,
    /// What `iss` must be at the callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whether `iss` is always there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub issuer_is_always_sent: bool,
    /// Whether a proof key is shown; so it is where this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkce: Option<bool>,
    /// `basic` or `body`; `basic` where this is left out, as RFC 6749 section 2.3.1 wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<String>,
    /// What else the third party wants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ParameterText>,
    /// Who we are, for all accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret with it. It comes in here and is never written.
    #[serde(skip_serializing)]
    pub client_secret: Option<Secret>,
    /// Hosts that may have an address of the house.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near_hosts: Vec<String>,
}

/// One more parameter.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterText {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether it goes to the token endpoint. Otherwise it goes with the browser.
    #[serde(default)]
    pub is_for_token: bool,
}

impl EntryText {
    /// Reads JSON. What is wrong is told by its place alone, since a member may be a secret.
    pub fn parse(json: &str) -> Result<Self, EntryFault> {
        let fault = EntryFault {
            field: "entry",
            expected: "expected a JSON object with the members of an entry, each once and of its type",
        };
        // An array would be read as the members in their order.
        if !json.trim_start().starts_with('{') {
            return Err(fault);
        }
        serde_json::from_str(json).map_err(|_| fault)
    }

    /// The JSON, without the secret.
    pub fn write(&self) -> String {
        // Strings, flags and lists of them: none of that fails to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Entry {
    /// Reads an entry, or says which member is wrong.
    pub fn accept(text: &EntryText) -> Result<Self, EntryFault> {
        printable("name", &text.name, 1, 128)?;
        printable("description", &text.description, 0, 2_000)?;
        printable("version", &text.version, 0, 32)?;
        if text.near_hosts.len() > NEAR_HOSTS_MOST {
            return fault("near_hosts", "expected at most 16 names");
        }
        let near_hosts: Vec<String> = text
            .near_hosts
            .iter()
            .map(|host| near_host(host))
            .collect::<Result<_, _>>()?;
        let scheme = text.auth_scheme.as_deref();
        if scheme.is_some_and(|scheme| !is_token(scheme)) {
            return fault("auth_scheme", "expected a word like Bearer, without a blank");
        }
        let auth = match AuthType::parse(&text.auth_type) {
            Some(AuthType::OAuth2) => Auth::OAuth2(Box::new(oauth2(text, &near_hosts)?)),
            Some(_) if text.speaks_of_oauth2() => {
                return fault("auth_type", "expected OAuth2, since other members speak of it");
            }
            Some(AuthType::ApiKey) => Auth::ApiKey,
            Some(AuthType::Basic) => Auth::Basic,
            Some(AuthType::None) => Auth::None,
            None => return fault("auth_type", "expected ApiKey, Basic, OAuth2 or None"),
        };
        Ok(Self {
            name: text.name.clone(),
            description: text.description.clone(),
            version: text.version.clone(),
            auth,
            scheme: scheme.map(str::to_owned),
            near_hosts,
        })
    }

    /// The entry in plain texts, without its secret.
    pub fn text(&self) -> EntryText {
        let mut text = EntryText {
            name: self.name.clone(),
            description: self.description.clone(),
            version: self.version.clone(),
            auth_type: self.auth.kind().as_str().to_owned(),
            auth_scheme: self.scheme.clone(),
            near_hosts: self.near_hosts.clone(),
            ..EntryText::default()
        };
        if let Auth::OAuth2(oauth2) = &self.auth {
            text.oauth2_type = Some(oauth2.sort.as_str().to_owned());
            text.authorization_url = oauth2.authorization_url.as_ref().map(ToString::to_string);
            text.token_url = Some(oauth2.token_url.to_string());
            text.scopes.clone_from(&oauth2.scopes);
            text.issuer = oauth2.issuer.as_ref().map(|issuer| issuer.url.clone());
            text.issuer_is_always_sent = oauth2.issuer.as_ref().is_some_and(|issuer| issuer.is_always_sent);
            text.pkce = Some(oauth2.pkce);
            text.client_authentication = Some(place_text(oauth2.client_place).to_owned());
            let parameters = oauth2.parameters.iter().map(|one| ParameterText {
                name: one.name.clone(),
                value: one.value.clone(),
                is_for_token: one.is_for_token,
            });
            text.parameters = parameters.collect();
            text.client_id = oauth2.client.as_ref().map(|client| client.id.clone());
        }
        text
    }
}

impl EntryText {
    fn speaks_of_oauth2(&self) -> bool {
        self.oauth2_type.is_some()
            || self.authorization_url.is_some()
            || self.token_url.is_some()
            || !self.scopes.is_empty()
            || self.issuer.is_some()
            || self.issuer_is_always_sent
            || self.pkce.is_some()
            || self.client_authentication.is_some()
            || !self.parameters.is_empty()
            || self.client_id.is_some()
            || self.client_secret.is_some()
    }
}

fn oauth2(text: &EntryText, near_hosts: &[String]) -> Result<OAuth2, EntryFault> {
    let Some(sort) = text.oauth2_type.as_deref().and_then(OAuth2Type::parse) else {
        return fault(
            "oauth2_type",
            "expected AuthorisationCode, ClientCredentials or PasswordCredentials",
        );
    };
    let authorization_url = match (sort, &text.authorization_url) {
        (OAuth2Type::AuthorisationCode, Some(url)) => Some(browser_url(url, near_hosts)?),
        (OAuth2Type::AuthorisationCode, None) => {
            return fault("authorization_url", "expected where the browser is sent");
        }
        (OAuth2Type::ClientCredentials | OAuth2Type::PasswordCredentials, Some(_)) => {
            return fault("authorization_url", "expected none, since no browser is sent anywhere");
        }
        (OAuth2Type::ClientCredentials | OAuth2Type::PasswordCredentials, None) => None,
    };
    let Some(token_url) = &text.token_url else {
        return fault("token_url", "expected where tokens are asked for");
    };
    let token_url = third_party_url("token_url", token_url, near_hosts)?;
    // RFC 6749 section 3.3, and the commas of those who separate otherwise.
    let in_scopes = |byte: u8| (byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') || byte == b' ';
    if text.scopes.len() > 4_000 || !text.scopes.bytes().all(in_scopes) || text.scopes.trim() != text.scopes {
        return fault(
            "scopes",
            "expected at most 4,000 printable ASCII characters without quote and backslash",
        );
    }
    let issuer = match &text.issuer {
        Some(url) => {
            third_party_url("issuer", url, near_hosts)?;
            Some(Issuer {
                url: url.clone(),
                is_always_sent: text.issuer_is_always_sent,
            })
        }
        None if text.issuer_is_always_sent => return fault("issuer", "expected what is always sent"),
        None => None,
    };
    let client_place = match text.client_authentication.as_deref() {
        None | Some("basic") => ClientPlace::Basic,
        Some("body") => ClientPlace::Body,
        Some(_) => return fault("client_authentication", "expected basic or body"),
    };
    Ok(OAuth2 {
        sort,
        authorization_url,
        token_url,
        scopes: text.scopes.clone(),
        issuer,
        pkce: text.pkce.unwrap_or(true),
        client_place,
        parameters: parameters(&text.parameters)?,
        client: client(text)?,
    })
}

/// A URL that parameters are added to, so it has none of ours.
fn browser_url(text: &str, near_hosts: &[String]) -> Result<Url, EntryFault> {
    let url = third_party_url("authorization_url", text, near_hosts)?;
    if url.query_pairs().any(|(name, _)| RESERVED.contains(&&*name)) {
        return fault(
            "authorization_url",
            "expected a URL without parameters that a flow sets",
        );
    }
    Ok(url)
}

fn parameters(texts: &[ParameterText]) -> Result<Vec<Parameter>, EntryFault> {
    if texts.len() > PARAMETERS_MOST {
        return fault("parameters", "expected at most 32");
    }
    let mut parameters: Vec<Parameter> = Vec::with_capacity(texts.len());
    for one in texts {
        printable("parameters", &one.name, 1, 64)?;
        printable("parameters", &one.value, 0, 1_000)?;
        if RESERVED.contains(&one.name.as_str()) {
            return fault("parameters", "expected none that the standards use themselves");
        }
        let is_again = |there: &Parameter| there.name == one.name && there.is_for_token == one.is_for_token;
        if parameters.iter().any(is_again) {
            return fault("parameters", "expected each once for each place");
        }
        parameters.push(Parameter {
            name: one.name.clone(),
            value: one.value.clone(),
            is_for_token: one.is_for_token,
        });
    }
    Ok(parameters)
}

fn client(text: &EntryText) -> Result<Option<Client>, EntryFault> {
    let Some(id) = &text.client_id else {
        return match text.client_secret {
            Some(_) => fault("client_id", "expected it beside client_secret"),
            None => Ok(None),
        };
    };
    let (Ok(id), Ok(secret)) = (
        Secret::key(id, 1_000),
        text.client_secret
            .as_ref()
            .map(|secret| Secret::key(secret.expose(), 4_000))
            .transpose(),
    ) else {
        return fault(
            "client_id",
            "expected id and secret in printable ASCII without a blank at either end",
        );
    };
    Ok(Some(Client {
        id: id.expose().to_owned(),
        secret,
    }))
}

fn place_text(place: ClientPlace) -> &'static str {
    match place {
        ClientPlace::Basic => "basic",
        ClientPlace::Body => "body",
    }
}

/// A word that a field of a request may begin with (RFC 9110 section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_sign)
}

fn printable(field: &'static str, text: &str, least: usize, most: usize) -> Result<(), EntryFault> {
    let count = text.chars().count();
    if (least..=most).contains(&count) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    fault(field, "expected text of its length, without control characters")
}

fn fault<T>(field: &'static str, expected: &'static str) -> Result<T, EntryFault> {
    Err(EntryFault { field, expected })
}
