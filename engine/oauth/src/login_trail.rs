//! Which failed logins are written down at once, and which are gathered first.
//!
//! A failed login is worth a line in the audit trail, and a line costs a commit and is kept for ever. So the first of somebody is
//! told at once and those of the next minute together, and of all together no more than a few are told in a minute, whoever fails and
//! however often: what is beyond waits, is added up, and is told later.

use std::collections::BTreeMap;

use tollgate::{Author, Claimed, LoginOutcome, Timestamp};

/// What is told of one in one line.
const TOGETHER_MS: u64 = 60_000;
/// Those who are told apart at a time.
const APART_MOST: usize = 1_024;
/// Lines that may be written at once after a time without any.
const LINES_MOST: u64 = 60;
/// And after that one each so many milliseconds: with those of several, no more than 10,080 lines a day.
const LINE_EVERY_MS: u64 = 10_000;

/// Failed logins that nobody was told of yet. Those that are still here when the process ends are never told.
#[derive(Default)]
pub(crate) struct LoginTrail {
    apart: BTreeMap<Claimed, Gathered>,
    /// When the last line of [`LINES_MOST`] will have been earned, in milliseconds.
    earned_ms: u64,
    /// When it was last looked who has waited long enough.
    looked: Timestamp,
}

struct Gathered {
    told: Timestamp,
    by: Author,
    outcome: LoginOutcome,
    count: u32,
}

/// A line to write: how often somebody failed, and from where and how the last time.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) who: Claimed,
    pub(crate) by: Author,
    pub(crate) outcome: LoginOutcome,
    pub(crate) count: u32,
}

impl LoginTrail {
    /// Notes one more, and says what is to be written now.
    pub(crate) fn failed(&mut self, who: Claimed, by: Author, outcome: LoginOutcome, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        if apart_ms(now, self.looked) >= TOGETHER_MS {
            self.looked = now;
            self.tell_overdue(now, &mut lines);
        }
        let is_room = self.apart.len() < APART_MOST || self.apart.contains_key(&who);
        let who = if is_room { who } else { Claimed::Several };
        let gathered = self.apart.entry(who.clone()).or_insert(Gathered {
            told: Timestamp::from_millis(0),
            by: by.clone(),
            outcome,
            count: 0,
        });
        gathered.by = by;
        gathered.count = gathered.count.saturating_add(1);
        gathered.outcome = outcome;
        if apart_ms(now, gathered.told) >= TOGETHER_MS {
            self.tell(&who, now, &mut lines);
        }
        lines
    }

    /// Tells of those who have failed no more since, and forgets them. Where it may not tell of all, the rest becomes one.
    fn tell_overdue(&mut self, now: Timestamp, lines: &mut Vec<Line>) {
        let is_over = |gathered: &Gathered| apart_ms(now, gathered.told) >= TOGETHER_MS;
        self.apart
            .retain(|_, gathered| gathered.count > 0 || !is_over(gathered));
        let overdue: Vec<Claimed> = self
            .apart
            .iter()
            .filter(|(_, gathered)| is_over(gathered))
            .map(|(who, _)| who.clone())
            .collect();
        for who in overdue {
            if self.tell(&who, now, lines) {
                continue;
            }
            let Some(untold) = self.apart.remove(&who) else {
                continue;
            };
            let rest = self
                .apart
                .entry(Claimed::Several)
                .or_insert(Gathered { count: 0, ..untold });
            rest.count = rest.count.saturating_add(untold.count);
        }
    }

    /// Tells of one, if another line may be written.
    fn tell(&mut self, who: &Claimed, now: Timestamp, lines: &mut Vec<Line>) -> bool {
        let Some(gathered) = self.apart.get_mut(who) else {
            return true;
        };
        let (now_ms, most_ms) = (now.as_millis(), LINES_MOST * LINE_EVERY_MS);
        // A clock that was set back must not silence the trail until it has caught up.
        let was_set_back = self.earned_ms > now_ms.saturating_add(most_ms);
        let earned_ms = if was_set_back {
            now_ms
        } else {
            self.earned_ms.max(now_ms)
        };
        // What is told of several is at most one line a minute, and must not wait behind those who have names.
        if *who != Claimed::Several {
            if earned_ms + LINE_EVERY_MS > now_ms + most_ms {
                return false;
            }
            self.earned_ms = earned_ms + LINE_EVERY_MS;
        }
        gathered.told = now;
        lines.push(Line {
            who: who.clone(),
            by: gathered.by.clone(),
            outcome: gathered.outcome,
            count: std::mem::take(&mut gathered.count),
        });
        true
    }
}

