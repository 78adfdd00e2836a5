//! The keys of other issuers: fetched by one for all who wait for them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tollgate_oauth::{AuthorizationServer, Settlement};

use super::fetch::fetch;
use super::{Outcome, Proof, outcome};
use crate::lane::Lane;

/// How long somebody waits for keys that another fetches: a little longer than a fetch may take.
const WAITS: Duration = Duration::from_secs(8);

/// Which issuers' keys are being fetched.
pub(super) struct KeyFetches {
    under_way: Mutex<HashSet<String>>,
    /// Counts those that have ended.
    ended: watch::Sender<u64>,
}

impl Default for KeyFetches {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
            ended: watch::Sender::new(0),
        }
    }
}

impl KeyFetches {
    /// Settles by keys that are there, or that come soon.
    pub(super) async fn settle(
        self: &Arc<Self>,
        lane: &Lane,
        server: &AuthorizationServer,
        proof: Arc<Proof>,
    ) -> Outcome {
        let mut ended = self.ended.subscribe();
        let (settlement, is_awaited) = match self.once(lane, server, &proof).await {
            Ok(settled) => settled,
            Err(later) => return later,
        };
        match settlement {
            Settlement::Fetch { issuer, url } => self.fetch(server, issuer, url),
            Settlement::Refused | Settlement::Busy if is_awaited => {}
            settlement => return outcome(settlement),
        }
        // Whoever fetches has ended when this changes; who waits too long asks with what is there.
        let _ = tokio::time::timeout(WAITS, ended.changed()).await;
        match self.once(lane, server, &proof).await {
            Ok((settlement, _)) => outcome(settlement),
            Err(later) => later,
        }
    }

    /// Settles by what is there, and says whether keys are on their way.
    async fn once(
        self: &Arc<Self>,
        lane: &Lane,
        server: &AuthorizationServer,
        proof: &Arc<Proof>,
    ) -> Result<(Settlement, bool), Outcome> {
        let (fetches, server, proof) = (Arc::clone(self), server.clone(), Arc::clone(proof));
        let settled = lane.run(move || {
            // One at a time, so that nobody is refused between the moment when another is told to fetch and the moment when
            // that can be seen.
            let mut under_way = fetches.under_way.lock();
            let settlement = proof.settle(&server);
            if let Settlement::Fetch { issuer, .. } = &settlement {
                under_way.insert(issuer.clone());
            }
            (settlement, !under_way.is_empty())
        });
        settled.await.map_err(|_| Outcome::UNKNOWN)
    }

    /// Fetches on a task of its own, which ends whether anybody still waits or not.
    fn fetch(self: &Arc<Self>, server: &AuthorizationServer, issuer: String, url: String) {
        let (fetches, server) = (Arc::clone(self), server.clone());
        tokio::spawn(async move {
            let text = match fetch(&url).await {
                Ok(text) => Some(text),
                Err(error) => {
                    tracing::warn!(issuer, %error, "the keys of an issuer cannot be fetched");
                    None
                }
            };
            server.bring_keys(&issuer, &url, text.as_deref(), server.engine().now());
            fetches.under_way.lock().remove(&issuer);
            fetches.ended.send_modify(|count| *count = count.wrapping_add(1));
        });
    }
}
