//! Which failed logins are written down at once, and which are gathered first.
//!
//! A failed login is worth a line in the audit trail, and a line costs a commit; a flood of them would fill the one and slow the other
//! down. So the first of a user is told at once and those of the next minute together with the one after.

use std::collections::BTreeMap;

use tollgate::{Timestamp, UserName};

/// What is told of one user in one line.
const TOGETHER_S: u64 = 60;
/// Users who are told apart at a time.
const USERS_MOST: usize = 1_024;

/// Failed logins that nobody was told of yet. Those that are still here when the process ends are never told.
#[derive(Default)]
pub(crate) struct LoginTrail(BTreeMap<Option<UserName>, Gathered>);

#[derive(Default)]
struct Gathered {
    told: Timestamp,
    count: u32,
}

/// A line to write: failed logins of a user, or of names that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Whose; none for those that nobody has.
    pub(crate) user: Option<UserName>,
    /// How many.
    pub(crate) count: u32,
}

impl LoginTrail {
    /// Notes one more, and says what is to be written now.
    pub(crate) fn failed(&mut self, user: Option<UserName>, now: Timestamp) -> Option<Line> {
        if self.0.len() >= USERS_MOST && !self.0.contains_key(&user) {
            self.make_room(now);
        }
        // Where still too many are told apart, the rest are told as one.
        let user = if self.0.len() >= USERS_MOST && !self.0.contains_key(&user) {
            None
        } else {
            user
        };
        let gathered = self.0.entry(user.clone()).or_default();
        gathered.count = gathered.count.saturating_add(1);
        if now.millis_since(gathered.told) < TOGETHER_S * 1_000 {
            return None;
        }
        gathered.told = now;
        let count = std::mem::take(&mut gathered.count);
        Some(Line { user, count })
    }

    /// Forgets whom nobody has tried for a minute. What was gathered of them is told with the names that nobody has.
    fn make_room(&mut self, now: Timestamp) {
        let mut untold = 0_u32;
        self.0.retain(|_, gathered| {
            let is_recent = now.millis_since(gathered.told) < TOGETHER_S * 1_000;
            if !is_recent {
                untold = untold.saturating_add(gathered.count);
            }
            is_recent
        });
        let rest = &mut self.0.entry(None).or_default().count;
        *rest = rest.saturating_add(untold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_rest_together() {
        let mut trail = LoginTrail::default();
        let ann: Option<UserName> = Some("ann".parse().unwrap());
        let mut fail = |user: &Option<UserName>, second: u64| {
            let line = trail.failed(user.clone(), Timestamp::from_seconds(1_000 + second));
            line.map(|line| line.count)
        };
        assert_eq!(fail(&ann, 0), Some(1));
        assert_eq!(fail(&None, 1), Some(1));
        assert_eq!((fail(&ann, 2), fail(&ann, 59), fail(&ann, 60)), (None, None, Some(3)));
        assert_eq!(fail(&ann, 130), Some(1));
    }

    #[test]
    fn a_flood_of_users_has_bounds() {
        let mut trail = LoginTrail::default();
        let now = Timestamp::from_seconds(1_000);
        for name in 0..5_000 {
            for _ in 0..2 {
                trail.failed(Some(format!("u{name}").parse().unwrap()), now);
            }
        }
        assert!(trail.0.len() <= USERS_MOST + 1);
        let later = now.plus_millis(60_000);
        let line = trail.failed(Some("late".parse().unwrap()), later);
        assert_eq!(line.map(|line| line.user.is_some()), Some(true), "room comes back");
        let rest = trail.failed(None, later.plus_millis(60_000)).map(|line| line.count);
        assert!(rest.is_some_and(|count| count > 1_000), "and nothing is lost: {rest:?}");
    }
}
