//! What is known of users beside what checks need, as replies show it.

use serde::{Deserialize, Serialize};
use tollgate::{Audience, Consent, IssuedPersonalToken, Person, PersonalToken, Scope};
use utoipa::ToSchema;

use super::moment::write_moment;
use super::shown::{AuthtokenShown, NetworkShown, UserShown};

/// Days for which a personal access token lasts where nobody says otherwise.
pub(crate) const PERSONAL_DAYS: u64 = 90;

/// What others may be told of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileShown {
    /// What people call them.
    #[schema(required, example = "Alice B.")]
    pub display_name: Option<String>,
    /// Where mail reaches them.
    #[schema(required, example = "alice@example.com")]
    pub email: Option<String>,
    /// What they are to applications.
    #[schema(example = json!(["auditor"]))]
    pub roles: Vec<String>,
    /// Whether they have a password.
    pub has_password: bool,
}

impl From<&Person> for ProfileShown {
    fn from(person: &Person) -> Self {
        Self {
            display_name: person.profile.display_name.clone(),
            email: person.profile.email.clone(),
            roles: person.profile.roles.clone(),
            has_password: person.password.is_some(),
        }
    }
}

/// A user with what others may be told of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersonShown {
    /// The user.
    #[serde(flatten)]
    pub user: UserShown,
    /// What others may be told.
    #[serde(flatten)]
    pub profile: ProfileShown,
}

impl From<&Person> for PersonShown {
    fn from(person: &Person) -> Self {
        Self {
            user: (&person.user).into(),
            profile: person.into(),
        }
    }
}

/// A user with what else is about them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserDetail {
    /// The user.
    #[serde(flatten)]
    pub person: PersonShown,
    /// Their own network rules.
    pub networks: Vec<NetworkShown>,
    /// Their authtokens, those of the first page.
    pub authtokens: Vec<AuthtokenShown>,
    /// Leads to the next page of them, in [`Request::AuthtokenList`](super::Request::AuthtokenList).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authtokens_next: Option<String>,
}

/// A personal access token, without the secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PersonalToken)]
pub struct PersonalTokenShown {
    /// Names the token for ever; no token of another kind has the same.
    #[schema(pattern = "^[0-9]+$", example = "9")]
    pub id: String,
    /// Whose it is.
    #[schema(example = "alice")]
    pub user: String,
    /// What they call it.
    #[schema(min_length = 1, max_length = 100, example = "laptop")]
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was issued.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub issued_at: String,
    /// When it may no longer be used.
    #[schema(format = DateTime, example = "2027-04-30T12:00:00Z")]
    pub expires_at: String,
    /// When it was taken back, if it was.
    #[schema(format = DateTime, required)]
    pub revoked_at: Option<String>,
    /// When it was last used, if it was.
    #[schema(format = DateTime, required)]
    pub last_used_at: Option<String>,
}

impl From<&PersonalToken> for PersonalTokenShown {
    fn from(token: &PersonalToken) -> Self {
        Self {
            id: token.id.0.to_string(),
            user: token.user.to_string(),
            name: token.name.clone(),
            description: token.description.clone(),
            issued_at: write_moment(token.issued_at),
            expires_at: write_moment(token.expires_at),
            revoked_at: token.revoked_at.map(write_moment),
            last_used_at: token.last_used_at.map(write_moment),
        }
    }
}

/// A new personal access token with its secret; it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct IssuedPersonalShown {
    /// The token's id.
    pub id: String,
    /// The secret.
    pub token: String,
    /// Whose it is.
    pub user: String,
    /// What they call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it may no longer be used.
    pub expires_at: String,
}

impl From<&IssuedPersonalToken> for IssuedPersonalShown {
    fn from(issued: &IssuedPersonalToken) -> Self {
        let PersonalTokenShown {
            id,
            user,
            name,
            description,
            issued_at: _,
            expires_at,
            revoked_at: _,
            last_used_at: _,
        } = (&issued.record).into();
        Self {
            id,
            token: issued.token.expose().to_owned(),
            user,
            name,
            description,
            expires_at,
        }
    }
}

/// What a user has agreed that a client may do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Consent)]
pub struct ConsentShown {
    /// The client.
    #[schema(example = "reports")]
    pub id: String,
    /// The same.
    #[schema(example = "reports")]
    pub client_id: String,
    /// All that was agreed to.
    #[schema(example = json!(["orders.read"]))]
    pub scopes: Vec<String>,
    /// At which audiences anything was.
    pub audiences: Vec<String>,
    /// When the last of it was.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub given_at: String,
}

impl From<&Consent> for ConsentShown {
    fn from(consent: &Consent) -> Self {
        Self {
            id: consent.client.to_string(),
            client_id: consent.client.to_string(),
            scopes: consent.scopes.iter().map(Scope::to_string).collect(),
            audiences: consent.audiences.iter().map(Audience::to_string).collect(),
            given_at: write_moment(consent.given_at),
        }
    }
}
