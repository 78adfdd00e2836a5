//! Admin tokens and feed tokens.

use tollgate_http::control::{AdminTokenShown, FeedTokenShown, IssuedAdminShown, IssuedFeedShown, RoleShown};

use super::{Row, or_dash};

pub(super) fn one_issued_admin(issued: &IssuedAdminShown) -> String {
    let IssuedAdminShown {
        id,
        token,
        name,
        role,
        expires_at,
    } = issued;
    let ends = until(expires_at.as_deref());
    format!(
        "Admin token {id} for {name}, {}{ends}:\n\n  {token}\n\nKeep it safe: it is not shown again, and cannot be had from \
         the store. It is for the admin API: curl -H 'Authorization: Bearer TOKEN' http://127.0.0.1:8480/admin/v1/users",
        role_word(*role)
    )
}

pub(super) fn one_issued_feed(issued: &IssuedFeedShown) -> String {
    let IssuedFeedShown {
        id,
        token,
        name,
        expires_at,
    } = issued;
    let ends = until(expires_at.as_deref());
    format!(
        "Feed token {id} for {name}{ends}:\n\n  {token}\n\nKeep it as safe as the key file: it is not shown again, and cannot be had from \
         the store. A proxy follows the feed by it. Whoever holds it learns the digest of every token and the key of the \
         digests, and can try guesses at tokens without asking anybody; they can make none."
    )
}

impl Row for AdminTokenShown {
    const HEADS: &'static [&'static str] = &["id", "name", "role", "issued", "expires", "revoked"];
    const NONE: &'static str = "There are no admin tokens. Next: tollgate admin-token issue NAME";

    fn cells(&self) -> Vec<String> {
        let Self {
            id,
            name,
            role,
            issued_at,
            expires_at,
            revoked_at,
        } = self;
        vec![
            id.clone(),
            name.clone(),
            role_word(*role).to_owned(),
            issued_at.clone(),
            or_dash(expires_at),
            or_dash(revoked_at),
        ]
    }
}

impl Row for FeedTokenShown {
    const HEADS: &'static [&'static str] = &["id", "name", "issued", "expires", "revoked"];
    const NONE: &'static str = "There are no feed tokens. Next: tollgate feed-token issue NAME";

    fn cells(&self) -> Vec<String> {
        let Self {
            id,
            name,
            issued_at,
            expires_at,
            revoked_at,
        } = self;
        vec![
            id.clone(),
            name.clone(),
            issued_at.clone(),
            or_dash(expires_at),
            or_dash(revoked_at),
        ]
    }
}

/// Until when a token is good, behind what it is; nothing where it has no end.
fn until(expires_at: Option<&str>) -> String {
    expires_at.map(|moment| format!(" until {moment}")).unwrap_or_default()
}

fn role_word(role: RoleShown) -> &'static str {
    tollgate::Role::from(role).name()
}
