//! Administrators' tokens as replies show them.

use serde::{Deserialize, Serialize};
use tollgate::{AdminToken, IssuedAdminToken, Role};
use utoipa::ToSchema;

use super::moment::write_moment;

/// An administrator's token, without the secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminToken)]
pub struct AdminTokenShown {
    /// Names the token for ever; no authtoken has the same.
    #[schema(pattern = "^[0-9]+$", example = "3")]
    pub id: String,
    /// What it is for, in words.
    #[schema(min_length = 1, max_length = 255, example = "deploy")]
    pub name: String,
    /// What it is good for.
    pub role: RoleShown,
    /// When it was issued.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub issued_at: String,
    /// When it may no longer be used, if ever.
    #[schema(format = DateTime, required)]
    pub expires_at: Option<String>,
    /// When it was taken back, if it was.
    #[schema(format = DateTime, required)]
    pub revoked_at: Option<String>,
}

/// What an administrator's token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "snake_case")]
pub enum RoleShown {
    /// Everything.
    Administrator,
    /// Looking at everything that is no secret.
    Reader,
}

impl From<Role> for RoleShown {
    fn from(role: Role) -> Self {
        match role {
            Role::Administrator => Self::Administrator,
            Role::Reader => Self::Reader,
        }
    }
}

impl From<RoleShown> for Role {
    fn from(role: RoleShown) -> Self {
        match role {
            RoleShown::Administrator => Self::Administrator,
            RoleShown::Reader => Self::Reader,
        }
    }
}

impl From<&AdminToken> for AdminTokenShown {
    fn from(token: &AdminToken) -> Self {
        Self {
            id: token.id.0.to_string(),
            name: token.name.to_string(),
            role: token.role.into(),
            issued_at: write_moment(token.issued_at),
            expires_at: token.expires_at.map(write_moment),
            revoked_at: token.revoked_at.map(write_moment),
        }
    }
}

/// A new administrator's token with its secret; it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct IssuedAdminShown {
    /// The token's id.
    pub id: String,
    /// The secret.
    pub token: String,
    /// What it is for.
    pub name: String,
    /// What it is good for.
    pub role: RoleShown,
    /// When it may no longer be used, if ever.
    pub expires_at: Option<String>,
}

impl From<&IssuedAdminToken> for IssuedAdminShown {
    fn from(issued: &IssuedAdminToken) -> Self {
        Self {
            id: issued.record.id.0.to_string(),
            token: issued.token.expose().to_owned(),
            name: issued.record.name.to_string(),
            role: issued.record.role.into(),
            expires_at: issued.record.expires_at.map(write_moment),
        }
    }
}
