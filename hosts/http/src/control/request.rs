//! What can be asked, as it goes over the socket. Texts here are as people wrote them; [`dispatch`](super::dispatch)
//! makes facts of them or refuses.
//!
//! Nothing here has `Debug`: a request to explain a check holds the credential.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::transfer::Line;

mod clients;
mod people;
mod access;
mod held;

pub use access::{
    IdentityProviderAsked, IdentityProviderRequest, IssuerAsked, IssuerRequest, KeyRequest, RouteRequest,
};
pub use clients::{AuthenticationRequest, ClientChangesRequest, ClientRequest};
pub use held::{GrantRequest, LoginRequest};
pub use people::{ConsentRequest, PasswordRequest, PersonChangesRequest, PersonalTokenRequest};

/// One request to an engine, named after the verb that makes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Adds a user; what is none takes its first value.
    UserAdd {
        /// The name.
        name: String,
        /// What differs from an active user with all operations and the server's limits.
        changes: UserChangesRequest,
        /// What else is known of them.
        #[serde(default)]
        person: PersonChangesRequest,
    },
    /// Lists users, a page at a time.
    UserList {
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Shows one user with their network rules and the first page of their authtokens.
    UserShow {
        /// The name.
        name: String,
    },
    /// Changes a user.
    UserSet {
        /// The name.
        name: String,
        /// What to change.
        changes: UserChangesRequest,
        /// What to change of what else is known of them.
        #[serde(default)]
        person: PersonChangesRequest,
    },
    /// Removes a user.
    UserRemove {
        /// The name.
        name: String,
    },
    /// Issues an authtoken. The reply holds the secret.
    AuthtokenIssue {
        /// Whose it will be.
        user: String,
        /// When it ends, as [`parse_moment`](super::parse_moment) reads it.
        expires_at: Option<String>,
        /// Seconds from now until it ends; refused beside `expires_at`.
        expires_in_s: Option<u64>,
        /// When it begins.
        not_before: Option<String>,
    },
    /// Lists the authtokens of one user or of all, a page at a time.
    AuthtokenList {
        /// Whose.
        user: Option<String>,
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Takes an authtoken back.
    AuthtokenRevoke {
        /// Which.
        id: String,
    },
    /// Ends the life of an authtoken.
    AuthtokenExpire {
        /// Which.
        id: String,
        /// When; none for at once.
        at: Option<String>,
    },
    /// Trusts addresses.
    NetworkTrust(AddressedRule),
    /// Bans addresses.
    NetworkBan(AddressedRule),
    /// Lists the rules for everybody and for users, a page at a time.
    NetworkList {
        /// The rules of this user alone.
        user: Option<String>,
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Removes a rule.
    NetworkRemove(AddressedRule),
    /// Lists all settings.
    SettingsList,
    /// Changes a setting.
    SettingsSet {
        /// Which.
        key: String,
        /// Its new value.
        value: String,
    },
    /// Issues an administrator's token. The reply holds the secret.
    AdminTokenIssue {
        /// What it is for.
        name: String,
        /// `reader` or `administrator`.
        role: String,
        /// When it ends, as [`parse_moment`](super::parse_moment) reads it.
        expires_at: Option<String>,
        /// Seconds from now until it ends; refused beside `expires_at`.
        expires_in_s: Option<u64>,
    },
    /// Lists the administrators' tokens, a page at a time.
    AdminTokenList {
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Takes an administrator's token back.
    AdminTokenRevoke {
        /// Which.
        id: String,
    },
    /// Issues a feed token. The reply holds the secret.
    FeedTokenIssue {
        /// Who follows the feed by it.
        name: String,
        /// When it ends, as [`parse_moment`](super::parse_moment) reads it.
        expires_at: Option<String>,
        /// Seconds from now until it ends; refused beside `expires_at`.
        expires_in_s: Option<u64>,
    },
    /// Lists the feed tokens, a page at a time.
    FeedTokenList {
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Takes a feed token back.
    FeedTokenRevoke {
        /// Which.
        id: String,
    },
    /// About clients.
    Client(ClientRequest),
    /// About personal access tokens.
    PersonalToken(PersonalTokenRequest),
    /// About what users have agreed to.
    Consent(ConsentRequest),
    /// About what clients were granted.
    Grant(GrantRequest),
    /// About logins in browsers.
    Login(LoginRequest),
    /// About routes.
    Route(RouteRequest),
    /// About issuers elsewhere.
    Issuer(IssuerRequest),
    /// About identity providers elsewhere.
    IdentityProvider(IdentityProviderRequest),
    /// About signing keys.
    Key(KeyRequest),
    /// Lists the audit trail, a page at a time. A page may be short, or empty, and yet not be the last.
    AuditList(AuditAsked),
    /// Follows the whole audit trail from its beginning.
    AuditVerify {
        /// The digest of an entry that was kept elsewhere, which the trail must still hold.
        head: Option<String>,
    },
    /// Explains a check gate by gate, and charges nothing.
    Check(CheckRequest),
    /// Reads every row and compares it with what checks are decided by.
    Verify,
    /// Imports lines of a file: all of them or, where one is at fault, none.
    Import(ImportRequest),
    /// Writes everything but secrets to a file.
    Export {
        /// Where to; an absolute path, since the two processes may stand in different folders.
        to: PathBuf,
        /// Whether as CSV; else as JSON lines.
        csv: bool,
    },
    /// Copies the store.
    Backup {
        /// Where to; an absolute path, since the two processes may stand in different folders.
        to: PathBuf,
    },
    /// Asks a running server how it is; there is none where the engine is asked directly.
    Status,
}

/// Lines that are imported together.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// Where they come from, for the audit trail.
    pub source: String,
    /// The lines.
    pub lines: Vec<NumberedLine>,
    /// Whether lines at fault are left out instead.
    pub skip_faults: bool,
}

/// A line, and where it stands.
#[derive(Clone, Serialize, Deserialize)]
pub struct NumberedLine {
    /// Its number in the file.
    pub number: u64,
    /// What it says.
    pub line: Line,
}

/// Which entries of the audit trail are asked for; what is none leaves nothing out.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditAsked {
    /// In the order in which they were written; else the newest first.
    pub oldest_first: bool,
    /// What was done, such as `user.set`, or `user` for everything done to users.
    pub action: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// The earliest moment.
    pub since: Option<String>,
    /// From the page before; none for the first.
    pub cursor: Option<String>,
}

/// What is set on a user; what is none stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserChangesRequest {
    /// A comma-separated list of operations.
    pub operations: Option<String>,
    /// Requests an hour: a number, `unlimited` or `inherit`.
    pub per_hour: Option<String>,
    /// Requests at a time: likewise.
    pub concurrent: Option<String>,
    /// Whether the user's tokens may be used.
    pub active: Option<bool>,
}

/// A network rule, and the user whom it is about.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressedRule {
    /// The addresses, in any form that a rule may have.
    pub rule: String,
    /// The user; everybody where there is none.
    pub user: Option<String>,
}

/// A request whose check is to be explained.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The method.
    pub method: String,
    /// The path, perhaps with a query.
    pub path: String,
    /// The address of the client.
    pub ip: String,
    /// Header fields as `Name: value`.
    pub headers: Vec<String>,
}
