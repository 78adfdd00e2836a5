//! What the tests of the HTTP host share: an engine in a folder of its own, and requests to its routes without sockets.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod answering;
pub(crate) mod frames;
pub(crate) mod json;
pub(crate) mod judged;
pub(crate) mod pair;
pub(crate) mod running;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use serde_json::Value;
use tempfile::TempDir;
use tollgate::{
    AddNetwork, AddUser, Command, Engine, IssueAuthtoken, Issued, ManualClock, OpenOptions, PepperKey, SeededEntropy,
    SetSetting, Setting, Standing, Timestamp, UserName,
};
use tollgate_http::Host;
use tower::ServiceExt as _;

/// The moment at which the tests' clocks begin.
pub(crate) const BEGIN: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// An address that the settings name as a proxy's at first, and that no network rule trusts.
pub(crate) const PROXY: &str = "127.0.0.1";

/// An address that network rules trust, and that is no proxy.
pub(crate) const CLIENT: &str = "203.0.113.7";

/// An engine with a folder and a clock of its own, and a user `alice` with a token.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
    pub(crate) alice: Issued,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// All lines of a field.
    pub(crate) fn field(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    /// The problem that a refusal is about, without the words before it.
    pub(crate) fn problem(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["status"], self.status, "{body}");
        body["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:tollgate:problem:")
            .unwrap()
            .to_owned()
    }

    /// The words that say what to do.
    pub(crate) fn detail(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["detail"].as_str().unwrap().to_owned()
    }
}

/// A request in the making.
pub(crate) struct Ask {
    caller: SocketAddr,
    request: axum::http::request::Builder,
    body: Vec<u8>,
}

/// `METHOD URI` from the client that is trusted, asked directly.
pub(crate) fn ask(line: &str) -> Ask {
    let (method, uri) = line.split_once(' ').unwrap();
    Ask {
        caller: format!("{CLIENT}:4711").parse().unwrap(),
        request: Request::builder().method(method).uri(uri),
        body: Vec::new(),
    }
}

/// A question that the proxy asks for the trusted client.
pub(crate) fn ask_through_proxy(line: &str) -> Ask {
    ask(line).from(PROXY).field("x-forwarded-for", CLIENT)
}

impl Ask {
    /// Who asks, and what, for whoever takes it another way.
    pub(crate) fn into_parts(self) -> (SocketAddr, Request<Vec<u8>>) {
        (self.caller, self.request.body(self.body).unwrap())
    }

    pub(crate) fn from(mut self, caller: &str) -> Self {
        self.caller.set_ip(caller.parse().unwrap());
        self
    }

    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.field("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn form(mut self, body: &str) -> Self {
        self.body = body.into();
        self.field("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::made_with(|options| options)
    }

    /// A world whose feed keeps so many change sets in memory, and so many changes in the store.
    pub(crate) fn with_feed_bounds(ring: usize, tail: u64) -> Self {
        Self::made_with(|options| options.feed_bounds(ring, tail))
    }

    /// A world whose engine is opened in a way of its own.
    pub(crate) fn made_with(change: impl FnOnce(OpenOptions) -> OpenOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(BEGIN));
        let options = OpenOptions::new()
            .create(true)
            .key(PepperKey::from_bytes([0x5e; 32]))
            .clock(Arc::clone(&clock) as _)
            .entropy(Arc::new(SeededEntropy::new(7)))
            .checkpoint_every(None)
            .sweep_every(None);
        let engine = change(options).open(folder.path().join("tollgate.redb")).unwrap();
        let trust = AddNetwork {
            rule: CLIENT.parse().unwrap(),
            standing: Standing::Trusted,
            user: None,
        };
        engine.execute(trust).unwrap();
        engine.execute(AddUser::named("alice".parse().unwrap())).unwrap();
        let alice = engine.execute(issue("alice")).unwrap();
        Self {
            engine,
            clock,
            folder,
            alice,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tollgate.redb")
    }

    pub(crate) fn run<C: Command>(&self, command: C) -> <C as Command>::Outcome {
        self.engine.execute(command).unwrap()
    }

    pub(crate) fn set(&self, key: &str, value: &str) {
        self.run(SetSetting {
            setting: Setting::parse(key, value).unwrap(),
        });
    }

    /// The secret of alice's token.
    pub(crate) fn token(&self) -> &str {
        self.alice.token.expose()
    }

    /// Sends a request through the routes of a host that is made for it.
    pub(crate) fn send(&self, ask: Ask) -> Answer {
        self.send_to(&self.host(), ask)
    }

    /// A host of the engine with the default options.
    pub(crate) fn host(&self) -> Host {
        Host::from(self.engine.clone())
    }

    /// Sends a request through the routes of `host`.
    pub(crate) fn send_to(&self, host: &Host, ask: Ask) -> Answer {
        self.send_through(&tollgate_http::router(host.clone()), ask)
    }

    /// Sends a request through routes.
    pub(crate) fn send_through(&self, router: &Router, ask: Ask) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut request = ask.request.body(Body::from(ask.body)).unwrap();
            request.extensions_mut().insert(ConnectInfo(ask.caller));
            let answer = router.clone().oneshot(request).await.unwrap();
            let (head, body) = answer.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
            Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            }
        })
    }
}

/// A token for a user that is valid for ever.
pub(crate) fn issue(user: &str) -> IssueAuthtoken {
    IssueAuthtoken {
        user: name(user),
        expires_at: None,
        not_before: None,
    }
}

pub(crate) fn name(user: &str) -> UserName {
    user.parse().unwrap()
}
