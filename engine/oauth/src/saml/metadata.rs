//! What an identity provider says about itself in a file: its entity ID and its signing certificates.
//!
//! Whoever adds a provider believes the file, so a signature in it is not looked at: bring it by a way that you trust.

use super::certificate::{CertificateFault, judge, of_base64};
use super::fault::SamlFault;
use super::names::{METADATA, SIGNATURE};
use super::xml::{Node, Tree};

/// The longest file that is read.
const LEN_MOST: usize = 256 * 1_024;

/// What is taken from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    /// The entity ID.
    pub issuer: String,
    /// The certificates for signing, in DER, each once.
    pub certificates: Vec<Vec<u8>>,
}

/// Why nothing can be taken from a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// No file of this sort.
    #[error("expected SAML metadata of at most {LEN_MOST} bytes: an EntityDescriptor with one IDPSSODescriptor in it")]
    Shape,
    /// Not XML.
    #[error("expected SAML metadata: {0}")]
    Xml(SamlFault),
    /// A certificate of no use, or none.
    #[error("in the metadata: {0}")]
    Certificate(#[from] CertificateFault),
}

impl ProviderMetadata {
    /// Reads the text of a file.
    pub fn read(text: &str) -> Result<Self, MetadataFault> {
        let text = text.trim_start_matches('\u{feff}').trim_ascii_start();
        if text.len() > LEN_MOST {
            return Err(MetadataFault::Shape);
        }
        let tree = Tree::parse(text).map_err(MetadataFault::Xml)?;
        let all = tree.root().map_err(MetadataFault::Xml)?.all();
        let is_provider = |entity: &&Node<'_, '_>| entity.children().any(|role| role.is(METADATA, "IDPSSODescriptor"));
        let entities = all.iter().filter(|node| node.is(METADATA, "EntityDescriptor"));
        let entities: Vec<_> = entities.filter(is_provider).collect();
        let [entity] = entities.as_slice() else {
            return Err(MetadataFault::Shape);
        };
        let roles: Vec<_> = entity
            .children()
            .filter(|role| role.is(METADATA, "IDPSSODescriptor"))
            .collect();
        let ([role], Some(issuer)) = (roles.as_slice(), entity.attribute("entityID")) else {
            return Err(MetadataFault::Shape);
        };
        let mut certificates: Vec<Vec<u8>> = Vec::new();
        for der in keys(*role) {
            let der = der.ok_or(CertificateFault::Malformed)?;
            judge(&der)?;
            if !certificates.contains(&der) {
                certificates.push(der);
            }
        }
        if certificates.is_empty() {
            return Err(CertificateFault::Malformed.into());
        }
        let issuer = issuer.to_owned();
        Ok(Self { issuer, certificates })
    }
}

/// The certificates of all keys that may sign.
fn keys(role: Node<'_, '_>) -> Vec<Option<Vec<u8>>> {
    let signs = |key: &Node<'_, '_>| key.attribute("use").is_none_or(|what| what == "signing");
    let keys = role
        .children()
        .filter(|node| node.is(METADATA, "KeyDescriptor"))
        .filter(signs);
    let certificates = keys
        .flat_map(|key| key.all())
        .filter(|node| node.is(SIGNATURE, "X509Certificate"));
    certificates
        .map(|node| node.text().and_then(|text| of_base64(&text)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;
    use crate::certificate::Certificate;
    use crate::jose::{Algorithm, SigningPair};
    use tollgate::Timestamp;

    fn certificate() -> Vec<u8> {
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        let (from, until) = (
            Timestamp::from_seconds(1_700_000_000),
            Timestamp::from_seconds(2_000_000_000),
        );
        Certificate::self_signed(&pkcs8, "idp", from, until).unwrap().der
    }

    fn file(keys: &[(&str, &[u8])]) -> String {
        let keys = keys.iter().map(|(attribute, der)| {
            let text = base64url::encode_standard(der);
            let (one, other) = text.split_at(text.len() / 2);
            format!(
                "<md:KeyDescriptor {attribute}><ds:KeyInfo xmlns:ds=\"{SIGNATURE}\"><ds:X509Data><ds:X509Certificate>\n{one}\n{other}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        });
        format!(
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"https://idp.example\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}</md:IDPSSODescriptor></md:EntityDescriptor>",
            keys.collect::<String>()
        )
    }

    #[test]
    fn the_keys_that_sign_are_taken_each_once() {
        let (one, two, other) = (certificate(), certificate(), certificate());
        let read = ProviderMetadata::read(&file(&[
            ("use=\"signing\"", &one),
            ("use=\"encryption\"", &other),
            ("", &two),
            ("use=\"signing\"", &one),
        ]));
        let read = read.unwrap();
        assert_eq!(
            (read.issuer.as_str(), read.certificates),
            ("https://idp.example", vec![one, two])
        );
    }

    #[test]
    fn a_file_without_a_usable_certificate_is_refused() {
        let good = certificate();
        let malformed = MetadataFault::Certificate(CertificateFault::Malformed);
        for keys in [
            &[][..],
            &[("use=\"encryption\"", good.as_slice())],
            &[("", &[])],
            &[("", b"abc")],
        ] {
            assert_eq!(ProviderMetadata::read(&file(keys)), Err(malformed.clone()), "{keys:?}");
        }
        let whole = file(&[("", &good)]);
        for other in [
            "<a/>",
            &whole.replace("IDPSSO", "SPSSO"),
            &whole.replace("entityID", "id"),
        ] {
            assert_eq!(ProviderMetadata::read(other), Err(MetadataFault::Shape), "{other}");
        }
        assert!(matches!(ProviderMetadata::read("idp.xml"), Err(MetadataFault::Xml(_))));
        let declared = whole.replace("<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor");
        assert!(matches!(ProviderMetadata::read(&declared), Err(MetadataFault::Xml(_))));
    }
}
