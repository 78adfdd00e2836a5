//! The server: pure parts walked over an engine. Every call may block on the disk, a signature or a password, so a host makes it
//! on a thread that may wait.

mod faults;
mod clients;
mod keyring;
mod passwords;
mod issue;
mod grants;
mod assertions;
mod presented;
mod userinfo;
mod authorize;
mod end_session;
mod register;
mod settle;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tollgate::{Author, Engine, Issuer, RequestParts, SystemEntropy, Timestamp, Unsettled};

use crate::answers::{self, GRANTED};
use crate::call::{Activity, Answer, Call, Profile};
use crate::configuration::{Configuration, ConfigurationError};
use crate::fault::{Code, Fault};
use crate::issuer::KeySets;
use crate::lately::Lately;
use crate::login_trail::LoginTrail;
use crate::metadata;
use crate::password::PasswordPool;
use crate::signing_keys::{self, KEPT_S, KeysError, NewKey, Rotation};
use crate::steps::{
    AuthorizationCall, AuthorizationStep, EndSessionCall, EndSessionStep, Login, PageFault, PasswordProof, Settlement,
};
use crate::throttle::Throttle;

use keyring::Keyring;

/// The authorization server over one engine. Cloning costs a reference count; all clones are the same server, with one pool of
/// passwords and one memory of wrong guesses.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Inner>);

struct Inner {
    engine: Engine,
    configuration: Configuration,
    entropy: SystemEntropy,
    passwords: PasswordPool,
    throttle: Mutex<Throttle>,
    client_throttle: Mutex<Throttle>,
    registration_throttle: Mutex<Throttle>,
    trail: Mutex<LoginTrail>,
    keyring: Mutex<Option<Arc<Keyring>>>,
    key_sets: Mutex<KeySets>,
    lately: Mutex<Lately>,
    /// The issuers that were trusted under a number, so that a token of nobody costs no look into the store.
    trusted: Mutex<Option<(u32, Arc<Vec<Issuer>>)>>,
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AuthorizationServer");
        shown
            .field("configuration", &self.0.configuration)
            .finish_non_exhaustive()
    }
}

