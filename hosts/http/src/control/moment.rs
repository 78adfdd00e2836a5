//! Moments as people write and read them: RFC 3339, in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tollgate::Timestamp;

/// A text that is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a moment in UTC such as 2027-01-31T12:00:00Z, but found `{0}`")]
pub struct MomentError(String);

/// The last moment that has four digits in its year.
const LAST_S: u64 = 253_402_300_799;

/// Writes a moment in whole seconds, such as `2027-01-31T12:00:00Z`; one beyond the year 9999 is `never`.
pub fn write_moment(moment: Timestamp) -> String {
    match moment.as_seconds() {
        seconds @ ..=LAST_S => humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(),
        _ => "never".to_owned(),
    }
}

/// Reads what [`write_moment`] writes, with or without a fraction of a second, which is dropped.
///
/// # Errors
///
/// [`MomentError`] for every other text, and for moments before 1970.
pub fn parse_moment(text: &str) -> Result<Timestamp, MomentError> {
    let fault = || MomentError(text.to_owned());
    let moment: SystemTime = humantime::parse_rfc3339(text.trim()).map_err(|_| fault())?;
    let since = moment.duration_since(UNIX_EPOCH).map_err(|_| fault())?;
    Ok(Timestamp::from_seconds(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_what_they_write() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2106-02-07T06:28:15Z", 4_294_967_295),
            ("9999-12-31T23:59:59Z", LAST_S),
        ] {
            assert_eq!(write_moment(Timestamp::from_seconds(seconds)), text);
            assert_eq!(parse_moment(text), Ok(Timestamp::from_seconds(seconds)));
        }
        assert_eq!(write_moment(Timestamp::MAX), "never");
        assert_eq!(parse_moment(" 1970-01-01T00:00:01.9Z "), Ok(Timestamp::from_seconds(1)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "tomorrow",
            "2027-01-31",
            "2027-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "12",
        ] {
            assert_eq!(parse_moment(text), Err(MomentError(text.to_owned())));
        }
    }
}
