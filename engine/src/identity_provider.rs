//! Identity providers elsewhere whose SAML assertions are taken: under which certificates, for whom, and as which of our users.

use std::fmt;
use std::str::FromStr;

use tollgate_core::Audience;

/// Most identity providers.
pub(crate) const PROVIDERS_MOST: usize = 64;
/// Most bytes of an entity ID (SAML 2.0 core section 8.3.6), of a recipient, or of the name of an attribute.
const TEXT_LEN_MOST: usize = 1_024;
/// Most bytes of one certificate.
const CERTIFICATE_LEN_MOST: usize = 6 * 1_024;
/// Most certificates of one provider: the old one, the new one, and room.
const CERTIFICATES_MOST: usize = 8;
/// Most audiences of one provider.
const AUDIENCES_MOST: usize = 16;
/// Most seconds that a provider's clock may differ from ours.
const SKEW_S_MOST: u32 = 300;

/// An identity provider whose SAML 2.0 assertions are taken for logins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its entity ID: what its assertions say in `Issuer`, to the byte.
    pub issuer: String,
    /// The certificates, in DER, whose keys may have signed. Only the key of a certificate counts; neither its dates nor who signed it.
    pub certificates: Vec<Vec<u8>>,
    /// Whom its assertions must be meant for: one of these must stand in each `AudienceRestriction`, to the byte.
    pub audiences: Vec<Audience>,
    /// What the confirmation must name as `Recipient`; none for the URL of the token endpoint that is asked.
    pub recipient: Option<String>,
    /// What names our user.
    pub subject: SubjectMapping,
    /// How far its clock may differ from ours, in seconds.
    pub skew_s: u32,
    /// Whether a user who is not there is added, with the limits of everybody. Else the assertion is refused.
    pub creates_users: bool,
}

/// What of an assertion names our user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectMapping {
    /// The `NameID` of its subject.
    NameId,
    /// The one value of the attribute with this `Name`.
    Attribute(String),
}

impl SubjectMapping {
    /// Reads `nameid`, or `attribute:` with the attribute's name behind it.
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("attribute:") {
            Some(name) if is_plain(name, TEXT_LEN_MOST) => Some(Self::Attribute(name.to_owned())),
            Some(_) => None,
            None => text.eq_ignore_ascii_case("nameid").then_some(Self::NameId),
        }
    }
}

impl fmt::Display for SubjectMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameId => f.write_str("nameid"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
        }
    }
}

/// A text that says of nothing that it names a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `nameid`, or `attribute:` and the attribute's Name behind it, such as `attribute:email`")]
pub struct ParseSubjectError;

impl FromStr for SubjectMapping {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, ParseSubjectError> {
        Self::parse(text).ok_or(ParseSubjectError)
    }
}

/// Why an identity provider cannot be as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityProviderFault {
    /// A name that no assertion could carry.
    #[error(
        "expected the provider's entity ID as its assertions say it in `Issuer`: 1 to {TEXT_LEN_MOST} visible ASCII characters"
    )]
    Issuer,
    /// Nothing could be verified, or an empty certificate would be taken for a key.
    #[error(
        "expected 1 to {CERTIFICATES_MOST} certificates, each an X.509 certificate of at most {CERTIFICATE_LEN_MOST} bytes that is not empty"
    )]
    Certificates,
    /// Assertions for everybody would be taken.
    #[error(
        "expected 1 to {AUDIENCES_MOST} audiences: an assertion that is meant for somebody else must not be taken here"
    )]
    Audiences,
    /// A recipient that no assertion could name.
    #[error("expected as recipient a URL of 1 to {TEXT_LEN_MOST} visible ASCII characters")]
    Recipient,
    /// An attribute that cannot be named.
    #[error("expected the Name of the attribute that names our user: 1 to {TEXT_LEN_MOST} visible ASCII characters")]
    Subject,
    /// Clocks too far apart for times to mean anything.
    #[error("expected a clock skew of 0 to {SKEW_S_MOST} seconds")]
    Skew,
}

impl IdentityProvider {
    /// The clock skew where nobody says another.
    pub const SKEW_S: u32 = 60;