impl AuthorizationServer {
    /// A server over `engine`. Refuses a `public_url` that cannot be an issuer.
    pub fn new(engine: Engine, configuration: Configuration) -> Result<Self, ConfigurationError> {
        configuration.accept()?;
        Ok(Self(Arc::new(Inner {
            engine,
            entropy: SystemEntropy,
            passwords: PasswordPool::new(configuration.passwords_at_once, configuration.passwords_waiting),
            configuration,
            throttle: Mutex::default(),
            client_throttle: Mutex::new(Throttle::of_clients()),
            registration_throttle: Mutex::new(Throttle::of_clients()),
            trail: Mutex::default(),
            keyring: Mutex::default(),
            key_sets: Mutex::default(),
            lately: Mutex::default(),
            trusted: Mutex::default(),
        })))
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
    pub fn token(&self, profile: Profile, call: &Call<'_>, now: Timestamp) -> Answer {
        answered("token", profile, |activity| self.0.token(profile, call, now, activity))
    }

    /// The introspection endpoint (RFC 7662): clients that can prove who they are, about tokens that were issued to them or are
    /// meant for them.
    pub fn introspect(&self, profile: Profile, call: &Call<'_>, now: Timestamp) -> Answer {
        answered("introspect", profile, |activity| {
            self.0.introspect(profile, call, now, activity)
        })
    }

    /// The revocation endpoint (RFC 7009): clients, about their own tokens; 200 also for what is none.
    pub fn revoke(&self, profile: Profile, call: &Call<'_>, now: Timestamp) -> Answer {
        answered("revoke", profile, |activity| {
            self.0.revoke(profile, call, now, activity)
        })
    }

    /// The userinfo endpoint: claims about the user of a bearer token with the scope `openid`.
    pub fn userinfo(&self, profile: Profile, call: &Call<'_>, now: Timestamp) -> Answer {
        let mut activity = activity("userinfo");
        match self.0.userinfo(profile, call, now, &mut activity) {
            Ok(body) => answers::json(200, body, activity),
            Err(fault) => {
                activity.outcome = fault.code.as_str();
                answers::refused_bearer(&fault, activity)
            }
        }
    }

    /// Dynamic registration (RFC 7591), where it is switched on; else 404.
    pub fn register(&self, call: &Call<'_>, now: Timestamp) -> Answer {
        answered("register", Profile::Standard, |activity| {
            self.0.register(call, now, activity)
        })
    }

    /// The metadata document of a profile, for RFC 8414 and OpenID discovery alike.
    pub fn metadata(&self, profile: Profile) -> Answer {
        // Where the store cannot be read, no assertion could be judged either.
        let assertions = self
            .0
            .engine
            .identity_providers()
            .is_ok_and(|providers| !providers.is_empty());
        answers::public(
            metadata::document(profile, &self.0.configuration, assertions),
            KEPT_S as u32,
            "metadata",
        )
    }

    /// The public keys that tokens of both profiles are signed with, old ones as long as tokens under them live.
    pub fn jwks(&self, now: Timestamp) -> Answer {
        match self.0.keyring(now) {
            Ok(keyring) => answers::public(keyring.set(now), KEPT_S as u32, "jwks"),
            Err(fault) => {
                let outcome = fault.code.as_str();
                answers::refused(
                    Profile::Standard,
                    &fault,
                    Activity {
                        outcome,
                        ..activity("jwks")
                    },
                )
            }
        }
    }

    /// The authorization endpoint: answers what the browser has to do next.
    pub fn authorize(&self, profile: Profile, call: &AuthorizationCall<'_>, now: Timestamp) -> AuthorizationStep {
        let mut activity = activity("authorize");
        let step = self.0.authorize(profile, call, now, &mut activity);
        step.unwrap_or_else(|fault| AuthorizationStep::Refused(page(&fault, activity)))
    }

    /// The end-session endpoint (OpenID Connect RP-Initiated Logout).
    pub fn end_session(&self, _profile: Profile, call: &EndSessionCall<'_>, now: Timestamp) -> EndSessionStep {
        let mut activity = activity("endsession");
        let step = self.0.end_session(call, now, &mut activity);
        step.unwrap_or_else(|fault| EndSessionStep::Refused(page(&fault, activity)))
    }

    /// Whether a name and a password belong together. Costs the same whether the name exists or not, waits its turn in the
    /// pool, counts wrong guesses for the name and for `peer`, and has the trail tell of them.
    pub fn prove_password(&self, name: &[u8], password: &[u8], peer: Option<IpAddr>, now: Timestamp) -> PasswordProof {
        self.0.prove(name, password, peer, now)
    }

    /// [`AuthorizationServer::prove_password`], and a session where they do. The trail tells of it either way.
    pub fn log_in(&self, name: &[u8], password: &[u8], peer: Option<IpAddr>, now: Timestamp) -> Login {
        self.0.log_in(name, password, peer, now)
    }

    /// Proves what a check has left open, and has the engine remember it, so that the same request passes if it is checked again. The
    /// request must be the one that was checked.
    pub fn settle(&self, unsettled: Unsettled, request: &RequestParts<'_>, now: Timestamp) -> Settlement {
        self.0.settle(unsettled, request, now)
    }

    /// Whether what a check has left open is not worth [settling](Self::settle): a token that says of itself that no trusted issuer has
    /// signed it for here and now. Waits for nothing, so that a flood of such tokens takes nobody's thread; where that would need a look
    /// into the store the answer is no.
    pub fn is_hopeless(&self, unsettled: Unsettled, request: &RequestParts<'_>, now: Timestamp) -> bool {
        self.0.is_hopeless(unsettled, request, now)
    }

    /// Takes what a host has fetched because of [`Settlement::Fetch`]; none where the fetch failed.
    pub fn bring_keys(&self, issuer: &str, url: &str, text: Option<&[u8]>, now: Timestamp) {
        self.0.key_sets.lock().bring(issuer, url, text, now);
    }

    /// Makes the signing keys that the schedule asks for. Happens by itself when tokens are signed or keys are asked for; a
    /// host that starts calls it so that the first token does not wait for it.
    pub fn ensure_keys(&self, now: Timestamp) -> Result<Vec<NewKey>, KeysError> {
        let mut keyring = self.0.keyring.lock();
        *keyring = None;
        signing_keys::ensure_keys(&self.0.engine, now)
    }

    /// Makes new signing keys now, in the name of `author`.
    pub fn rotate_keys(&self, author: Author, rotation: Rotation, now: Timestamp) -> Result<Vec<NewKey>, KeysError> {
        let mut keyring = self.0.keyring.lock();
        *keyring = None;
        signing_keys::rotate_keys(&self.0.engine, author, rotation, now)
    }
}

fn activity(asked: &'static str) -> Activity {
    Activity {
        client: None,
        asked,
        outcome: GRANTED,
        reason: None,
    }
}

/// Turns a refusal into an answer, with whatever was known of the caller by then.
fn answered(
    asked: &'static str,
    profile: Profile,
    answer: impl FnOnce(&mut Activity) -> Result<Answer, Fault>,
) -> Answer {
    let mut activity = activity(asked);
    answer(&mut activity).unwrap_or_else(|fault| {
        activity.outcome = fault.code.as_str();
        answers::refused(profile, &fault, activity)
    })
}

fn page(fault: &Fault, activity: Activity) -> PageFault {
    let code = fault.code.as_str();
    // A page is no place for a challenge to authenticate.
    let status = match fault.code.status() {
        401 => 400,
        status => status,
    };
    PageFault {
        status,
        code,
        detail: format!("{}.", fault.description),
        activity: Activity {
            outcome: code,
            ..activity
        },
    }
}

/// Endpoints for programs take nothing but POST.
fn must_be_post(call: &Call<'_>) -> Result<(), Fault> {
    if call.method == b"POST" {
        return Ok(());
    }
    Err(Fault::new(Code::MethodNotAllowed, "This endpoint takes POST alone"))
}
