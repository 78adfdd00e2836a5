//! Who may ask. What a question says of a request is believed, so a stranger could try tokens from any address, or spend a
//! user's limits without the fields of a real request. Only a trusted proxy and an administrator of any role may. A follower of the
//! feed decides by itself, and may ask for a proof alone.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tollgate::{Engine, Follower, problem_type};

use crate::answer::problem_document;
use crate::bearer::bearer;
use crate::forwarded::{client, is_proxy};

/// The follower whose feed token comes with a question.
pub(super) fn follower(engine: &Engine, headers: &HeaderMap) -> Option<Follower> {
    engine.admit_follower(bearer(headers).ok()?, engine.now()).ok()
}

/// Lets an asker through, or answers 403.
///
/// An asker whom a trusted proxy forwards is who the proxy says, not the proxy: a proxy in front of everything lends its
/// trust to nobody.
#[expect(clippy::result_large_err, reason = "the refusal is the answer, made once")]
pub(super) fn admit(engine: &Engine, caller: IpAddr, headers: &HeaderMap) -> Result<(), Response> {
    let proxies = engine.trusted_proxies();
    let from_proxy = client(headers, caller, &proxies).is_some_and(|asker| is_proxy(asker, &proxies));
    let is_admin = || bearer(headers).is_ok_and(|token| engine.admit(token, engine.now()).is_ok());
    if from_proxy || is_admin() {
        return Ok(());
    }
    Err(problem_document(
        StatusCode::FORBIDDEN,
        &problem_type("not-an-asker"),
        "Only a trusted proxy or an administrator may ask",
        "Ask from an address in the setting `trusted_proxies`, or send an administrator's token as `Authorization: Bearer \
         TOKEN`; `tollgate admin-token issue NAME --role reader` makes one.",
    ))
}
