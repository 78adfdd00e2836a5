//! New secrets, remembered for a few minutes, so that a caller whose answer was lost can ask again under the same
//! idempotency key.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use zeroize::Zeroizing;

/// How long a secret is remembered.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// Secrets that are remembered at a time; the oldest gives way.
const KEPT_MOST: usize = 1_000;

/// Turns; keys share them.
const TURNS: usize = 64;

/// A digest of who asked, for what path, and of the key they chose.
pub(super) type KeyDigest = [u8; 32];

/// Holds off others who ask under the same key.
pub(super) type Turn = OwnedMutexGuard<()>;

/// The memory. It is wiped when it is dropped.
pub(super) struct Secrets {
    kept: Mutex<Kept>,
    turns: [Arc<tokio::sync::Mutex<()>>; TURNS],
}

#[derive(Default)]
struct Kept {
    /// In the order in which they end.
    secrets: VecDeque<Secret>,
    /// Whether somebody waits to wipe the next one.
    is_watched: bool,
}

struct Secret {
    key: KeyDigest,
    until: tokio::time::Instant,
    text: Zeroizing<String>,
}

impl Secrets {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            turns: std::array::from_fn(|_| Arc::default()),
        })
    }

    /// Waits until nobody else makes something under `key`. Whoever then finds it made finds its secret too.
    pub(super) async fn turn(&self, key: &KeyDigest) -> Option<Turn> {
        let [first, ..] = key;
        let turn = self.turns.get(usize::from(*first) % TURNS)?;
        Some(Arc::clone(turn).lock_owned().await)
    }

    /// Remembers a secret. Must be called within a runtime.
    pub(super) fn keep(self: &Arc<Self>, key: KeyDigest, text: &str) {
        let mut kept = self.kept.lock();
        if kept.secrets.len() >= KEPT_MOST {
            kept.secrets.pop_front();
        }
        kept.secrets.push_back(Secret {
            key,
            until: tokio::time::Instant::now() + KEPT_FOR,
            text: Zeroizing::new(text.to_owned()),
        });
        if !std::mem::replace(&mut kept.is_watched, true) {
            let secrets = Arc::downgrade(self);
            let mut next = tokio::time::Instant::now() + KEPT_FOR;
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep_until(next).await;
                    match secrets
                        .upgrade()
                        .and_then(|secrets| secrets.wipe(tokio::time::Instant::now()))
                    {
                        Some(end) => next = end,
                        None => break,
                    }
                }
            });
        }
    }

    /// The secret that was made under `key`, if it is still remembered.
    pub(super) fn find(&self, key: &KeyDigest) -> Option<Zeroizing<String>> {
        let now = tokio::time::Instant::now();
        let kept = self.kept.lock();
        let found = kept
            .secrets
            .iter()
            .find(|secret| secret.key == *key && secret.until > now);
        found.map(|secret| secret.text.clone())
    }

    /// Forgets what is over, and says when there is more to forget; none where nothing is left to wait for.
    fn wipe(&self, now: tokio::time::Instant) -> Option<tokio::time::Instant> {
        let mut kept = self.kept.lock();
        while kept.secrets.front().is_some_and(|secret| secret.until <= now) {
            kept.secrets.pop_front();
        }
        let next = kept.secrets.front().map(|secret| secret.until);
        kept.is_watched = next.is_some();
        next
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn key(count: usize) -> KeyDigest {
        *blake3::hash(&(count as u64).to_be_bytes()).as_bytes()
    }

    fn len(secrets: &Secrets) -> usize {
        secrets.kept.lock().secrets.len()
    }

    fn within_a_runtime(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn secrets_are_found_until_their_time_is_over_and_wiped_then() {
        within_a_runtime(async {
            let secrets = Secrets::new();
            secrets.keep(key(1), "one");
            assert_eq!(secrets.find(&key(1)).as_deref().map(String::as_str), Some("one"));
            assert_eq!(secrets.find(&key(2)), None);
            let now = Instant::now();
            assert!(secrets.wipe(now).is_some_and(|next| next <= now + KEPT_FOR));
            assert_eq!(len(&secrets), 1);
            assert_eq!(secrets.wipe(now + KEPT_FOR), None);
            assert_eq!((len(&secrets), secrets.find(&key(1))), (0, None));
        });
    }

    #[test]
    fn the_oldest_gives_way() {
        within_a_runtime(async {
            let secrets = Secrets::new();
            for count in 0..=KEPT_MOST {
                secrets.keep(key(count), "x");
            }
            assert_eq!(len(&secrets), KEPT_MOST);
            assert_eq!(secrets.find(&key(0)), None);
            assert!(secrets.find(&key(1)).is_some());
        });
    }
}
