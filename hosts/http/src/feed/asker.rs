//! Who asks: exactly one feed token, in one place. From outside all tokens that are no good look alike; the log tells them
//! apart, by address alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tollgate::{Engine, Follower, FollowerDenial};
use zeroize::Zeroizing;

use super::Feed;
use crate::admin::problem::Problem;
use crate::admin::stranger::{self, Guarded, turned_away};
use crate::bearer::{NoBearer, bearer};
use crate::followers::Who;
use crate::forwarded;

/// A follower, and where they are.
#[derive(Clone)]
pub(super) struct Asker {
    token: Arc<Zeroizing<Vec<u8>>>,
    pub(super) follower: Follower,
    pub(super) who: Who,
}

const GUARDED: Guarded = Guarded {
    whom: "follower",
    required: "A feed token is required",
    challenge: "Bearer realm=\"tollgate feed\"",
    invalid: "Bearer realm=\"tollgate feed\", error=\"invalid_token\"",
    detail: "Send a valid feed token, once, as `Authorization: Bearer TOKEN`; `tollgate feed-token issue NAME` makes one.",
};

/// Why nobody is admitted.
#[derive(Clone, Copy)]
enum Stranger {
    NoBearer(NoBearer),
    Denied(FollowerDenial),
}

impl Stranger {
    fn label(self) -> &'static str {
        match self {
            Self::NoBearer(why) => why.label(),
            Self::Denied(FollowerDenial::Revoked) => "revoked",
            Self::Denied(FollowerDenial::Expired) => "expired",
            Self::Denied(_) => "unknown",
        }
    }
}

impl Asker {
    /// Judges the token once more: it may have been revoked while its holder waited.
    pub(super) fn again(&self, feed: &Feed) -> Result<(), Problem> {
        let judged = judge(feed.engine(), &self.token);
        judged.map_or_else(
            // Who was admitted before does not guess.
            |why| Err(refused(feed, Stranger::Denied(why), self.who.address, None)),
            |_| Ok(()),
        )
    }
}

fn judge(engine: &Engine, token: &[u8]) -> Result<Follower, FollowerDenial> {
    engine.admit_follower(token, engine.now())
}

/// Lets followers through.
pub(super) async fn admit(State(feed): State<Feed>, mut request: Request<Body>, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let proxies = feed.engine().trusted_proxies();
    let client = peer.and_then(|peer| forwarded::client(request.headers(), peer.ip(), &proxies));
    let address = client.or(peer.map(|peer| peer.ip()));
    let judged = bearer(request.headers()).map_err(Stranger::NoBearer).and_then(|token| {
        let follower = judge(feed.engine(), token).map_err(Stranger::Denied)?;
        Ok((Arc::new(Zeroizing::new(token.to_vec())), follower))
    });
    let (token, follower) = match judged {
        Ok(judged) => judged,
        Err(stranger) => return refused(&feed, stranger, address, address).into_response(),
    };
    let who = Who {
        token: follower.token(),
        name: follower.name().clone(),
        address,
        port: peer.map_or(0, |peer| peer.port()),
    };
    request.extensions_mut().insert(Asker { token, follower, who });
    next.run(request).await
}

fn refused(feed: &Feed, stranger: Stranger, client: Option<IpAddr>, counted: Option<IpAddr>) -> Problem {
    let stranger = stranger::Stranger {
        is_without: matches!(stranger, Stranger::NoBearer(NoBearer::Missing)),
        label: stranger.label(),
        client,
        counted,
    };
    turned_away(&GUARDED, stranger, &feed.0.throttle, feed.engine().now())
}
