//! One line, as it is written.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

/// One record with every field that a record can have, as people wrote them. What is empty is left out.
///
/// It has no `Debug`, because it may hold a token in clear.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// A user's name.
    #[serde(
        alias = "name",
        alias = "username",
        alias = "user_name",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's id in the store that was exported.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether the user's tokens may be used: `true` or `false`.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub active: Option<String>,
    /// Methods, separated by commas.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub operations: Option<String>,
    /// Requests an hour: a number, `unlimited` (or 0 or -1, which mean it elsewhere) or `inherit`.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<String>,
    /// Requests at a time, likewise.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<String>,
    /// When the user was added (RFC 3339, or milliseconds since 1970).
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// An authtoken in clear.
    #[serde(alias = "authtoken", alias = "api_key", default, deserialize_with = "secret")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Zeroizing<String>>,
    /// The digest of an authtoken, in hexadecimal or base64.
    #[serde(default, deserialize_with = "secret", skip_serializing_if = "Option::is_none")]
    pub digest: Option<Zeroizing<String>>,
    /// The digest under which an export's token was first imported, where that is another.
    #[serde(default, deserialize_with = "secret", skip_serializing_if = "Option::is_none")]
    pub origin: Option<Zeroizing<String>>,
    /// How the digest was made: `sha256`, `sha512`, `blake3`, or `tollgate-` and the fingerprint of a store's key.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The token's id in the store that was exported.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// When the token was issued.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<String>,
    /// When it begins.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// When it ends.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it was taken back.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// The addresses of a network rule.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Whether they are `trusted` or `banned`.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// When the rule was added.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub added_at: Option<String>,
    /// The key of a setting.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Its value.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The `client_id` of a client.
    #[serde(
        alias = "client_id",
        alias = "client id",
        alias = "Client Id",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What people call it.
    #[serde(
        alias = "client_name",
        alias = "client name",
        alias = "Client Name",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it may present to get a token, separated by commas.
    #[serde(
        alias = "grant_type",
        alias = "grant_types",
        alias = "grant type",
        alias = "Grant Type",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<String>,
    /// Where a login may lead back to, separated by semicolons.
    #[serde(
        alias = "redirect_uris",
        alias = "permitted login redirect urls",
        alias = "Permitted Login Redirect URLs",
        default,
        deserialize_with = "urls"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_urls: Option<String>,
    /// Where a logout may lead to, separated by semicolons.
    #[serde(
        alias = "post_logout_redirect_uris",
        alias = "permitted logout redirect urls",
        alias = "Permitted Logout Redirect URLs",
        default,
        deserialize_with = "urls"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout_urls: Option<String>,
    /// The scopes it may ask for, separated by commas or blanks.
    #[serde(
        alias = "permitted scopes",
        alias = "Permitted Scopes",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// Whom its tokens may be meant for, separated by commas or blanks.
    #[serde(default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audiences: Option<String>,
    /// Seconds for which its access tokens last.
    #[serde(
        alias = "access token lifetime (seconds)",
        alias = "Access Token Lifetime (seconds)",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<String>,
    /// Seconds after a login from which on its tokens can be refreshed no more.
    #[serde(default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_lifetime: Option<String>,
    /// Whether people log in at our page.
    #[serde(
        alias = "show cinchy login screen",
        alias = "Show Cinchy Login Screen",
        default,
        deserialize_with = "text"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_login: Option<String>,
    /// Whether people are asked before it acts for them.
    #[serde(default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// Whether it gets tokens.
    #[serde(alias = "Enabled", default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
    /// What its access tokens look like: `opaque`, `rs256` or `es256`.
    #[serde(default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// How it shows that it is itself: `client_secret`, `private_key_jwt` or `none`.
    #[serde(alias = "token_endpoint_auth_method", default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// Its public keys, as a JWK set.
    #[serde(alias = "jwks", default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// The user whom it acts as when it presents nobody's credential but its own.
    #[serde(default, deserialize_with = "text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acts_as: Option<String>,
    /// Its secret in clear.
    #[serde(
        alias = "client_secret",
        alias = "guid",
        alias = "Guid",
        default,
        deserialize_with = "secret"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Zeroizing<String>>,
    /// The digests of its secrets, as an export has them: `digest@made` or `digest@made-ended`, separated by semicolons, under the key that `scheme` names.
    #[serde(default, deserialize_with = "secret")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Zeroizing<String>>,
    /// The pattern of a route.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The credentials that it takes, separated by commas; what is usual where nothing is said.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub schemes: Option<String>,
    /// Whether it may be taken without a credential.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<String>,
}

