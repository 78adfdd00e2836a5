//! When personal access tokens were last used, until it is written.
//!
//! A use is noted in memory; checkpoints write what was noted since the last one. Nothing here says whether a token may be used: a
//! note is of another table than tokens are, and one whose token has gone is dropped.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tollgate_core::{Timestamp, TokenId};

/// Parts that are locked one by one, so that uses of different tokens seldom wait for each other.
const PARTS: u64 = 16;

/// Uses that are noted and not written yet.
#[derive(Clone)]
pub(crate) struct LiveUses(Arc<[Mutex<HashMap<TokenId, Timestamp>>]>);

impl Default for LiveUses {
    fn default() -> Self {
        Self((0..PARTS).map(|_| Mutex::default()).collect())
    }
}

impl LiveUses {
    /// Notes a use.
    pub(crate) fn note(&self, token: TokenId, at: Timestamp) {
        let Some(part) = self.part(token) else { return };
        let mut part = part.lock();
        let last = part.entry(token).or_insert(at);
        *last = at.max(*last);
    }

    /// The last use that is not written yet.
    pub(crate) fn of(&self, token: TokenId) -> Option<Timestamp> {
        self.part(token)?.lock().get(&token).copied()
    }

    /// Everything that is to be written, in the order of ids. It stays noted until [`LiveUses::wrote`].
    pub(crate) fn noted(&self) -> Vec<(TokenId, Timestamp)> {
        let mut noted = Vec::new();
        for part in self.0.iter() {
            noted.extend(part.lock().iter().map(|(token, at)| (*token, *at)));
        }
        noted.sort_unstable();
        noted
    }

    /// Forgets what is written, but not what was noted since.
    pub(crate) fn wrote(&self, written: &[(TokenId, Timestamp)]) {
        for (token, at) in written {
            let Some(part) = self.part(*token) else { continue };
            let mut part = part.lock();
            if part.get(token) == Some(at) {
                part.remove(token);
            }
        }
    }

    fn part(&self, token: TokenId) -> Option<&Mutex<HashMap<TokenId, Timestamp>>> {
        // Below the number of parts.
        self.0.get((token.0 % PARTS) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_while_it_is_written_is_not_forgotten() {
        let uses = LiveUses::default();
        let at = Timestamp::from_millis;
        uses.note(TokenId(1), at(5));
        uses.note(TokenId(17), at(6));
        uses.note(TokenId(1), at(4));
        let noted = uses.noted();
        assert_eq!(noted, [(TokenId(1), at(5)), (TokenId(17), at(6))]);
        uses.note(TokenId(17), at(7));
        uses.wrote(&noted);
        assert_eq!((uses.of(TokenId(1)), uses.of(TokenId(17))), (None, Some(at(7))));
        assert_eq!(uses.noted(), [(TokenId(17), at(7))]);
    }
}
