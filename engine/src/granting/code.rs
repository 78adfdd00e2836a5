//! Authorization codes: good once, for a minute.

use tollgate_core::{Timestamp, TokenDigest, TokenText};

use super::access::Grantee;
use super::{AccessText, GrantedTo, IssuedAccess, SessionId};
use crate::record::FamilyId;

/// Issues an authorization code, good once and for [`IssueCode::LIFETIME_S`]. Answers [`IssuedCode`].
///
/// Where the client wants consent, there must be one of the user's that covers the scopes: see
/// [`GiveConsent`](crate::GiveConsent).
#[derive(Clone, Debug)]
pub struct IssueCode {
    /// Whose it is.
    pub to: GrantedTo,
    /// Where the user is sent with it, exactly as the client asked; at most 2,000 bytes.
    pub redirect_url: String,
    /// Whether the client has named that URL, and must repeat it (RFC 6749 section 4.1.3); else it is the only one that it has.
    pub redirect_said: bool,
    /// Which of our issuers it is given by, where only that one may redeem it; at most 2,000 bytes.
    pub issuer: Option<String>,
    /// The PKCE challenge: SHA-256 of the verifier.
    pub challenge: Option<[u8; 32]>,
    /// What the ID token must repeat; at most 1,000 bytes.
    pub nonce: Option<String>,
    /// When the user logged in.
    pub auth_time: Timestamp,
    /// The session in which they agreed. The code is of no use once it has ended.
    pub session: Option<SessionId>,
}

impl IssueCode {
    /// Seconds for which a code is good.
    pub const LIFETIME_S: u64 = 60;
}

/// A new code.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedCode {
    /// The secret; it cannot be had again.
    pub code: TokenText,
    /// The first moment at which it is of no use.
    pub expires_at: Timestamp,
}

/// Names a presented code in commands. Only [`Engine::code`](crate::Engine::code) makes one.
#[derive(Clone, Copy, Debug)]
pub struct CodeProof(pub(crate) TokenDigest);

/// What a presented code is bound to. Whether it can still be redeemed, only [`RedeemCode`] says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CodeFacts {
    /// Names the code in commands.
    pub proof: CodeProof,
    /// Whose it is.
    pub to: GrantedTo,
    /// Where the user was sent with it.
    pub redirect_url: String,
    /// Whether the client has named that URL, and must repeat it.
    pub redirect_said: bool,
    /// Which of our issuers it was given by, where only that one may redeem it.
    pub issuer: Option<String>,
    /// The PKCE challenge: SHA-256 of the verifier.
    pub challenge: Option<[u8; 32]>,
    /// What the ID token must repeat.
    pub nonce: Option<String>,
    /// When the user logged in.
    pub auth_time: Timestamp,
    /// The session in which they agreed.
    pub session: Option<SessionId>,
    /// The first moment at which it is of no use.
    pub expires_at: Timestamp,
}

/// Redeems a code that fits what it is bound to: redirect URL and verifier are the caller's to compare, all else is looked at
/// here. Answers [`Redeemed`].
///
/// A second redemption, or one by another client, is an attack: the family of the first is revoked with all its tokens, in the
/// same transaction.
#[derive(Clone, Debug)]
pub struct RedeemCode {
    /// Which code.
    pub code: CodeProof,
    /// The client that presents it.
    pub client_number: u64,
    /// What the text of the access token is.
    pub text: AccessText,
    /// For how many seconds the access token is good: 1 to 31,536,000.
    pub lifetime_s: u32,
    /// For how many seconds it can be refreshed; none where it cannot.
    pub refresh: Option<u32>,
}

/// What became of a presented code.
#[derive(Debug)]
pub enum Redeemed {
    /// This caller, and nobody else, got the tokens.
    Granted(Box<IssuedAccess>),
    /// It was spent before, or another client presented it and it is spent by that. What came of it is revoked.
    Spent,
}

/// Spends a code without a grant: it came with another redirect URL, or with a wrong verifier. One that was spent before is
/// treated as [`RedeemCode`] treats it.
#[derive(Clone, Debug)]
pub struct BurnCode {
    /// Which code.
    pub code: CodeProof,
}

/// A code as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeRow {
    pub(crate) grantee: Grantee,
    pub(crate) redirect_url: String,
    pub(crate) redirect_said: bool,
    pub(crate) issuer: Option<String>,
    pub(crate) challenge: Option<[u8; 32]>,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: Timestamp,
    pub(crate) session: Option<SessionId>,
    /// Whether it rests on a consent, which can be withdrawn.
    pub(crate) consented: bool,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) spent: Option<CodeSpent>,
}

/// When a code was spent, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodeSpent {
    pub(crate) at: Timestamp,
    /// None where it was burnt.
    pub(crate) family: Option<FamilyId>,
}
