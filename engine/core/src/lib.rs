//! The check: may this request pass?
//!
//! One function, [`check`], takes what a host saw of a request, the live view of users and tokens, and the time, and
//! answers with a [`Permit`] or a [`Denial`]. It reads no clock, file, socket or environment, takes no lock and
//! allocates nothing, so the same decision runs in an application, behind an HTTP server and inside a proxy.
//!
//! The modules stand in the order the facts flow, and import only upwards:
//!
//! ```text
//! request parts → credential → digest → index → gates → charge → Permit | Denial
//! ```
//!
//! Nothing here stores anything. Whoever owns the facts (an engine with a file, a proxy with a feed) writes them through
//! the one [`LiveWriter`] of a [`LiveView`].
//!
//! # Tokens that were made elsewhere
//!
//! People move in with the tokens that they have, in clear or as digests that somebody else has stored. Such a *foreign* token
//! is an authtoken in every respect: it stands in the same places and passes the same gates and limits. What is presented
//! is looked for in this order, and the first record that is there, with the right user's name beside it, decides:
//!
//! 1. A text that begins like a token of ours (`tg_`, one to four small letters, `_`) is judged as such and as nothing else. It
//!    pays nothing for the rest.
//! 2. Where the server accepts no foreign form ([`ServerRecord::foreign_tokens`]), and where the text is shorter than
//!    [`Foreign::LEN_LEAST`] or longer than [`Foreign::LEN_MOST`], the token is unknown.
//! 3. By its text, digested under our key ([`DigestKey::foreign`]), whichever form is accepted: here stands what came in clear,
//!    and what came as a digest and has been upgraded.
//! 4. By its SHA-256, its SHA-512 and its BLAKE3 digest, as far as these forms are accepted, each digested again under our key
//!    ([`DigestKey::foreign_digest`]). A stolen store confirms no guess, and whoever has read the digests that were imported
//!    has no token: a digest is never compared with what was presented, only with what was made of it.
//!
//! A permit that was found in the last way offers an [`Upgrade`]. Whoever owns the records takes it by putting the token under
//! the new digest first and taking the old one away afterwards; a check that runs meanwhile finds it under one or the other.
//! Once all tokens have moved, or those that have not may be refused, the form `clear` alone keeps the rest and computes no
//! foreign digest any more.
//!
//! ```
//! use tollgate_core::{DigestKey, Foreign, ForeignDigest, ForeignForm};
//!
//! let key = DigestKey::new([7; 32]);
//! // A row of somebody else's table: the SHA-256 digest of a token.
//! let stored = ForeignDigest::parse(
//!     ForeignForm::Sha256,
//!     "62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d",
//! )?;
//! // What a check makes of the token itself.
//! let text = Foreign::parse(b"correct-horse-battery")?;
//! let presented = ForeignDigest::of(ForeignForm::Sha256, text).ok_or("clear has no scheme")?;
//! assert_eq!(key.foreign_digest(&presented), key.foreign_digest(&stored));
//! assert_ne!(key.foreign(text), key.foreign_digest(&stored));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(not(any(test, loom)), no_std)]

extern crate alloc;

mod sync;
mod time;
mod token;
mod foreign;
mod jwt;
mod digest;
mod scope;
mod client;
mod deny;
mod operation;
mod network;
mod route;
mod record;
mod settle;
mod request;
mod credential;
mod quota;
mod index;
mod live;
mod permit;
mod gates;
mod look_up;
mod check;
mod unproven;
mod answer;
pub mod feed;

pub use answer::{
    CLIENT_FIELD, Refused, SCOPE_FIELD, TOKEN_ID_FIELD, TOO_MANY_GUESSES, USER_FIELD, is_spelt_like_ours, problem_type,
    quota_fields, visible_name,
};
pub use check::{Denial, Verdict, check};
pub use client::{Audience, AudienceError, ClientName, ClientNameError};
pub use credential::{Place, Presented, Scratch, extract};
pub use deny::{DENY_REASONS, DenyReason, DenyRow};
pub use digest::{DigestKey, TokenDigest};
pub use foreign::{
    Foreign, ForeignDigest, ForeignForm, ForeignForms, ParseForeignDigestError, ParseForeignError,
    ParseForeignFormError,
};
pub use gates::Gate;
pub use jwt::{Jwt, ParseJwtError};
pub use live::{Freshness, LiveView, LiveWriter, Subject, ViewError, Wanted};
pub use network::{AddressRange, NetworkRule, ParseNetworkError};
pub use operation::{Operation, OperationSet, ParseOperationError};
pub use permit::{HeldPermit, Permit, Upgrade};
pub use quota::{QuotaState, WINDOW_MS};
pub use record::{
    AuthorityId, AuthorityRecord, Limit, Networks, ParseLimitError, Revision, ServerRecord, TokenId, TokenRecord,
    TokenStatus, UserId, UserName, UserNameError, UserRecord, Validity,
};
pub use request::{Field, RequestParts, announces_form};
pub use route::{ParsePatternError, ParseSchemeError, PathPattern, Route, Scheme, SchemeSet};
pub use scope::{ParseScopeError, Scope, ScopeSet};
pub use settle::{REMEMBERED_S, Settled, Unsettled, UnsettledSort};
pub use time::Timestamp;
pub use token::{ParseTokenError, TokenKind, TokenText, WellFormed};
pub use unproven::Unproven;