fn apart_ms(one: Timestamp, other: Timestamp) -> u64 {
    one.millis_since(other).max(other.millis_since(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn user(name: &str) -> Claimed {
        Claimed::User(name.parse().unwrap())
    }

    fn by() -> Author {
        Author::new("person", "192.0.2.1")
    }

    fn counts(lines: &[Line]) -> Vec<(String, u32)> {
        lines.iter().map(|line| (line.who.to_string(), line.count)).collect()
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_together() {
        let mut trail = LoginTrail::default();
        let mut fail = |who: Claimed, second: u64| {
            let lines = trail.failed(who, by(), LoginOutcome::Failed, START.plus_millis(second * 1_000));
            counts(&lines)
        };
        let one = |name: &str, count| vec![(name.to_owned(), count)];
        assert_eq!(fail(user("ann"), 0), one("ann", 1));
        assert_eq!(fail(Claimed::UnknownUser, 1), one("unknown user", 1));
        assert_eq!(fail(user("ann"), 2), []);
        assert_eq!(fail(user("ann"), 59), []);
        assert_eq!(
            fail(user("ann"), 60),
            one("ann", 2),
            "what was gathered is told after a minute"
        );
        assert_eq!(fail(user("ann"), 61), []);
        assert_eq!(
            fail(user("bob"), 130),
            [("ann".to_owned(), 2), ("bob".to_owned(), 1)],
            "also by what others do"
        );
    }

    #[test]
    fn a_flood_is_told_in_few_lines_and_nothing_of_it_is_lost() {
        let mut trail = LoginTrail::default();
        let (mut lines, mut failures) = (Vec::new(), 0_u32);
        // An hour of ten failures a second, by many names, and one of clients among them.
        for tenth in 0..36_000_u64 {
            let now = START.plus_millis(tenth * 100);
            let who = match tenth % 10 {
                0 => Claimed::Client("app".parse().unwrap()),
                _ => user(&format!("u{}", tenth % 4_999)),
            };
            lines.extend(trail.failed(who, by(), LoginOutcome::Throttled, now));
            failures += 1;
        }
        let most = LINES_MOST + 3_600_000 / LINE_EVERY_MS + 60;
        assert!(lines.len() as u64 <= most, "{} lines", lines.len());
        assert!(lines.len() as u64 > most / 2, "{} lines", lines.len());
        assert!(trail.apart.len() <= APART_MOST + 1);
        let told: u32 = lines.iter().map(|line| line.count).sum();
        let untold: u32 = trail.apart.values().map(|gathered| gathered.count).sum();
        assert_eq!(told + untold, failures);
        assert!(
            lines
                .iter()
                .any(|line| line.who == Claimed::Several && line.count > 1_000),
            "the rest is one"
        );
    }

    #[test]
    fn whoever_fails_after_a_flood_is_told_apart_again() {
        let mut trail = LoginTrail::default();
        for name in 0..5_000 {
            for _ in 0..2 {
                trail.failed(user(&format!("u{name}")), by(), LoginOutcome::Failed, START);
            }
        }
        let later = START.plus_millis(LINES_MOST * LINE_EVERY_MS * 2);
        trail.failed(Claimed::UnknownUser, by(), LoginOutcome::Failed, later);
        assert!(trail.apart.len() < 100, "{}", trail.apart.len());
        let much_later = later.plus_millis(LINES_MOST * LINE_EVERY_MS);
        let lines = trail.failed(user("late"), by(), LoginOutcome::Failed, much_later);
        assert!(counts(&lines).contains(&("late".to_owned(), 1)), "{lines:?}");
        let back = trail.failed(user("back"), by(), LoginOutcome::Failed, START);
        assert!(
            counts(&back).contains(&("back".to_owned(), 1)),
            "a clock that was set back"
        );
    }
}
