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
#![cfg_attr(not(any(test, loom)), no_std)]

extern crate alloc;

mod sync;
mod time;
mod token;
mod foreign;
mod digest;
mod deny;
mod operation;
mod network;
mod record;
mod request;
mod credential;
mod quota;
mod index;
mod live;
mod permit;
mod gates;
mod check;

pub use check::{Denial, Verdict, check};
pub use credential::{Place, Presented, Scratch, extract};
pub use deny::{DENY_REASONS, DenyReason, DenyRow};
pub use digest::{DigestKey, TokenDigest};
pub use foreign::{
    Foreign, ForeignDigest, ForeignForm, ForeignForms, ParseForeignDigestError, ParseForeignError,
    ParseForeignFormError,
};
pub use gates::Gate;
pub use live::{Freshness, LiveView, LiveWriter, Subject, ViewError};
pub use network::{AddressRange, NetworkRule, ParseNetworkError};
pub use operation::{Operation, OperationSet, ParseOperationError};
pub use permit::{HeldPermit, Permit, Upgrade};
pub use quota::{QuotaState, WINDOW_MS};
pub use record::{
    Limit, Networks, ParseLimitError, Revision, ServerRecord, TokenId, TokenRecord, TokenStatus, UserId, UserName,
    UserNameError, UserRecord, Validity,
};
pub use request::{Field, RequestParts};
pub use time::Timestamp;
pub use token::{ParseTokenError, TokenKind, TokenText, WellFormed};
