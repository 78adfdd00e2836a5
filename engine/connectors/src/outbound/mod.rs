//! The client that asks third parties: one request, one connection, one answer.
//!
//! What clients of the web do beside that is what a stranger's URL would abuse, so none of it is here. No redirect is followed and no
//! proxy is asked, whatever the environment says. A name is resolved once, each of its addresses is judged ([`crate::address`]), and the
//! connection is made to an address that was judged, with the name in `Host` and in the certificate. There are bounds of time (5
//! seconds to be connected, 15 in all), of the fields of an answer (64, in 32 KiB) and of its body. Nothing of an answer is in an error.

mod fault;
mod resolver;
mod trust;

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;
use zeroize::Zeroizing;

use crate::address;
use crate::outbound_request::{Method, OutboundAnswer, OutboundRequest};

pub use fault::{OutboundCause, OutboundFault};
pub use resolver::{Resolved, Resolver, SystemResolver};
pub use trust::{Trust, TrustFault};

const FIELDS_MOST: usize = 64;
const FIELDS_BYTES_MOST: usize = 32 * 1_024;
/// Addresses of a name that are tried, one after the other.
const ADDRESSES_MOST: usize = 4;

/// The client. Clones are the same client.
#[derive(Clone)]
pub struct Outbound {
    resolver: Arc<dyn Resolver>,
    trust: Trust,
    limits: Limits,
}

/// How long things may take.
#[derive(Clone, Copy)]
struct Limits {
    connect: Duration,
    whole: Duration,
}

impl Limits {
    const USUAL: Self = Self {
        connect: Duration::from_secs(5),
        whole: Duration::from_secs(15),
    };
}

impl Outbound {
    /// A client that finds hosts by `resolver` and believes certificates by `trust`.
    pub fn new(resolver: impl Resolver, trust: Trust) -> Self {
        Self {
            resolver: Arc::new(resolver),
            trust,
            limits: Limits::USUAL,
        }
    }

    /// The same client with other bounds of time: until it is connected, and in all.
    #[must_use]
    pub fn within(self, connect: Duration, whole: Duration) -> Self {
        Self {
            limits: Limits { connect, whole },
            ..self
        }
    }

    /// Carries a request to its host and the answer back, whatever its status. It runs on a runtime with time and sockets, and may
    /// be dropped at any point: the connection is closed then.
    pub async fn send(&self, request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFault> {
        let mut is_sent = false;
        let sending = async {
            let connecting = tokio::time::timeout(self.limits.connect, self.connect(request));
            let stream = connecting.await.map_err(|_| OutboundCause::Late)??;
            let message = message(request)?;
            is_sent = true;
            match stream {
                Stream::Clear(stream) => exchange(message, stream, request.answer_bytes_most).await,
                Stream::Tls(stream) => exchange(message, *stream, request.answer_bytes_most).await,
            }
        };
        let sent = tokio::time::timeout(self.limits.whole, sending).await;
        sent.unwrap_or(Err(OutboundCause::Late))
            .map_err(|cause| OutboundFault { cause, is_sent })
    }

    async fn connect(&self, request: &OutboundRequest) -> Result<Stream, OutboundCause> {
        let url = &request.url;
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(OutboundCause::Url);
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundCause::Url);
        }
        let is_near = url
            .host_str()
            .is_some_and(|name| request.near_hosts.iter().any(|near| near == name));
        let addresses = self.addresses(&host, is_near).await?;
        match url.scheme() {
            "https" => {
                let name = server_name(&host).ok_or(OutboundCause::Url)?;
                let stream = self.reach(&addresses, port).await?;
                let connecting = TlsConnector::from(self.trust.config()).connect(name, stream);
                let stream = connecting.await.map_err(|error| OutboundCause::of_handshake(&error))?;
                Ok(Stream::Tls(Box::new(stream)))
            }
            // In clear there is this machine alone, and only where it is allowed by name.
            "http" if is_near && addresses.iter().all(IpAddr::is_loopback) => {
                self.reach(&addresses, port).await.map(Stream::Clear)
            }
            _ => Err(OutboundCause::Url),
        }
    }

    /// The addresses of a host, if all of them may be asked: a name with one of the house among public ones is a trap.
    async fn addresses(&self, host: &Host<&str>, is_near: bool) -> Result<Vec<IpAddr>, OutboundCause> {
        let mut addresses = match host {
            Host::Domain(name) => self
                .resolver
                .resolve(name)
                .await
                .map_err(|_| OutboundCause::Unresolved)?,
            Host::Ipv4(address) => vec![IpAddr::from(*address)],
            Host::Ipv6(address) => vec![IpAddr::from(*address)],
        };
        for address in &addresses {
            address::admit(*address, is_near)?;
        }
        addresses.truncate(ADDRESSES_MOST);
        if addresses.is_empty() {
            return Err(OutboundCause::Unresolved);
        }
        Ok(addresses)
    }

    /// A connection to the first address that takes one, each within its share of the time.
    async fn reach(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, OutboundCause> {
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let share = self.limits.connect / count;
        let mut last = OutboundCause::Unresolved;
        for address in addresses {
            let connecting = TcpStream::connect(SocketAddr::new(*address, port));
            match tokio::time::timeout(share, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = OutboundCause::Unreachable(error.kind()),
                Err(_) => last = OutboundCause::Late,
            }
        }
        Err(last)
    }
}

