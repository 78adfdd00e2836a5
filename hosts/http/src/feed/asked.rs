//! What is asked, read from the query.

use std::time::Duration;

use axum::http::Uri;
use tollgate::{FeedIdentity, Revision, StateCursor};

use super::parameters::{bytes, malformed, number, seconds, sixteen};
use crate::admin::problem::Problem;
use crate::admin::query::Query;

/// The longest time that a question waits for news.
const WAIT_MOST: Duration = Duration::from_secs(30);

/// Which page is asked for.
pub(super) struct PageAsked {
    /// None for the first.
    pub(super) from: Option<StateCursor>,
    pub(super) nonce: [u8; 16],
}

/// Which changes are asked for.
pub(super) struct ChangesAsked {
    pub(super) after: Revision,
    /// Changes of the next revision that the asker has.
    pub(super) skip: u32,
    /// None for whichever this is.
    pub(super) feed: Option<FeedIdentity>,
    pub(super) wait: Duration,
    pub(super) nonce: [u8; 16],
}

impl PageAsked {
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let query = Query::of(uri, ["page", "nonce"])?;
        let cursor = |text: &str| StateCursor::from_bytes(&bytes(text)?);
        let page = "what the page before named as its `next`, in hexadecimal digits";
        Ok(Self {
            from: read(&query, "page", page, cursor)?,
            nonce: nonce(&query)?,
        })
    }
}

impl ChangesAsked {
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let query = Query::of(uri, ["after", "skip", "feed", "wait", "nonce"])?;
        let after = "a revision, in decimal digits";
        let skip = "a number of changes, in decimal digits";
        let feed = "the identity of a feed, in 32 hexadecimal digits";
        let wait = "a time in seconds with up to three decimals, at most 30";
        Ok(Self {
            after: read(&query, "after", after, number)?
                .map(Revision)
                .ok_or_else(|| malformed("after", after))?,
            skip: read(&query, "skip", skip, |text| u32::try_from(number(text)?).ok())?.unwrap_or(0),
            feed: read(&query, "feed", feed, sixteen)?.map(FeedIdentity),
            wait: read(&query, "wait", wait, |text| seconds(text, WAIT_MOST))?.unwrap_or_default(),
            nonce: nonce(&query)?,
        })
    }
}

fn nonce<const N: usize>(query: &Query<'_, N>) -> Result<[u8; 16], Problem> {
    let nonce = read(query, "nonce", "16 bytes, in 32 hexadecimal digits", sixteen)?;
    Ok(nonce.unwrap_or_default())
}

/// The value of a parameter that was given.
fn read<T, const N: usize>(
    query: &Query<'_, N>,
    name: &str,
    expected: &str,
    of: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let read = |text: &str| of(text).ok_or_else(|| malformed(name, expected));
    query.value(name).map(read).transpose()
}
