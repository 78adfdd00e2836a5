//! A server with a user and clients, and the requests that are made of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that unwraps says where it failed"
)]

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use tollgate::{
    AddClient, AddNetwork, AddUser, Client, DenyReason, Engine, Field, ManualClock, OpenOptions, PasswordPhc,
    PepperKey, Profile as UserProfile, RequestParts, SetPassword, SetProfile, Standing, SystemEntropy, Timestamp,
    Verdict,
};
use tollgate_oauth::jose::{Claims, Jws};
use tollgate_oauth::{
    Answer, AuthorizationCall, AuthorizationServer, AuthorizationStep, Call, Configuration, Decision, Login, Profile,
    base64url, form, jwk, password,
};

pub(crate) const BEGIN: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) server: AuthorizationServer,
    folder: TempDir,
}

/// A client and its secret.
pub(crate) struct Known {
    pub(crate) client: Client,
    pub(crate) secret: Option<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server that is set up like this, with the user `admin`.
    pub(crate) fn with(set_up: impl FnOnce(&mut Configuration)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(BEGIN));
        let engine = open(&clock, folder.path(), true);
        let rule = "127.0.0.0/8".parse().unwrap();
        let standing = Standing::Trusted;
        engine
            .execute(AddNetwork {
                rule,
                standing,
                user: None,
            })
            .unwrap();
        let server = server(&engine, set_up);
        let scene = Self {
            engine,
            clock,
            server,
            folder,
        };
        scene.user("admin");
        scene
    }

    /// The same store in another process, as it were.
    pub(crate) fn reopen(self) -> Self {
        let Self {
            engine,
            clock,
            server: old,
            folder,
        } = self;
        drop(old);
        engine.close();
        let engine = open(&clock, folder.path(), false);
        let server = server(&engine, |_| {});
        Self {
            engine,
            clock,
            server,
            folder,
        }
    }

    /// A user with [`PASSWORD`] and a profile.
    pub(crate) fn user(&self, name: &str) {
        let user = self.engine.execute(AddUser::named(name.parse().unwrap())).unwrap().name;
        let phc = password::protect(PASSWORD.as_bytes(), &SystemEntropy).unwrap();
        let password = Some(PasswordPhc::parse(&phc).unwrap());
        self.engine
            .execute(SetPassword {
                user: user.clone(),
                password,
            })
            .unwrap();
        let profile = UserProfile {
            display_name: Some("Administrator".to_owned()),
            email: Some(format!("{name}@cinchy.co")),
            roles: vec!["Cinchy User Account".to_owned()],
        };
        self.engine.execute(SetProfile { user, profile }).unwrap();
    }

    pub(crate) fn client(&self, name: &str, grants: &str, change: impl FnOnce(&mut AddClient)) -> Known {
        let mut add = AddClient::named(name.parse().unwrap(), grants.parse().unwrap());
        add.scopes = "js_api openid profile email roles".parse().unwrap();
        add.consent = false;
        if grants.contains("authorization_code") {
            add.login_urls = vec![CALLBACK.to_owned()];
        }
        if grants.contains("client_credentials") {
            add.user = Some("admin".parse().unwrap());
        }
        change(&mut add);
        let added = self.engine.execute(add).unwrap();
        Known {
            client: added.client,
            secret: added.secret.map(|secret| secret.expose().to_owned()),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.now()
    }

    pub(crate) fn pass_s(&self, seconds: u64) {
        self.clock.set(self.now().plus_millis(seconds * 1_000));
    }

    /// A request to the token endpoint.
    pub(crate) fn token(&self, profile: Profile, known: &Known, pairs: &[(&str, &str)]) -> Answer {
        let body = known.form(pairs);
        self.server.token(profile, &post(&body), self.now())
    }

    /// A session of `admin`.
    pub(crate) fn session(&self) -> String {
        match self
            .server
            .log_in(b"admin", PASSWORD.as_bytes(), Some(PEER), self.now())
        {
            Login::Begun { session, .. } => session.expose().to_owned(),
            other => panic!("expected a session, but got {other:?}"),
        }
    }

    pub(crate) fn authorize(
        &self,
        pairs: &[(&str, &str)],
        session: Option<&str>,
        decision: Option<Decision>,
    ) -> AuthorizationStep {
        self.authorize_at(Profile::Standard, pairs, session, decision)
    }

    pub(crate) fn authorize_at(
        &self,
        profile: Profile,
        pairs: &[(&str, &str)],
        session: Option<&str>,
        decision: Option<Decision>,
    ) -> AuthorizationStep {
        let query = form::write(pairs.iter().copied());
        let call = AuthorizationCall {
            call: get(&query),
            session: session.map(str::as_bytes),
            decision,
        };
        self.server.authorize(profile, &call, self.now())
    }

    /// The code that a logged-in user's browser brings back.
    pub(crate) fn code(&self, known: &Known, more: &[(&str, &str)]) -> String {
        self.code_at(Profile::Standard, known, more)
    }

    /// The same of the other issuer.
    pub(crate) fn code_at(&self, profile: Profile, known: &Known, more: &[(&str, &str)]) -> String {
        let mut pairs = known.request();
        pairs.extend_from_slice(more);
        let url = redirected(self.authorize_at(profile, &pairs, Some(&self.session()), None));
        parameter(&url, "code").unwrap_or_else(|| panic!("expected a code, but got {url}"))
    }

    pub(crate) fn redeem(&self, known: &Known, code: &str) -> Answer {
        self.redeem_at(Profile::Standard, known, code)
    }

    pub(crate) fn redeem_at(&self, profile: Profile, known: &Known, code: &str) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(profile, known, &pairs)
    }

    pub(crate) fn refresh(&self, known: &Known, token: &str) -> Answer {
        self.token(
            Profile::Standard,
            known,
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
    }

    /// Why a request with this bearer token is denied now; none where it may pass.
    pub(crate) fn denial(&self, token: &str) -> Option<DenyReason> {
        let line = format!("Bearer {token}");
        let request = RequestParts {
            method: b"GET",
            path: b"/",
            peer: Some(PEER),
            authorization: Field::Once(line.as_bytes()),
            ..RequestParts::default()
        };
        match self.engine.check(&request, self.now()) {
            Verdict::Permit(_) => None,
            Verdict::Denial(denial) => Some(denial.reason),
        }
    }

    /// The claims of a token that one of the published keys has signed.
    pub(crate) fn verified(&self, token: &str) -> Claims {
        let keys = jwk::parse_set(&self.server.jwks(self.now()).body).unwrap();
        Jws::parse(token).unwrap().verify(&keys).unwrap()
    }
}

