//! `AuthValue`: what an account connector shows to its third party, in all the forms in which Cyclr's callers send it.
//!
//! | auth type | form |
//! |---|---|
//! | `OAuth2` | a JSON object as text, with `AccessToken`, `RefreshToken`, `Expires`, `RefreshExpires`; or a bare access token |
//! | `ApiKey` | the key |
//! | `Basic` | base64 of `user:password` |
//! | each | nothing, or `{}`: there is none, and one is to be come by at the next use where that is possible |
//!
//! Cyclr's server shows the value to whoever asks for the connector. Here it goes in and does not come out: [`AuthValue::shown`] says
//! that it is set, and until when.

use serde_json::{Map, Value};
use tollgate::Timestamp;
use tollgate_oauth::{base64url, json};
use zeroize::Zeroizing;

use crate::entry::AuthType;
use crate::moment;
use crate::secret::{Secret, object};

/// The longest value that is read.
pub const TEXT_BYTES_MOST: usize = 32_768;
/// The longest token or key. Signed tokens of some third parties have several thousand characters.
pub const TOKEN_BYTES_MOST: usize = 16_384;

/// What an account connector shows to its third party. It has no `Debug`.
#[derive(Clone)]
pub enum AuthValue {
    /// There is none.
    Empty,
    /// Tokens.
    OAuth(Tokens),
    /// A key.
    ApiKey(Secret),
    /// User and password, in the base64 that goes behind `Basic`.
    Basic(Secret),
}

/// Tokens of a third party. At least one of the two is there.
#[derive(Clone)]
pub struct Tokens {
    /// What is shown. Without one there is none before the first refresh.
    pub access: Option<Secret>,
    /// What gets another one.
    pub refresh: Option<Secret>,
    /// From when the access token is of no use; never where that is not said.
    pub expires: Option<Timestamp>,
    /// From when the refresh token is.
    pub refresh_expires: Option<Timestamp>,
}

/// All that is ever shown of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthShown {
    /// Whether there is one that a request could be made with, expired or not.
    pub is_set: bool,
    /// Whether it can be renewed without a person.
    pub is_renewable: bool,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
    /// Until when it can be renewed.
    pub refresh_expires: Option<Timestamp>,
}

/// Why a text is no `AuthValue`. It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AuthValue: {0}")]
pub struct AuthValueFault(pub &'static str);

const MEMBERS: [&str; 4] = ["AccessToken", "RefreshToken", "Expires", "RefreshExpires"];

impl AuthValue {
    /// Reads a value for a connector of this type.
    pub fn parse(text: &str, auth: AuthType) -> Result<Self, AuthValueFault> {
        if text.len() > TEXT_BYTES_MOST {
            return Err(AuthValueFault("expected at most 32,768 bytes"));
        }
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Empty);
        }
        // An empty object, with blanks or without.
        if text.starts_with('{') && json::object(text.as_bytes()).is_some_and(|members| members.is_empty()) {
            return Ok(Self::Empty);
        }
        match auth {
            AuthType::OAuth2 if text.starts_with('{') => tokens(text),
            AuthType::OAuth2 => Ok(Self::OAuth(Tokens {
                access: Some(token(text)?),
                refresh: None,
                expires: None,
                refresh_expires: None,
            })),
            AuthType::ApiKey => Secret::key(text, TOKEN_BYTES_MOST)
                .map(Self::ApiKey)
                .map_err(|_| AuthValueFault("expected a key of at most 16,384 printable ASCII characters")),
            AuthType::Basic => basic(text),
            AuthType::None => Err(AuthValueFault(
                "expected none, since this connector authenticates in no way",
            )),
        }
    }

    /// The value as a text that [`AuthValue::parse`] reads again, to be sealed.
    pub fn write(&self) -> Secret {
        match self {
            Self::Empty => Secret::new("{}"),
            Self::ApiKey(key) | Self::Basic(key) => key.clone(),
            Self::OAuth(tokens) => {
                let (expires, refresh_expires) = (
                    tokens.expires.map(moment::write),
                    tokens.refresh_expires.map(moment::write),
                );
                let members = [
                    tokens.access.as_ref().map(Secret::expose),
                    tokens.refresh.as_ref().map(Secret::expose),
                    expires.as_deref(),
                    refresh_expires.as_deref(),
                ];
                let named = MEMBERS.into_iter().zip(members);
                object(named.filter_map(|(name, value)| Some((name, value?))))
            }
        }
    }

    /// What may be shown of it.
    pub fn shown(&self) -> AuthShown {
        match self {
            Self::Empty => AuthShown::default(),
            Self::ApiKey(_) | Self::Basic(_) => AuthShown {
                is_set: true,
                ..AuthShown::default()
            },
            Self::OAuth(tokens) => AuthShown {
                is_set: tokens.access.is_some(),
                is_renewable: tokens.refresh.is_some(),
                expires: tokens.expires,
                refresh_expires: tokens.refresh_expires,
            },
        }
    }

    /// What goes into the field `Authorization` of a request to the third party, under an entry's scheme. None where there is none.
    pub fn authorization(&self, scheme: Option<&str>) -> Option<Secret> {
        let (scheme, text) = match self {
            Self::Empty => return None,
            Self::OAuth(tokens) => (scheme, tokens.access.as_ref()?),
            Self::ApiKey(key) => (scheme, key),
            Self::Basic(pair) => (Some("Basic"), pair),
        };
        match scheme {
            Some(scheme) => {
                let mut field = String::with_capacity(scheme.len() + 1 + text.expose().len());
                field.push_str(scheme);
                field.push(' ');
                field.push_str(text.expose());
                Some(Secret::new(field))
            }
            None => Some(text.clone()),
        }
    }
}

