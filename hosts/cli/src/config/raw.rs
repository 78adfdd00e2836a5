//! A value as it was written, and what knobs make of it. No error here shows the value.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tollgate::NetworkRule;
use url::Url;

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// A string of the file, or whatever stands in the environment or on the command line.
    Text(String),
    /// A number of the file, as it is written there.
    Number(String),
    Switch(bool),
    List(Vec<Raw>),
    /// Something that no knob takes.
    Other(&'static str),
}

impl Raw {
    /// What was found instead of what was expected.
    fn instead(&self, expected: &str) -> String {
        let found = match self {
            Self::Text(_) => "another text",
            Self::Number(_) => "another number",
            Self::Switch(_) => "a switch",
            Self::List(_) => "a list",
            Self::Other(what) => what,
        };
        format!("{expected}, but found {found}")
    }

    /// The text where there is one alone.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(list) => match list.as_slice() {
                [Self::Text(text)] => Some(text),
                _ => None,
            },
            Self::Number(_) | Self::Switch(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, String> {
        let found = self
            .text()
            .and_then(|text| words.iter().find(|(word, _)| *word == text));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.instead(&format!("one of {}", all.join(", ")))
        })
    }

    pub(super) fn path(&self) -> Result<PathBuf, String> {
        match self.text() {
            Some(text) if text.contains("-----BEGIN") => {
                Err("the path of a file, but found what belongs in that file".to_owned())
            }
            Some(text) if !text.is_empty() => Ok(PathBuf::from(text)),
            Some(_) | None => Err(self.instead("the path of a file")),
        }
    }

    pub(super) fn number(&self, what: &str, least: u64, most: u64) -> Result<u64, String> {
        let written = match self {
            Self::Number(number) => Some(number.as_str()),
            other => other.text(),
        };
        written
            .and_then(|number| number.replace('_', "").parse().ok())
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.instead(&format!("{what} from {least} to {most}")))
    }

    pub(super) fn seconds(&self, most: u32) -> Result<Duration, String> {
        let written = match self {
            Self::Number(number) => Some(number.as_str()),
            other => other.text(),
        };
        written
            .and_then(|number| number.replace('_', "").parse::<f64>().ok())
            .filter(|seconds| *seconds >= 0.001 && *seconds <= f64::from(most))
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| self.instead(&format!("seconds from 0.001 to {most}")))
    }

    pub(super) fn switch(&self) -> Result<bool, String> {
        match (self, self.text()) {
            (Self::Switch(on), _) => Ok(*on),
            (_, Some("true")) => Ok(true),
            (_, Some("false")) => Ok(false),
            (_, _) => Err(self.instead("true or false")),
        }
    }

    /// Texts: a list of them, or one text with commas between.
    pub(super) fn texts(&self, what: &str) -> Result<Vec<String>, String> {
        let split = |text: &str| -> Vec<String> { text.split(',').map(|part| part.trim().to_owned()).collect() };
        let texts: Option<Vec<String>> = match self {
            Self::Text(text) => Some(split(text)),
            Self::List(list) => list
                .iter()
                .map(|one| match one {
                    Self::Text(text) => Some(split(text)),
                    Self::Number(_) | Self::Switch(_) | Self::List(_) | Self::Other(_) => None,
                })
                .collect::<Option<Vec<_>>>()
                .map(|lists| lists.concat()),
            Self::Number(_) | Self::Switch(_) | Self::Other(_) => None,
        };
        texts
            .filter(|texts| texts.iter().all(|text| !text.is_empty()))
            .ok_or_else(|| self.instead(what))
    }

    pub(super) fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let expected = "an address with a port, such as 127.0.0.1:8480, or a list of them";
        let texts = self.texts(expected)?;
        let addresses: Option<Vec<SocketAddr>> = texts.iter().map(|text| text.parse().ok()).collect();
        addresses
            .filter(|addresses| !addresses.is_empty())
            .ok_or_else(|| self.instead(expected))
    }

    pub(super) fn url(&self) -> Result<Url, String> {
        let url = self.text().and_then(|text| Url::parse(text).ok());
        // A password is not shown, and so not taken.
        let url = url.filter(|url| url.username().is_empty() && url.password().is_none());
        url.ok_or_else(|| self.instead("a URL such as https://auth.example.org"))
    }

    pub(super) fn rules(&self) -> Result<Vec<NetworkRule>, String> {
        let expected = "a list of addresses, ranges or prefixes such as 127.0.0.0/8";
        let rules: Option<Vec<NetworkRule>> = self.texts(expected)?.iter().map(|text| text.parse().ok()).collect();
        rules.ok_or_else(|| self.instead(expected))
    }
}
