//! Identity providers, as replies show them, and as they are made of what an operator has: files of certificates, or metadata.

use serde::{Deserialize, Serialize};
use tollgate::{Audience, IdentityProvider, SubjectMapping};
use tollgate_oauth::saml::certificate::{self, CertificateFault};
use tollgate_oauth::saml::metadata::{MetadataFault, ProviderMetadata};
use utoipa::ToSchema;

use super::access::id_of;
use super::moment::write_moment;

/// An identity provider elsewhere whose SAML assertions are taken.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = IdentityProvider)]
pub struct IdentityProviderShown {
    /// What paths name it by; it follows from the entity ID.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "7c1d0f3b9a52e684")]
    pub id: String,
    /// Its entity ID: what its assertions say in `Issuer`.
    #[schema(example = "https://idp.example.com/metadata")]
    pub issuer: String,
    /// The certificates whose keys may have signed.
    pub certificates: Vec<CertificateFacts>,
    /// Whom its assertions must be meant for: one of these.
    pub audiences: Vec<String>,
    /// What they must name as recipient; the token endpoint that is asked where there is none.
    #[schema(required)]
    pub recipient: Option<String>,
    /// What names our user: `nameid`, or `attribute:` and its Name.
    #[schema(example = "nameid")]
    pub subject: String,
    /// How far its clock may differ from ours, in seconds.
    #[schema(minimum = 0, maximum = 300)]
    pub skew_s: u32,
    /// Whether a user who is not there is added.
    pub creates_users: bool,
}

/// What is known of a certificate. Only its key counts; its dates are for whoever looks after it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Certificate)]
pub struct CertificateFacts {
    /// SHA-256 of its DER, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// Its subject.
    #[schema(example = "CN=idp.example.com")]
    pub subject: String,
    /// The end of the time that it was made for.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub not_after: String,
}

impl From<&IdentityProvider> for IdentityProviderShown {
    fn from(provider: &IdentityProvider) -> Self {
        // What stands in the store was judged when it was added.
        let certificates = provider
            .certificates
            .iter()
            .filter_map(|der| certificate::judge(der).ok());
        let certificates = certificates.map(|shown| CertificateFacts {
            sha256: shown.fingerprint,
            subject: shown.subject,
            not_after: write_moment(shown.until),
        });
        Self {
            id: id_of(&provider.issuer),
            issuer: provider.issuer.clone(),
            certificates: certificates.collect(),
            audiences: provider.audiences.iter().map(Audience::to_string).collect(),
            recipient: provider.recipient.clone(),
            subject: provider.subject.to_string(),
            skew_s: provider.skew_s,
            creates_users: provider.creates_users,
        }
    }
}

/// What an operator says of a provider.
pub(crate) struct ProviderTerms {
    pub(crate) issuer: Option<String>,
    pub(crate) metadata: Option<String>,
    /// Files, each with one certificate in DER or with any number in PEM.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) recipient: Option<String>,
    pub(crate) subject: Option<SubjectMapping>,
    pub(crate) skew_s: Option<u32>,
    pub(crate) creates_users: bool,
}

/// Why no provider can be made of what was said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderFault {
    /// It has no name.
    #[error("expected the provider's entity ID, or its metadata, which says it")]
    Unnamed,
    /// Two names.
    #[error("expected metadata of the provider that was named, but it is of another one")]
    Other,
    /// A file of no use.
    #[error(transparent)]
    Metadata(#[from] MetadataFault),
    /// Another file of no use.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
}

impl ProviderTerms {
    /// The provider, with certificates that something can be verified with. The store minds the rest.
    pub(crate) fn provider(self) -> Result<IdentityProvider, ProviderFault> {
        let metadata = self.metadata.as_deref().map(ProviderMetadata::read).transpose()?;
        let issuer = match (self.issuer, &metadata) {
            (Some(issuer), Some(metadata)) if issuer != metadata.issuer => return Err(ProviderFault::Other),
            (Some(issuer), _) => issuer,
            (None, Some(metadata)) => metadata.issuer.clone(),
            (None, None) => return Err(ProviderFault::Unnamed),
        };
        let mut certificates = metadata.map(|metadata| metadata.certificates).unwrap_or_default();
        for file in &self.certificates {
            for der in certificate::read(file)? {
                if !certificates.contains(&der) {
                    certificates.push(der);
                }
            }
        }
        Ok(IdentityProvider {
            issuer,
            certificates,
            audiences: self.audiences,
            recipient: self.recipient,
            subject: self.subject.unwrap_or(SubjectMapping::NameId),
            skew_s: self.skew_s.unwrap_or(IdentityProvider::SKEW_S),
            creates_users: self.creates_users,
        })
    }
}
