//! What a follower asks.

use std::time::Duration;

/// The path and query of a callout to a feed.
pub(super) struct Question {
    /// After which revision changes are asked for, and how many of the next are known; none asks for a page.
    pub(super) changes: Option<(u64, u32)>,
    pub(super) page: Option<Vec<u8>>,
    pub(super) feed: Option<[u8; 16]>,
    pub(super) wait: Duration,
    pub(super) nonce: [u8; 16],
}

impl Question {
    pub(super) fn of(path: &str) -> Option<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let bytes16 = |name| match value(name) {
            Some(text) => from_hex(text)?.try_into().ok().map(Some),
            None => Some(None),
        };
        let changes = match path {
            "/feed/v1/snapshot" => None,
            "/feed/v1/changes" => Some((
                value("after")?.parse().ok()?,
                value("skip").map_or(Some(0), |skip| skip.parse().ok())?,
            )),
            _ => return None,
        };
        Some(Self {
            changes,
            page: value("page").map_or(Some(None), |page| from_hex(page).map(Some))?,
            feed: bytes16("feed")?,
            wait: value("wait").map_or(Some(Duration::ZERO), seconds)?,
            nonce: bytes16("nonce")?.unwrap_or_default(),
        })
    }
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?)
        .ok()
        .filter(|wait| *wait <= Duration::from_secs(30))
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes =
        pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok());
    bytes.collect()
}
