//! Moments in text, as Cyclr's callers write and read them: ISO 8601 in the form of RFC 3339.
//!
//! Its server writes seven digits behind the second (ticks of 100 ns), and its pages show three and none. So seven are written and
//! none to nine are read. A moment without a zone is refused: it would mean another moment on another machine.

use std::time::{Duration, UNIX_EPOCH};

use tollgate::Timestamp;

/// The last moment that four digits of year can say.
const LAST: Timestamp = Timestamp::from_millis(253_402_300_799_999);

/// A text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a moment like 2021-10-01T00:00:00Z, from 1970 on, with a zone and at most nine digits behind the second"
)]
pub struct MomentFault;

/// The text of a moment, with seven digits behind the second. Moments behind the year 9999 are written as its end.
///
/// ```
/// use tollgate::Timestamp;
/// use tollgate_connectors::moment;
///
/// let text = moment::write(Timestamp::from_millis(1_512_730_968_743));
/// assert_eq!(text, "2017-12-08T11:02:48.7430000Z");
/// assert_eq!(moment::parse(&text), Ok(Timestamp::from_millis(1_512_730_968_743)));
/// ```
pub fn write(moment: Timestamp) -> String {
    let since = Duration::from_millis(moment.min(LAST).as_millis());
    let written = humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string();
    format!("{}0000Z", written.trim_end_matches('Z'))
}

/// Reads a moment, rounded down to the millisecond.
pub fn parse(text: &str) -> Result<Timestamp, MomentFault> {
    let (local, ahead_s) = zone(text)?;
    let (date, behind) = local.split_at_checked(19).ok_or(MomentFault)?;
    let is_date = date.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        sign => byte == *sign,
    });
    let is_fraction = match behind.strip_prefix('.') {
        Some(digits) => (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => behind.is_empty(),
    };
    if !is_date || !is_fraction {
        return Err(MomentFault);
    }
    let read = humantime::parse_rfc3339(&format!("{local}Z")).map_err(|_| MomentFault)?;
    let since = read.duration_since(UNIX_EPOCH).map_err(|_| MomentFault)?;
    let millis = i64::try_from(since.as_millis()).map_err(|_| MomentFault)?;
    let universal = u64::try_from(millis - ahead_s * 1_000).map_err(|_| MomentFault)?;
    Ok(Timestamp::from_millis(universal))
}

/// What stands before the zone, and how many seconds the zone is ahead of universal time.
fn zone(text: &str) -> Result<(&str, i64), MomentFault> {
    if let Some(local) = text.strip_suffix('Z') {
        return Ok((local, 0));
    }
    let at = text.len().checked_sub(6).ok_or(MomentFault)?;
    let (local, zone) = text.split_at_checked(at).ok_or(MomentFault)?;
    let &[sign, h1, h0, b':', m1, m0] = zone.as_bytes() else {
        return Err(MomentFault);
    };
    let number = |tens: u8, ones: u8| match (tens, ones) {
        (b'0'..=b'9', b'0'..=b'9') => Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0')),
        _ => Err(MomentFault),
    };
    let (hours, minutes) = (number(h1, h0)?, number(m1, m0)?);
    if hours > 23 || minutes > 59 {
        return Err(MomentFault);
    }
    let seconds = hours * 3_600 + minutes * 60;
    match sign {
        b'+' => Ok((local, seconds)),
        b'-' => Ok((local, -seconds)),
        _ => Err(MomentFault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: u64) -> Result<Timestamp, MomentFault> {
        Ok(Timestamp::from_millis(millis))
    }

    #[test]
    fn every_form_that_cyclr_shows_is_read() {
        assert_eq!(parse("2017-12-08T11:02:48.7436471Z"), at(1_512_730_968_743));
        assert_eq!(parse("2020-01-01T12:30:00.138Z"), at(1_577_881_800_138));
        assert_eq!(parse("2021-10-01T00:00:00Z"), at(1_633_046_400_000));
        assert_eq!(parse("2021-10-01T02:00:00+02:00"), at(1_633_046_400_000));
        assert_eq!(parse("2021-09-30T18:30:00.5-05:30"), at(1_633_046_400_500));
        assert_eq!(parse("1970-01-01T00:00:00.999999999Z"), at(999));
    }

    #[test]
    fn what_is_no_moment_or_one_of_several_is_refused() {
        for text in [
            "",
            "2021-10-01",
            "2021-10-01T00:00:00",
            "2021-10-01T00:00:00.Z",
            "2021-10-01T00:00:00.0000000000Z",
            "2021-10-01 00:00:00Z",
            "2021-10-01t00:00:00z",
            "2021-13-01T00:00:00Z",
            "2021-02-29T00:00:00Z",
            "2021-10-01T24:00:00Z",
            "2021-10-01T00:00:00+2:00",
            "2021-10-01T00:00:00+24:00",
            "2021-10-01T00:00:00ZZ",
            "2021-10-01T00:00:00.1+00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59+01:00",
            "10000-01-01T00:00:00Z",
            " 2021-10-01T00:00:00Z",
            "2021-10-01T00:00:0\u{663}Z",
            "1633046400",
        ] {
            assert_eq!(parse(text), Err(MomentFault), "{text}");
        }
    }

    #[test]
    fn the_end_of_time_can_be_written() {
        assert_eq!(write(Timestamp::MAX), "9999-12-31T23:59:59.9990000Z");
        assert_eq!(write(Timestamp::from_millis(0)), "1970-01-01T00:00:00.0000000Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(millis in 0..=LAST.as_millis()) {
            prop_assert_eq!(parse(&write(Timestamp::from_millis(millis))), at(millis));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:.+\\-]{0,36}|\\PC{0,36}") {
            if let Ok(moment) = parse(&text) {
                prop_assert_eq!(parse(&write(moment)), Ok(moment.min(LAST)));
            }
        }
    }
}
