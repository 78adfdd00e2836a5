//! What is answered, as it goes over the socket.

use serde::{Deserialize, Serialize};

use super::access::{IssuerShown, RouteShown};
use super::admins::{AdminTokenShown, IssuedAdminShown};
use super::audited::TrailShown;
use super::clients::{ClientSecretShown, ClientShown};
use super::explain::Explained;
use super::feed_tokens::{FeedTokenShown, IssuedFeedShown};
use super::held::{EndedLoginsShown, GrantShown, LoginShown, RevokedGrantsShown};
use super::identity_providers::IdentityProviderShown;
use super::keys::SigningKeyShown;
use super::moved::{ExportedShown, ImportedShown};
use super::people::{ConsentShown, IssuedPersonalShown, PersonShown, PersonalTokenShown, UserDetail};
use super::shown::{
    AuthtokenShown, BackupShown, IssuedShown, NetworkShown, PageShown, RemovedShown, SettingShown, UserShown,
    VerifyShown,
};
use super::status::StatusShown;
use super::trail::AuditEntryShown;

/// One reply. It has no `Debug`, because it may hold a new secret.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Done(Answer),
    /// The caller can do something about it; nothing has changed.
    Refused(Fault),
    /// The store or the server is in trouble.
    Failed(Fault),
}

/// What went wrong, for scripts and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A word in snake case that names the kind of fault.
    pub code: String,
    /// What was expected, what came, what to do next.
    pub message: String,
}

impl Fault {
    /// A fault of a kind, in words.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// What was done, or found.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// One user with what others may be told of them, as it now is.
    Person(Box<PersonShown>),
    /// One user in full.
    UserDetail(Box<UserDetail>),
    /// Users in the order of their names.
    Users(PageShown<UserShown>),
    /// A new authtoken with its secret.
    Issued(IssuedShown),
    /// One authtoken, as it now is.
    Authtoken(AuthtokenShown),
    /// Authtokens in the order in which they were issued.
    Authtokens(PageShown<AuthtokenShown>),
    /// One network rule.
    Network(NetworkShown),
    /// Network rules.
    Networks(PageShown<NetworkShown>),
    /// One setting, as it now is.
    Setting(SettingShown),
    /// All settings.
    Settings(Vec<SettingShown>),
    /// Something is gone.
    Removed(RemovedShown),
    /// A new administrator's token with its secret.
    IssuedAdmin(IssuedAdminShown),
    /// One administrator's token, as it now is.
    AdminToken(AdminTokenShown),
    /// Administrators' tokens in the order in which they were issued.
    AdminTokens(PageShown<AdminTokenShown>),
    /// A new feed token with its secret.
    IssuedFeed(IssuedFeedShown),
    /// One feed token, as it now is.
    FeedToken(FeedTokenShown),
    /// Feed tokens in the order in which they were issued.
    FeedTokens(PageShown<FeedTokenShown>),
    /// A client with a new secret.
    ClientSecret(Box<ClientSecretShown>),
    /// One client, as it now is.
    Client(Box<ClientShown>),
    /// Clients in the order of their names.
    Clients(PageShown<ClientShown>),
    /// A new personal access token with its secret.
    IssuedPersonal(IssuedPersonalShown),
    /// One personal access token, as it now is.
    PersonalToken(PersonalTokenShown),
    /// Personal access tokens, user by user.
    PersonalTokens(PageShown<PersonalTokenShown>),
    /// What a user has agreed to.
    Consents(Vec<ConsentShown>),
    /// What a client was granted, as it now is.
    Grant(Box<GrantShown>),
    /// What clients were granted.
    Grants(PageShown<GrantShown>),
    /// How much was taken back.
    RevokedGrants(RevokedGrantsShown),
    /// Logins in browsers.
    Logins(PageShown<LoginShown>),
    /// How many logins were ended.
    EndedLogins(EndedLoginsShown),
    /// One route, as it now is.
    Route(RouteShown),
    /// All routes.
    Routes(Vec<RouteShown>),
    /// One issuer elsewhere, as it now is.
    Issuer(Box<IssuerShown>),
    /// All issuers elsewhere.
    Issuers(Vec<IssuerShown>),
    /// One identity provider elsewhere, as it now is.
    IdentityProvider(Box<IdentityProviderShown>),
    /// All identity providers elsewhere.
    IdentityProviders(Vec<IdentityProviderShown>),
    /// All signing keys.
    Keys(Vec<SigningKeyShown>),
    /// Entries of the audit trail.
    Audit(PageShown<AuditEntryShown>),
    /// How far the audit trail could be followed.
    Trail(TrailShown),
    /// A check, gate by gate.
    Explained(Box<Explained>),
    /// Every row is as it should be.
    Verified(VerifyShown),
    /// Lines were imported, or refused.
    Imported(ImportedShown),
    /// An export was written.
    Exported(ExportedShown),
    /// The store was copied.
    BackedUp(BackupShown),
    /// What a running server says of itself.
    Status(Box<StatusShown>),
}

