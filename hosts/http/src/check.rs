//! `/check`: forward authentication. A proxy asks about a request that it holds, and goes by the status.
//!
//! The end of a request cannot be seen from here: the permit is dropped with the answer, so the limit on requests at a
//! time counts questions under way, not requests.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Request, header};
use axum::response::Response;
use axum::routing::any;
use tollgate::{
    Denial, DenyReason, Engine, Gate, Permit, Refused, RequestParts, Timestamp, TokenId, UserName, Verdict,
};

use crate::answer::{Identity, Profile, denied, permitted};
use crate::forwarded::{Target, client, is_proxy, target};
use crate::host::Host;
use crate::parts::{read_form, request_parts, unreadable_parts};
use crate::settle::Outcome;

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
    decide(&host, &readable, &head.headers, client, profile).await
}

/// Whether a form counts at all; where that cannot be read, it may.
pub(crate) fn may_hold_credential(engine: &Engine) -> bool {
    engine
        .settings()
        .map_or(true, |settings| settings.allow_authtoken_in_url)
}

/// The answer about a request by `client` with `headers`.
pub(crate) async fn decide(
    host: &Host,
    readable: &Readable<'_>,
    headers: &HeaderMap,
    client: Option<IpAddr>,
    profile: Profile,
) -> Response {
    let asked = Asked {
        readable,
        headers,
        client,
        scopes: &[],
    };
    match judge(host, &asked).await {
        Judged::Permitted(permit, identity) => permitted(&identity, permit.quota(), profile),
        Judged::Denied(refusal) => denied(refusal.words(), profile),
    }
}

/// A request as it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'r> {
    pub(crate) readable: &'r Readable<'r>,
    pub(crate) headers: &'r HeaderMap,
    /// Who sent it.
    pub(crate) client: Option<IpAddr>,
    /// What its route wants.
    pub(crate) scopes: &'r [&'r str],
}

impl<'r> Asked<'r> {
    fn parts(&self) -> RequestParts<'r> {
        match self.readable {
            Ok((target, form)) => RequestParts {
                scopes: self.scopes,
                ..request_parts(*target, self.headers, self.client, form.as_deref())
            },
            Err(_) => unreadable_parts(self.client),
        }
    }
}

/// A verdict, with what it takes to put it into words.
pub(crate) enum Judged<'h> {
    /// Whose request it is.
    Permitted(Permit<'h>, Identity),
    /// Why it may not pass.
    Denied(Refusal),
}

/// A denial, and what is said beside its row.
pub(crate) struct Refusal {
    pub(crate) denial: Denial,
    /// What is wrong with the request itself, where that was the reason.
    detail: Option<String>,
    /// The scopes that are wanted, blank-separated.
    wanted: String,
    /// When to come back, where the denial does not know.
    retry_after_s: Option<u32>,
}

impl Refusal {
    pub(crate) fn words(&self) -> Refused {
        let mut words = Refused::of(&self.denial, self.detail.as_deref()).wanting(&self.wanted);
        if let Some(seconds) = self.retry_after_s {
            words.retry_after_s = Some(u64::from(seconds));
        }
        words
    }
}

/// Decides about a request, and logs a denial. What the check leaves open is settled first, where it can be.
pub(crate) async fn judge<'h>(host: &'h Host, asked: &Asked<'_>) -> Judged<'h> {
    let parts = asked.parts();
    let now = host.engine().now();
    let denial = match host.engine().check(&parts, now) {
        verdict @ Verdict::Permit(_) => return concluded(host, verdict, asked, now),
        Verdict::Denial(denial) => denial,
    };
    let Some(unsettled) = host.settling().open(&denial) else {
        return concluded(host, Verdict::Denial(denial), asked, now);
    };
    let outcome = host.settling().settle(unsettled, &parts).await;
    match later(host, asked, denial, outcome) {
        Some(refusal) => Judged::Denied(refusal),
        None if matches!(outcome, Outcome::Settled(_)) => judge_at_once(host, asked),
        None => concluded(host, Verdict::Denial(denial), asked, now),
    }
}

