//! The question of a follower about a credential that its view cannot decide about: whose is it? Nothing else is asked, nothing is
//! charged, and the answer is under a seal that only the two sides can make, over the nonce of the question.

use std::net::IpAddr;

use axum::http::HeaderValue;
use axum::response::Response;
use tollgate::{DenyReason, Field, Follower, REMEMBERED_S, RequestParts, Settled, Timestamp, Unproven, UnsettledSort};

use super::decision::{Proven, json};
use super::question::Prove;
use crate::host::Host;
use crate::settle::Outcome;

/// Under which field the seal stands, in hexadecimal digits.
const SEAL: &str = "x-tollgate-seal";

const REFUSED: Proven = Proven::No {
    proven: false,
    retry_after: None,
    throttled: false,
};

/// Answers it. What is remembered is not proven again, and counts for what is left of its time.
pub(super) async fn answer(host: &Host, follower: &Follower, question: &Prove<'_>) -> Response {
    let authorization = Field::Once(question.authorization.as_bytes());
    let now = host.engine().now();
    let proven = match host.engine().unproven(authorization, now) {
        None => REFUSED,
        Some(open) => prove(host, open, authorization, question.ip.map(|ip| ip.to_canonical())).await,
    };
    let body = serde_json::to_vec(&proven).unwrap_or_default();
    let seal = question.nonce().map(|nonce| follower.frame_key().seal(&nonce, &body));
    let mut digits = String::with_capacity(64);
    for byte in seal.iter().flatten() {
        digits.push_str(&format!("{byte:02x}"));
    }
    let mut answer = json(body);
    // Hexadecimal digits are always a value.
    if let Ok(seal) = HeaderValue::from_str(&digits) {
        answer.headers_mut().insert(SEAL, seal);
    }
    answer
}

async fn prove(host: &Host, open: Unproven, authorization: Field<'_>, peer: Option<IpAddr>) -> Proven {
    let Unproven { unsettled, settled } = open;
    let told = |settled: Settled, now| told(unsettled.sort, unsettled.external_issuers, settled, now);
    let now = host.engine().now();
    if let Some(proven) = settled.and_then(|settled| told(settled, now)) {
        return proven;
    }
    let request = RequestParts {
        authorization,
        peer,
        ..RequestParts::default()
    };
    match host.settling().settle(unsettled, &request).await {
        Outcome::Settled(settled) => told(settled, host.engine().now()).unwrap_or(REFUSED),
        Outcome::Unproven => REFUSED,
        Outcome::Later {
            reason, retry_after_s, ..
        } => Proven::No {
            proven: false,
            retry_after: Some(retry_after_s),
            throttled: reason == DenyReason::RateExceeded,
        },
    }
}

/// A proof with what is left of its time, if a second is.
fn told(sort: UnsettledSort, external_issuers: u32, settled: Settled, now: Timestamp) -> Option<Proven> {
    let seconds = settled.until.millis_since(now) / 1_000;
    (seconds > 0).then(|| Proven::Yes {
        proven: true,
        sort: match sort {
            UnsettledSort::Password => "password",
            UnsettledSort::External => "external",
        },
        user_id: settled.user.0,
        password_epoch: settled.password_epoch,
        authority: settled.authority.map(|authority| authority.0),
        external_issuers,
        seconds: seconds.min(REMEMBERED_S),
    })
}
