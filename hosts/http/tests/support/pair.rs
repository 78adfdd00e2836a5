//! Certificates of a test's own making, and a client that says which one it was shown.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::running::PATIENCE;

/// A certificate and its key, both in PEM.
pub(crate) struct Pair {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Pair {
    /// A new one for `localhost`.
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self {
            der: made.cert.der().clone(),
            cert: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        }
    }
}

/// Two files in a folder.
pub(crate) struct Files {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Files {
    pub(crate) fn with(folder: &Path, pair: &Pair) -> Self {
        let files = Self {
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        };
        files.write(&pair.cert, &pair.key);
        files
    }

    pub(crate) fn write(&self, cert: &str, key: &str) {
        std::fs::write(&self.cert, cert).unwrap();
        std::fs::write(&self.key, key).unwrap();
    }
}

/// What a client found who trusts some certificates.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Which of the trusted certificates was shown.
    pub(crate) shown: usize,
    /// The protocol that was agreed on.
    pub(crate) protocol: Option<Vec<u8>>,
    /// The beginning of the answer to `GET /healthz` over HTTP/1.1.
    pub(crate) answer: String,
}

/// Shakes hands with a server and asks how it is. `offered` are the protocols that the client speaks.
pub(crate) fn visit(address: SocketAddr, trusted: &[&Pair], offered: &[&str]) -> Result<Found, std::io::Error> {
    let mut roots = RootCertStore::empty();
    for pair in trusted {
        roots.add(pair.der.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(client, tcp);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    // A server that speaks HTTP/2 alone from here on answers with a frame instead.
    let len = stream.read(&mut answer)?;
    let chain = stream.conn.peer_certificates().unwrap();
    Ok(Found {
        shown: trusted.iter().position(|pair| pair.der == chain[0]).unwrap(),
        protocol: stream.conn.alpn_protocol().map(<[u8]>::to_vec),
        answer: String::from_utf8_lossy(&answer[..len]).into_owned(),
    })
}
