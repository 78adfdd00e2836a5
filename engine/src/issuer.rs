//! Issuers elsewhere whose tokens are trusted: under which keys, for whom, and as whom they act here.

use std::fmt;
use std::str::FromStr;

use tollgate_core::{Audience, ClientName, ScopeSet};

/// Most issuers.
pub(crate) const ISSUERS_MOST: usize = 64;
/// Most bytes of an issuer's name, of the URL of its keys, or of the name of a claim.
const TEXT_LEN_MOST: usize = 2_000;
/// Most bytes of an issuer's keys.
const KEYS_LEN_MOST: usize = 32 * 1_024;
/// Most audiences of one issuer.
const AUDIENCES_MOST: usize = 16;

/// An issuer elsewhere whose JWTs are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// What its tokens say in `iss`, to the byte.
    pub issuer: String,
    /// Its public keys.
    pub jwks: JwksSource,
    /// Whom its tokens must be meant for: one of these must stand in `aud`.
    pub audiences: Vec<Audience>,
    /// With what its tokens may be signed.
    pub algorithms: SignatureSet,
    /// The claim that names our user.
    pub user_claim: String,
    /// The client whose authority its tokens have here.
    pub client: ClientName,
    /// The scopes that its tokens may have here.
    pub scopes: ScopeSet,
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    /// From this URL, and again when a token names a key that is not known.
    Url(String),
    /// From this text, a JWK set.
    Text(String),
}

/// A way to sign a JWT (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Signature {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = 1,
    /// ECDSA over P-256 with SHA-256.
    Es256 = 2,
    /// EdDSA over Curve25519.
    EdDsa = 4,
}

impl Signature {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The `alg` of a JWT's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Some of all ways to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct SignatureSet(u8);

impl SignatureSet {
    /// All of them.
    pub const ALL: Self = Self(7);

    /// The set of these bits; bits that stand for nothing are left out.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// The bits of [`SignatureSet::from_bits`].
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `signature` is in this set.
    pub const fn contains(self, signature: Signature) -> bool {
        self.0 & signature as u8 != 0
    }

    /// The members, in the order of [`Signature::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Signature> {
        Signature::ALL
            .into_iter()
            .filter(move |signature| self.contains(*signature))
    }
}

impl FromIterator<Signature> for SignatureSet {
    fn from_iter<I: IntoIterator<Item = Signature>>(signatures: I) -> Self {
        Self(signatures.into_iter().fold(0, |bits, signature| bits | signature as u8))
    }
}

/// A word that is no way to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected algorithms among RS256, ES256 and EdDSA, separated by commas")]
pub struct ParseSignatureError;

impl FromStr for SignatureSet {
    type Err = ParseSignatureError;

    fn from_str(text: &str) -> Result<Self, ParseSignatureError> {
        let words = text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
        let named = |word: &str| Signature::ALL.into_iter().find(|signature| signature.name() == word);
        words.map(|word| named(word).ok_or(ParseSignatureError)).collect()
    }
}

impl fmt::Display for SignatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, signature) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}", signature.name())?;
        }
        Ok(())
    }
}

/// Why an issuer cannot be as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerFault {
    /// A name that no token could carry.
    #[error("expected the issuer's URL as its tokens say it in `iss`: 1 to {TEXT_LEN_MOST} visible ASCII characters")]
    Name,
    /// Keys that cannot be had.
    #[error(
        "expected an https:// URL of at most {TEXT_LEN_MOST} characters (http:// on loopback alone), or a JWK set of at most {KEYS_LEN_MOST} bytes, such as {{\"keys\":[…]}}"
    )]
    Keys,
    /// Tokens for everybody would be taken.
    #[error("expected 1 to {AUDIENCES_MOST} audiences: a token that is meant for somebody else must not be taken here")]
    Audiences,
    /// No signature would be taken.
    #[error("expected at least one algorithm among RS256, ES256 and EdDSA")]
    Algorithms,
    /// A claim that cannot be named.
    #[error("expected the name of the claim that names our user, such as `sub` or `email`")]
    UserClaim,
}

