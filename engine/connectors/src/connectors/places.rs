//! Places for requests to third parties: a number for all, and a smaller one for each host, so that one that is slow keeps only those
//! waiting who want something of it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use url::Url;

/// Requests under way at a time.
const ALL_MOST: usize = 128;
/// Of those, to one host.
const HOST_MOST: usize = 16;
/// Hosts that are remembered before those are forgotten that nobody asks.
const HOSTS_KEPT: usize = 1_024;

pub(super) struct Places {
    all: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A place. It is free again when this is dropped.
pub(super) struct Place<'p> {
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<SemaphorePermit<'p>>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Semaphore::new(ALL_MOST),
            hosts: Mutex::default(),
        }
    }
}

impl Places {
    /// Waits for a place at the host of `url` first, so that whoever waits there takes none of the others'.
    pub(super) async fn take(&self, url: &Url) -> Place<'_> {
        let host = self.host(url.authority());
        // Neither is ever closed.
        let _host = host.acquire_owned().await.ok();
        let _all = self.all.acquire().await.ok();
        Place { _host, _all }
    }

    fn host(&self, authority: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock();
        if let Some(host) = hosts.get(authority) {
            return Arc::clone(host);
        }
        if hosts.len() >= HOSTS_KEPT {
            hosts.retain(|_, host| Arc::strong_count(host) > 1);
        }
        let host = Arc::new(Semaphore::new(HOST_MOST));
        hosts.insert(authority.to_owned(), Arc::clone(&host));
        host
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    fn url(host: &str) -> Url {
        Url::parse(&format!("https://{host}/token")).unwrap()
    }

    /// The place, if there is one at once.
    async fn at_once<'p>(places: &'p Places, host: &str) -> Option<Place<'p>> {
        let url = url(host);
        // Without the runtime's own bound on what one poll may do.
        let mut taking = pin!(tokio::task::unconstrained(places.take(&url)));
        std::future::poll_fn(|context| match taking.as_mut().poll(context) {
            Poll::Ready(place) => Poll::Ready(Some(place)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[tokio::test]
    async fn a_host_that_is_slow_keeps_no_other_waiting() {
        let places = Places::default();
        let mut slow = Vec::new();
        for _ in 0..HOST_MOST {
            slow.push(at_once(&places, "slow.example").await.unwrap());
        }
        assert!(at_once(&places, "slow.example").await.is_none());
        assert!(
            at_once(&places, "slow.example:8443").await.is_some(),
            "another port is another host"
        );
        assert!(at_once(&places, "quick.example").await.is_some());
        slow.pop();
        assert!(at_once(&places, "slow.example").await.is_some());
    }

    #[tokio::test]
    async fn all_together_have_a_bound_and_hosts_that_nobody_asks_are_forgotten() {
        let places = Places::default();
        let mut taken = Vec::new();
        for at in 0..ALL_MOST {
            taken.push(at_once(&places, &format!("h{at}.example")).await.unwrap());
        }
        assert!(at_once(&places, "one-more.example").await.is_none());
        taken.pop();
        for at in 0..3 * HOSTS_KEPT {
            assert!(at_once(&places, &format!("n{at}.example")).await.is_some());
        }
        assert!(places.hosts.lock().len() <= HOSTS_KEPT);
        assert!(taken.iter().all(|place| place._all.is_some()));
    }
}
