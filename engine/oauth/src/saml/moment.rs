//! Moments of SAML: `xs:dateTime` in UTC (SAML 2.0 core section 1.3.3).

use tollgate::Timestamp;

/// Reads `2026-01-31T12:00:00Z`, with a fraction of a second if there is one. Nothing but UTC is taken.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let millis = fraction.map_or(Some(0), thousandths)?;
    let (date, time) = whole.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = days(year, month, day)?;
    let seconds = ((day * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_millis(seconds * 1_000 + millis))
}

/// The first three digits behind the point.
fn thousandths(fraction: &str) -> Option<u64> {
    let is_number = (1..=12).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let digits = is_number.then(|| fraction.bytes().chain(std::iter::repeat(b'0')).take(3))?;
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

fn numbers(text: &str, between: char, lengths: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(between);
    let mut found = [0; 3];
    for (number, len) in found.iter_mut().zip(lengths) {
        let part = parts
            .next()
            .filter(|part| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// Days since 1970 of a day that there is.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let len = |month: u64| match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u64::from(is_leap(year)),
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=len(month)).contains(&day) {
        return None;
    }
    let before = year - 1;
    let leaps = |before: u64| before / 4 - before / 100 + before / 400;
    let years = (year - 1970) * 365 + leaps(before) - leaps(1969);
    Some(years + (1..month).map(len).sum::<u64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_to_the_millisecond() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-21T22:30:00Z", 1_795_300_200_000),
            ("2024-02-29T23:59:59.9Z", 1_709_251_199_900),
            ("2000-03-01T00:00:00.123456Z", 951_868_800_123),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
        ] {
            assert_eq!(moment(text).map(Timestamp::as_millis), Some(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_in_utc_is_none() {
        for text in [
            "",
            "Z",
            "2026-11-21T22:30:00",
            "2026-11-21T22:30:00+00:00",
            "2026-11-21 22:30:00Z",
            "2026-11-21T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-1-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "2026-11-21T22:30:00.Z",
            "2026-11-21T22:30:60Z",
            "2026-11-21T22:30Z",
            " 2026-11-21T22:30:00Z",
            "10000-01-01T00:00:00Z",
            "2026-01-01-01T00:00:00Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