/// Settles what a check of this request would leave open, and leaves no other trace. Answers a refusal where that was not even
/// looked at. For questions of which many are answered together, so that nothing is waited for between them.
pub(crate) async fn settle_first(host: &Host, asked: &Asked<'_>) -> Option<Refusal> {
    if !may_stay_open(asked.headers) {
        return None;
    }
    let parts = asked.parts();
    let denial = match host.engine().check(&parts, host.engine().now()) {
        Verdict::Permit(permit) => {
            permit.cancel();
            return None;
        }
        Verdict::Denial(denial) => denial,
    };
    let unsettled = host.settling().open(&denial)?;
    let outcome = host.settling().settle(unsettled, &parts).await;
    later(host, asked, denial, outcome)
}

/// Whether there is a password or a signed token at all; what else there may be is decided by what is there.
fn may_stay_open(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    lines.any(|line| {
        let line = line.as_bytes();
        let scheme = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"basic") || line.windows(3).any(|letters| letters == b"eyJ")
    })
}

/// The refusal of a request whose proof was not looked at.
fn later(host: &Host, asked: &Asked<'_>, denial: Denial, outcome: Outcome) -> Option<Refusal> {
    let Outcome::Later {
        reason,
        words,
        retry_after_s,
    } = outcome
    else {
        return None;
    };
    let denial = Denial { reason, ..denial };
    host.count(&Verdict::Denial(denial), host.engine().now());
    log(&denial, asked.client);
    Some(Refusal {
        denial,
        detail: words.map(str::to_owned),
        wanted: String::new(),
        retry_after_s: Some(retry_after_s),
    })
}

/// [`judge`] by what is there.
pub(crate) fn judge_at_once<'h>(host: &'h Host, asked: &Asked<'_>) -> Judged<'h> {
    let now = host.engine().now();
    let verdict = host.engine().check(&asked.parts(), now);
    concluded(host, verdict, asked, now)
}

fn concluded<'h>(host: &'h Host, verdict: Verdict<'h>, asked: &Asked<'_>, now: Timestamp) -> Judged<'h> {
    host.count(&verdict, now);
    let denial = match verdict {
        Verdict::Permit(permit) => match identity(&permit) {
            Some(identity) => return Judged::Permitted(permit, identity),
            None => unknown(DenyReason::UnknownToken, Gate::LookUp),
        },
        Verdict::Denial(denial) => denial,
    };
    log(&denial, asked.client);
    // What cannot be read takes no route either.
    let is_unreadable = matches!(denial.gate, Gate::Route | Gate::Extract);
    let detail = asked.readable.as_ref().err().filter(|_| is_unreadable);
    Judged::Denied(Refusal {
        denial,
        detail: detail.cloned(),
        wanted: wanted(host.engine(), &denial, asked.scopes),
        retry_after_s: None,
    })
}

/// The scopes that the route wants and those that were asked for, blank-separated.
fn wanted(engine: &Engine, denial: &Denial, scopes: &[&str]) -> String {
    let of_route = engine.wanted_scopes(denial).unwrap_or_default();
    let mut wanted: Vec<&str> = of_route.split_terminator(' ').collect();
    wanted.extend(
        scopes
            .iter()
            .filter(|scope| !of_route.split(' ').any(|there| there == **scope)),
    );
    wanted.join(" ")
}

/// Whom to name to the upstream. None where the user was removed since the permit was granted: an empty name would
/// say that no credential was needed.
fn identity(permit: &Permit<'_>) -> Option<Identity> {
    let Some(subject) = permit.subject() else {
        return Some(Identity::default());
    };
    let mut room = [0; UserName::LEN_MAX];
    let user = permit.user_name(&mut room)?.to_owned();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(Identity {
        user,
        // A password is no token, and zero names none.
        token_id: match subject.token {
            TokenId(0) => String::new(),
            TokenId(id) => id.to_string(),
        },
        client: text(permit.client_name()),
        scope: text(permit.scopes()),
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
