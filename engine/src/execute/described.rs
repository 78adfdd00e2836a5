//! What the audit trail says of records: every field by its name, and no secret.

use std::time::{Duration, UNIX_EPOCH};

use tollgate_core::{Audience, Route, Timestamp};

use crate::audit::AuditFacts;
use crate::client::{Client, ClientAuthentication};
use crate::identity_provider::IdentityProvider;
use crate::issuer::{Issuer, JwksSource};
use crate::person::{PersonRow, PersonalToken, Profile};
use crate::record::{AdminToken, Authtoken, FeedToken, NetworkRow, User};
use crate::setting::Setting;

/// A longer value is cut: an entry with one on both sides must still be a record.
const VALUE_LEN_MAX: usize = 16 * 1_024;

/// The same where several such values stand in one entry.
const LIST_LEN_MAX: usize = 4 * 1_024;

pub(super) fn user(user: &User) -> AuditFacts {
    facts([
        ("id", user.id.0.to_string()),
        ("active", user.active.to_string()),
        ("operations", user.operations.to_string()),
        ("per_hour", user.per_hour.to_string()),
        ("concurrent", user.concurrent.to_string()),
    ])
}

pub(super) fn authtoken(token: &Authtoken) -> AuditFacts {
    let mut facts = facts([("user", token.user.to_string())]);
    moments(
        &mut facts,
        [
            ("not_before", token.not_before),
            ("expires_at", token.expires_at),
            ("revoked_at", token.revoked_at),
        ],
    );
    facts
}

pub(super) fn admin_token(token: &AdminToken) -> AuditFacts {
    let mut facts = facts([("name", token.name.to_string()), ("role", token.role.to_string())]);
    moments(
        &mut facts,
        [("expires_at", token.expires_at), ("revoked_at", token.revoked_at)],
    );
    facts
}

pub(super) fn feed_token(token: &FeedToken) -> AuditFacts {
    let mut facts = facts([("name", token.name.to_string())]);
    moments(
        &mut facts,
        [("expires_at", token.expires_at), ("revoked_at", token.revoked_at)],
    );
    facts
}

pub(super) fn client(client: &Client) -> AuditFacts {
    let secrets: Vec<String> = client.secrets.iter().map(|secret| secret.id.0.to_string()).collect();
    let audiences: Vec<&str> = client.audiences.iter().map(Audience::as_str).collect();
    let mut facts = facts([
        ("number", client.number.to_string()),
        ("title", client.title.clone()),
        ("grants", client.grants.to_string()),
        ("login_urls", cut(client.login_urls.join(";"), LIST_LEN_MAX)),
        ("logout_urls", cut(client.logout_urls.join(";"), LIST_LEN_MAX)),
        ("scopes", cut(client.scopes.to_string(), LIST_LEN_MAX)),
        ("audiences", audiences.join(" ")),
        ("lifetime_s", client.lifetime_s.to_string()),
        ("refresh_lifetime_s", client.refresh_lifetime_s.to_string()),
        ("show_login", client.show_login.to_string()),
        ("consent", client.consent.to_string()),
        ("enabled", client.enabled.to_string()),
        ("access", client.access.to_string()),
        ("authentication", client.authentication.name().to_owned()),
        ("secrets", secrets.join(" ")),
    ]);
    if let ClientAuthentication::PrivateKeyJwt { jwks } = &client.authentication {
        facts.insert("keys".to_owned(), digest(jwks));
    }
    facts.extend(client.user.as_ref().map(|user| ("user".to_owned(), user.to_string())));
    facts
}

/// Whether there is a password, and which in the row of all: nothing that says what it is.
pub(super) fn password(row: &PersonRow) -> AuditFacts {
    let there = if row.password.is_some() { "set" } else { "none" };
    facts([("password", there.to_owned()), ("epoch", row.epoch.to_string())])
}

pub(super) fn profile(profile: &Profile) -> AuditFacts {
    let Profile {
        display_name,
        email,
        roles,
    } = profile.clone();
    let mut facts = facts([("roles", cut(roles.join(", "), LIST_LEN_MAX))]);
    for (name, value) in [("display_name", display_name), ("email", email)] {
        facts.extend(value.map(|value| (name.to_owned(), value)));
    }
    facts
}

pub(super) fn personal_token(token: &PersonalToken) -> AuditFacts {
    let mut facts = facts([
        ("user", token.user.to_string()),
        ("name", token.name.clone()),
        ("description", token.description.clone()),
    ]);
    moments(
        &mut facts,
        [("expires_at", Some(token.expires_at)), ("revoked_at", token.revoked_at)],
    );
    facts
}

