//! The first part of a token.

use serde_json::Value;

use super::Algorithm;
use crate::{base64url, json};

/// What a header says, as far as anybody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it claims to be signed with; the key has the last word.
    pub algorithm: Algorithm,
    /// Which of the signer's keys.
    pub kid: Option<String>,
    /// What kind of token, in small letters and without `application/`.
    pub typ: Option<String>,
}

/// Why a text is no token that can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsFault {
    /// Not three parts of base64url, too long, or not JSON objects without repeated members.
    #[error("expected three parts of base64url whose first two are JSON objects, each member once")]
    Malformed,
    /// The header asks for what is not done here.
    #[error("expected a header with alg RS256, ES256 or EdDSA and without crit, zip, enc and b64")]
    Header,
    /// No key that goes with the header has made this signature.
    #[error("expected a signature of one of the signer's published keys")]
    Signature,
    /// A claim is missing, of the wrong type, or says that this token is for another place or time.
    #[error("expected the claim {0}, of the right type, that is good here and at this moment")]
    Claim(&'static str),
}

/// Members that change how the rest must be read.
const NOT_DONE_HERE: [&str; 4] = ["crit", "zip", "enc", "b64"];

impl Header {
    pub(super) fn parse(text: &str) -> Result<Self, JwsFault> {
        let bytes = base64url::decode(text).ok_or(JwsFault::Malformed)?;
        let members = json::object(&bytes).ok_or(JwsFault::Malformed)?;
        if NOT_DONE_HERE.iter().any(|name| members.contains_key(*name)) {
            return Err(JwsFault::Header);
        }
        let text_of = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(JwsFault::Header),
        };
        let algorithm = text_of("alg")?.and_then(Algorithm::named).ok_or(JwsFault::Header)?;
        let typ = text_of("typ")?.map(str::to_ascii_lowercase);
        Ok(Self {
            algorithm,
            kid: text_of("kid")?.map(str::to_owned),
            typ: typ.map(|typ| typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned)),
        })
    }
}
