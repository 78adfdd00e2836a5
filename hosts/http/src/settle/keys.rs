//! The keys of other issuers: fetched by one for all who wait for them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
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
    /// Shared by all who settle.
    settling: RwLock<()>,
    /// Counts those that have ended.
    ended: watch::Sender<u64>,
}

impl Default for KeyFetches {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
            settling: RwLock::default(),
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
            let settlement = {
                let _shared = fetches.settling.read();
                let settlement = proof.settle(&server);
                if let Settlement::Fetch { issuer, .. } = &settlement {
                    fetches.under_way.lock().insert(issuer.clone());
                }
                settlement
            };
            if matches!(settlement, Settlement::Refused | Settlement::Busy) {
                // Whoever was told to fetch before has written that down once this was had alone.
                drop(fetches.settling.write());
            }
            let is_awaited = !fetches.under_way.lock().is_empty();
            (settlement, is_awaited)
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
