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
}

impl Line {
    /// The fields, in the order of the columns of a CSV file.
    pub const FIELDS: [&'static str; 21] = [
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
    ];

    /// The values of [`Line::FIELDS`], empty where there is none.
    pub fn values(&self) -> [&str; 21] {
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
        ]
    }
}

/// A text, a number or a switch, as text; what is empty is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = deserializer.deserialize_any(Scalar)?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// A text that must not be repeated in errors.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(text(deserializer)?.map(Zeroizing::new))
}

/// Reads a scalar. Errors of serde repeat the value that came, so everything else is refused here in words of our own.
struct Scalar;

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
        // Operations are a list in other systems' exports.
        let mut words: Vec<String> = Vec::new();
        while let Some(word) = items.next_element::<String>()? {
            words.push(word);
        }
        Ok(Some(words.join(",")))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Option<String>, A::Error> {
        Err(de::Error::custom("expected a text or a number, but found an object"))
    }
}
