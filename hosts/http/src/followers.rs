//! Who follows the feed, how far each has come, and how many wait for more.
//!
//! A proxy follows with as many connections as it has workers. Each is noted by itself, and they are told of together: by the
//! name of their token and their address.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tollgate::{Revision, TokenId, UserName};

/// Connections that are noted.
const NOTED_MOST: usize = 4_096;

/// For so long is told of a follower who is not heard of any more.
const KEPT: Duration = Duration::from_secs(300);

/// A connection that was silent for longer says nothing of a follower who is heard of on another.
const LIVELY: Duration = Duration::from_secs(10);

/// One connection of a follower.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Who {
    pub(crate) token: TokenId,
    /// The name of the token.
    pub(crate) name: UserName,
    pub(crate) address: Option<IpAddr>,
    /// Tells connections from one address apart.
    pub(crate) port: u16,
}

/// A follower, as it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Following {
    /// The name of the token, and the address.
    pub(crate) name: String,
    /// The revision that it has confirmed: of several connections, the last of them.
    pub(crate) revision: Revision,
    /// How long it has been silent; nothing while it waits for more.
    pub(crate) silent: Duration,
}

/// All followers of one host. Clones are the same.
#[derive(Clone)]
pub(crate) struct Followers(Arc<Shared>);

struct Shared {
    polls_most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    polls: usize,
    seen: HashMap<Who, Seen>,
}

struct Seen {
    revision: Revision,
    heard: tokio::time::Instant,
    polls: usize,
}

/// A poll that waits. It ends when this is dropped.
pub(crate) struct Polling {
    followers: Followers,
    who: Who,
}

impl Followers {
    pub(crate) fn new(polls_most: usize) -> Self {
        Self(Arc::new(Shared {
            polls_most,
            state: Mutex::default(),
        }))
    }

    /// Notes that somebody has confirmed a revision.
    pub(crate) fn note(&self, who: &Who, revision: Revision) {
        let now = tokio::time::Instant::now();
        self.0.state.lock().seen(who, now).revision = revision;
    }

    /// Lets somebody wait for more than they have. None where too many wait.
    pub(crate) fn wait(&self, who: &Who, revision: Revision) -> Option<Polling> {
        let now = tokio::time::Instant::now();
        let mut state = self.0.state.lock();
        if state.polls >= self.0.polls_most {
            return None;
        }
        state.polls += 1;
        let seen = state.seen(who, now);
        seen.revision = revision;
        seen.polls += 1;
        Some(Polling {
            followers: self.clone(),
            who: who.clone(),
        })
    }

    /// How many wait.
    pub(crate) fn polls(&self) -> usize {
        self.0.state.lock().polls
    }

    /// All of them in the order of their names.
    pub(crate) fn list(&self) -> Vec<Following> {
        let now = tokio::time::Instant::now();
        let mut state = self.0.state.lock();
        state.seen.retain(|_, seen| seen.silent(now) < KEPT);
        let mut all: BTreeMap<String, Vec<&Seen>> = BTreeMap::new();
        for (who, seen) in &state.seen {
            all.entry(who.shown()).or_default().push(seen);
        }
        let told = |(name, seen): (String, Vec<&Seen>)| {
            let silent = seen.iter().map(|seen| seen.silent(now)).min().unwrap_or_default();
            let counts = |seen: &&&Seen| seen.silent(now) <= silent.max(LIVELY);
            let revision = seen.iter().filter(counts).map(|seen| seen.revision).min();
            Following {
                name,
                revision: revision.unwrap_or_default(),
                silent,
            }
        };
        all.into_iter().map(told).collect()
    }
}

impl Who {
    fn shown(&self) -> String {
        match self.address {
            Some(address) => format!("{}@{address}", self.name),
            None => self.name.to_string(),
        }
    }
}

impl State {
    /// What is known of somebody, who is heard of now.
    fn seen(&mut self, who: &Who, now: tokio::time::Instant) -> &mut Seen {
        if self.seen.len() >= NOTED_MOST && !self.seen.contains_key(who) {
            let longest = self.seen.iter().filter(|(_, seen)| seen.polls == 0);
            let longest = longest.min_by_key(|(_, seen)| seen.heard).map(|(who, _)| who.clone());
            // Where all of them wait, there is one more: polls are bounded too.
            if let Some(longest) = longest {
                self.seen.remove(&longest);
            }
        }
        let seen = self.seen.entry(who.clone()).or_insert_with(|| Seen {
            revision: Revision::default(),
            heard: now,
            polls: 0,
        });
        seen.heard = now;
        seen
    }
}

impl Seen {
    fn silent(&self, now: tokio::time::Instant) -> Duration {
        if self.polls > 0 {
            return Duration::ZERO;
        }
        now.saturating_duration_since(self.heard)
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        let now = tokio::time::Instant::now();
        let mut state = self.followers.0.state.lock();
        state.polls = state.polls.saturating_sub(1);
        let seen = state.seen(&self.who, now);
        seen.polls = seen.polls.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str, address: [u8; 4], port: u16) -> Who {
        Who {
            token: TokenId(1),
            name: name.parse().unwrap(),
            address: Some(address.into()),
            port,
        }
    }

    fn told(followers: &Followers) -> Vec<(String, u64, u64)> {
        let list = followers.list().into_iter();
        list.map(|one| (one.name, one.revision.0, one.silent.as_secs()))
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_has_come_as_far_as_the_last_of_its_connections() {
        let followers = Followers::new(9);
        let (first, second) = (who("edge", [10, 0, 0, 1], 1), who("edge", [10, 0, 0, 1], 2));
        followers.note(&first, Revision(7));
        followers.note(&second, Revision(5));
        followers.note(&who("edge", [10, 0, 0, 2], 1), Revision(9));
        let other = ("edge@10.0.0.2".to_owned(), 9, 0);
        assert_eq!(told(&followers), [("edge@10.0.0.1".to_owned(), 5, 0), other]);
        // The second is gone: what it has said counts no more once it is silent and the first is not.
        tokio::time::advance(LIVELY + Duration::from_secs(1)).await;
        let waits = followers.wait(&first, Revision(8)).unwrap();
        let other = ("edge@10.0.0.2".to_owned(), 9, 11);
        assert_eq!(told(&followers), [("edge@10.0.0.1".to_owned(), 8, 0), other]);
        tokio::time::advance(KEPT).await;
        assert_eq!(told(&followers), [("edge@10.0.0.1".to_owned(), 8, 0)], "it waits");
        drop(waits);
        tokio::time::advance(KEPT - Duration::from_secs(1)).await;
        assert_eq!(told(&followers), [("edge@10.0.0.1".to_owned(), 8, 299)]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(told(&followers), []);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_than_may_and_no_more_are_noted_than_there_is_room_for() {
        let followers = Followers::new(2);
        let one = who("edge", [10, 0, 0, 1], 1);
        let first = followers.wait(&one, Revision(1)).unwrap();
        let second = followers.wait(&one, Revision(1)).unwrap();
        assert!(followers.wait(&one, Revision(1)).is_none());
        drop(second);
        assert_eq!(followers.polls(), 1);
        for number in 0..NOTED_MOST {
            let address = [10, 1, (number >> 8) as u8, number as u8];
            followers.note(&who("edge", address, 1), Revision(1));
        }
        let list = followers.list();
        assert_eq!(list.len(), NOTED_MOST);
        assert!(
            list.iter().any(|one| one.name == "edge@10.0.0.1"),
            "who waits is not forgotten"
        );
        drop(first);
        assert_eq!(followers.polls(), 0);
    }
}
