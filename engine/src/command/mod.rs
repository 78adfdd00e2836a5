//! Commands: everything that changes a store, one type each, and the reasons to refuse one.

mod refusal;
mod clients;
mod people;
mod access;

use tollgate_core::{Limit, NetworkRule, OperationSet, Route, Timestamp, TokenId, TokenText, UserName};

use crate::client::Client;
use crate::identity_provider::IdentityProvider;
use crate::issuer::Issuer;
use crate::person::{PersonalToken, Profile};
use crate::portable::Portable;
use crate::record::{AdminToken, Authtoken, FeedToken, Network, Role, Standing, User};
use crate::setting::Setting;

pub use access::{
    NameAuthority, PutIdentityProvider, PutIssuer, PutRoute, RemoveIdentityProvider, RemoveIssuer, RemoveRoute,
};
pub use clients::{AddClient, AddedClient, ClientChanges, RemoveClient, RotateClientSecret, RotatedSecret, SetClient};
pub use people::{
    IssuePersonalToken, IssuedPersonalToken, RenewPassword, RevokePersonalToken, SetPassword, SetProfile,
};
pub use refusal::Refusal;

/// Adds a user. Refused where the name is taken. Answers the [`User`](crate::User).
#[derive(Clone, Debug)]
pub struct AddUser {
    /// The name that Basic credentials will have to carry.
    pub name: UserName,
    /// Methods the user may use.
    pub operations: OperationSet,
    /// Requests an hour.
    pub per_hour: Limit,
    /// Requests at a time.
    pub concurrent: Limit,
    /// Whether the user's tokens may be used.
    pub active: bool,
}

impl AddUser {
    /// An active user with all operations and the server's limits.
    pub fn named(name: UserName) -> Self {
        Self {
            name,
            operations: OperationSet::ALL,
            per_hour: Limit::Inherit,
            concurrent: Limit::Inherit,
            active: true,
        }
    }
}

/// What [`SetUser`] changes; a field that is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// Methods the user may use.
    pub operations: Option<OperationSet>,
    /// Requests an hour. A new limit does not refund what this hour's window has counted. Nothing is counted while there is
    /// no limit, so one that is set then counts requests from then on.
    pub per_hour: Option<Limit>,
    /// Requests at a time. Nothing is counted while there is no limit, so one that is set then counts requests from then
    /// on; those under way are not seen.
    pub concurrent: Option<Limit>,
    /// Whether the user's tokens may be used.
    pub active: Option<bool>,
}

/// Changes a user. Answers the [`User`](crate::User) as it is from then on.
#[derive(Clone, Debug)]
pub struct SetUser {
    /// Whom to change.
    pub name: UserName,
    /// What to change.
    pub changes: UserChanges,
}

/// Removes a user with their network rules and counters. Their tokens are refused from then on and swept later.
#[derive(Clone, Debug)]
pub struct RemoveUser {
    /// Whom to remove.
    pub name: UserName,
}

/// Issues an authtoken. Answers [`Issued`], the only place where the token is ever shown.
#[derive(Clone, Debug)]
pub struct IssueAuthtoken {
    /// Whose it will be.
    pub user: UserName,
    /// The first moment at which it may no longer be used, rounded down to a second; none for "for ever".
    pub expires_at: Option<Timestamp>,
    /// The first moment at which it may be used, rounded up to a second; none for "at once".
    pub not_before: Option<Timestamp>,
}

/// A new authtoken.
#[derive(Debug)]
#[non_exhaustive]
pub struct Issued {
    /// The secret; it cannot be had again.
    pub token: TokenText,
    /// What is stored about it.
    pub record: Authtoken,
}

/// Takes a token back, for ever. Revoking it again changes nothing and succeeds. Answers the [`Authtoken`].
#[derive(Clone, Debug)]
pub struct RevokeToken {
    /// Which token.
    pub id: TokenId,
}

/// Ends a token's life earlier than it was to end; never later. Answers the [`Authtoken`].
#[derive(Clone, Debug)]
pub struct ExpireToken {
    /// Which token.
    pub id: TokenId,
    /// The first moment at which it may no longer be used, rounded down to a second.
    pub at: Timestamp,
}

/// Trusts or bans addresses, for everybody or for one user. Answers the [`Network`](crate::Network).
#[derive(Clone, Debug)]
pub struct AddNetwork {
    /// The addresses.
    pub rule: NetworkRule,
    /// Whether they may call.
    pub standing: Standing,
    /// The user whom the rule is about; everybody where there is none.
    pub user: Option<UserName>,
}

/// Removes the rule for exactly these addresses, trusted or banned.
#[derive(Clone, Debug)]
pub struct RemoveNetwork {
    /// The addresses, in any form that means the same range.
    pub rule: NetworkRule,
    /// The user whom the rule is about; everybody where there is none.
    pub user: Option<UserName>,
}

