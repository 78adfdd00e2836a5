//! About what clients were granted, and logins in browsers.

use serde::{Deserialize, Serialize};

/// One request about grants.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GrantRequest {
    /// Lists those of one user, of one client or of all, a page at a time.
    List {
        /// Whose.
        user: Option<String>,
        /// Which client's.
        client: Option<String>,
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Shows one.
    Show {
        /// Its id, or that of an access token.
        id: String,
    },
    /// Takes one back.
    Revoke {
        /// Its id, or that of an access token.
        id: String,
    },
    /// Takes all of a user or of a client back.
    RevokeAll {
        /// Whose.
        user: Option<String>,
        /// Which client's.
        client: Option<String>,
        /// Whether the user's logins in browsers end as well.
        logins: bool,
    },
}

/// One request about logins in browsers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LoginRequest {
    /// Lists those of one user or of all, a page at a time.
    List {
        /// Whose.
        user: Option<String>,
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Ends one.
    Revoke {
        /// Which.
        id: String,
    },
    /// Ends all of a user.
    RevokeAll {
        /// Whose.
        user: String,
    },
}
