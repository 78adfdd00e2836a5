//! Which users ask most just now, in bounded memory whatever the number of users.
//!
//! Time is cut into windows of ten seconds. Each window has a [`Sketch`] that keeps the heaviest users and forgets the
//! rest; what is told is the window that runs and the one before it. Users are spread over shards by their id, so that
//! counting takes a lock that others seldom want.

mod sketch;

use parking_lot::Mutex;
use tollgate::{Subject, Timestamp};

use sketch::{Count, Sketch};

/// Length of a window.
const WINDOW_MS: u64 = 10_000;

/// Shards; a power of two.
const SHARDS: usize = 16;

/// The users who ask most.
pub(crate) struct Busiest<S = Subject>([Mutex<Shard<S>>; SHARDS]);

struct Shard<S> {
    /// The number of the window that runs, counted from 1970.
    window: u64,
    running: Sketch<S>,
    before: Sketch<S>,
}

/// What was seen of one user in the seconds that [`Busiest::most`] covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy<S = Subject> {
    /// The number of the user.
    pub(crate) user: u64,
    /// Whom the latest decision was about.
    pub(crate) subject: S,
    /// Decisions about requests with one of the user's tokens. Where there are more users than a sketch holds, this may
    /// be too high, and never too low.
    pub(crate) checks: u64,
    /// How many of them were denials.
    pub(crate) denied: u64,
}

impl<S> Default for Shard<S> {
    fn default() -> Self {
        Self {
            window: 0,
            running: Sketch::default(),
            before: Sketch::default(),
        }
    }
}

impl<S> Shard<S> {
    /// Begins the windows that have begun since the last call.
    fn turn(&mut self, window: u64) {
        if window == self.window {
            return;
        }
        self.before = match self.window.checked_add(1) {
            Some(next) if next == window => std::mem::take(&mut self.running),
            // Nothing of the window before; or a clock that stepped back, of which nothing can be told.
            Some(_) | None => Sketch::default(),
        };
        self.running = Sketch::default();
        self.window = window;
    }
}

impl<S: Copy> Busiest<S> {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }

    /// Counts one decision about a request with a token of the user with the number `user`.
    pub(crate) fn count(&self, user: u64, subject: S, denied: bool, now: Timestamp) {
        let at = usize::try_from(user).unwrap_or_default() % SHARDS;
        if let Some(shard) = self.0.get(at) {
            let mut shard = shard.lock();
            shard.turn(now.as_millis() / WINDOW_MS);
            shard.running.count(user, subject, denied);
        }
    }

    /// At most `most` users, the busiest first, and the milliseconds in which they were.
    pub(crate) fn most(&self, most: usize, now: Timestamp) -> (Vec<Busy<S>>, u64) {
        let mut all: Vec<Busy<S>> = Vec::new();
        for shard in &self.0 {
            let mut shard = shard.lock();
            shard.turn(now.as_millis() / WINDOW_MS);
            let running = shard.running.counts();
            let before = shard.before.counts();
            for count in running.chain(before) {
                let Count { user, subject, .. } = *count;
                let (checks, denied) = (u64::from(count.checks), u64::from(count.denied));
                match all.iter_mut().find(|busy| busy.user == user) {
                    Some(busy) => {
                        busy.checks += checks;
                        busy.denied += denied;
                    }
                    None => all.push(Busy {
                        user,
                        subject,
                        checks,
                        denied,
                    }),
                }
            }
        }
        all.sort_by_key(|busy| (std::cmp::Reverse(busy.checks), busy.user));
        all.truncate(most);
        (all, WINDOW_MS + now.as_millis() % WINDOW_MS)
    }
}

#[cfg(test)]
mod tests;
