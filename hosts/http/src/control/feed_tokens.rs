//! Feed tokens as replies show them.

use serde::{Deserialize, Serialize};
use tollgate::{FeedToken, IssuedFeedToken};
use utoipa::ToSchema;

use super::moment::write_moment;

/// A feed token, without the secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FeedToken)]
pub struct FeedTokenShown {
    /// Names the token for ever; no authtoken and no administrator's token has the same.
    #[schema(pattern = "^[0-9]+$", example = "4")]
    pub id: String,
    /// Who follows the feed by it, in words.
    #[schema(min_length = 1, max_length = 255, example = "edge proxy")]
    pub name: String,
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

impl From<&FeedToken> for FeedTokenShown {
    fn from(token: &FeedToken) -> Self {
        Self {
            id: token.id.0.to_string(),
            name: token.name.to_string(),
            issued_at: write_moment(token.issued_at),
            expires_at: token.expires_at.map(write_moment),
            revoked_at: token.revoked_at.map(write_moment),
        }
    }
}

/// A new feed token with its secret; it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct IssuedFeedShown {
    /// The token's id.
    pub id: String,
    /// The secret.
    pub token: String,
    /// Who follows the feed by it.
    pub name: String,
    /// When it may no longer be used, if ever.
    pub expires_at: Option<String>,
}

impl From<&IssuedFeedToken> for IssuedFeedShown {
    fn from(issued: &IssuedFeedToken) -> Self {
        Self {
            id: issued.record.id.0.to_string(),
            token: issued.token.expose().to_owned(),
            name: issued.record.name.to_string(),
            expires_at: issued.record.expires_at.map(write_moment),
        }
    }
}