impl Line {
    /// The fields, in the order of the columns of a CSV file.
    pub const FIELDS: [&'static str; 42] = [
        "user",
        "user_id",
        "active",
        "operations",
        "per_hour",
        "concurrent",
        "created_at",
        "token",
        "digest",
        "origin",
        "scheme",
        "token_id",
        "issued_at",
        "not_before",
        "expires_at",
        "revoked_at",
        "rule",
        "standing",
        "added_at",
        "setting",
        "value",
        "client",
        "title",
        "grants",
        "login_urls",
        "logout_urls",
        "scopes",
        "audiences",
        "lifetime",
        "refresh_lifetime",
        "show_login",
        "consent",
        "enabled",
        "access",
        "authentication",
        "keys",
        "acts_as",
        "secret",
        "secrets",
        "route",
        "schemes",
        "anonymous",
    ];

    /// The values of [`Line::FIELDS`], empty where there is none.
    pub fn values(&self) -> [&str; 42] {
        fn plain(value: Option<&String>) -> &str {
            value.map_or("", String::as_str)
        }
        fn hidden(value: Option<&Zeroizing<String>>) -> &str {
            value.map_or("", |value| value.as_str())
        }
        [
            plain(self.user.as_ref()),
            plain(self.user_id.as_ref()),
            plain(self.active.as_ref()),
            plain(self.operations.as_ref()),
            plain(self.per_hour.as_ref()),
            plain(self.concurrent.as_ref()),
            plain(self.created_at.as_ref()),
            hidden(self.token.as_ref()),
            hidden(self.digest.as_ref()),
            hidden(self.origin.as_ref()),
            plain(self.scheme.as_ref()),
            plain(self.token_id.as_ref()),
            plain(self.issued_at.as_ref()),
            plain(self.not_before.as_ref()),
            plain(self.expires_at.as_ref()),
            plain(self.revoked_at.as_ref()),
            plain(self.rule.as_ref()),
            plain(self.standing.as_ref()),
            plain(self.added_at.as_ref()),
            plain(self.setting.as_ref()),
            plain(self.value.as_ref()),
            plain(self.client.as_ref()),
            plain(self.title.as_ref()),
            plain(self.grants.as_ref()),
            plain(self.login_urls.as_ref()),
            plain(self.logout_urls.as_ref()),
            plain(self.scopes.as_ref()),
            plain(self.audiences.as_ref()),
            plain(self.lifetime.as_ref()),
            plain(self.refresh_lifetime.as_ref()),
            plain(self.show_login.as_ref()),
            plain(self.consent.as_ref()),
            plain(self.enabled.as_ref()),
            plain(self.access.as_ref()),
            plain(self.authentication.as_ref()),
            plain(self.keys.as_ref()),
            plain(self.acts_as.as_ref()),
            hidden(self.secret.as_ref()),
            hidden(self.secrets.as_ref()),
            plain(self.route.as_ref()),
            plain(self.schemes.as_ref()),
            plain(self.anonymous.as_ref()),
        ]
    }
}

/// A text, a number or a switch, as text; what is empty is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = deserializer.deserialize_any(Scalar { between: "," })?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// A text, or a list of texts that may have commas in them.
fn urls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = deserializer.deserialize_any(Scalar { between: ";" })?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// A text that must not be repeated in errors.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(text(deserializer)?.map(Zeroizing::new))
}

/// Reads a scalar. Errors of serde repeat the value that came, so everything else is refused here in words of our own.
struct Scalar {
    /// What separates the texts of a list.
    between: &'static str,
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<String>, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Option<String>, E> {
        Ok(Some(text))
    }

    fn visit_bool<E: de::Error>(self, switch: bool) -> Result<Option<String>, E> {
        Ok(Some(switch.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<String>, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<String>, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Option<String>, E> {
        Err(E::custom("expected a whole number"))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Option<String>, A::Error> {
        // Operations and URLs are lists in other systems' exports.
        let mut words: Vec<String> = Vec::new();
        while let Some(word) = items.next_element::<String>()? {
            words.push(word);
        }
        Ok(Some(words.join(self.between)))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Option<String>, A::Error> {
        Err(de::Error::custom("expected a text or a number, but found an object"))
    }
}
