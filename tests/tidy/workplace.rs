//! The repository explains itself: it names no desk, paper or person of the place where it was written.

use super::finding::Finding;
use super::leftovers::holds_word;
use super::source::Source;

/// Assembled from halves, so that this file does not find itself.
const PLACES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("../", "shared"),
    concat!("/tmp/", "brief"),
    concat!("bash", "_jobs"),
    concat!("before", "-stop"),
    concat!("sub", "agent"),
    concat!("design ", "section"),
    concat!("design", ".md"),
    concat!("wire", ".md"),
    concat!("security", ".md"),
    concat!("proxies", ".md"),
    concat!("crates", ".md"),
    concat!("peers", ".md"),
    concat!("style", ".md"),
    concat!("seed", " 0"),
    concat!("seeds", "/0"),
    concat!("the ", "seeds"),
    concat!("Cla", "ude"),
    concat!("Anth", "ropic"),
];

pub(crate) fn no_mention(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let place = PLACES
            .iter()
            .find(|place| line.contains(**place))
            .map(|place| (*place).to_owned());
        if let Some(place) = place.or_else(|| numbered_issue(line)) {
            findings.push(source.finding(
                index + 1,
                format!("`{place}` speaks of the workplace"),
                "say the reason itself",
            ));
        }
    }
    findings
}

/// The word followed by a number: a reader has no such list. What a fault of another project did is told in words.
fn numbered_issue(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let at = lower.find(concat!("iss", "ue "))?;
    let number = lower[at + 6..].trim_start_matches('#');
    let is_numbered =
        number.starts_with(|digit: char| digit.is_ascii_digit()) && holds_word(&lower, concat!("iss", "ue"));
    is_numbered.then(|| lower[at..].chars().take(8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        no_mention(&Source::new("README.md", text)).len()
    }

    #[test]
    fn each_place_is_rejected() {
        for place in PLACES {
            assert_eq!(found(&format!("As {place} says.")), 1, "{place}");
        }
        for number in ["2", "#17"] {
            assert_eq!(found(&format!("See {} {number}.", concat!("Iss", "ue"))), 1, "{number}");
        }
    }

    #[test]
    fn near_twins_are_let_through() {
        for text in [
            "See SECURITY.md.",
            "The network is at work / rest.",
            "issue a token",
            "Issue 'x' tokens",
            "a seed of 7",
            "shared/state",
            "a reissue 3 times",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
