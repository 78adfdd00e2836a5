//! What the audit trail says of records: every field by its name, and no secret.

use std::time::{Duration, UNIX_EPOCH};

use tollgate_core::Timestamp;

use crate::audit::AuditFacts;
use crate::record::{AdminToken, Authtoken, FeedToken, NetworkRow, User};
use crate::setting::Setting;

/// A longer value is cut: an entry with one on both sides must still be a record.
const VALUE_LEN_MAX: usize = 16 * 1_024;

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

pub(super) fn network(row: &NetworkRow, user: Option<&str>) -> AuditFacts {
    let mut facts = facts([("standing", row.standing.to_string())]);
    facts.extend(user.map(|user| ("user".to_owned(), user.to_owned())));
    facts
}

pub(super) fn setting(setting: &Setting) -> AuditFacts {
    let mut value = setting.to_string();
    if value.len() > VALUE_LEN_MAX {
        let digest = blake3::hash(value.as_bytes());
        let end = value.floor_char_boundary(VALUE_LEN_MAX);
        value.truncate(end);
        value.push_str(&format!("… (whole value: BLAKE3 {digest})"));
    }
    facts([("value", value)])
}

fn facts<const N: usize>(fields: [(&str, String); N]) -> AuditFacts {
    let owned = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    owned.collect()
}

fn moments<const N: usize>(facts: &mut AuditFacts, fields: [(&str, Option<Timestamp>); N]) {
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
