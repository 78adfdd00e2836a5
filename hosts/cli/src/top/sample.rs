//! A server as tests imagine it.

use tollgate_http::control::{BusyShown, FollowerShown, OutcomeShown, StatusShown};

/// A sound server that has been there for `uptime_s` seconds.
pub(super) fn status(uptime_s: u64, permitted: u64, unknown: u64) -> StatusShown {
    let outcome = |id: &str, count| OutcomeShown {
        id: id.to_owned(),
        count,
    };
    StatusShown {
        version: "0.1.0".to_owned(),
        uptime_s,
        revision: 4_711,
        users: 1_204,
        tokens: 98_765,
        queued: 3,
        checking: true,
        writing: true,
        trouble: None,
        connections: 42,
        checks: vec![
            outcome("permitted", permitted),
            outcome("unknown_token", unknown),
            outcome("expired", 0),
        ],
        busiest: vec![busy("alice", 60_000, 0), busy("reports", 600, 300), busy("dora", 6, 6)],
        busiest_over_s: 60.0,
        followers: Vec::new(),
    }
}

pub(super) fn busy(name: &str, checks: u64, denied: u64) -> BusyShown {
    BusyShown {
        id: "1".to_owned(),
        name: name.to_owned(),
        checks,
        denied,
    }
}

pub(super) fn follower(id: &str, revision: u64, behind_ms: u64) -> FollowerShown {
    FollowerShown {
        id: id.to_owned(),
        revision,
        behind_ms,
    }
}
