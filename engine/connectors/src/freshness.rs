//! When a token is renewed, and what it is good for meanwhile.
//!
//! A token is due before it expires: by a tenth of its life, at least a minute, at most half of its life. Until then it is fresh; from
//! then on it is used and renewed. In its last seconds it is of no use, since a request with it could arrive too late. A renewal that
//! failed is tried again when the third party says so (`Retry-After`), or else after 1, 1, 3, 7, 15 and then every 30 minutes, as
//! Cyclr does.

use tollgate::Timestamp;

use crate::auth_value::AuthValue;
use crate::token_answer::RETRY_AFTER_S_MOST;

/// A token is renewed at least so long before it expires.
const DUE_MS_LEAST: u64 = 60_000;
/// A token that expires this soon is of no use.
const USELESS_MS: u64 = 10_000;
/// How long to wait after so many failures.
const WAITS_S: [u32; 6] = [60, 60, 180, 420, 900, 1_800];

/// What is known of the tokens of one account connector, beside the tokens themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// When they came.
    pub obtained: Timestamp,
    /// Renewals that have failed since.
    pub failures: u32,
    /// Before when no other is tried.
    pub waits_until: Option<Timestamp>,
    /// Whether the third party has said that the grant is gone.
    pub is_gone: bool,
}

/// What to do with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Use it. It is to be renewed from `due` on; never where there is none.
    Fresh {
        /// When it is due.
        due: Option<Timestamp>,
    },
    /// Use it, and renew it.
    Due,
    /// Renew it, then use it.
    Expired,
    /// The last renewal failed; the next is tried then.
    Waiting {
        /// When.
        until: Timestamp,
        /// Whether the token can be used until then, or until it expires.
        is_usable: bool,
    },
    /// Nothing renews it but a person.
    NeedsSignIn {
        /// Whether the token can still be used.
        is_usable: bool,
    },
}

impl Freshness {
    /// Of tokens that have just come.
    pub fn obtained(now: Timestamp) -> Self {
        Self {
            obtained: now,
            ..Self::default()
        }
    }

    /// After a renewal that failed and may be tried again.
    #[must_use]
    pub fn failed(self, retry_after_s: Option<u32>, now: Timestamp) -> Self {
        let at = usize::try_from(self.failures)
            .unwrap_or(usize::MAX)
            .min(WAITS_S.len() - 1);
        let own = WAITS_S.get(at).copied().unwrap_or(RETRY_AFTER_S_MOST);
        let wait_s = retry_after_s.unwrap_or(own).clamp(1, RETRY_AFTER_S_MOST);
        Self {
            failures: self.failures.saturating_add(1),
            waits_until: Some(now.plus_millis(u64::from(wait_s) * 1_000)),
            ..self
        }
    }

    /// After the third party has said that the grant is gone.
    #[must_use]
    pub fn gone(self) -> Self {
        Self { is_gone: true, ..self }
    }

    /// What to do with `value` now. `is_renewable` says that a token is come by without a person and without a refresh token.
    ///
    /// What does not expire is fresh, be it a key, a password, or a token of which no end was said. The clock may have been set back:
    /// a wait that is longer than any wait is over.
    pub fn standing(&self, value: &AuthValue, is_renewable: bool, now: Timestamp) -> Standing {
        let tokens = match value {
            AuthValue::ApiKey(_) | AuthValue::Basic(_) => return Standing::Fresh { due: None },
            AuthValue::Empty => None,
            AuthValue::OAuth(tokens) => Some(tokens),
        };
        let is_set = tokens.is_some_and(|tokens| tokens.access.is_some());
        let expires = tokens.and_then(|tokens| tokens.expires);
        let is_usable = is_set && expires.is_none_or(|expires| now < self.useless(expires));
        let is_refreshable = tokens.is_some_and(|tokens| {
            tokens.refresh.is_some() && tokens.refresh_expires.is_none_or(|expires| now < expires)
        });
        let due = expires.map(|expires| self.due(expires));
        let wants_renewal = !is_usable || due.is_some_and(|due| due <= now);
        let longest_ms = u64::from(RETRY_AFTER_S_MOST) * 1_000;
        let waits = self
            .waits_until
            .filter(|until| now < *until && until.millis_since(now) <= longest_ms);
        match (wants_renewal, waits) {
            _ if self.is_gone => Standing::NeedsSignIn { is_usable },
            (false, _) if is_refreshable || is_renewable => Standing::Fresh { due },
            (false, _) => Standing::Fresh { due: None },
            (true, _) if !is_refreshable && !is_renewable => match is_usable {
                true => Standing::Fresh { due: None },
                false => Standing::NeedsSignIn { is_usable },
            },
            (true, Some(until)) => Standing::Waiting { until, is_usable },
            (true, None) if is_usable => Standing::Due,
            (true, None) => Standing::Expired,
        }
    }

