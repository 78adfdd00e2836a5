//! What clients were granted, and logins in browsers.

use tollgate_http::control::{EndedLoginsShown, GrantShown, LoginShown, RevokedGrantsShown};

use super::{Row, or_dash, or_none};

impl Row for GrantShown {
    const HEADS: &'static [&'static str] = &[
        "id",
        "user",
        "client_id",
        "grant",
        "scopes",
        "audiences",
        "began",
        "refreshed",
        "expires",
        "revoked",
    ];
    const NONE: &'static str =
        "Nothing was granted to any client here. Clients ask at the token endpoint: tollgate client list";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.user.clone(),
            self.client_id.clone(),
            self.grant.clone(),
            or_none(&self.scopes.join(" ")),
            or_none(&self.audiences.join(" ")),
            self.begun_at.clone(),
            or_dash(&self.refreshed_at),
            self.expires_at.clone(),
            or_dash(&self.revoked_at),
        ]
    }
}

impl Row for LoginShown {
    const HEADS: &'static [&'static str] = &["id", "user", "began", "expires"];
    const NONE: &'static str = "Nobody is logged in. People log in at /account/login, or where a client sends them.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.user.clone(),
            self.begun_at.clone(),
            self.expires_at.clone(),
        ]
    }
}

pub(super) fn one_revoked(revoked: &RevokedGrantsShown) -> String {
    let RevokedGrantsShown {
        grants,
        access_tokens,
        codes,
        logins,
    } = revoked;
    let logins = logins.map_or_else(String::new, |logins| format!(" Logins that were ended: {logins}."));
    format!(
        "Grants that were revoked: {grants}, with {access_tokens} access tokens. Codes that can be redeemed no more: {codes}.{logins}"
    )
}

pub(super) fn one_ended(ended: &EndedLoginsShown) -> String {
    format!("Logins that were ended: {}.", ended.logins)
}
