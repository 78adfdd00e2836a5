//! Whose certificates are believed.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// Whose certificates are believed. Clones are the same.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

/// Nobody's would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected certificates of authorities to trust, such as the package ca-certificates brings, but found {0}")]
pub struct TrustFault(&'static str);

impl Trust {
    /// Those of the authorities that the system trusts. It reads files.
    pub fn system() -> Result<Self, TrustFault> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::of(roots)
    }

    /// Those of these authorities alone, each a certificate in DER.
    pub fn certificates(authorities: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, TrustFault> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            let added = roots.add(CertificateDer::from(authority));
            added.map_err(|_| TrustFault("something that is no certificate of one"))?;
        }
        Self::of(roots)
    }

    fn of(roots: RootCertStore) -> Result<Self, TrustFault> {
        if roots.is_empty() {
            return Err(TrustFault("none"));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| TrustFault("no version of TLS to speak"))?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}
