//! What stands in a parameter, read strictly: one way to write each thing.

use std::time::Duration;

use crate::admin::problem::Problem;

/// Bytes in hexadecimal digits.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// Sixteen bytes in hexadecimal digits.
pub(super) fn sixteen(text: &str) -> Option<[u8; 16]> {
    bytes(text)?.try_into().ok()
}

/// A number in decimal digits, without a sign and without zeros in front.
pub(super) fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// Seconds with up to three decimals, at most `most`.
pub(super) fn seconds(text: &str, most: Duration) -> Option<Duration> {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) if (1..=3).contains(&decimals.len()) => (whole, decimals),
        Some(_) => return None,
        None => (text, ""),
    };
    let plain = decimals.bytes().all(|byte| byte.is_ascii_digit());
    let millis = plain.then(|| format!("{decimals:0<3}").parse().ok()).flatten()?;
    let time = Duration::from_secs(number(whole)?).checked_add(Duration::from_millis(millis))?;
    (time <= most).then_some(time)
}

/// A parameter that is not as it should be. What it was is not repeated: it may be a secret in the wrong place.
pub(super) fn malformed(name: &str, expected: &str) -> Problem {
    let detail = format!("expected the parameter `{name}` to be {expected}, but found something else");
    Problem::malformed("malformed-parameter", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_written_in_one_way() {
        assert_eq!(bytes("00fFa5"), Some(vec![0, 255, 165]));
        assert_eq!(bytes(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", " 1", "ää"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!(sixteen(&"01".repeat(16)), Some([1; 16]));
        assert_eq!((sixteen(&"01".repeat(15)), sixteen(&"01".repeat(17))), (None, None));
        assert_eq!((number("0"), number("18446744073709551615")), (Some(0), Some(u64::MAX)));
        for text in ["", "00", "01", "+1", "-1", "1.0", " 1", "18446744073709551616", "１"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_have_three_decimals_at_most_and_a_bound() {
        let most = Duration::from_secs(30);
        for (text, millis) in [
            ("0", 0),
            ("30", 30_000),
            ("1.5", 1_500),
            ("0.025", 25),
            ("29.999", 29_999),
        ] {
            assert_eq!(seconds(text, most), Some(Duration::from_millis(millis)), "{text}");
        }
        let no = [
            "30.001",
            "31",
            "",
            ".",
            "1.",
            ".5",
            "1.0005",
            "-1",
            "1e3",
            "1.+5",
            "99999999999999999999",
        ];
        for text in no {
            assert_eq!(seconds(text, most), None, "{text}");
        }
    }
}
