//! One GET for the keys of an issuer: over TLS, to the host that the URL names and no other, bounded in time and bytes.
//!
//! The URL is an administrator's word. So it may name an address of the house; but no redirect is followed and no proxy is asked,
//! and in clear there is loopback alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tollgate_oauth::jwk::JWKS_BYTES_MOST;
use url::{Host, Url};

/// From the first byte to the last.
const WITHIN: Duration = Duration::from_secs(6);

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("expected an https URL (http on loopback alone), without a user, got another")]
    Url,
    #[error("expected to connect to the host of the URL, but: {0}")]
    Connect(#[from] std::io::Error),
    #[error("expected an answer of HTTP/1.1, but: {0}")]
    Http(#[from] hyper::Error),
    #[error("expected 200, got {0}")]
    Status(u16),
    #[error("expected a body of at most {JWKS_BYTES_MOST} bytes that arrives whole")]
    Body,
    #[error("expected the answer within {} seconds", WITHIN.as_secs())]
    Late,
}

/// The body of a GET of `url`.
pub(super) async fn fetch(url: &str) -> Result<Vec<u8>, FetchError> {
    let url = Url::parse(url).map_err(|_| FetchError::Url)?;
    match tokio::time::timeout(WITHIN, fetched(&url)).await {
        Ok(fetched) => fetched,
        Err(_) => Err(FetchError::Late),
    }
}

async fn fetched(url: &Url) -> Result<Vec<u8>, FetchError> {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(FetchError::Url);
    };
    let is_plain = url.username().is_empty() && url.password().is_none();
    let addresses: Vec<SocketAddr> = match &host {
        Host::Domain(name) => tokio::net::lookup_host((*name, port)).await?.collect(),
        Host::Ipv4(address) => vec![(IpAddr::from(*address), port).into()],
        Host::Ipv6(address) => vec![(IpAddr::from(*address), port).into()],
    };
    let is_near = || addresses.iter().all(|address| address.ip().is_loopback());
    match url.scheme() {
        _ if !is_plain => Err(FetchError::Url),
        "https" => {
            let name = match &host {
                Host::Domain(name) => ServerName::try_from((*name).to_owned()).map_err(|_| FetchError::Url)?,
                Host::Ipv4(address) => ServerName::from(IpAddr::from(*address)),
                Host::Ipv6(address) => ServerName::from(IpAddr::from(*address)),
            };
            let stream = TcpStream::connect(addresses.as_slice()).await?;
            let stream = TlsConnector::from(trust()?).connect(name, stream).await?;
            asked(url, stream).await
        }
        "http" if is_near() => asked(url, TcpStream::connect(addresses.as_slice()).await?).await,
        _ => Err(FetchError::Url),
    }
}

async fn asked(url: &Url, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Vec<u8>, FetchError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let target = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let request = Request::get(target)
        .header(header::HOST, url.authority())
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .header(header::USER_AGENT, concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        .body(Body::empty())
        .map_err(|_| FetchError::Url)?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let read = to_bytes(Body::new(answer.into_body()), JWKS_BYTES_MOST).await;
    connection.abort();
    match (status, read) {
        (200, Ok(body)) => Ok(body.to_vec()),
        (200, Err(_)) => Err(FetchError::Body),
        (status, _) => Err(FetchError::Status(status)),
    }
}

/// What the system trusts, read once.
fn trust() -> Result<Arc<ClientConfig>, std::io::Error> {
    static TRUST: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(trust) = TRUST.get() {
        return Ok(Arc::clone(trust));
    }
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(TRUST.get_or_init(|| Arc::new(config))))
}
