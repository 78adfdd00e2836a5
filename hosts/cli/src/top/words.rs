//! Numbers and spans of time in few letters.

/// A count in groups of three digits.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How often in a second; small rates with one digit behind the point.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are not negative, and a cast saturates"
)]
pub(super) fn rate(rate: f64) -> String {
    if rate < 9.95 {
        format!("{rate:.1}")
    } else {
        count(rate.round() as u64)
    }
}

/// A span of time in its two largest units.
pub(super) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        (_, _, _) => format!("{days}d {}h", hours % 24),
    }
}

/// Milliseconds, or seconds where there are many.
pub(super) fn delay(millis: u64) -> String {
    if millis < 10_000 {
        format!("{millis} ms")
    } else {
        span(millis / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_can_be_read() {
        assert_eq!(
            [count(0), count(999), count(1_000), count(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [rate(0.0), rate(9.94), rate(9.96), rate(12_345.4)],
            ["0.0", "9.9", "10", "12,345"]
        );
        assert_eq!(
            [span(59), span(61), span(3_700), span(90_000)],
            ["59s", "1m 1s", "1h 1m", "1d 1h"]
        );
        assert_eq!([delay(9_999), delay(10_000)], ["9999 ms", "10s"]);
    }
}
