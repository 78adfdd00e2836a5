//! What a check leaves open, settled beside it: a password, and a token that another issuer has signed.
//!
//! A check itself waits for nothing. Where it says that something has to be proven, it is proven here, on a thread that may wait,
//! and remembered by the engine; then the request is checked again. Requests that present the same credential at the same time
//! share one proof.

mod fetch;
mod flights;
mod keys;

use std::sync::Arc;

use tollgate::{Denial, DenyReason, Field, RequestParts, Settled, TOO_MANY_GUESSES, Unsettled, UnsettledSort};
use tollgate_oauth::AuthorizationServer;
use zeroize::Zeroizing;

use crate::lane::Lane;
use flights::Flights;
use keys::KeyFetches;

/// What settles, and what is being settled.
pub(crate) struct Settling {
    server: Option<AuthorizationServer>,
    lane: Lane,
    /// For tokens of other issuers, which anybody can make up: they must not take the places of those who log in.
    signed: Lane,
    flights: Flights<Outcome>,
    fetches: Arc<KeyFetches>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is proven, and remembered like this: check again.
    Settled(Settled),
    /// It is not: the denial stands.
    Unproven,
    /// It was not looked at: come back.
    Later {
        /// What to answer.
        reason: DenyReason,
        /// In words, where the reason's own do not fit.
        words: Option<&'static str>,
        /// When to come back.
        retry_after_s: u32,
    },
}

impl Outcome {
    /// Nothing is known about the credential, for want of time or of the store.
    const UNKNOWN: Self = Self::Later {
        reason: DenyReason::StaleView,
        words: None,
        retry_after_s: 1,
    };

    fn throttled(retry_after_s: u32) -> Self {
        Self::Later {
            reason: DenyReason::RateExceeded,
            words: Some(TOO_MANY_GUESSES),
            retry_after_s,
        }
    }
}

/// The part of a request that proves who sent it, for another thread. It has no `Debug`.
pub(super) struct Proof {
    unsettled: Unsettled,
    authorization: Zeroizing<Vec<u8>>,
    peer: Option<std::net::IpAddr>,
}

impl Proof {
    fn settle(&self, server: &AuthorizationServer) -> tollgate_oauth::Settlement {
        let request = RequestParts {
            authorization: Field::Once(&self.authorization),
            peer: self.peer,
            ..RequestParts::default()
        };
        server.settle(self.unsettled, &request, server.engine().now())
    }
}

impl Settling {
    /// By `server`, on the threads of `lane`. Without a server nothing is settled.
    pub(crate) fn new(server: Option<AuthorizationServer>, lane: Lane) -> Self {
        Self::over(server, lane, Lane::for_signatures())
    }

    fn over(server: Option<AuthorizationServer>, lane: Lane, signed: Lane) -> Self {
        Self {
            server,
            lane,
            signed,
            flights: Flights::default(),
            fetches: Arc::default(),
        }
    }

    /// What of a denial can be settled here.
    pub(crate) fn open(&self, denial: &Denial) -> Option<Unsettled> {
        denial.unsettled.filter(|_| self.server.is_some())
    }

    /// Settles what the check of `request` has left open.
    pub(crate) async fn settle(&self, unsettled: Unsettled, request: &RequestParts<'_>) -> Outcome {
        let (Some(server), Field::Once(line)) = (&self.server, request.authorization) else {
            return Outcome::Unproven;
        };
        if server.is_hopeless(unsettled, request, server.engine().now()) {
            return Outcome::Unproven;
        }
        let proof = Arc::new(Proof {
            unsettled,
            authorization: Zeroizing::new(line.to_vec()),
            peer: request.peer,
        });
        let prove = async {
            match unsettled.sort {
                UnsettledSort::Password => self.password(server, proof).await,
                UnsettledSort::External => self.fetches.settle(&self.signed, server, proof).await,
            }
        };
        self.flights.join(unsettled.digest.as_bytes(), prove).await
    }

    async fn password(&self, server: &AuthorizationServer, proof: Arc<Proof>) -> Outcome {
        let server = server.clone();
        let settled = self.lane.run(move || proof.settle(&server)).await;
        settled.map_or(Outcome::UNKNOWN, outcome)
    }
}

/// A settlement that needs nothing more.
fn outcome(settlement: tollgate_oauth::Settlement) -> Outcome {
    use tollgate_oauth::Settlement;
    match settlement {
        Settlement::Settled(settled) => Outcome::Settled(settled),
        Settlement::Refused => Outcome::Unproven,
        Settlement::Throttled { retry_after_s } => Outcome::throttled(retry_after_s),
        Settlement::Unavailable(reason) => {
            tracing::error!(reason, "a proof cannot be looked up or remembered");
            Outcome::UNKNOWN
        }
        // Keys that are fetched are brought before anybody asks again.
        Settlement::Busy | Settlement::Fetch { .. } => Outcome::UNKNOWN,
        other => {
            tracing::error!(?other, "a settlement that nobody knows");
            Outcome::UNKNOWN
        }
    }
}

#[cfg(test)]
mod tests;
