//! What the audit trail says of grants, logins, consents and keys: never a secret, and of an unknown user not even what was typed.

use tollgate_core::{Audience, Timestamp, UserName};

use super::super::described::{facts, moments};
use crate::audit::AuditFacts;
use crate::granting::{
    AccessToken, ConsentRow, FamilyRow, Grantee, GrantsOf, LoginOutcome, RevokedGrants, SessionId, SigningKeyRow,
};
use crate::record::FamilyId;

/// An access token as the trail tells of it: who, how far, until when.
pub(super) fn granted(token: &AccessToken, family: Option<FamilyId>) -> AuditFacts {
    let mut facts = facts([
        ("token", token.id.0.to_string()),
        ("client", token.client.to_string()),
        ("user", token.user.to_string()),
        ("scopes", token.scopes.to_string()),
        ("audiences", joined(&token.audiences)),
    ]);
    facts.extend(family.map(|family| ("family".to_owned(), family.0.to_string())));
    moments(
        &mut facts,
        [("expires_at", Some(token.expires_at)), ("revoked_at", token.revoked_at)],
    );
    facts
}

pub(super) fn family(family: &FamilyRow) -> AuditFacts {
    let mut facts = facts([
        ("client", family.grantee.client.to_string()),
        ("user_id", family.grantee.user.0.to_string()),
        ("grant", family.grant.to_string()),
    ]);
    moments(
        &mut facts,
        [("ends_at", Some(family.ends_at)), ("revoked_at", family.revoked_at)],
    );
    facts
}

/// A code that was issued: to whom, for whom, how far.
pub(super) fn code(grantee: &Grantee, user: &UserName, expires_at: Timestamp) -> AuditFacts {
    let mut facts = facts([
        ("user", user.to_string()),
        ("scopes", grantee.scopes.to_string()),
        ("audiences", joined(&grantee.audiences)),
    ]);
    moments(&mut facts, [("expires_at", Some(expires_at))]);
    facts
}

/// A code that was spent without a grant.
pub(super) fn burnt(reason: &str) -> AuditFacts {
    facts([("reason", reason.to_owned())])
}

pub(super) fn consent(consent: &ConsentRow, user: &UserName) -> AuditFacts {
    facts([
        ("client", consent.client.to_string()),
        ("user", user.to_string()),
        ("scopes", consent.scopes().to_string()),
        ("audiences", joined(&consent.audiences())),
    ])
}

/// A signing key as the trail tells of it: never its secret.
pub(super) fn signing_key(key: &SigningKeyRow) -> AuditFacts {
    let mut facts = facts([("kid", key.kid.clone()), ("algorithm", key.algorithm.name().to_owned())]);
    moments(
        &mut facts,
        [
            ("signs_from", Some(key.signs_from)),
            ("signs_until", key.signs_until),
            ("published_until", key.published_until),
        ],
    );
    facts
}

pub(super) fn login(outcome: LoginOutcome, count: u32) -> AuditFacts {
    let outcome = match outcome {
        LoginOutcome::Succeeded => "succeeded",
        LoginOutcome::Failed => "failed",
        LoginOutcome::Throttled => "throttled",
    };
    facts([("outcome", outcome.to_owned()), ("count", count.to_string())])
}

/// A session, by what people name it.
pub(super) fn session(id: SessionId) -> AuditFacts {
    facts([("login", id.short())])
}

/// All sessions of a user.
pub(super) fn sessions(ended: usize) -> AuditFacts {
    facts([("logins", ended.to_string())])
}

/// What was taken back at once.
pub(super) fn revoked(of: &GrantsOf, revoked: &RevokedGrants) -> AuditFacts {
    let (user, client) = match of {
        GrantsOf::User(user) => (Some(user), None),
        GrantsOf::Client(client) => (None, Some(client)),
        GrantsOf::Both(user, client) => (Some(user), Some(client)),
    };
    let mut facts = facts([
        ("grants", revoked.grants.to_string()),
        ("access_tokens", revoked.access_tokens.to_string()),
        ("codes", revoked.codes.to_string()),
    ]);
    facts.extend(user.map(|user| ("user".to_owned(), user.to_string())));
    facts.extend(client.map(|client| ("client".to_owned(), client.to_string())));
    facts
}

fn joined(audiences: &[Audience]) -> String {
    let texts: Vec<&str> = audiences.iter().map(Audience::as_str).collect();
    texts.join(" ")
}