fn token(text: &str) -> Result<Secret, AuthValueFault> {
    Secret::token(text, TOKEN_BYTES_MOST)
        .map_err(|_| AuthValueFault("expected tokens of at most 16,384 visible ASCII characters"))
}

fn tokens(text: &str) -> Result<AuthValue, AuthValueFault> {
    let mut members =
        json::object(text.as_bytes()).ok_or(AuthValueFault("expected a JSON object with each member once"))?;
    // Unknown members are none of ours; but one that is misspelt would be lost in silence.
    let is_misspelt = |name: &String| {
        MEMBERS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name) && *known != name.as_str())
    };
    if members.keys().any(is_misspelt) {
        return Err(AuthValueFault(
            "expected the members AccessToken, RefreshToken, Expires, RefreshExpires in this spelling",
        ));
    }
    let mut text_of = |name| take(&mut members, name);
    let access = text_of("AccessToken")?;
    let refresh = text_of("RefreshToken")?;
    let expires = text_of("Expires")?;
    let refresh_expires = text_of("RefreshExpires")?;
    let moment_of = |text: Option<Secret>| {
        text.map(|text| moment::parse(text.expose()))
            .transpose()
            .map_err(|_| AuthValueFault("expected Expires and RefreshExpires like 2021-10-01T00:00:00Z"))
    };
    let tokens = Tokens {
        access: access.map(|access| token(access.expose())).transpose()?,
        refresh: refresh.map(|refresh| token(refresh.expose())).transpose()?,
        expires: moment_of(expires)?,
        refresh_expires: moment_of(refresh_expires)?,
    };
    if tokens.access.is_none() && tokens.refresh.is_none() {
        return Err(AuthValueFault("expected an AccessToken or a RefreshToken"));
    }
    Ok(AuthValue::OAuth(tokens))
}

/// A member that is a text; none where it is left out, null or empty.
fn take(members: &mut Map<String, Value>, name: &str) -> Result<Option<Secret>, AuthValueFault> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok((!text.is_empty()).then(|| Secret::new(text))),
        Some(_) => Err(AuthValueFault("expected texts")),
    }
}

/// RFC 7617: a user without a colon, and a password, both without control characters.
fn basic(text: &str) -> Result<AuthValue, AuthValueFault> {
    let fault = AuthValueFault("expected the base64 of user:password, in UTF-8");
    let bytes = Zeroizing::new(base64url::decode_standard(text.as_bytes()).ok_or(fault)?);
    let pair = std::str::from_utf8(&bytes).map_err(|_| fault)?;
    if pair.contains(':') && !pair.chars().any(char::is_control) {
        Ok(AuthValue::Basic(Secret::new(text)))
    } else {
        Err(fault)
    }
}

#[cfg(test)]
mod tests;
