//! Passwords that were proven a moment ago, for the requests that came at the same time as the first and waited behind it.

use std::collections::VecDeque;

use tollgate::{Timestamp, TokenDigest, Unsettled};

use crate::steps::ProvenUser;

/// How long is a moment. The engine remembers for longer, and asks no more.
const MOMENT_MS: u64 = 5_000;
/// The most that are kept.
const KEPT_MOST: usize = 256;

/// What was proven lately, by the keyed digest under which the engine remembers it: no password, and nothing to guess one by.
///
/// What it says holds only as long as the user has that password: whoever asks compares its number.
#[derive(Default)]
pub(crate) struct Lately(VecDeque<(TokenDigest, ProvenUser)>);

impl Lately {
    /// Who was proven under this digest a moment ago.
    pub(crate) fn proven(&self, unsettled: &Unsettled, now: Timestamp) -> Option<ProvenUser> {
        let mut fresh = self
            .0
            .iter()
            .filter(|(_, user)| now.millis_since(user.at).max(user.at.millis_since(now)) < MOMENT_MS);
        fresh
            .find(|(digest, _)| *digest == unsettled.digest)
            .map(|(_, user)| user.clone())
    }

    /// Notes a proof.
    pub(crate) fn note(&mut self, unsettled: &Unsettled, user: &ProvenUser) {
        if self
            .0
            .iter()
            .any(|(digest, own)| *digest == unsettled.digest && own == user)
        {
            return;
        }
        if self.0.len() == KEPT_MOST {
            self.0.pop_front();
        }
        self.0.push_back((unsettled.digest, user.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate::{UnsettledSort, UserId};

    fn open(byte: u8) -> Unsettled {
        Unsettled {
            sort: UnsettledSort::Password,
            digest: TokenDigest::from_bytes([byte; 32]),
            external_issuers: 0,
        }
    }

    #[test]
    fn a_proof_serves_those_who_waited_behind_it() {
        let mut lately = Lately::default();
        let at = Timestamp::from_seconds(1_000);
        let user = ProvenUser {
            id: UserId(1),
            name: "ann".parse().unwrap(),
            password_epoch: 1,
            at,
        };
        lately.note(&open(1), &user);
        assert_eq!(lately.proven(&open(1), at.plus_millis(4_999)), Some(user.clone()));
        assert_eq!(lately.proven(&open(1), at.plus_millis(5_000)), None);
        assert_eq!(lately.proven(&open(2), at), None);
        for byte in 0..=255 {
            lately.note(&open(byte), &user);
            lately.note(&open(byte), &user);
        }
        assert_eq!(lately.0.len(), 256);
    }
}
