//! The server: pure parts walked over an engine. Every call may block on the disk, a signature or a password, so a host makes it
//! on a thread that may wait.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use tollgate::{Engine, Timestamp};

use crate::call::{Activity, Answer, Call, Profile};
use crate::configuration::{Configuration, ConfigurationError};
use crate::steps::{
    AuthorizationCall, AuthorizationStep, EndSessionCall, EndSessionStep, Login, PageFault, PasswordProof,
};

/// The authorization server over one engine. Cloning costs a reference count; all clones are the same server, with one pool of
/// passwords and one memory of wrong guesses.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Inner>);

struct Inner {
    engine: Engine,
    configuration: Configuration,
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AuthorizationServer");
        shown.field("configuration", &self.0.configuration).finish_non_exhaustive()
    }
}

impl AuthorizationServer {
    /// A server over `engine`. Refuses a `public_url` that cannot be an issuer.
    pub fn new(engine: Engine, configuration: Configuration) -> Result<Self, ConfigurationError> {
        Ok(Self(Arc::new(Inner { engine, configuration })))
    }

    /// What it was set up with.
    pub fn configuration(&self) -> &Configuration {
        &self.0.configuration
    }

    /// The engine it walks over.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The token endpoint: every grant (RFC 6749 section 3.2).
    pub fn token(&self, _profile: Profile, _call: &Call<'_>, _now: Timestamp) -> Answer {
        not_yet("token")
    }

    /// The introspection endpoint (RFC 7662): clients, about their own tokens.
    pub fn introspect(&self, _profile: Profile, _call: &Call<'_>, _now: Timestamp) -> Answer {
        not_yet("introspect")
    }

    /// The revocation endpoint (RFC 7009): clients, about their own tokens; 200 also for what is none.
    pub fn revoke(&self, _profile: Profile, _call: &Call<'_>, _now: Timestamp) -> Answer {
        not_yet("revoke")
    }

    /// The userinfo endpoint: claims about the user of a bearer token with the scope `openid`.
    pub fn userinfo(&self, _profile: Profile, _call: &Call<'_>, _now: Timestamp) -> Answer {
        not_yet("userinfo")
    }

    /// Dynamic registration (RFC 7591), where it is switched on; else 404.
    pub fn register(&self, _call: &Call<'_>, _now: Timestamp) -> Answer {
        not_yet("register")
    }

    /// The metadata document of a profile, for RFC 8414 and OpenID discovery alike.
    pub fn metadata(&self, _profile: Profile) -> Answer {
        not_yet("metadata")
    }

    /// The public keys that tokens of both profiles are signed with, old ones as long as tokens under them live.
    pub fn jwks(&self, _now: Timestamp) -> Answer {
        not_yet("jwks")
    }

    /// The authorization endpoint: answers what the browser has to do next.
    pub fn authorize(&self, _profile: Profile, _call: &AuthorizationCall<'_>, _now: Timestamp) -> AuthorizationStep {
        AuthorizationStep::Refused(page_not_yet("authorize"))
    }

    /// The end-session endpoint (OpenID Connect RP-Initiated Logout).
    pub fn end_session(&self, _profile: Profile, _call: &EndSessionCall<'_>, _now: Timestamp) -> EndSessionStep {
        EndSessionStep::Refused(page_not_yet("endsession"))
    }

    /// Whether a name and a password belong together. Costs the same whether the name exists or not, waits its turn in the
    /// pool, counts wrong guesses for the name and for `peer`, and writes nothing to the trail.
    pub fn prove_password(
        &self,
        _name: &[u8],
        _password: &[u8],
        _peer: Option<IpAddr>,
        _now: Timestamp,
    ) -> PasswordProof {
        PasswordProof::Wrong
    }

    /// [`AuthorizationServer::prove_password`], and a session where they do. The trail tells of it either way.
    pub fn log_in(&self, _name: &[u8], _password: &[u8], _peer: Option<IpAddr>, _now: Timestamp) -> Login {
        Login::Wrong
    }
}

fn not_yet(asked: &'static str) -> Answer {
    Answer {
        status: 501,
        fields: vec![("Cache-Control", "no-store".to_owned())],
        body: Vec::new(),
        activity: activity(asked),
    }
}

fn page_not_yet(asked: &'static str) -> PageFault {
    PageFault {
        status: 501,
        code: "server_error",
        detail: "This is not here yet.".to_owned(),
        activity: activity(asked),
    }
}

fn activity(asked: &'static str) -> Activity {
    Activity {
        client: None,
        asked,
        outcome: "server_error",
    }
}
