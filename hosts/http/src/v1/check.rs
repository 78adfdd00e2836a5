//! `POST /v1/check`.

use std::net::SocketAddr;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use tollgate::problem_type;

use super::asker::{admit, follower};
use super::decision::{Decision, Problem, Proven, Results, json};
use super::prove;
use super::question::{Asked, Check, Malformed, Prove, Question};
use crate::answer::problem_document;
use crate::check::{self, Judged, Readable, Refusal, judge_at_once, may_hold_credential, settle_first};
use crate::forwarded::{Target, origin_form};
use crate::host::Host;
use crate::parts::{FORM_LEN_MAX, UnreadableForm};

/// Decides about one request, or about up to 1,000 in their order.
///
/// The answer is 200 whatever the decisions are. With a feed token as `Authorization: Bearer TOKEN` it is asked whose a credential is,
/// and nothing else.
#[utoipa::path(
    post,
    path = "/v1/check",
    tag = "checks",
    request_body = Asked<'_>,
    responses(
        (status = 200, description = "The decision, or the decisions in the order of the checks", body = inline(Decided)),
        (status = 400, description = "The body is no JSON", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The asker is neither a trusted proxy nor an administrator", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not announced as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body is no question", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn check(
    State(host): State<Host>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let follower = follower(host.engine(), &head.headers);
    if follower.is_none()
        && let Err(refused) = admit(host.engine(), caller.ip(), &head.headers)
    {
        return refused;
    }
    if !is_json(&head.headers) {
        let detail = "Send the question as `Content-Type: application/json`.";
        return malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
    }
    // The edge bounds the body in bytes and in time, and says so where it is given up.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return malformed(StatusCode::BAD_REQUEST, "The body broke off.");
    };
    if let Some(follower) = follower {
        return match Prove::read(&body) {
            Err(Malformed { status, detail }) => malformed(status, &detail),
            Ok(question) => prove::answer(&host, &follower, &question).await,
        };
    }
    match Question::read(&body) {
        Err(Malformed { status, detail }) => malformed(status, &detail),
        Ok(question) => {
            let refusals = settle_all(&host, &question).await;
            // From here to the answer nothing is waited for: a permit that is held is never left without whoever asked for it.
            decided(&answer(&host, &question, refusals))
        }
    }
}

/// What is answered to a question.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Decided {
    #[schema(title = "One")]
    One(Decision),
    #[schema(title = "Many")]
    Many(Results),
    /// To a follower alone.
    #[schema(title = "Proof")]
    #[expect(dead_code, reason = "it documents what is answered under a seal")]
    Proof(Proven),
}

/// Settles what checks leave open, one after the other: whoever asks about many gets no more than their turn. Answers the
/// refusals of those that could not even be looked at, each in the place of its check.
async fn settle_all(host: &Host, question: &Question<'_>) -> Vec<Option<Refusal>> {
    let checks = question.checks();
    let mut refusals = Vec::with_capacity(checks.len());
    for check in checks {
        let (readable, fields, scopes) = (readable(host, check), check.fields(), check.wanted());
        refusals.push(settle_first(host, &asked(check, &readable, &fields, &scopes)).await);
    }
    refusals
}

fn asked<'r>(
    check: &Check<'_>,
    readable: &'r Readable<'r>,
    headers: &'r HeaderMap,
    scopes: &'r [&'r str],
) -> check::Asked<'r> {
    check::Asked {
        readable,
        headers,
        client: check.client(),
        scopes,
    }
}

fn answer(host: &Host, question: &Question<'_>, refusals: Vec<Option<Refusal>>) -> Decided {
    let checks = question.checks().iter();
    let mut decisions = checks.zip(refusals).map(|(check, refusal)| match refusal {
        Some(refusal) => denied(&refusal),
        None => decide(host, check),
    });
    match (question, decisions.next()) {
        (Question::One(_), Some(decision)) => Decided::One(decision),
        (_, first) => Decided::Many(Results {
            results: first.into_iter().chain(decisions).collect(),
        }),
    }
}

fn denied(refusal: &Refusal) -> Decision {
    Decision::denied(refusal.words(), refusal.denial.quota)
}

fn decide(host: &Host, check: &Check<'_>) -> Decision {
    let (readable, fields, scopes) = (readable(host, check), check.fields(), check.wanted());
    // Taken first, so that nothing is charged for a permit that there is no room for.
    let room = check.hold.then(|| host.permits().room());
    match judge_at_once(host, &asked(check, &readable, &fields, &scopes)) {
        Judged::Denied(refusal) => denied(&refusal),
        Judged::Permitted(permit, identity) => {
            let quota = permit.quota();
            match room {
                None => Decision::permitted(identity, quota, None),
                Some(Some(room)) => {
                    let id = room.keep(host.engine().hold(permit), check.hold_for());
                    Decision::permitted(identity, quota, Some((id, check.hold_s())))
                }
                Some(None) => {
                    permit.cancel();
                    Decision::without_room()
                }
            }
        }
    }
}

/// What a check is about, read as `/check` reads it. The method stands for itself: nobody else speaks of it.
fn readable<'c>(host: &Host, check: &'c Check<'_>) -> Readable<'c> {
    let target = origin_form(check.path.as_bytes()).map_err(|contradiction| contradiction.to_string())?;
    let target = Target {
        method: check.method.as_bytes(),
        ..target
    };
    match &check.form {
        Some(form) if form.len() <= FORM_LEN_MAX => Ok((target, Some(Bytes::copy_from_slice(form.as_bytes())))),
        Some(_) if may_hold_credential(host.engine()) => Err(UnreadableForm.to_string()),
        Some(_) | None => Ok((target, None)),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let kind = line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn decided(decided: &Decided) -> Response {
    let Ok(text) = serde_json::to_vec(decided) else {
        // Strings and numbers always encode.
        return Response::new(Body::empty());
    };
    json(text)
}

fn malformed(status: StatusCode, detail: &str) -> Response {
    problem_document(
        status,
        &problem_type("malformed-question"),
        "The question cannot be read",
        detail,
    )
}