/// Changes one setting. Answers the [`Setting`].
#[derive(Clone, Debug)]
pub struct SetSetting {
    /// The setting with its new value.
    pub setting: Setting,
}

/// Issues an administrator's token, for the admin API. Answers [`IssuedAdminToken`], the only place where it is ever shown.
#[derive(Clone, Debug)]
pub struct IssueAdminToken {
    /// What it is for, in words.
    pub name: UserName,
    /// What it is good for.
    pub role: Role,
    /// The first moment at which it may no longer be used; none for "for ever".
    pub expires_at: Option<Timestamp>,
}

/// A new administrator's token.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedAdminToken {
    /// The secret; it cannot be had again.
    pub token: TokenText,
    /// What is stored about it.
    pub record: AdminToken,
}

/// Takes an administrator's token back, for ever. Revoking it again changes nothing and succeeds. Answers the [`AdminToken`].
#[derive(Clone, Debug)]
pub struct RevokeAdminToken {
    /// Which token.
    pub id: TokenId,
}

/// Issues a feed token, by which a replica follows the feed. Answers [`IssuedFeedToken`], the only place where it is ever shown.
///
/// The feed brings every token's digest and the key of the digests: who holds a feed token can try guesses at tokens without
/// asking anybody. They can make no token, since a digest leads to no text.
#[derive(Clone, Debug)]
pub struct IssueFeedToken {
    /// Who follows the feed by it, in words.
    pub name: UserName,
    /// The first moment at which it may no longer be used; none for "for ever".
    pub expires_at: Option<Timestamp>,
}

/// A new feed token.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedFeedToken {
    /// The secret; it cannot be had again.
    pub token: TokenText,
    /// What is stored about it.
    pub record: FeedToken,
}

/// Takes a feed token back, for ever. Revoking it again changes nothing and succeeds. Answers the [`FeedToken`].
#[derive(Clone, Debug)]
pub struct RevokeFeedToken {
    /// Which token.
    pub id: TokenId,
}

/// Carries a command out only if a record is still as its caller has seen it; else [`Refusal::Changed`]. Looking and acting are
/// one step, so nobody can come between.
#[derive(Clone, Debug)]
pub struct IfUnchanged<C> {
    /// What was seen.
    pub seen: Seen,
    /// What is to be done then.
    pub command: C,
}

/// A record as somebody has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A user.
    User(User),
    /// An authtoken.
    Authtoken(Authtoken),
    /// An administrator's token.
    AdminToken(AdminToken),
    /// A feed token.
    FeedToken(FeedToken),
    /// A network rule.
    Network(Network),
    /// A setting.
    Setting(Setting),
    /// A client.
    Client(Box<Client>),
    /// A user's profile.
    Profile(UserName, Profile),
    /// A personal access token. When it was last used does not count.
    PersonalToken(PersonalToken),
    /// A route.
    Route(Box<Route>),
    /// An issuer elsewhere.
    Issuer(Box<Issuer>),
    /// An identity provider elsewhere.
    IdentityProvider(Box<IdentityProvider>),
}

/// Carries a command that makes something out at most once, however often and by how many it is asked for within a day, across
/// restarts. Answers [`Repeatable`](crate::Repeatable).
#[derive(Clone, Debug)]
pub struct Once<C> {
    /// Names the request: the digest of who asks and of the key they chose.
    pub key: [u8; 32],
    /// The digest of what is asked for. Another under the same key is [`Refusal::KeyReused`].
    pub fingerprint: [u8; 32],
    /// What is to be done.
    pub command: C,
}

/// Imports records: all of `lines`, or none. A line that says what is there already changes nothing, so that an import which was
/// broken off is resumed by doing it again. Answers [`Imported`](crate::Imported).
///
/// A token that comes in a foreign form switches the setting `foreign_tokens` on for it. The audit trail has one entry for the
/// whole command, in which `source` stands as an [`Author`](crate::Author) would, and one for every setting and network rule.
#[derive(Debug)]
pub struct Import {
    /// Where the lines come from, for the audit trail.
    pub source: String,
    /// Records with the numbers of their lines; at most [`Import::LINES_MOST`].
    pub lines: Vec<(u64, Portable)>,
    /// Whether lines at fault are left out, or are a reason to refuse all.
    pub skip_faults: bool,
}

impl Import {
    /// Most lines of one command: they share one transaction and hold up the commands behind them.
    pub const LINES_MOST: usize = 8_192;
}

/// Most network rules for everybody.
pub const GLOBAL_NETWORKS_MOST: usize = 10_000;

/// Most network rules of one user.
pub const USER_NETWORKS_MOST: usize = 64;
