//! Grants: access tokens, authorization codes, families of refresh tokens, consents, sessions, signing keys.
//!
//! Everything that may be used once is used up inside the writer's transaction: whoever is told that a code was redeemed or a
//! refresh token was rotated is the only one who ever is, across threads, restarts and losses of power. What somebody presents
//! is first looked up ([`Engine::code`](crate::Engine::code), [`Engine::refresh`](crate::Engine::refresh)), so that the caller can
//! compare what it is bound to, and then handed to a command as a proof that holds no secret of the store.

mod fault;
mod access;
mod family;
mod code;
mod consent;
mod session;
mod spent;
mod signing_key;
mod login;
mod derivation;
mod held;

pub(crate) use access::Grantee;
pub use access::{AccessFacts, AccessText, AccessToken, GrantedTo, IssueAccess, IssuedAccess, JwtDigest, RevokeAccess};
pub use code::{BurnCode, CodeFacts, CodeProof, IssueCode, IssuedCode, RedeemCode, Redeemed};
pub(crate) use code::{CodeRow, CodeSpent};
pub use consent::{Consent, GiveConsent, WithdrawConsent};
pub(crate) use consent::{ConsentPart, ConsentRow, covers};
pub(crate) use derivation::Derivation;
pub use family::{
    Family, REFRESH_IDLE_S, REPEAT_WINDOW_S, Refresh, RefreshFacts, RefreshProof, Refreshed, RevokeFamily,
};
pub(crate) use family::{FamilyRow, RefreshRow};
pub use fault::GrantFault;
pub use held::{
    EndSessions, EndedSessions, GrantId, GrantsOf, HeldGrant, HeldSession, RevokeGrant, RevokeGrants, RevokedGrants,
};
pub use login::{Claimed, LoginOutcome, RecordLogin};
pub(crate) use session::SessionRow;
pub use session::{BeginSession, BegunSession, EndSession, SessionFacts, SessionId};
pub(crate) use signing_key::SigningKeyRow;
pub use signing_key::{AddSigningKey, RetireSigningKey, SigningKey};
pub use spent::{SpendIdentifier, Spent};
