//! Administrators' tokens and feed tokens as they are asked for: few, behind locks, off the check path.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use tollgate_core::{Timestamp, TokenDigest};

use crate::record::{AdminToken, FeedToken, OperatorRow, OperatorRows, OperatorToken};

/// Why a presented token admits nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// There is no such token of this sort.
    Unknown,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Tokens of one sort by their digests, revoked ones included.
#[derive(Clone)]
pub(crate) struct LiveTokens<T>(Arc<RwLock<BTreeMap<[u8; 32], T>>>);

impl<T> Default for LiveTokens<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: OperatorToken> LiveTokens<T> {
    /// The token of a digest, if it holds at `now`. The digest is keyed, so how long the look-up takes tells nothing about a
    /// token.
    pub(crate) fn admit(&self, digest: &TokenDigest, now: Timestamp) -> Result<T, NotAdmitted> {
        let found = self.0.read().get(digest.as_bytes()).cloned();
        let token = found.ok_or(NotAdmitted::Unknown)?;
        if token.revoked_at().is_some() {
            return Err(NotAdmitted::Revoked);
        }
        if token.expires_at().is_some_and(|end| now >= end) {
            return Err(NotAdmitted::Expired);
        }
        Ok(token)
    }

    fn put(&self, rows: Vec<OperatorRow<T>>) {
        if rows.is_empty() {
            return;
        }
        let mut tokens = self.0.write();
        for OperatorRow { token, digest } in rows {
            tokens.insert(*digest.as_bytes(), token);
        }
    }
}

/// Tokens of both sorts. No digest leads from one sort to the other.
#[derive(Clone, Default)]
pub(crate) struct LiveOperators {
    pub(crate) admins: LiveTokens<AdminToken>,
    pub(crate) followers: LiveTokens<FeedToken>,
}

impl LiveOperators {
    /// Takes over tokens as they are from now on.
    pub(crate) fn put(&self, rows: OperatorRows) {
        let OperatorRows { admins, followers } = rows;
        self.admins.put(admins);
        self.followers.put(followers);
    }

    /// Nobody is an administrator any more before a restart, since one of them may have been revoked. Followers are known on:
    /// all that they are told from now on is that nothing may be believed.
    pub(crate) fn doubt(&self) {
        self.admins.0.write().clear();
    }
}
