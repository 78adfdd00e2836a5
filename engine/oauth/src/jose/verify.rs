//! Reading what others have signed.

use serde_json::{Map, Value};
use tollgate::Timestamp;

use super::header::{Header, JwsFault};
use super::public_key::VerifyingKey;
use crate::{base64url, json};

/// A token taken apart, of which nothing is believed yet. The payload can be had from [`Jws::verify`] alone.
pub struct Jws<'a> {
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// The longest token that is looked at.
    pub const LEN_MOST: usize = 8 * 1_024;

    /// Takes a token apart, without allocating for what is too long or has another number of parts.
    pub fn parse(text: &'a str) -> Result<Self, JwsFault> {
        if text.len() > Self::LEN_MOST {
            return Err(JwsFault::Malformed);
        }
        let mut parts = text.split('.');
        let (Some(head), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsFault::Malformed);
        };
        let signed = text.get(..head.len() + 1 + payload.len()).ok_or(JwsFault::Malformed)?;
        Ok(Self {
            header: Header::parse(head)?,
            signed,
            payload,
            signature: base64url::decode(signature).ok_or(JwsFault::Malformed)?,
        })
    }

    /// What it says about itself, to choose keys by.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The claims, unbelieved: to find out whose keys to try, and for nothing else.
    pub fn unverified(&self) -> Result<Claims, JwsFault> {
        let bytes = base64url::decode(self.payload).ok_or(JwsFault::Malformed)?;
        json::object(&bytes).map(Claims).ok_or(JwsFault::Malformed)
    }

    /// The claims, where one of `keys` has signed them: of those with the algorithm of the header, and with its `kid` if it has one.
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifyingKey>) -> Result<Claims, JwsFault> {
        let goes_with = |key: &&VerifyingKey| {
            key.algorithm == self.header.algorithm && (self.header.kid.is_none() || self.header.kid == key.kid)
        };
        let mut tried = keys.into_iter().filter(goes_with);
        if tried.any(|key| key.key.verify_sig(self.signed.as_bytes(), &self.signature).is_ok()) {
            self.unverified()
        } else {
            Err(JwsFault::Signature)
        }
    }
}

/// What a token says. Each reader refuses a claim of another type as if the token were forged.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// The latest second that is taken for a moment: 9999-12-31T23:59:59Z.
    const SECONDS_MOST: u64 = 253_402_300_799;

    /// A claim that must be there, as text that is not empty.
    pub fn text(&self, name: &'static str) -> Result<&str, JwsFault> {
        match self.0.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(JwsFault::Claim(name)),
        }
    }

    /// A claim that may be left out, as text.
    pub fn text_if_any(&self, name: &'static str) -> Result<Option<&str>, JwsFault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(_) => self.text(name).map(Some),
        }
    }

    /// A claim that must be there, as whole seconds since 1970.
    pub fn moment(&self, name: &'static str) -> Result<Timestamp, JwsFault> {
        let seconds = self.0.get(name).and_then(Value::as_u64);
        let seconds = seconds
            .filter(|seconds| *seconds <= Self::SECONDS_MOST)
            .ok_or(JwsFault::Claim(name))?;
        Ok(Timestamp::from_seconds(seconds))
    }

    /// Whether `aud` names one of `wanted`: one text, or a list of texts that is not empty. Left out, it names nobody.
    pub fn is_for(&self, wanted: &[&str]) -> Result<(), JwsFault> {
        const FAULT: JwsFault = JwsFault::Claim("aud");
        let named: Vec<&str> = match self.0.get("aud").ok_or(FAULT)? {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().map(Value::as_str).collect::<Option<_>>().ok_or(FAULT)?,
            _ => return Err(FAULT),
        };
        if named.iter().any(|name| wanted.contains(name)) {
            Ok(())
        } else {
            Err(FAULT)
        }
    }

    /// Whether the token is good at `now`: `exp` must be there and ahead; `nbf` and `iat`, where they are there, at most `skew_s`
    /// ahead. Answers when it ends.
    pub fn is_current(&self, now: Timestamp, skew_s: u64) -> Result<Timestamp, JwsFault> {
        let ends = self.moment("exp")?;
        if ends <= now {
            return Err(JwsFault::Claim("exp"));
        }
        for name in ["nbf", "iat"] {
            if self.0.contains_key(name) && self.moment(name)? > now.plus_millis(skew_s * 1_000) {
                return Err(JwsFault::Claim(name));
            }
        }
        Ok(ends)
    }

    /// The claims of a text, unbelieved.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(json::object(text.as_bytes()).unwrap())
    }

    /// The member itself.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}
