//! An issuer's key set behind a URL, in clear or over TLS, which counts how often it was asked for.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::listener::listen;
use crate::upstream::arrival;

/// A server that answers a key set to everything.
pub struct KeyServer {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    keys: Mutex<String>,
    asked: Mutex<usize>,
}

impl KeyServer {
    /// In clear.
    pub fn start(keys: String) -> Self {
        Self::serving(keys, "http", |shared, stream| {
            shared.answer(&mut BufReader::new(&stream), &stream)
        })
    }

    /// Over TLS, with a certificate that an authority of its own has signed. Answers the certificate of the authority as well, in PEM.
    pub fn start_tls(keys: String) -> (Self, String) {
        let (config, authority) = certified();
        let server = Self::serving(keys, "https", move |shared, stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let mut stream = BufReader::new(StreamOwned::new(connection, stream));
            if arrival(&mut stream)?.is_some() {
                stream.get_mut().write_all(&shared.answered())?;
                stream.get_mut().conn.send_close_notify();
                stream.get_mut().flush()?;
            }
            Ok(())
        });
        (server, authority)
    }

    fn serving(
        keys: String,
        scheme: &str,
        serve: impl Fn(&Shared, TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            keys: Mutex::new(keys),
            asked: Mutex::new(0),
        });
        let address: SocketAddr = {
            let shared = Arc::clone(&shared);
            listen(move |stream| serve(&shared, stream))
        };
        let url = format!("{scheme}://{address}/keys?of=them");
        Self { url, shared }
    }

    /// Where the keys are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How often they were asked for.
    pub fn asked(&self) -> usize {
        *self.shared.asked.lock()
    }

    /// From now on these are the keys.
    pub fn publish(&self, keys: String) {
        *self.shared.keys.lock() = keys;
    }
}

impl Shared {
    fn answer(&self, reader: &mut BufReader<impl Read>, mut writer: impl Write) -> io::Result<()> {
        while arrival(reader)?.is_some() {
            writer.write_all(&self.answered())?;
        }
        Ok(())
    }

    fn answered(&self) -> Vec<u8> {
        *self.asked.lock() += 1;
        let keys = self.keys.lock();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/jwk-set+json";
        format!("{head}\r\nContent-Length: {}\r\n\r\n{keys}", keys.len()).into_bytes()
    }
}

/// What a server on 127.0.0.1 needs, and the authority that vouches for it.
fn certified() -> (Arc<ServerConfig>, String) {
    let mut of_authority = CertificateParams::new(Vec::new()).unwrap();
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = of_authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(of_authority, key);
    let own = KeyPair::generate().unwrap();
    let of_server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = of_server.signed_by(&own, &issuer).unwrap();
    let private = PrivateKeyDer::try_from(own.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    (Arc::new(config), authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Connection, Request};

    #[test]
    fn the_keys_of_the_moment_are_answered_and_counted() {
        let server = KeyServer::start("one".to_owned());
        let address = server.url().trim_start_matches("http://").split('/').next().unwrap();
        let mut connection = Connection::open(address.parse().unwrap()).unwrap();
        let request = Request::get("/keys?of=them");
        assert_eq!(connection.send(&request).unwrap().body, b"one");
        server.publish("two".to_owned());
        assert_eq!(connection.send(&request).unwrap().body, b"two");
        assert_eq!(server.asked(), 2);
    }
}
