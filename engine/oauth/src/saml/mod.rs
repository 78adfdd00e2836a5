//! SAML 2.0 assertions of identity providers elsewhere: whether one holds here and now, and whom it names (RFC 7522).
//!
//! What signatures over XML have been broken by is that one program verifies one part of a document and another reads another part,
//! or reads the same part differently. So there is one way through, and each step takes only what the one before has made:
//!
//! 1. `scan` refuses what no assertion needs: DOCTYPE, entities, comments, CDATA, processing instructions, and too much of anything.
//! 2. `xml` parses, once.
//! 3. `document` finds the one assertion and the one signature, each in the one place where it may stand.
//! 4. `signature` takes one shape of signature, verifies it by a key from configuration, and gives the canonical bytes that it covers.
//! 5. `assertion` reads the claims from these bytes, parsed anew: what was not signed is not there.
//! 6. `judge` compares them with what the provider is trusted for.
//!
//! Encrypted assertions are refused. Whether an assertion was used before is for whoever has a store: see [`Accepted::identifier`].

mod limits;
mod fault;
mod names;
mod moment;
mod encoding;
mod scan;
mod xml;
mod algorithm;
pub mod certificate;
mod signature;
pub mod metadata;
mod document;
mod assertion;
mod judge;

use tollgate::{IdentityProvider, Timestamp};

pub use encoding::Encoding;
pub use fault::SamlFault;
pub use judge::Accepted;

use assertion::Assertion;
use document::Found;
use signature::SignedBytes;
use xml::Tree;

/// Judges an assertion as it stands in a form, for a request to `endpoint`, the URL of our token endpoint, at `now`.
pub fn accept(
    text: &str,
    encoding: Encoding,
    providers: &[IdentityProvider],
    endpoint: &str,
    now: Timestamp,
) -> Result<Accepted, SamlFault> {
    accept_document(&encoding::decode(encoding, text)?, providers, endpoint, now)
}

/// The same for a document that is decoded already.
pub fn accept_document(
    document: &str,
    providers: &[IdentityProvider],
    endpoint: &str,
    now: Timestamp,
) -> Result<Accepted, SamlFault> {
    let (provider, signed) = verified(document, providers)?;
    let tree = signed.tree()?;
    judge::judge(Assertion::read(tree.root()?)?, provider, endpoint, now)
}

/// The canonical bytes that the provider who is named has signed: what claims are read from.
pub fn signed_bytes(document: &str, providers: &[IdentityProvider]) -> Result<String, SamlFault> {
    verified(document, providers).map(|(_, signed)| signed.as_str().to_owned())
}

/// Whether parser and canonicaliser agree about a document: what the scan lets through and the parser reads has a canonical form that is
/// its own canonical form. For tests that make documents up.
#[doc(hidden)]
pub fn is_stable(document: &str) -> bool {
    let Ok(tree) = scan::scan(document).and_then(Tree::parse) else {
        return true;
    };
    let canonical = tree.root().and_then(|root| root.canonical(None, &[]));
    // What becomes too long is refused; what does not must be read again as it was meant.
    canonical.map_or(true, |text| signature::is_own_canonical_form(&text))
}

fn verified<'p>(
    document: &str,
    providers: &'p [IdentityProvider],
) -> Result<(&'p IdentityProvider, SignedBytes), SamlFault> {
    if document.len() > limits::ENCODED_MOST {
        return Err(SamlFault::Long { len: document.len() });
    }
    let tree = Tree::parse(scan::scan(document)?)?;
    let found = Found::below(tree.root()?)?;
    let issuer = found.claimed_issuer();
    let provider = providers.iter().find(|provider| provider.issuer == issuer);
    let provider = provider.ok_or_else(|| SamlFault::UnknownIssuer {
        found: signature::cut(&issuer),
    })?;
    let signed = signature::verify(found.assertion, found.signature, &provider.certificates)?;
    Ok((provider, signed))
}
