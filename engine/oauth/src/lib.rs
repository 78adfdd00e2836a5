//! The authorization server, without a socket: grants, logins and signing keys over the engine's store.
//!
//! Most modules are pure: they read a form, judge a redirect, sign or verify a token, write an answer, and know no engine, clock
//! or file. The last one, [`AuthorizationServer`], walks them over a [`tollgate::Engine`]. A host carries what comes in into a
//! [`Call`] and the [`Answer`] back out; an application that links this crate does the same without HTTP.
//!
//! ```
//! use tollgate::{AddClient, AddUser, Engine, PasswordPhc, SetPassword, SystemEntropy};
//! use tollgate_oauth::{AuthorizationServer, Call, Configuration, Profile, form, password};
//!
//! # let folder = tempfile::tempdir()?;
//! let engine = Engine::create(folder.path().join("tollgate.redb"))?;
//! // A user with a password, and a client that may show it. The password grant is off unless a client is allowed it.
//! let user = engine.execute(AddUser::named("alice".parse()?))?.name;
//! let phc = password::protect(b"correct horse", &SystemEntropy)?;
//! engine.execute(SetPassword { user, password: Some(PasswordPhc::parse(&phc)?) })?;
//! let client = AddClient { scopes: "js_api".parse()?, ..AddClient::named("reports".parse()?, "password".parse()?) };
//! let secret = engine.execute(client)?.secret.ok_or("a client like this has a secret")?;
//!
//! let server = AuthorizationServer::new(engine.clone(), Configuration::at("https://auth.example.org".parse()?))?;
//! let body = form::write([
//!     ("grant_type", "password"), ("username", "alice"), ("password", "correct horse"), ("scope", "js_api"),
//!     ("client_id", "reports"), ("client_secret", secret.expose()),
//! ]);
//! let call = Call {
//!     method: b"POST",
//!     content_type: Some(b"application/x-www-form-urlencoded"),
//!     body: body.as_bytes(),
//!     ..Call::default()
//! };
//! let answer = server.token(Profile::Cinchy, &call, engine.now());
//! assert_eq!((answer.status, answer.activity.outcome), (200, "granted"));
//! assert!(answer.body.starts_with(br#"{"access_token":"eyJ"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is decided where
//!
//! - **A client is believed** by its secret, by an assertion that it has signed and that is good once, or, if it is public, by its name
//!   together with a proof key. Never in two ways at once.
//! - **A grant is allowed** where the client's own list has it. Whether a code, a refresh token or an assertion was used before is
//!   decided by the engine, in the transaction that uses it up.
//! - **A browser is sent** only to a URL that the client has registered, compared as a string up to the port of a loopback address.
//! - **A password is checked** a few at a time, at the same cost whether its user exists or not; wrong guesses make further ones wait.
//! - **A token that we have signed is known by its digest**, like every other; its signature is for others. Cinchy's endpoint always
//!   answers a signed token, since its callers read the claims; of two in one second the later has a `jti`, because each text is
//!   issued once.
//! - **Keys rotate by themselves**: see [`signing_keys`] for the schedule.
//!
//! The modules stand in the order the data flows, and import only upwards.

mod call;
mod configuration;
mod steps;
pub mod fault;
pub mod base64url;
pub mod json;
pub mod form;
pub mod redirect;
pub mod pkce;
pub mod jose;
pub mod jwk;
pub mod certificate;
pub mod saml;
pub mod scope;
pub mod client_authentication;
pub mod token_request;
pub mod claims;
pub mod answers;
pub mod metadata;
pub mod authorization;
pub mod registration;
pub mod issuer;
pub mod password;
pub mod throttle;
pub mod signing_keys;
mod login_trail;
mod lately;
mod server;

pub use call::{Activity, Answer, Call, Profile};
pub use configuration::{Configuration, ConfigurationError};
pub use server::AuthorizationServer;
pub use steps::{
    AuthorizationCall, AuthorizationStep, ClientShown, Decision, EndSessionCall, EndSessionStep, Login, PageFault,
    PasswordProof, ProvenUser, Settlement,
};
