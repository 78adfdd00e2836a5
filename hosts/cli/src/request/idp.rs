//! Requests about identity providers elsewhere.

use std::path::Path;

use tollgate::Audience;
use tollgate_http::control::{IdentityProviderAsked, IdentityProviderRequest};

use crate::arguments::{IdpVerb, NewIdp};
use crate::exit::Failure;

/// The longest file that is read.
const FILE_LEN_MAX: u64 = 256 << 10;

pub(super) fn request(verb: &IdpVerb) -> Result<IdentityProviderRequest, Failure> {
    Ok(match verb {
        IdpVerb::Add(NewIdp {
            issuer,
            metadata,
            certificates,
            audiences,
            recipient,
            subject,
            skew,
            create_users,
        }) => IdentityProviderRequest::Add(Box::new(IdentityProviderAsked {
            issuer: issuer.clone(),
            metadata: metadata.as_deref().map(text).transpose()?,
            certificates: certificates.iter().map(|file| bytes(file)).collect::<Result<_, _>>()?,
            audiences: audiences.iter().map(Audience::to_string).collect(),
            recipient: recipient.clone(),
            subject: subject.as_ref().map(ToString::to_string),
            skew_s: *skew,
            creates_users: *create_users,
        })),
        IdpVerb::List => IdentityProviderRequest::List,
        IdpVerb::Show { issuer } => IdentityProviderRequest::Show { issuer: issuer.clone() },
        IdpVerb::Remove { issuer } => IdentityProviderRequest::Remove { issuer: issuer.clone() },
    })
}

fn text(file: &Path) -> Result<String, Failure> {
    let fault = |_| Failure::usage(format!("expected metadata in UTF-8 in {}", file.display()));
    String::from_utf8(bytes(file)?).map_err(fault)
}

fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let fault = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("expected a readable file {}, but: {error}", file.display()))
    };
    let len = std::fs::metadata(file).map_err(|error| fault(&error))?.len();
    if len > FILE_LEN_MAX {
        return Err(fault(&format!("it has {len} bytes, and {FILE_LEN_MAX} are the most")));
    }
    std::fs::read(file).map_err(|error| fault(&error))
}