impl Issuer {
    /// Refuses an issuer whose tokens could not be judged.
    pub(crate) fn accept(&self) -> Result<(), IssuerFault> {
        let plain =
            |text: &str| (1..=TEXT_LEN_MOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain(&self.issuer) {
            return Err(IssuerFault::Name);
        }
        let keys = match &self.jwks {
            JwksSource::Url(url) => plain(url) && (url.starts_with("https://") || is_on_loopback(url)),
            JwksSource::Text(text) => text.len() <= KEYS_LEN_MOST && text.trim_start().starts_with('{'),
        };
        if !keys {
            return Err(IssuerFault::Keys);
        }
        if !(1..=AUDIENCES_MOST).contains(&self.audiences.len()) {
            return Err(IssuerFault::Audiences);
        }
        if self.algorithms.is_empty() {
            return Err(IssuerFault::Algorithms);
        }
        if !plain(&self.user_claim) {
            return Err(IssuerFault::UserClaim);
        }
        Ok(())
    }
}

/// Whether a URL leads to this machine without TLS: nobody stands in between.
fn is_on_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let port = |port: &str| {
        port.is_empty()
            || port
                .strip_prefix(':')
                .is_some_and(|digits| digits.parse::<u16>().is_ok())
    };
    ["127.0.0.1", "[::1]", "localhost"]
        .into_iter()
        .any(|host| authority.strip_prefix(host).is_some_and(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> Issuer {
        Issuer {
            issuer: "https://id.example".into(),
            jwks: JwksSource::Url("https://id.example/jwks".into()),
            audiences: vec!["https://api.example".parse().unwrap()],
            algorithms: SignatureSet::ALL,
            user_claim: "email".into(),
            client: "partner".parse().unwrap(),
            scopes: ScopeSet::NONE,
        }
    }

    #[test]
    fn an_issuer_whose_tokens_cannot_be_judged_is_refused() {
        type Change = fn(&mut Issuer);
        let cases: [(Change, Result<(), IssuerFault>); 9] = [
            (|_| {}, Ok(())),
            (|i| i.issuer.clear(), Err(IssuerFault::Name)),
            (
                |i| i.jwks = JwksSource::Url("http://id.example/jwks".into()),
                Err(IssuerFault::Keys),
            ),
            (|i| i.jwks = JwksSource::Url("http://127.0.0.1:80/jwks".into()), Ok(())),
            (
                |i| i.jwks = JwksSource::Url("http://127.0.0.1.example/".into()),
                Err(IssuerFault::Keys),
            ),
            (|i| i.jwks = JwksSource::Text("{\"keys\":[]}".into()), Ok(())),
            (|i| i.audiences.clear(), Err(IssuerFault::Audiences)),
            (
                |i| i.algorithms = SignatureSet::from_bits(0),
                Err(IssuerFault::Algorithms),
            ),
            (|i| i.user_claim.clear(), Err(IssuerFault::UserClaim)),
        ];
        for (at, (change, expected)) in cases.into_iter().enumerate() {
            let mut issuer = issuer();
            change(&mut issuer);
            assert_eq!(issuer.accept(), expected, "case {at}");
        }
    }

    #[test]
    fn only_loopback_is_reached_without_tls() {
        for (url, expected) in [
            ("http://localhost/x", true),
            ("http://[::1]:8080?x", true),
            ("http://127.0.0.1@evil.example/", false),
            ("http://localhost.example/", false),
            ("http://127.0.0.1:x/", false),
            ("https://localhost/", false),
        ] {
            assert_eq!(is_on_loopback(url), expected, "{url}");
        }
    }

    #[test]
    fn algorithms_read_what_they_write() {
        for bits in 0..8 {
            let set = SignatureSet::from_bits(bits);
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        for text in ["none", "HS256", "rs256"] {
            assert_eq!(text.parse::<SignatureSet>(), Err(ParseSignatureError), "{text}");
        }
    }
}