    /// When to look at `value` again without being asked; never where nothing would be renewed, or nothing is there to be renewed.
    pub fn next_renewal(&self, value: &AuthValue, is_renewable: bool) -> Option<Timestamp> {
        let AuthValue::OAuth(tokens) = value else { return None };
        let renews = !self.is_gone && (is_renewable || tokens.refresh.is_some());
        let due = self.due(tokens.expires.filter(|_| renews && tokens.access.is_some())?);
        Some(self.waits_until.map_or(due, |until| due.max(until)))
    }

    fn life_ms(&self, expires: Timestamp) -> u64 {
        expires.millis_since(self.obtained)
    }

    fn due(&self, expires: Timestamp) -> Timestamp {
        let life = self.life_ms(expires);
        earlier(expires, (life / 10).max(DUE_MS_LEAST).min(life / 2))
    }

    fn useless(&self, expires: Timestamp) -> Timestamp {
        earlier(expires, USELESS_MS.min(self.life_ms(expires) / 10))
    }
}

fn earlier(moment: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(moment.as_millis().saturating_sub(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth_value::Tokens;
    use crate::secret::Secret;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.plus_millis(seconds * 1_000)
    }

    fn value(life_s: Option<u64>, refresh: bool) -> AuthValue {
        AuthValue::OAuth(Tokens {
            access: Some(Secret::new("a")),
            refresh: refresh.then(|| Secret::new("r")),
            expires: life_s.map(at),
            refresh_expires: None,
        })
    }

    fn standing(life_s: u64, refresh: bool, now_s: u64) -> Standing {
        Freshness::obtained(START).standing(&value(Some(life_s), refresh), false, at(now_s))
    }

    #[test]
    fn a_token_is_due_before_it_expires() {
        let fresh = |due_s| Standing::Fresh { due: Some(at(due_s)) };
        // An hour: a tenth. Five minutes: a minute. A minute: half of it.
        for (life_s, due_s) in [(3_600, 3_240), (300, 240), (60, 30)] {
            assert_eq!(standing(life_s, true, 0), fresh(due_s));
            assert_eq!(standing(life_s, true, due_s - 1), fresh(due_s));
            assert_eq!(standing(life_s, true, due_s), Standing::Due);
            assert_eq!(standing(life_s, true, life_s), Standing::Expired);
        }
        assert_eq!(standing(3_600, true, 3_589), Standing::Due);
        assert_eq!(
            standing(3_600, true, 3_590),
            Standing::Expired,
            "it could arrive too late"
        );
        assert_eq!(standing(60, true, 54), Standing::Expired);
    }

    #[test]
    fn what_nothing_renews_is_used_to_its_end() {
        assert_eq!(standing(3_600, false, 3_300), Standing::Fresh { due: None });
        assert_eq!(
            standing(3_600, false, 3_600),
            Standing::NeedsSignIn { is_usable: false }
        );
        let freshness = Freshness::obtained(START);
        assert_eq!(
            freshness.standing(&value(Some(60), false), true, at(60)),
            Standing::Expired,
            "we renew it ourselves"
        );
        assert_eq!(
            freshness.standing(&value(None, false), false, at(1 << 40)),
            Standing::Fresh { due: None }
        );
        assert_eq!(
            freshness.standing(&value(None, true), false, at(1 << 40)),
            Standing::Fresh { due: None }
        );
        let ended = AuthValue::OAuth(Tokens {
            access: None,
            refresh: Some(Secret::new("r")),
            expires: None,
            refresh_expires: Some(at(100)),
        });
        assert_eq!(freshness.standing(&ended, false, at(99)), Standing::Expired);
        assert_eq!(
            freshness.standing(&ended, false, at(100)),
            Standing::NeedsSignIn { is_usable: false }
        );
    }

    #[test]
    fn it_is_known_when_to_look_again() {
        let freshness = Freshness::obtained(START);
        let next = |value: &AuthValue| freshness.next_renewal(value, false);
        assert_eq!(next(&value(Some(3_600), true)), Some(at(3_240)));
        assert_eq!(next(&value(Some(3_600), false)), None);
        assert_eq!(next(&value(None, true)), None);
        assert_eq!(next(&AuthValue::ApiKey(Secret::new("k"))), None);
        assert_eq!(
            freshness.next_renewal(&AuthValue::Empty, true),
            None,
            "it is come by at the next use"
        );
        assert_eq!(
            freshness.next_renewal(&value(Some(3_600), false), true),
            Some(at(3_240))
        );
        let failed = freshness.failed(None, at(3_300));
        assert_eq!(failed.next_renewal(&value(Some(3_600), true), false), Some(at(3_360)));
        assert_eq!(failed.gone().next_renewal(&value(Some(3_600), true), false), None);
    }

    #[test]
    fn keys_are_fresh_and_nothing_is_to_be_come_by() {
        let freshness = Freshness::default();
        let standing = |value: &AuthValue, is_renewable| freshness.standing(value, is_renewable, START);
        for value in [AuthValue::ApiKey(Secret::new("k")), AuthValue::Basic(Secret::new("p"))] {
            assert_eq!(standing(&value, false), Standing::Fresh { due: None });
        }
        assert_eq!(
            standing(&AuthValue::Empty, false),
            Standing::NeedsSignIn { is_usable: false }
        );
        assert_eq!(standing(&AuthValue::Empty, true), Standing::Expired);
    }

    #[test]
    fn waits_grow_as_stated_unless_the_third_party_says_how_long() {
        let mut freshness = Freshness::obtained(START);
        for wait_s in [60, 60, 180, 420, 900, 1_800, 1_800, 1_800] {
            freshness = freshness.failed(None, START);
            assert_eq!(freshness.waits_until, Some(at(wait_s)));
        }
        assert_eq!(freshness.failed(Some(7), START).waits_until, Some(at(7)));
        assert_eq!(freshness.failed(Some(u32::MAX), START).waits_until, Some(at(86_400)));
        assert_eq!(freshness.failed(Some(0), START).waits_until, Some(at(1)));
    }

    #[test]
    fn while_waiting_a_token_is_used_as_long_as_it_is_good() {
        let failed = Freshness::obtained(START).failed(None, at(240));
        let standing = |now_s| failed.standing(&value(Some(300), true), false, at(now_s));
        let waiting = |is_usable| Standing::Waiting {
            until: at(300),
            is_usable,
        };
        assert_eq!(standing(240), waiting(true));
        assert_eq!(standing(295), waiting(false));
        assert_eq!(standing(300), Standing::Expired);
        let gone = failed.gone();
        let of = |now_s| gone.standing(&value(Some(300), true), true, at(now_s));
        assert_eq!(
            (of(250), of(300)),
            (
                Standing::NeedsSignIn { is_usable: true },
                Standing::NeedsSignIn { is_usable: false }
            )
        );
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_years() {
        let failed = Freshness::obtained(at(1_000_000)).failed(Some(60), at(1_000_000));
        let standing = failed.standing(&value(Some(10), true), false, START.plus_millis(20_000));
        assert_eq!(standing, Standing::Expired);
    }

    proptest! {
        /// Time alone makes a token older, never younger.
        #[test]
        fn a_token_goes_through_its_ages_in_order(life_s in 1_u64..100_000, mut moments in prop::collection::vec(0_u64..200_000, 2..20)) {
            moments.sort_unstable();
            let age = |now_s| match standing(life_s, true, now_s) {
                Standing::Fresh { .. } => 0,
                Standing::Due => 1,
                _ => 2,
            };
            let ages: Vec<i32> = moments.iter().map(|moment| age(*moment)).collect();
            prop_assert!(ages.is_sorted(), "{ages:?}");
            prop_assert_eq!((age(0), age(life_s)), (0, 2));
        }
    }
}