    /// Refuses a provider whose assertions could not be judged. Whether there is a usable key in a certificate is for
    /// whoever verifies; one without is good for nothing.
    pub(crate) fn accept(&self) -> Result<(), IdentityProviderFault> {
        if !is_plain(&self.issuer, TEXT_LEN_MOST) {
            return Err(IdentityProviderFault::Issuer);
        }
        let certificates = &self.certificates;
        if !(1..=CERTIFICATES_MOST).contains(&certificates.len()) || !certificates.iter().all(|one| is_sequence(one)) {
            return Err(IdentityProviderFault::Certificates);
        }
        if !(1..=AUDIENCES_MOST).contains(&self.audiences.len()) {
            return Err(IdentityProviderFault::Audiences);
        }
        if !self
            .recipient
            .as_ref()
            .is_none_or(|recipient| is_plain(recipient, TEXT_LEN_MOST))
        {
            return Err(IdentityProviderFault::Recipient);
        }
        match &self.subject {
            SubjectMapping::Attribute(name) if !is_plain(name, TEXT_LEN_MOST) => {
                return Err(IdentityProviderFault::Subject);
            }
            SubjectMapping::Attribute(_) | SubjectMapping::NameId => {}
        }
        if self.skew_s > SKEW_S_MOST {
            return Err(IdentityProviderFault::Skew);
        }
        Ok(())
    }
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether these bytes are one DER sequence that is not empty and nothing behind it, as every certificate is.
fn is_sequence(der: &[u8]) -> bool {
    let Some((0x30, behind)) = der.split_first().map(|(tag, behind)| (*tag, behind)) else {
        return false;
    };
    let declared = match behind {
        [0x82, high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
        [0x81, len, rest @ ..] => (usize::from(*len), rest),
        [len @ 1..=0x7f, rest @ ..] => (usize::from(*len), rest),
        _ => return false,
    };
    der.len() <= CERTIFICATE_LEN_MOST && declared.0 == declared.1.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> IdentityProvider {
        IdentityProvider {
            issuer: "https://idp.example/metadata".into(),
            certificates: vec![vec![0x30, 1, 0]],
            audiences: vec!["https://us.example".parse().unwrap()],
            recipient: None,
            subject: SubjectMapping::NameId,
            skew_s: IdentityProvider::SKEW_S,
            creates_users: false,
        }
    }

    #[test]
    fn a_provider_whose_assertions_cannot_be_judged_is_refused() {
        type Change = fn(&mut IdentityProvider);
        let cases: [(Change, Result<(), IdentityProviderFault>); 14] = [
            (|_| {}, Ok(())),
            (|p| p.issuer.clear(), Err(IdentityProviderFault::Issuer)),
            (|p| p.issuer.push(' '), Err(IdentityProviderFault::Issuer)),
            (|p| p.certificates.clear(), Err(IdentityProviderFault::Certificates)),
            (
                |p| p.certificates.push(Vec::new()),
                Err(IdentityProviderFault::Certificates),
            ),
            (
                |p| p.certificates.push(vec![0x30, 0]),
                Err(IdentityProviderFault::Certificates),
            ),
            (
                |p| p.certificates.push(vec![0x30, 1, 0, 0]),
                Err(IdentityProviderFault::Certificates),
            ),
            (
                |p| p.certificates = vec![vec![0x30, 1, 0]; 9],
                Err(IdentityProviderFault::Certificates),
            ),
            (|p| p.audiences.clear(), Err(IdentityProviderFault::Audiences)),
            (
                |p| p.recipient = Some(String::new()),
                Err(IdentityProviderFault::Recipient),
            ),
            (|p| p.recipient = Some("https://us.example/token".into()), Ok(())),
            (
                |p| p.subject = SubjectMapping::Attribute(String::new()),
                Err(IdentityProviderFault::Subject),
            ),
            (|p| p.skew_s = 301, Err(IdentityProviderFault::Skew)),
            (|p| p.skew_s = 0, Ok(())),
        ];
        for (at, (change, expected)) in cases.into_iter().enumerate() {
            let mut provider = provider();
            change(&mut provider);
            assert_eq!(provider.accept(), expected, "case {at}");
        }
    }

    #[test]
    fn a_mapping_reads_what_it_writes() {
        for text in [
            "nameid",
            "attribute:email",
            "attribute:urn:oid:0.9.2342.19200300.100.1.3",
        ] {
            assert_eq!(text.parse::<SubjectMapping>().unwrap().to_string(), text);
        }
        assert_eq!("NameID".parse(), Ok(SubjectMapping::NameId));
        for text in ["", "attribute:", "email", "attribute:a b"] {
            assert_eq!(text.parse::<SubjectMapping>(), Err(ParseSubjectError), "{text}");
        }
    }
}
