//! Against real sockets on 127.0.0.1, which behave as third parties and attackers do.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::ControlFlow;

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tollgate::Timestamp;
use url::Url;

use super::*;
use crate::address::AddressFault;
use crate::secret::Secret;
use crate::token_answer::{self, TokenFault};

/// A name that the tests' resolver knows.
const THIRD: &str = "third.example";

/// Says what it is told, and counts.
#[derive(Clone, Default)]
struct Lies {
    names: HashMap<&'static str, Vec<IpAddr>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Resolver for Lies {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolved<'a> {
        self.asked.lock().push(host.to_owned());
        let found = self.names.get(host).cloned();
        Box::pin(async move { found.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    }
}

fn lies(host: &'static str, addresses: &[&str]) -> Lies {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Lies {
        names: HashMap::from([(host, addresses)]),
        asked: Arc::default(),
    }
}

fn authority() -> (rcgen::CertifiedKey<rcgen::KeyPair>, Trust) {
    let made = rcgen::generate_simple_self_signed([THIRD.to_owned()]).unwrap();
    let trust = Trust::certificates([made.cert.der().to_vec()]).unwrap();
    (made, trust)
}

fn client(resolver: Lies) -> Outbound {
    Outbound::new(resolver, authority().1)
}

fn hasty(resolver: Lies) -> Outbound {
    client(resolver).within(Duration::from_secs(1), Duration::from_secs(2))
}

fn here() -> Lies {
    lies(THIRD, &["127.0.0.1"])
}

/// A third party that reads one request of each caller and answers it with these bytes.
struct Third {
    port: u16,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Third {
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = request_of(&mut stream).await;
                if tell.send(request).is_err() {
                    return;
                }
                // Whoever does not want all of it closes.
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, requests }
    }

    fn request(&self) -> OutboundRequest {
        let url = Url::parse(&format!("http://{THIRD}:{}/token?tenant=a", self.port)).unwrap();
        OutboundRequest::submit(url, [("grant_type", "refresh_token"), ("refresh_token", "r&1")])
            .authorized(Secret::new("Basic bWU6cw=="))
            .near(&[THIRD.to_owned()])
    }

    /// The number of requests that came.
    fn count(&mut self) -> usize {
        std::iter::from_fn(|| self.requests.try_recv().ok()).count()
    }
}

/// Reads a request, by its `Content-Length`.
async fn request_of(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    loop {
        let mut piece = [0; 4_096];
        let count = stream.read(&mut piece).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
        if count == 0 || is_whole(&text).is_break() {
            return text;
        }
    }
}

