//! Entries of the audit trail as replies show them. An entry that is shown holds all that its digest covers, so that a trail
//! can be verified by whoever has kept it.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tollgate::{AuditEntry, AuditFacts, Timestamp};
use utoipa::ToSchema;

/// One administrative change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
#[serde(deny_unknown_fields)]
pub struct AuditEntryShown {
    /// Its place in the trail; the first is 1.
    #[schema(pattern = "^[0-9]+$", example = "12")]
    pub id: String,
    /// When it was made, to the millisecond.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00.250Z")]
    pub at: String,
    /// Who made it.
    #[schema(example = "admin token 3 (deploy)")]
    pub actor: String,
    /// From where.
    #[schema(example = "203.0.113.9")]
    pub origin: String,
    /// What was done.
    #[schema(example = "user.set")]
    pub action: String,
    /// To what: a name, an id, a rule or a key.
    #[schema(example = "alice")]
    pub subject: String,
    /// What was there before; none where there was nothing.
    #[schema(required)]
    pub before: Option<AuditFacts>,
    /// What is there now; none where there is nothing any more.
    #[schema(required)]
    pub after: Option<AuditFacts>,
    /// The digest of the entry before this one; zeros before the first.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub previous: String,
    /// The digest of this entry, the previous digest included.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub digest: String,
}

impl From<&AuditEntry> for AuditEntryShown {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            id: entry.sequence.to_string(),
            at: write_exactly(entry.at),
            actor: entry.actor.clone(),
            origin: entry.origin.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            previous: entry.previous.to_string(),
            digest: entry.digest.to_string(),
        }
    }
}

/// A moment to the millisecond; one beyond the year 9999, which has no such form, is its number of milliseconds.
fn write_exactly(moment: Timestamp) -> String {
    const LAST_MS: u64 = 253_402_300_799_999;
    match moment.as_millis() {
        millis @ ..=LAST_MS => humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(millis)).to_string(),
        millis => millis.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_to_the_millisecond() {
        assert_eq!(write_exactly(Timestamp::from_millis(1_500)), "1970-01-01T00:00:01.500Z");
        assert_eq!(write_exactly(Timestamp::MAX), u64::MAX.to_string());
    }
}
