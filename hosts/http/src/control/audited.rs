//! The line that an export has for each entry of the audit trail, and what came of following them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tollgate::{AuditDigest, AuditEntry, Timestamp};

use super::trail::AuditEntryShown;

/// A text that is no line of an exported trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an entry as `tollgate audit export` writes one, but {0}")]
pub struct AuditLineError(String);

impl AuditEntryShown {
    /// The line that an export has for it, without its end.
    pub fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// The entry that a line stands for. Another spelling of it is refused: where two readers could take different facts from one
    /// line, a digest vouches for neither.
    ///
    /// # Errors
    ///
    /// [`AuditLineError`] for every text that [`AuditEntryShown::line`] does not write.
    pub fn read(line: &[u8]) -> Result<AuditEntry, AuditLineError> {
        let fault = |words: &str| AuditLineError(words.to_owned());
        let shown: Self = serde_json::from_slice(line).map_err(|error| fault(&format!("the line is none: {error}")))?;
        let digest = |text: &str| text.parse::<AuditDigest>();
        let (Ok(previous), Ok(own)) = (digest(&shown.previous), digest(&shown.digest)) else {
            return Err(fault("a digest is not 64 hexadecimal digits"));
        };
        let sequence = shown.id.parse().map_err(|_| fault("its id is no number"))?;
        let at = read_exact(&shown.at).ok_or_else(|| fault("its moment is none"))?;
        let entry = AuditEntry::from_parts(
            sequence,
            at,
            (shown.actor, shown.origin),
            shown.action,
            shown.subject,
            shown.before,
            shown.after,
            (previous, own),
        );
        match Self::from(&entry).line() {
            Ok(written) if written.as_bytes() == line => Ok(entry),
            Ok(_) | Err(_) => Err(fault("the line is written otherwise")),
        }
    }
}

/// How far an audit trail could be followed from its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailShown {
    /// Whether it is whole, and holds the digest that was asked for.
    pub sound: bool,
    /// How many entries follow each other, from the first.
    pub entries: u64,
    /// The digest of the last of them.
    pub head: String,
    /// When that one was made.
    pub newest_at: Option<String>,
    /// The entry at which it breaks.
    pub broken_at: Option<String>,
    /// What is wrong.
    pub fault: Option<String>,
    /// The entry that has the digest which was asked for.
    pub kept_at: Option<String>,
}

/// Reads a moment as an entry shows it: to the millisecond, or their number beyond the year 9999.
fn read_exact(text: &str) -> Option<Timestamp> {
    if let Ok(millis) = text.parse() {
        return Some(Timestamp::from_millis(millis));
    }
    let moment: SystemTime = humantime::parse_rfc3339(text).ok()?;
    let since = moment.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(u64::try_from(since.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use tollgate::AuditFacts;

    use super::*;

    const LAST_MS: u64 = 253_402_300_799_999;

    fn entry(at: u64) -> AuditEntry {
        let facts = AuditFacts::from([("active".to_owned(), "true".to_owned())]);
        AuditEntry::from_parts(
            7,
            Timestamp::from_millis(at),
            ("me \"\u{1f600}".to_owned(), "here".to_owned()),
            "user.add".to_owned(),
            "ann".to_owned(),
            None,
            Some(facts),
            (AuditDigest([1; 32]), AuditDigest([2; 32])),
        )
    }

    fn line(at: u64) -> String {
        AuditEntryShown::from(&entry(at)).line().unwrap()
    }

    #[test]
    fn a_line_reads_what_it_writes() {
        for at in [0, 1, 1_709_251_199_999, LAST_MS, LAST_MS + 1, u64::MAX] {
            assert_eq!(AuditEntryShown::read(line(at).as_bytes()), Ok(entry(at)), "{at}");
        }
        assert!(line(1).contains("1970-01-01T00:00:00.001Z"), "{}", line(1));
    }

    #[test]
    fn another_spelling_of_a_line_is_refused() {
        let whole = line(1);
        for (from, to) in [
            ("\"subject\":\"ann\"", "\"subject\":\"bob\",\"subject\":\"ann\""),
            ("\"active\":\"true\"", "\"active\":\"false\",\"active\":\"true\""),
            ("\"subject\":\"ann\"", "\"subject\": \"ann\""),
            ("\"subject\":\"ann\"", "\"subject\":\"\\u0061nn\""),
            ("\"id\":\"7\"", "\"id\":\"seven\""),
            ("\"id\":\"7\"", "\"id\":\"07\""),
            ("\"at\":\"1970-01-01T00:00:00.001Z\"", "\"at\":\"1\""),
            ("{\"id\"", "{\"note\":\"x\",\"id\""),
            ("00.001Z", "00.0010Zz"),
            ("0101", "0g01"),
            ("}", ""),
        ] {
            let other = whole.replacen(from, to, 1);
            assert_ne!(other, whole, "{from}");
            assert!(AuditEntryShown::read(other.as_bytes()).is_err(), "{other}");
        }
    }
}
