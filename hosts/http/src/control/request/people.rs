//! About what is known of users beside what checks need.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What is set on a person; what is none stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonChangesRequest {
    /// The password, or none from now on.
    pub password: Option<PasswordRequest>,
    /// What people call them; nothing where it is empty.
    pub display_name: Option<String>,
    /// Where mail reaches them; nowhere where it is empty.
    pub email: Option<String>,
    /// What they are to applications, all of it.
    pub roles: Option<Vec<String>>,
    /// Whether all that clients were granted for them is taken back, and their logins in browsers end.
    #[serde(default)]
    pub revoke_grants: bool,
}

/// A password as it goes over the socket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRequest {
    /// The text of its Argon2id digest, which whoever asks has made: the password itself stays with them.
    Digest(Zeroizing<String>),
    /// There is none from now on.
    Removed,
}

/// One request about personal access tokens.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PersonalTokenRequest {
    /// Issues one. The reply holds the secret.
    Issue {
        /// Whose it will be.
        user: String,
        /// What they call it.
        name: String,
        /// What it is for.
        description: String,
        /// When it ends, as [`parse_moment`](crate::control::parse_moment) reads it.
        expires_at: Option<String>,
        /// Seconds from now until it ends, where no moment is said.
        expires_in_s: Option<u64>,
    },
    /// Lists those of one user or of all, a page at a time.
    List {
        /// Whose.
        user: Option<String>,
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Takes one back.
    Revoke {
        /// Which.
        id: String,
    },
}

/// One request about what a user has agreed to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConsentRequest {
    /// Lists the consents of one user.
    List {
        /// Whose.
        user: String,
    },
    /// Takes a consent back.
    Withdraw {
        /// Whose.
        user: String,
        /// From which client.
        client: String,
    },
}
