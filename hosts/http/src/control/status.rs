//! What a running server says of itself.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use tollgate::UserName;
use utoipa::ToSchema;

use crate::followers::Following;
use crate::health::trouble;
use crate::host::Host;

/// Users that are named as the busiest.
const BUSIEST_MOST: usize = 20;

/// Followers that are named.
const FOLLOWERS_MOST: usize = 100;

/// A running server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusShown {
    /// The version of the server.
    pub version: String,
    /// Seconds since it began.
    pub uptime_s: u64,
    /// The revision that checks see.
    pub revision: u64,
    /// Users that checks know.
    pub users: u64,
    /// Tokens that checks know.
    pub tokens: u64,
    /// Commands that wait for the writer.
    pub queued: u64,
    /// Whether the engine decides; where it does not, every request is denied.
    pub checking: bool,
    /// Whether commands are carried out.
    pub writing: bool,
    /// Why one of the two is not so.
    #[schema(required)]
    pub trouble: Option<String>,
    /// Connections that are open.
    pub connections: u64,
    /// Decisions since the server began, by outcome: `permitted` first, then every reason to deny.
    pub checks: Vec<OutcomeShown>,
    /// The users who ask most, the busiest first.
    pub busiest: Vec<BusyShown>,
    /// The latest seconds that `busiest` is about.
    pub busiest_over_s: f64,
    /// Replicas and proxies that follow the feed.
    pub followers: Vec<FollowerShown>,
}

/// How often a check ended in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Outcome)]
pub struct OutcomeShown {
    /// `permitted`, or the label of a reason to deny.
    pub id: String,
    /// How often.
    pub count: u64,
}

/// A user who asks much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Busy)]
pub struct BusyShown {
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub name: String,
    /// Decisions about requests with one of the user's tokens.
    pub checks: u64,
    /// How many of them were denials.
    pub denied: u64,
}

/// Whoever follows the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Follower)]
pub struct FollowerShown {
    /// The name of its token, and the address that it asks from.
    pub id: String,
    /// The last revision that it has confirmed.
    pub revision: u64,
    /// Milliseconds since it was last heard of; none while it waits for more.
    pub behind_ms: u64,
}

/// What `host` says of itself.
pub(crate) fn status(host: &Host) -> StatusShown {
    let engine = host.engine();
    let (busiest, over_ms) = host.busiest(BUSIEST_MOST);
    let named = busiest.into_iter().filter_map(|busy| {
        let mut room = [0; UserName::LEN_MAX];
        // Whoever was removed since has no name any more.
        let name = engine.user_name(&busy.subject, &mut room)?.to_owned();
        Some(BusyShown {
            id: busy.subject.user.0.to_string(),
            name,
            checks: busy.checks,
            denied: busy.denied,
        })
    });
    let outcomes = host.metrics().checks_by_outcome();
    let condition = engine.condition();
    StatusShown {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: host.uptime().as_secs(),
        revision: condition.revision.0,
        users: condition.users,
        tokens: condition.tokens,
        queued: u64::try_from(condition.queued).unwrap_or(u64::MAX),
        checking: condition.checks,
        writing: condition.writes.is_ok(),
        trouble: trouble(&condition),
        connections: host.metrics().connections(),
        checks: outcomes
            .map(|(outcome, count)| OutcomeShown {
                id: outcome.to_owned(),
                count,
            })
            .collect(),
        busiest: named.collect(),
        busiest_over_s: f64::from(u32::try_from(over_ms).unwrap_or(u32::MAX)) / 1_000.0,
        followers: followers(host),
    }
}

/// Whoever has come least far, first.
fn followers(host: &Host) -> Vec<FollowerShown> {
    let mut followers = host.followers().list();
    followers.sort_by_key(|one| (one.revision, Reverse(one.silent)));
    let shown = |one: Following| FollowerShown {
        id: one.name,
        revision: one.revision.0,
        behind_ms: u64::try_from(one.silent.as_millis()).unwrap_or(u64::MAX),
    };
    followers.into_iter().take(FOLLOWERS_MOST).map(shown).collect()
}
