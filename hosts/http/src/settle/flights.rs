//! Work that several callers want at the same time, done once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OnceCell;

/// What is under way, by the digest of what it is about. An entry stands only as long as somebody waits for it.
pub(super) struct Flights<T>(Mutex<HashMap<[u8; 32], Arc<OnceCell<T>>>>);

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Copy> Flights<T> {
    /// What comes of `work`, or of the same work of somebody who came before and is still at it. Where that one goes away, the
    /// next does it.
    pub(super) async fn join(&self, about: &[u8; 32], work: impl Future<Output = T>) -> T {
        let flight = Arc::clone(self.0.lock().entry(*about).or_default());
        let _landing = Landing {
            flights: self,
            about,
            flight: Arc::clone(&flight),
        };
        *flight.get_or_init(|| work).await
    }
}

/// Takes the entry away once it is done, or when nobody waits for it any more.
struct Landing<'f, T> {
    flights: &'f Flights<T>,
    about: &'f [u8; 32],
    flight: Arc<OnceCell<T>>,
}

impl<T> Drop for Landing<'_, T> {
    fn drop(&mut self) {
        let mut all = self.flights.0.lock();
        // In the table, here, and in the future that is ending.
        let is_last = Arc::strong_count(&self.flight) <= 3;
        let is_ours = all
            .get(self.about)
            .is_some_and(|there| Arc::ptr_eq(there, &self.flight));
        if is_ours && (is_last || self.flight.initialized()) {
            all.remove(self.about);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn callers_at_the_same_time_share_one_answer_and_later_ones_have_their_own() {
        let flights = Flights::default();
        let worked = Cell::new(0);
        let (tell, told) = oneshot::channel();
        let first = flights.join(&[1; 32], async {
            worked.set(worked.get() + 1);
            told.await.unwrap_or(0)
        });
        let second = flights.join(&[1; 32], async {
            worked.set(worked.get() + 1);
            9
        });
        let other = flights.join(&[2; 32], async { 5 });
        let end = async {
            assert_eq!(other.await, 5);
            tell.send(7).unwrap();
        };
        let (first, second, ()) = tokio::join!(first, second, end);
        assert_eq!((first, second, worked.get()), (7, 7, 1));
        assert_eq!(flights.join(&[1; 32], async { 8 }).await, 8);
        assert!(flights.0.lock().is_empty());
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_work_to_the_next() {
        let flights = Flights::default();
        {
            let mut gone = Box::pin(flights.join(&[1; 32], std::future::pending()));
            let patience = std::time::Duration::ZERO;
            tokio::time::timeout(patience, &mut gone).await.unwrap_err();
        }
        assert_eq!(flights.join(&[1; 32], async { 3 }).await, 3);
        assert!(flights.0.lock().is_empty());
    }
}
