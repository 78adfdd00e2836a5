//! The engine behind HTTP: forward authentication for proxies, over gRPC too, and the control socket of the command line.
//!
//! # One server
//!
//! A [`Host`] is an engine with what a server keeps beside it: its bounds, its counts, the users who ask most. [`router`]
//! makes the routes of a host, for a program that has a server of its own; [`Server`] is one that bounds what clients can
//! hold on to. [`Bounds`] says what that is.
//!
//! ```no_run
//! use tollgate_http::{Host, HostOptions, Server};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = tollgate::Engine::open("tollgate.redb")?;
//! let server = Server::bind(&["127.0.0.1:8480".parse()?]).await?;
//! let stop = async { /* until it is told to end */ };
//! server.run(Host::new(engine, HostOptions::default()), stop).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Who decides elsewhere
//!
//! Proxies and replicas that decide by a copy of their own load it and are told of changes, by the frames of
//! [`tollgate::feed_wire`]:
//!
//! | path | what |
//! |---|---|
//! | `/feed/v1/snapshot` | the state, a page at a time |
//! | `/feed/v1/changes` | what changed after a revision, at once or as soon as something does |
//!
//! A feed token is asked for, in `Authorization: Bearer` alone. Frames are answered with 200, with 410 where the state has to be
//! loaded again, and with 503 where a commit failed and nothing may be believed; everything else is a problem document. A
//! question that waits takes one of [`Bounds::polls_most`] places and no thread; a server of your own ends those with
//! [`Host::end_polls`] when it stops.
//!
//! # Tokens for those who ask for them
//!
//! With [`HostOptions::authorization`] the host carries an authorization server: requests are read here, bounded, and answered on
//! threads that may wait; what is decided is decided there.
//!
//! | path | what |
//! |---|---|
//! | `/identity/connect/token`, `/authorize`, `/introspect`, `/revocation`, `/userinfo`, `/endsession` | the profile of Cinchy, with `/identity/.well-known/openid-configuration` and its `/jwks` |
//! | `/oauth2/token`, `/authorize`, `/introspect`, `/revoke`, `/userinfo`, `/endsession`, `/register`, `/jwks` | the profile of the RFCs, with `/.well-known/oauth-authorization-server` and `/.well-known/openid-configuration` |
//! | `/account/login`, `/account/consent`, `/account/tokens`, `/account/applications`, `/account/logout` | pages for people, which need no script |
//!
//! An address that the global network rules ban is answered 403 at all of these. One that no rule trusts is served: whoever
//! logs in or asks for a token shows who they are, and whether the token may be used from there is decided at each check.
//!
//! # What operates it
//!
//! | path | what |
//! |---|---|
//! | `/healthz` | 200 as long as the process answers |
//! | `/readyz` | 200 while checks can pass and commands are carried out; else 503, and a problem document that says why |
//! | `/metrics` | what was counted, in the text format of OpenMetrics, for the addresses in [`HostOptions::metrics_from`] |
//!
//! Every answer has an `X-Request-Id`: the one that a trusted proxy gave, or one that is drawn. The same name stands on
//! every log line of the request, and one line with the target `tollgate::access` tells how it was answered: method,
//! path without its query, status, microseconds, client. Header fields, queries and bodies are never logged.
//!
//! # Inside
//!
//! The modules stand in the order the data flows, and import only upwards:
//!
//! ```text
//! request → what it is about → its parts → verdict → answer
//! ```

mod sync;
mod bounds;
mod bearer;
mod throttle;
mod cross_origin;
mod followers;
mod metrics;
mod news;
mod lane;
mod busiest;
mod request_id;
mod permits;
mod settle;
mod host;
mod forwarded;
mod parts;
mod answer;
mod edge;
mod check;
mod ext_authz;
mod v1;
mod identity;
mod account;
mod health;
mod scrape;
pub mod control;
mod admin;
mod feed;
mod router;
mod tls;
mod server;

pub use bounds::Bounds;
pub use cross_origin::{CrossOrigin, CrossOriginError};
pub use host::{Host, HostOptions};
pub use metrics::Metrics;
pub use router::router;
pub use server::{BindError, Server};
pub use tls::{Tls, TlsError};
