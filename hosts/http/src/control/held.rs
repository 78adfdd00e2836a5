//! What clients were granted, and logins in browsers, as replies show them.

use serde::{Deserialize, Serialize};
use tollgate::{Audience, HeldGrant, HeldSession, RevokedGrants, Scope};
use utoipa::ToSchema;

use super::moment::write_moment;

/// What a client was granted: a login that it goes on with, or an access token by itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Grant)]
pub struct GrantShown {
    /// Names the grant for ever; no token has the same, but the access token that the grant is.
    #[schema(pattern = "^[0-9]+$", example = "12")]
    pub id: String,
    /// In whose name the client acts.
    #[schema(example = "alice")]
    pub user: String,
    /// The client.
    #[schema(example = "reports")]
    pub client_id: String,
    /// What it began with.
    #[schema(example = "authorization_code")]
    pub grant: String,
    /// What it may do.
    #[schema(example = json!(["orders.read"]))]
    pub scopes: Vec<String>,
    /// Where its tokens are good; everywhere that asks for no audience where there is none.
    pub audiences: Vec<String>,
    /// When it began.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub begun_at: String,
    /// When it was last refreshed, if it was.
    #[schema(format = DateTime, required)]
    pub refreshed_at: Option<String>,
    /// When nothing of it is of use any more.
    #[schema(format = DateTime, example = "2027-03-02T12:00:00Z")]
    pub expires_at: String,
    /// When it was taken back, if it was.
    #[schema(format = DateTime, required)]
    pub revoked_at: Option<String>,
}

impl From<&HeldGrant> for GrantShown {
    fn from(held: &HeldGrant) -> Self {
        Self {
            id: held.id.0.to_string(),
            user: held.to.user.to_string(),
            client_id: held.to.client.to_string(),
            grant: held.grant.to_string(),
            scopes: held.to.scopes.iter().map(Scope::to_string).collect(),
            audiences: held.to.audiences.iter().map(Audience::to_string).collect(),
            begun_at: write_moment(held.begun_at),
            refreshed_at: held.refreshed_at.map(write_moment),
            expires_at: write_moment(held.ends_at),
            revoked_at: held.revoked_at.map(write_moment),
        }
    }
}

/// How much was taken back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RevokedGrants)]
pub struct RevokedGrantsShown {
    /// Grants that were in use.
    pub grants: u64,
    /// Access tokens of theirs.
    pub access_tokens: u64,
    /// Codes that nobody had redeemed yet.
    pub codes: u64,
    /// Logins in browsers, where they were to end as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub logins: Option<u64>,
}

impl RevokedGrantsShown {
    /// What was taken back, and how many logins ended, where they were to.
    pub(crate) fn of(revoked: RevokedGrants, logins: Option<usize>) -> Self {
        let number = |count: usize| count as u64;
        Self {
            grants: number(revoked.grants),
            access_tokens: number(revoked.access_tokens),
            codes: number(revoked.codes),
            logins: logins.map(number),
        }
    }
}

/// A login in a browser that holds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Login)]
pub struct LoginShown {
    /// Names the login; it is no secret.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "7c1d0f3b9a52e684")]
    pub id: String,
    /// Whose it is.
    #[schema(example = "alice")]
    pub user: String,
    /// When they proved who they are.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub begun_at: String,
    /// When it ends by itself.
    #[schema(format = DateTime, example = "2027-01-31T20:00:00Z")]
    pub expires_at: String,
}

impl From<&HeldSession> for LoginShown {
    fn from(held: &HeldSession) -> Self {
        Self {
            id: held.id.short(),
            user: held.user.to_string(),
            begun_at: write_moment(held.begun_at),
            expires_at: write_moment(held.expires_at),
        }
    }
}

/// How many logins were ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = EndedLogins)]
pub struct EndedLoginsShown {
    /// Logins that held.
    pub logins: u64,
}
