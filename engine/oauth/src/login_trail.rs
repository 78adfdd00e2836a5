//! Which failed logins are written down at once, and which are gathered first.
//!
//! A failed login is worth a line in the audit trail, and a line costs a commit; a flood of them would fill the one and slow the other
//! down. So the first of a user is told at once and those of the next seconds together with the one after.

use std::collections::BTreeMap;

use tollgate::{Timestamp, UserName};

/// What is told of one user in one line.
const TOGETHER_S: u64 = 10;
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
            self.0
                .retain(|_, gathered| gathered.count > 0 || now.millis_since(gathered.told) < TOGETHER_S * 1_000);
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
        assert_eq!((fail(&ann, 2), fail(&ann, 9), fail(&ann, 10)), (None, None, Some(3)));
        assert_eq!(fail(&ann, 30), Some(1));
    }

    #[test]
    fn a_flood_of_users_has_bounds() {
        let mut trail = LoginTrail::default();
        let now = Timestamp::from_seconds(1_000);
        for name in 0..5_000 {
            trail.failed(Some(format!("u{name}").parse().unwrap()), now);
        }
        assert!(trail.0.len() <= USERS_MOST + 1);
        let line = trail.failed(Some("late".parse().unwrap()), now.plus_millis(10_000));
        assert_eq!(line.map(|line| line.user.is_some()), Some(true), "room comes back");
    }
}
