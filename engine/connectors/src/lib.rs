//! The client of third parties: an application's customers sign in elsewhere, and what they are given there is kept fresh here.
//!
//! Tollgate's other rooms decide who may come in. This one goes out: it sends a browser through a third party's OAuth flow, keeps the
//! tokens that come of it, renews them before they expire, and hands the present one to whoever may have it. The forms are those of
//! Cyclr's API, so that what was written against it goes on working.
//!
//! Most modules are pure: they read a value, judge a URL or an address, write a request or read its answer, and know no store, socket
//! or clock. [`outbound`] carries a request to a third party and its answer back, and [`connectors::Connectors`] walks all of them over
//! a store.
//!
//! ```
//! use tollgate::{SystemEntropy, Timestamp};
//! use tollgate_connectors::auth_value::AuthValue;
//! use tollgate_connectors::authorization::{FlowSecrets, authorization_url};
//! use tollgate_connectors::entry::{Auth, AuthType, Entry, EntryText};
//! use tollgate_connectors::freshness::{Freshness, Standing};
//!
//! // What the library knows of a third party.
//! let text = EntryText::parse(r#"{
//!     "name": "Example CRM", "auth_type": "OAuth2", "oauth2_type": "AuthorisationCode",
//!     "authorization_url": "https://login.crm.example/authorize", "token_url": "https://login.crm.example/token",
//!     "scopes": "contacts.read", "client_id": "our-application"
//! }"#)?;
//! let entry = Entry::accept(&text)?;
//! let Auth::OAuth2(oauth2) = entry.auth() else { return Err("another type".into()) };
//!
//! // Where a customer's browser is sent.
//! let secrets = FlowSecrets::generate(&SystemEntropy)?;
//! let url = authorization_url(oauth2, "our-application", "https://tollgate.example/callback", &secrets).ok_or("no flow")?;
//! assert!(url.starts_with("https://login.crm.example/authorize?response_type=code&client_id=our-application"));
//!
//! // What an application that has tokens already says of them, and what is to be done with them.
//! let value = AuthValue::parse(r#"{"AccessToken":"a","RefreshToken":"r","Expires":"2021-10-01T00:00:00Z"}"#, AuthType::OAuth2)?;
//! let obtained = Freshness::obtained(Timestamp::from_seconds(1_633_042_800));
//! let standing = |now_s| obtained.standing(&value, false, Timestamp::from_seconds(now_s));
//! assert_eq!(standing(1_633_046_100), Standing::Due);
//! assert_eq!(standing(1_633_046_400), Standing::Expired);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is decided where
//!
//! - **Secrets go in and do not come out.** A value's `shown` says that it is set, and until when. Nothing that holds one has a `Debug` that
//!   says more, and no error repeats what it was about.
//! - **A browser comes back** to an origin that its account allows exactly; nothing is ever posted to any window.
//! - **A third party is asked** at an address of the public internet that was judged after its name was resolved, over TLS, without
//!   redirects, within bounds of time and size. Hosts of the house are named by the entry, one by one.
//! - **A callback is believed** by its state, then by its issuer; a code is bound to us by a proof key.
//! - **A token is due** before it expires, and of no use in its last seconds. However many want it, it is renewed once; who goes away
//!   stops nothing.
//!
//! The modules stand in the order the data flows, and import only upwards.

pub mod moment;
pub mod secret;
pub mod sign_in;
pub mod address;
pub mod entry;
pub mod properties;
pub mod auth_value;
pub mod origin;
pub mod outbound_request;
pub mod authorization;
pub mod callback;
pub mod token_request;
pub mod token_answer;
pub mod freshness;
pub mod outbound;
pub mod connectors;