enum Stream {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

fn server_name(host: &Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from((*name).to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::from(*address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::from(*address))),
    }
}

fn message(request: &OutboundRequest) -> Result<Request<Full<Bytes>>, OutboundCause> {
    let url = &request.url;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let method = match request.method {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
    };
    let mut message = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, url.authority())
        .header(header::ACCEPT, request.accept)
        .header(header::USER_AGENT, concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    if let Some(authorization) = &request.authorization {
        let mut field = HeaderValue::from_str(authorization.expose()).map_err(|_| OutboundCause::Url)?;
        field.set_sensitive(true);
        message = message.header(header::AUTHORIZATION, field);
    }
    let body = match &request.form {
        Some(form) => {
            message = message.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            // The bytes are wiped when the connection lets go of them.
            Bytes::from_owner(Zeroizing::new(form.as_bytes().to_vec()))
        }
        None => Bytes::new(),
    };
    message.body(Full::new(body)).map_err(|_| OutboundCause::Url)
}

async fn exchange(
    message: Request<Full<Bytes>>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes_most: usize,
) -> Result<OutboundAnswer, OutboundCause> {
    let mut builder = http1::Builder::new();
    builder.max_headers(FIELDS_MOST).max_buf_size(FIELDS_BYTES_MOST);
    let shaking = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaking.map_err(|_| OutboundCause::Http)?;
    let mut asking = pin!(async move {
        let answer = sender.send_request(message).await.map_err(|_| OutboundCause::Http)?;
        answered(answer, bytes_most).await
    });
    let mut connection = pin!(connection);
    // Both in one future, so that whoever drops it closes the connection.
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        // It may end with the answer still to be read.
        _ = &mut connection => asking.await,
    }
}

async fn answered(answer: Response<Incoming>, bytes_most: usize) -> Result<OutboundAnswer, OutboundCause> {
    let (head, mut incoming) = answer.into_parts();
    let is_plain = head
        .headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !is_plain {
        return Err(OutboundCause::Encoded);
    }
    let too_long = OutboundCause::TooLong { bytes_most };
    if incoming.size_hint().lower() > bytes_most as u64 {
        return Err(too_long);
    }
    // Room for all of it at once: what grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(bytes_most));
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| OutboundCause::Http)?;
        let Some(piece) = frame.data_ref() else { continue };
        if body.len() + piece.len() > bytes_most {
            return Err(too_long);
        }
        body.extend_from_slice(piece);
    }
    Ok(OutboundAnswer {
        status: head.status.as_u16(),
        content_type: text_of(&head.headers, &header::CONTENT_TYPE),
        retry_after: text_of(&head.headers, &header::RETRY_AFTER),
        body,
    })
}

/// A field that stands once and is text.
fn text_of(fields: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = fields.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then(|| first.to_owned())
}

#[cfg(test)]
mod tests;