impl Answer {
    /// The JSON that scripts read: the object or the array alone, its keys in the order in which they are declared.
    pub fn json(&self) -> serde_json::Result<String> {
        match self {
            Self::Person(shown) => serde_json::to_string_pretty(shown),
            Self::UserDetail(shown) => serde_json::to_string_pretty(shown),
            Self::Users(page) => serde_json::to_string_pretty(&page.items),
            Self::Issued(shown) => serde_json::to_string_pretty(shown),
            Self::Authtoken(shown) => serde_json::to_string_pretty(shown),
            Self::Authtokens(page) => serde_json::to_string_pretty(&page.items),
            Self::Network(shown) => serde_json::to_string_pretty(shown),
            Self::Networks(page) => serde_json::to_string_pretty(&page.items),
            Self::Setting(shown) => serde_json::to_string_pretty(shown),
            Self::Settings(shown) => serde_json::to_string_pretty(shown),
            Self::Removed(shown) => serde_json::to_string_pretty(shown),
            Self::IssuedAdmin(shown) => serde_json::to_string_pretty(shown),
            Self::AdminToken(shown) => serde_json::to_string_pretty(shown),
            Self::AdminTokens(page) => serde_json::to_string_pretty(&page.items),
            Self::IssuedFeed(shown) => serde_json::to_string_pretty(shown),
            Self::FeedToken(shown) => serde_json::to_string_pretty(shown),
            Self::FeedTokens(page) => serde_json::to_string_pretty(&page.items),
            Self::ClientSecret(shown) => serde_json::to_string_pretty(shown),
            Self::Client(shown) => serde_json::to_string_pretty(shown),
            Self::Clients(page) => serde_json::to_string_pretty(&page.items),
            Self::IssuedPersonal(shown) => serde_json::to_string_pretty(shown),
            Self::PersonalToken(shown) => serde_json::to_string_pretty(shown),
            Self::PersonalTokens(page) => serde_json::to_string_pretty(&page.items),
            Self::Consents(shown) => serde_json::to_string_pretty(shown),
            Self::Grant(shown) => serde_json::to_string_pretty(shown),
            Self::Grants(page) => serde_json::to_string_pretty(&page.items),
            Self::RevokedGrants(shown) => serde_json::to_string_pretty(shown),
            Self::Logins(page) => serde_json::to_string_pretty(&page.items),
            Self::EndedLogins(shown) => serde_json::to_string_pretty(shown),
            Self::Route(shown) => serde_json::to_string_pretty(shown),
            Self::Routes(shown) => serde_json::to_string_pretty(shown),
            Self::Issuer(shown) => serde_json::to_string_pretty(shown),
            Self::Issuers(shown) => serde_json::to_string_pretty(shown),
            Self::IdentityProvider(shown) => serde_json::to_string_pretty(shown),
            Self::IdentityProviders(shown) => serde_json::to_string_pretty(shown),
            Self::Keys(shown) => serde_json::to_string_pretty(shown),
            Self::Audit(page) => serde_json::to_string_pretty(&page.items),
            Self::Trail(shown) => serde_json::to_string_pretty(shown),
            Self::Explained(shown) => serde_json::to_string_pretty(shown),
            Self::Verified(shown) => serde_json::to_string_pretty(shown),
            Self::Imported(shown) => serde_json::to_string_pretty(shown),
            Self::Exported(shown) => serde_json::to_string_pretty(shown),
            Self::BackedUp(shown) => serde_json::to_string_pretty(shown),
            Self::Status(shown) => serde_json::to_string_pretty(shown),
        }
    }
}
