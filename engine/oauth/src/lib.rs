//! The authorization server, without a socket: grants, logins and signing keys over the engine's store.
//!
//! Most modules are pure: they read a form, judge a redirect, sign or verify a token, write an answer, and know no engine, clock
//! or file. The last one, [`AuthorizationServer`], walks them over a [`tollgate::Engine`]. A host carries what comes in into a
//! [`Call`] and the [`Answer`] back out; an application that links this crate does the same without HTTP.
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
mod server;

pub use call::{Activity, Answer, Call, Profile};
pub use configuration::{Configuration, ConfigurationError};
pub use server::AuthorizationServer;
pub use steps::{
    AuthorizationCall, AuthorizationStep, ClientShown, Decision, EndSessionCall, EndSessionStep, Login, PageFault,
    PasswordProof, ProvenUser, Settlement,
};