impl Known {
    /// A form with the client's name and secret in it.
    pub(crate) fn form(&self, pairs: &[(&str, &str)]) -> String {
        let own = [
            ("client_id", Some(self.client.name.as_str())),
            ("client_secret", self.secret.as_deref()),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        form::write(own.chain(pairs.iter().copied()))
    }

    /// A request for a code with PKCE.
    pub(crate) fn request(&self) -> Vec<(&str, &str)> {
        vec![
            ("response_type", "code"),
            ("client_id", self.client.name.as_str()),
            ("redirect_uri", CALLBACK),
            ("state", "s&1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    pub(crate) fn basic(&self) -> String {
        let secret = self.secret.as_deref().unwrap_or_default();
        basic(self.client.name.as_str(), secret)
    }
}

pub(crate) fn basic(name: &str, secret: &str) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{secret}"));
    format!("Basic {text}")
}

fn open(clock: &Arc<ManualClock>, folder: &std::path::Path, create: bool) -> Engine {
    let options = OpenOptions::new()
        .key(PepperKey::from_bytes([0x5e; 32]))
        .clock(Arc::clone(clock) as _);
    let options = options.checkpoint_every(None).sweep_every(None);
    options.create(create).open(folder.join("store.redb")).unwrap()
}

fn server(engine: &Engine, set_up: impl FnOnce(&mut Configuration)) -> AuthorizationServer {
    let mut configuration = Configuration::at("https://auth.example".parse().unwrap());
    set_up(&mut configuration);
    AuthorizationServer::new(engine.clone(), configuration).unwrap()
}

pub(crate) fn post(body: &str) -> Call<'_> {
    Call {
        method: b"POST",
        content_type: Some(b"application/x-www-form-urlencoded"),
        body: body.as_bytes(),
        peer: Some(PEER),
        ..Call::default()
    }
}

pub(crate) fn get(query: &str) -> Call<'_> {
    Call {
        method: b"GET",
        query: Some(query),
        peer: Some(PEER),
        ..Call::default()
    }
}

pub(crate) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// A member of a token answer, or the answer itself where it is another.
pub(crate) fn text(answer: &Answer, name: &str) -> String {
    let json = json(answer);
    json[name]
        .as_str()
        .map_or_else(|| panic!("expected {name} in {json}"), str::to_owned)
}

/// Status and error code of a refusal, or 200 and what was granted.
pub(crate) fn outcome(answer: &Answer) -> (u16, String) {
    let error = json(answer)["error"].as_str().unwrap_or("granted").to_owned();
    assert_eq!(answer.activity.outcome, error, "the activity says what the answer says");
    (answer.status, error)
}

pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

pub(crate) fn redirected(step: AuthorizationStep) -> String {
    match step {
        AuthorizationStep::Redirect { url, .. } => url,
        other => panic!("expected a redirect, but got {other:?}"),
    }
}

/// A parameter in the query of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}

/// The first part of a token.
pub(crate) fn header(token: &str) -> Value {
    let head = token.split('.').next().unwrap();
    serde_json::from_slice(&base64url::decode(head).unwrap()).unwrap()
}

/// The second part of a token, as text.
pub(crate) fn payload(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    String::from_utf8(base64url::decode(payload).unwrap()).unwrap()
}
