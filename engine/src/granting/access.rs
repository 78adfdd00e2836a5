//! Access tokens: opaque ones, and JWTs that are known by their digests.

use tollgate_core::{Audience, ClientName, ScopeSet, Timestamp, TokenDigest, TokenId, TokenText, UserId, UserName};

use crate::client::Grant;
use crate::record::FamilyId;

/// Whose grant something is: which client acts for whom, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedTo {
    /// The client.
    pub client: ClientName,
    /// Its number: a client that was added again under an old name has another, and inherits nothing.
    pub client_number: u64,
    /// In whose name it acts.
    pub user: UserName,
    /// What it may do; never more than the client may have.
    pub scopes: ScopeSet,
    /// Where the tokens are good; everywhere that asks for none where this is empty.
    pub audiences: Vec<Audience>,
}

/// [`GrantedTo`] as rows keep it: the user by id, which is never given to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grantee {
    pub(crate) client: ClientName,
    pub(crate) client_number: u64,
    pub(crate) user: UserId,
    pub(crate) scopes: ScopeSet,
    pub(crate) audiences: Vec<Audience>,
}

impl Grantee {
    /// As callers see it.
    pub(crate) fn shown(self, user: UserName) -> GrantedTo {
        let Self {
            client,
            client_number,
            user: _,
            scopes,
            audiences,
        } = self;
        GrantedTo {
            client,
            client_number,
            user,
            scopes,
            audiences,
        }
    }
}

/// The digest of a JWT of ours. Only [`Engine::jwt_digest`](crate::Engine::jwt_digest) makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwtDigest(pub(crate) TokenDigest);

/// What the text of an access token is.
#[derive(Clone, Copy, Debug)]
pub enum AccessText {
    /// One that is drawn and shown once.
    Opaque,
    /// A JWT that its caller has signed. It is good for nothing before the command has returned well.
    Jwt(JwtDigest),
}

/// Issues an access token, and with it a family of refresh tokens where one is wanted. Answers [`IssuedAccess`], the only place
/// where their texts are ever shown. For grants that nothing is used up for; see [`RedeemCode`](crate::RedeemCode) and
/// [`Refresh`](crate::Refresh) for the others.
///
/// Refused as [`GrantFault`](crate::GrantFault) says, by the state of the very transaction that issues.
///
/// A JWT whose claims have no identifier of their own is the same text where the same is asked for twice within a second. Without
/// a family it is answered with the token that is there, unless that was taken back or is anything else than what was asked for.
#[derive(Clone, Debug)]
pub struct IssueAccess {
    /// Whose it is.
    pub to: GrantedTo,
    /// What its text is.
    pub text: AccessText,
    /// For how many seconds it is good, from the second of its issue on: 1 to 31,536,000.
    pub lifetime_s: u32,
    /// By which grant.
    pub grant: Grant,
    /// For how many seconds it can be refreshed; none where it cannot.
    pub refresh: Option<u32>,
}

/// A new access token, and its refresh token where there is one.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedAccess {
    /// The secret of an opaque token; none where the caller has signed the text.
    pub token: Option<TokenText>,
    /// The refresh token.
    pub refresh: Option<TokenText>,
    /// What is stored about the access token.
    pub record: AccessToken,
    /// The family that both belong to.
    pub family: Option<FamilyId>,
}

/// An access token, as lists and introspection show one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessToken {
    /// Names this token for ever; it is no secret.
    pub id: TokenId,
    /// In whose name it acts.
    pub user: UserName,
    /// The client that it was issued to.
    pub client: ClientName,
    /// The client's number.
    pub client_number: u64,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Where it is good.
    pub audiences: Vec<Audience>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it may no longer be used.
    pub expires_at: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// What [`Engine::access`](crate::Engine::access) finds of a presented access token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessFacts {
    /// The token.
    pub token: AccessToken,
    /// The family that it belongs to.
    pub family: Option<FamilyId>,
    /// Whether it is of use now: neither revoked nor expired, its user active, its client enabled.
    pub active: bool,
}

/// Takes an access token back, for ever. Revoking it again changes nothing and succeeds. Answers the [`AccessToken`].
#[derive(Clone, Debug)]
pub struct RevokeAccess {
    /// Which token.
    pub id: TokenId,
}