fn is_whole(text: &str) -> ControlFlow<()> {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return ControlFlow::Continue(());
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length.map_or(0, |length| length.parse().unwrap()) <= body.len() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

fn with_body(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

async fn cause(client: &Outbound, request: &OutboundRequest) -> OutboundCause {
    match client.send(request).await {
        Ok(answer) => panic!("answered {}", answer.status),
        Err(fault) => fault.cause,
    }
}

#[tokio::test]
async fn a_request_arrives_and_its_answer_comes_back() {
    let answer = with_body(
        "Content-Type: application/json\r\nRetry-After: 7\r\n",
        b"{\"access_token\":\"a\"}",
    );
    let mut third = Third::answering(answer).await;
    let resolver = here();
    let answer = client(resolver.clone())
        .send(&third.request())
        .await
        .unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(
        (answer.status, answer.content_type.as_deref()),
        (200, Some("application/json"))
    );
    assert_eq!(
        (answer.retry_after.as_deref(), answer.body.as_slice()),
        (Some("7"), &b"{\"access_token\":\"a\"}"[..])
    );

    let request = third.requests.recv().await.unwrap();
    let host = format!("\r\nhost: {THIRD}:{}\r\n", third.port);
    assert!(
        request.starts_with("POST /token?tenant=a HTTP/1.1\r\n") && request.contains(&host),
        "{request}"
    );
    assert!(request.contains("\r\nauthorization: Basic bWU6cw==\r\n"), "{request}");
    assert!(
        request.ends_with("\r\n\r\ngrant_type=refresh_token&refresh_token=r%261"),
        "{request}"
    );
    assert_eq!(
        *resolver.asked.lock(),
        [THIRD],
        "a name is resolved once, and the connection made to what was found"
    );
}

#[tokio::test]
async fn a_get_has_no_body() {
    let mut third = Third::answering(with_body("", b"{\"keys\":[]}")).await;
    let url = Url::parse(&format!("http://{THIRD}:{}/jwks", third.port)).unwrap();
    let request = OutboundRequest::fetch(url, "application/jwk-set+json")
        .near(&[THIRD.to_owned()])
        .at_most(11);
    let answer = client(here())
        .send(&request)
        .await
        .unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(answer.body.as_slice(), b"{\"keys\":[]}");
    let request = third.requests.recv().await.unwrap();
    assert!(
        request.starts_with("GET /jwks HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"),
        "{request}"
    );
    assert!(
        request.contains("accept: application/jwk-set+json") && !request.contains("content-type"),
        "{request}"
    );
}

#[tokio::test]
async fn over_tls_the_certificate_is_that_of_the_name() {
    let (made, trust) = authority();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = config
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                request_of(&mut stream).await;
                let _ = stream.write_all(&with_body("", b"secret")).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    let both = Lies {
        names: HashMap::from([
            (THIRD, vec![Ipv4Addr::LOCALHOST.into()]),
            ("other.example", vec![Ipv4Addr::LOCALHOST.into()]),
        ]),
        asked: Arc::default(),
    };
    let of = |host: &str| {
        let url = Url::parse(&format!("https://{host}:{port}/")).unwrap();
        OutboundRequest::submit(url, [("a", "b")]).near(&[host.to_owned()])
    };
    let trusting = Outbound::new(both.clone(), trust);
    assert!(
        trusting
            .send(&of(THIRD))
            .await
            .is_ok_and(|answer| answer.body.as_slice() == b"secret")
    );
    assert_eq!(cause(&trusting, &of("other.example")).await, OutboundCause::Certificate);
    assert_eq!(cause(&trusting, &of("127.0.0.1")).await, OutboundCause::Certificate);
    let stranger = client(both).send(&of(THIRD)).await.map(|answer| answer.status);
    assert_eq!(
        stranger,
        Err(OutboundFault {
            cause: OutboundCause::Certificate,
            is_sent: false
        }),
        "nothing was shown to it"
    );
}

#[tokio::test]
async fn who_does_not_speak_tls_is_shown_nothing() {
    let mut third = Third::answering("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = Url::parse(&format!("https://{THIRD}:{}/", third.port)).unwrap();
    let request = OutboundRequest::submit(url, [("secret", "canary")]).near(&[THIRD.to_owned()]);
    let sent = hasty(here()).send(&request).await.map(|answer| answer.status);
    assert!(sent.is_err_and(|fault| !fault.is_sent));
    while let Ok(request) = third.requests.try_recv() {
        assert!(!request.contains("canary"), "{request}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n";
    let mut third = Third::answering(redirect).await;
    let resolver = here();
    let answer = client(resolver.clone())
        .send(&third.request())
        .await
        .unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((answer.status, third.count(), resolver.asked.lock().len()), (302, 1, 1));
    let read = token_answer::read(&answer, None, false, Timestamp::from_seconds(1));
    assert!(read.is_err_and(|fault| matches!(fault, TokenFault::Broken { status: 302, .. })));
}

#[tokio::test]
async fn addresses_in_odd_spellings_are_the_addresses_that_they_are() {
    let mut third = Third::answering(with_body("", b"")).await;
    let port = third.port;
    let of =
        |host: &str| OutboundRequest::submit(Url::parse(&format!("https://{host}:{port}/")).unwrap(), [("a", "b")]);
    let resolver = Lies::default();
    let client = client(resolver.clone());
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0x7f000001",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0.0.0.0",
        "0",
        "[::]",
        "10.0.0.1",
        "100.64.0.1",
        "\u{ff11}27.0.0.1",
        "127\u{3002}0.0.1",
    ] {
        let request = of(host);
        assert!(
            matches!(cause(&client, &request).await, OutboundCause::Address(_)),
            "{host}"
        );
        // Allowed by name, the house may be asked; what wraps an address in another never.
        let named = of(host).near(&[request.url().host_str().unwrap().to_owned()]);
        let is_here = ["127.0.0.1", "[::1]", "10.0.0.1", "100.64.0.1"].contains(&request.url().host_str().unwrap());
        if !is_here {
            assert!(
                matches!(cause(&client, &named).await, OutboundCause::Address(_)),
                "{host}"
            );
        }
    }
    assert!(resolver.asked.lock().is_empty(), "no address went through the resolver");
    assert_eq!(third.count(), 0, "nobody was asked");
    let allowed = Url::parse(&format!("http://2130706433:{port}/")).unwrap();
    let allowed = OutboundRequest::submit(allowed, [("a", "b")]).near(&["127.0.0.1".to_owned()]);
    assert!(client.send(&allowed).await.is_ok_and(|answer| answer.status == 200));
}

#[tokio::test]
async fn a_name_is_judged_by_all_of_its_addresses() {
    let mut third = Third::answering(with_body("", b"")).await;
    let url = || Url::parse(&format!("https://{THIRD}:{}/", third.port)).unwrap();
    for addresses in [
        &["127.0.0.1"][..],
        &["8.8.8.8", "10.0.0.1"],
        &["8.8.8.8", "1.1.1.1", "9.9.9.9", "8.8.4.4", "127.0.0.1"],
        &["::ffff:8.8.8.8"],
        &["169.254.169.254"],
    ] {
        let refused = cause(
            &client(lies(THIRD, addresses)),
            &OutboundRequest::submit(url(), [("a", "b")]),
        )
        .await;
        assert!(
            matches!(refused, OutboundCause::Address(AddressFault(_))),
            "{addresses:?}"
        );
    }
    let metadata = OutboundRequest::submit(url(), [("a", "b")]).near(&[THIRD.to_owned()]);
    let refused = cause(&client(lies(THIRD, &["127.0.0.1", "169.254.169.254"])), &metadata).await;
    assert_eq!(
        refused,
        OutboundCause::Address(AddressFault("link-local")),
        "whoever allows it"
    );
    // Another host is not the one that is allowed.
    let other = OutboundRequest::submit(url(), [("a", "b")]).near(&["other.example".to_owned()]);
    assert!(matches!(
        cause(&client(here()), &other).await,
        OutboundCause::Address(_)
    ));
    assert_eq!(
        cause(&client(lies(THIRD, &[])), &metadata).await,
        OutboundCause::Unresolved
    );
    assert_eq!(
        cause(&client(Lies::default()), &metadata).await,
        OutboundCause::Unresolved
    );
    assert_eq!(third.count(), 0, "nobody was asked");
    // The next address takes over where nobody listens.
    let two = client(lies(THIRD, &["127.0.0.2", "127.0.0.1"]))
        .send(&third.request())
        .await;
    assert!(two.is_ok_and(|answer| answer.status == 200));
}

#[tokio::test]
async fn in_clear_there_is_this_machine_alone() {
    let mut third = Third::answering(with_body("", b"")).await;
    let of = |url: &str, near: &str| {
        let url = Url::parse(&url.replace("PORT", &third.port.to_string())).unwrap();
        OutboundRequest::submit(url, [("a", "b")]).near(&[near.to_owned()])
    };
    let private = hasty(lies(THIRD, &["10.0.0.1"]));
    assert_eq!(
        cause(&private, &of("http://third.example:PORT/", THIRD)).await,
        OutboundCause::Url
    );
    let client = client(here());
    for url in [
        "ftp://third.example:PORT/",
        "http://u@third.example:PORT/",
        "http://:p@third.example:PORT/",
    ] {
        assert_eq!(cause(&client, &of(url, THIRD)).await, OutboundCause::Url, "{url}");
    }
    assert_eq!(cause(&client, &of("data:text/html,x", THIRD)).await, OutboundCause::Url);
    let allowed = client.send(&of("http://third.example:PORT/", THIRD)).await;
    assert!(allowed.is_ok_and(|answer| answer.status == 200));
    assert_eq!(third.count(), 1);
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = Url::parse(&format!("http://{THIRD}:{port}/")).unwrap();
    let request = OutboundRequest::submit(url, [("a", "b")]).near(&[THIRD.to_owned()]);
    let sent = client(here()).send(&request).await.map(|answer| answer.status);
    let cause = OutboundCause::Unreachable(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(sent, Err(OutboundFault { cause, is_sent: false }));
}

#[tokio::test]
async fn who_is_slow_is_not_waited_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // One byte after the other, each in time, for ever.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
                    .await;
                let mut ticks = tokio::time::interval(Duration::from_millis(20));
                loop {
                    ticks.tick().await;
                    if stream.write_all(b"x").await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let of = |scheme: &str| {
        let url = Url::parse(&format!("{scheme}://{THIRD}:{port}/")).unwrap();
        OutboundRequest::submit(url, [("a", "b")]).near(&[THIRD.to_owned()])
    };
    let client = hasty(here());
    let trickled = client.send(&of("http")).await.map(|answer| answer.status);
    assert_eq!(
        trickled,
        Err(OutboundFault {
            cause: OutboundCause::Late,
            is_sent: true
        })
    );

    // Takes the connection and says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = Url::parse(&format!("https://{THIRD}:{}/", silent.local_addr().unwrap().port())).unwrap();
    let request = OutboundRequest::submit(url, [("a", "b")]).near(&[THIRD.to_owned()]);
    let silent = client.send(&request).await.map(|answer| answer.status);
    assert_eq!(
        silent,
        Err(OutboundFault {
            cause: OutboundCause::Late,
            is_sent: false
        })
    );
}

#[tokio::test]
async fn garbage_is_no_answer() {
    for garbage in [
        &b"\x00\x01\x02\x03\xff\xfe\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nbad field\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ] {
        let third = Third::answering(garbage).await;
        let sent = client(here()).send(&third.request()).await.map(|answer| answer.status);
        let fault = OutboundFault {
            cause: OutboundCause::Http,
            is_sent: true,
        };
        assert_eq!(sent, Err(fault), "{}", garbage.escape_ascii());
    }
    let third = Third::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n").await;
    assert!(
        client(here())
            .send(&third.request())
            .await
            .is_ok_and(|answer| answer.body.as_slice() == b"ab")
    );
}

#[tokio::test]
async fn a_body_has_bounds() {
    let chunked = |len: usize| {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len:x}\r\n");
        [head.into_bytes(), vec![b'x'; len], b"\r\n0\r\n\r\n".to_vec()].concat()
    };
    let most = crate::outbound_request::ANSWER_BYTES_MOST;
    for answer in [
        with_body("", &vec![b'x'; 1_048_576]),
        chunked(1_048_576),
        chunked(most + 1),
        with_body("", &vec![b'x'; most + 1]),
    ] {
        let third = Third::answering(answer).await;
        assert_eq!(
            cause(&client(here()), &third.request()).await,
            OutboundCause::TooLong { bytes_most: most }
        );
    }
    for answer in [with_body("", &vec![b'x'; most]), chunked(most)] {
        let third = Third::answering(answer).await;
        assert!(
            client(here())
                .send(&third.request())
                .await
                .is_ok_and(|answer| answer.body.len() == most)
        );
    }
    let third = Third::answering(with_body("", b"abc")).await;
    let few = third.request().at_most(2);
    assert_eq!(
        cause(&client(here()), &few).await,
        OutboundCause::TooLong { bytes_most: 2 }
    );
}

#[tokio::test]
async fn fields_have_bounds() {
    let fields = |count: usize| (0..count).map(|at| format!("X-{at}: y\r\n")).collect::<String>();
    for flood in [
        fields(100_000),
        fields(FIELDS_MOST),
        format!("X: {}\r\n", "y".repeat(1_048_576)),
    ] {
        let third = Third::answering(with_body(&flood, b"")).await;
        assert_eq!(cause(&client(here()), &third.request()).await, OutboundCause::Http);
    }
    let third = Third::answering(with_body(&fields(FIELDS_MOST - 1), b"")).await;
    assert!(
        client(here())
            .send(&third.request())
            .await
            .is_ok_and(|answer| answer.status == 200)
    );
    // Preliminary answers without end.
    let third = Third::answering("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000)).await;
    let sent = client(here()).send(&third.request()).await.map(|answer| answer.status);
    assert!(sent.is_err_and(|fault| fault.is_sent));
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let third = Third::answering(with_body("Content-Encoding: gzip\r\n", b"\x1f\x8b\x08")).await;
    assert_eq!(cause(&client(here()), &third.request()).await, OutboundCause::Encoded);
    let third = Third::answering(with_body("Content-Encoding: identity\r\n", b"{}")).await;
    assert!(
        client(here())
            .send(&third.request())
            .await
            .is_ok_and(|answer| answer.body.as_slice() == b"{}")
    );
}

#[tokio::test]
async fn no_error_repeats_what_was_said() {
    let third = Third::answering("HTTP/1.1 200 OK\r\nX-Canary: canary\r\nContent-Length: 70000\r\n\r\ncanary").await;
    let fault = match client(here()).send(&third.request()).await {
        Ok(answer) => panic!("answered {}", answer.status),
        Err(fault) => fault,
    };
    assert!(!format!("{fault} {fault:?}").contains("canary"));
}

#[tokio::test]
async fn the_system_resolves_this_machine() {
    let found = SystemResolver.resolve("localhost").await.unwrap();
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    assert!(
        Trust::certificates([b"no certificate".to_vec()])
            .is_err_and(|fault| fault.to_string().contains("no certificate of one"))
    );
    assert!(Trust::certificates([]).is_err_and(|fault| fault.to_string().contains("none")));
}
