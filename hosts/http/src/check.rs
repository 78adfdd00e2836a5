//! `/check`: forward authentication. A proxy asks about a request that it holds, and goes by the status.
//!
//! The end of a request cannot be seen from here: the permit is dropped with the answer, so the limit on requests at a
//! time counts questions under way, not requests.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use axum::routing::any;
use tollgate::{Denial, DenyReason, Engine, Gate, Permit, RequestParts, UserName, Verdict};

use crate::answer::{Identity, Profile, denied, permitted};
use crate::forwarded::{Target, client, is_proxy, target};
use crate::host::Host;
use crate::parts::{read_form, request_parts, unreadable_parts};

/// What a request turned out to be about, or why that cannot be told, for whoever runs the proxy.
pub(crate) type Readable<'a> = Result<(Target<'a>, Option<Bytes>), String>;

pub(crate) fn routes(host: Host) -> Router {
    Router::new()
        .route("/check", any(check))
        .route("/check/", any(check))
        .route("/check/{*path}", any(check))
        .with_state(host)
}

/// Answers one request, by any method, to `/check` or below it.
async fn check(
    State(host): State<Host>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let profile = Profile::of_query(head.uri.query());
    let form = match read_form(&head.headers, body).await {
        Err(unreadable) if may_hold_credential(host.engine()) => Err(unreadable),
        Err(_) => Ok(None),
        read => read,
    };
    let proxies = host.engine().trusted_proxies();
    let client = client(&head.headers, caller.ip(), &proxies);
    let readable = match (target(&head, is_proxy(caller.ip(), &proxies)), form) {
        (Ok(target), Ok(form)) => Ok((target, form)),
        (Err(contradiction), _) => Err(contradiction.to_string()),
        (Ok(_), Err(unreadable)) => Err(unreadable.to_string()),
    };
    decide(&host, &readable, &head.headers, client, profile)
}

/// Whether a form counts at all; where that cannot be read, it may.
pub(crate) fn may_hold_credential(engine: &Engine) -> bool {
    engine
        .settings()
        .map_or(true, |settings| settings.allow_authtoken_in_url)
}

/// The answer about a request by `client` with `headers`.
pub(crate) fn decide(
    host: &Host,
    readable: &Readable<'_>,
    headers: &HeaderMap,
    client: Option<IpAddr>,
    profile: Profile,
) -> Response {
    match judge(host, readable, headers, client, &[]) {
        Judged::Permitted(permit, identity) => permitted(&identity, permit.quota(), profile),
        Judged::Denied(denial, detail) => denied(&denial, detail, profile),
    }
}

/// A verdict, with what it takes to put it into words.
pub(crate) enum Judged<'h, 'r> {
    /// Whose request it is.
    Permitted(Permit<'h>, Identity),
    /// And what is wrong with the request itself, where that was the reason.
    Denied(Denial, Option<&'r str>),
}

/// Decides about a request by `client` with `headers` to a route that wants `scopes`, and logs a denial.
pub(crate) fn judge<'h, 'r>(
    host: &'h Host,
    readable: &'r Readable<'r>,
    headers: &'r HeaderMap,
    client: Option<IpAddr>,
    scopes: &'r [&'r str],
) -> Judged<'h, 'r> {
    let parts = match readable {
        Ok((target, form)) => RequestParts {
            scopes,
            ..request_parts(*target, headers, client, form.as_deref())
        },
        Err(_) => unreadable_parts(client),
    };
    let denial = match host.check(&parts, host.engine().now()) {
        Verdict::Permit(permit) => match identity(&permit) {
            Some(identity) => return Judged::Permitted(permit, identity),
            None => unknown(DenyReason::UnknownToken, Gate::LookUp),
        },
        Verdict::Denial(denial) => denial,
    };
    log(&denial, client);
    let detail = readable.as_ref().err().filter(|_| denial.gate == Gate::Extract);
    Judged::Denied(denial, detail.map(String::as_str))
}

/// Whom to name to the upstream. None where the user was removed since the permit was granted: an empty name would
/// say that no credential was needed.
fn identity(permit: &Permit<'_>) -> Option<Identity> {
    let Some(subject) = permit.subject() else {
        return Some(Identity::default());
    };
    let mut room = [0; UserName::LEN_MAX];
    let user = permit.user_name(&mut room)?.to_owned();
    Some(Identity {
        user,
        token_id: subject.token.0.to_string(),
    })
}

fn unknown(reason: DenyReason, gate: Gate) -> Denial {
    Denial::plain(reason, gate)
}

/// The log tells all reasons apart. It holds numbers and addresses, nothing that a caller wrote.
fn log(denial: &Denial, client: Option<IpAddr>) {
    let row = denial.reason.row();
    tracing::info!(
        reason = row.label,
        status = row.status,
        gate = ?denial.gate,
        client = client.map(tracing::field::display),
        user = denial.subject.map(|subject| subject.user.0),
        token = denial.subject.map(|subject| subject.token.0),
        "check denied"
    );
}
