//! Administrators' tokens as they are asked for: few, behind a lock, off the check path.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use tollgate_core::TokenDigest;

use crate::record::{AdminToken, AdminTokenRow};

/// Administrators' tokens by their digests, revoked ones included.
#[derive(Clone, Default)]
pub(crate) struct LiveAdminTokens(Arc<RwLock<BTreeMap<[u8; 32], AdminToken>>>);

impl LiveAdminTokens {
    /// The token of a digest. The digest is keyed, so how long the look-up takes tells nothing about a token.
    pub(crate) fn find(&self, digest: &TokenDigest) -> Option<AdminToken> {
        self.0.read().get(digest.as_bytes()).cloned()
    }

    /// Takes over tokens as they are from now on.
    pub(crate) fn put(&self, rows: Vec<AdminTokenRow>) {
        if rows.is_empty() {
            return;
        }
        let mut tokens = self.0.write();
        for AdminTokenRow { token, digest } in rows {
            tokens.insert(*digest.as_bytes(), token);
        }
    }

    /// Forgets all of them: nobody is an administrator any more before a restart.
    pub(crate) fn clear(&self) {
        self.0.write().clear();
    }
}