pub(super) fn route(route: &Route) -> AuditFacts {
    let audience = route.audience.as_ref();
    let mut facts = facts([
        ("schemes", route.schemes.to_string()),
        ("scopes", cut(route.scopes.to_string(), LIST_LEN_MAX)),
        ("anonymous", route.anonymous.to_string()),
    ]);
    facts.extend(audience.map(|audience| ("audience".to_owned(), audience.to_string())));
    facts
}

pub(super) fn issuer(issuer: &Issuer) -> AuditFacts {
    let audiences: Vec<&str> = issuer.audiences.iter().map(Audience::as_str).collect();
    facts([
        (
            "keys",
            match &issuer.jwks {
                JwksSource::Url(url) => url.clone(),
                JwksSource::Text(text) => digest(text),
            },
        ),
        ("audiences", audiences.join(" ")),
        ("algorithms", issuer.algorithms.to_string()),
        ("user_claim", issuer.user_claim.clone()),
        ("client", issuer.client.to_string()),
        ("scopes", cut(issuer.scopes.to_string(), LIST_LEN_MAX)),
    ])
}

pub(super) fn identity_provider(provider: &IdentityProvider) -> AuditFacts {
    let audiences: Vec<&str> = provider.audiences.iter().map(Audience::as_str).collect();
    let certificates = provider.certificates.iter();
    let certificates: Vec<String> = certificates.map(|der| blake3::hash(der).to_string()).collect();
    let mut facts = facts([
        ("certificates_blake3", certificates.join(" ")),
        ("audiences", cut(audiences.join(" "), LIST_LEN_MAX)),
        ("subject", provider.subject.to_string()),
        ("skew_s", provider.skew_s.to_string()),
        ("creates_users", provider.creates_users.to_string()),
    ]);
    facts.extend(
        provider
            .recipient
            .clone()
            .map(|recipient| ("recipient".to_owned(), recipient)),
    );
    facts
}

pub(super) fn network(row: &NetworkRow, user: Option<&str>) -> AuditFacts {
    let mut facts = facts([("standing", row.standing.to_string())]);
    facts.extend(user.map(|user| ("user".to_owned(), user.to_owned())));
    facts
}

pub(super) fn setting(setting: &Setting) -> AuditFacts {
    facts([("value", cut(setting.to_string(), VALUE_LEN_MAX))])
}

/// A value of at most `most` bytes, and what tells a longer one from others that begin alike.
fn cut(mut value: String, most: usize) -> String {
    if value.len() > most {
        let whole = digest(&value);
        value.truncate(value.floor_char_boundary(most));
        value.push_str(&format!("… (whole value: {whole})"));
    }
    value
}

fn digest(value: &str) -> String {
    format!("BLAKE3 {}", blake3::hash(value.as_bytes()))
}

pub(super) fn facts<const N: usize>(fields: [(&str, String); N]) -> AuditFacts {
    let owned = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    owned.collect()
}

pub(super) fn moments<const N: usize>(facts: &mut AuditFacts, fields: [(&str, Option<Timestamp>); N]) {
    let set = fields.into_iter().filter_map(|(name, moment)| Some((name, moment?)));
    facts.extend(set.map(|(name, moment)| (name.to_owned(), written(moment))));
}

/// RFC 3339, or the number where the calendar has no such day.
fn written(moment: Timestamp) -> String {
    // The last second of the year 9999, beyond which the format has no digits.
    const LAST_MS: u64 = 253_402_300_799_000;
    if moment.as_millis() > LAST_MS {
        return moment.to_string();
    }
    let moment = UNIX_EPOCH.checked_add(Duration::from_millis(moment.as_millis()));
    moment.map_or_else(String::new, |moment| {
        humantime::format_rfc3339_millis(moment).to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_fits_is_whole_and_a_longer_one_is_cut() {
        let short: Setting = Setting::parse("per_hour", "5").unwrap();
        assert_eq!(setting(&short).get("value").map(String::as_str), Some("5"));
        let rule = "2001:0db8:0000:0000:0000:0000:0000:0001".to_owned();
        let rules = vec![rule; 1_000].join(",");
        let long = Setting::parse("trusted_proxies", &rules).unwrap();
        let value = setting(&long).remove("value").unwrap();
        assert!(
            value.len() < VALUE_LEN_MAX + 128 && value.contains("BLAKE3"),
            "{}",
            value.len()
        );
    }

    #[test]
    fn moments_are_written_as_people_read_them() {
        assert_eq!(written(Timestamp::from_millis(1_500)), "1970-01-01T00:00:01.500Z");
        assert_eq!(written(Timestamp::MAX), Timestamp::MAX.to_string());
    }
}
