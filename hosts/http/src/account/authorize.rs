//! The authorization endpoint of both profiles: what comes next for a browser that a client has sent here.

use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use tollgate::SessionFacts;
use tollgate_oauth::{AuthorizationCall, AuthorizationStep, Decision, PageFault, Profile};

use super::Pages;
use super::back::Back;
use super::browser::{Browser, arrive};
use super::consent::{Question, question};
use super::login::{self, Asker};
use super::page::{Said, see_other};
use crate::identity::answered::note;
use crate::identity::carried::Carried;

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/identity/connect/authorize", of(Profile::Cinchy))
        .route("/oauth2/authorize", of(Profile::Standard))
}

fn of(profile: Profile) -> MethodRouter<Pages> {
    let arrive = move |State(pages): State<Pages>, request: Request<Body>| async move {
        match arrive(&pages, request, |query| Back::Authorize(profile, query)).await {
            Ok((browser, carried)) => walk(&pages, profile, carried, browser, None).await,
            Err(answer) => answer,
        }
    };
    get(arrive).post(arrive)
}

/// Takes a request as far as it goes: with the browser's session, and what its user has decided.
pub(super) async fn walk(
    pages: &Pages,
    profile: Profile,
    carried: Carried,
    browser: Browser,
    decision: Option<Decision>,
) -> Response {
    let peer = browser.peer;
    let walked = pages.work({
        let browser = browser.clone();
        move |server| {
            let call = AuthorizationCall {
                call: carried.call(),
                session: browser.session(),
                decision,
            };
            let step = server.authorize(profile, &call, server.engine().now());
            // Looked up last, so that a form is made for the session that is asked.
            let facts = match &step {
                AuthorizationStep::Consent { .. } => browser.facts(server.engine()).ok().flatten(),
                _ => None,
            };
            (step, facts)
        }
    });
    match walked.await {
        Ok((step, facts)) => stepped(pages, profile, &browser, facts.as_ref(), step, peer),
        Err(refused) => refused,
    }
}

/// The answer that a step is put into.
pub(super) fn stepped(
    pages: &Pages,
    profile: Profile,
    browser: &Browser,
    facts: Option<&SessionFacts>,
    step: AuthorizationStep,
    peer: Option<IpAddr>,
) -> Response {
    match step {
        AuthorizationStep::Refused(fault) => refused(pages, &fault),
        AuthorizationStep::Redirect { url, activity } => {
            note(pages.host(), &activity);
            see_other(&url)
        }
        AuthorizationStep::Login {
            request,
            client,
            hint,
            redirect,
            activity,
        } => {
            note(pages.host(), &activity);
            let back = Back::Authorize(profile, request);
            login::asked(pages, browser, &back, &Asker { client, redirect, hint })
        }
        AuthorizationStep::Consent {
            request,
            client,
            user,
            scopes,
            audiences,
            lasts_s,
            redirect,
            activity,
        } => {
            note(pages.host(), &activity);
            let Some(facts) = facts else {
                // The session ended while it was looked at.
                return see_other(&pages.place().path(&Back::Authorize(profile, request).to_string()));
            };
            question(
                pages,
                facts,
                &Question {
                    back: Back::Authorize(profile, request),
                    client,
                    user,
                    scopes,
                    audiences,
                    lasts_s,
                    redirect,
                },
            )
        }
        other => {
            tracing::error!(step = ?std::mem::discriminant(&other), client = peer.map(tracing::field::display), "a step that no page knows");
            pages.broken()
        }
    }
}

/// The page of a request that leads nowhere. Its words are ours: nothing that came with the request stands there.
pub(super) fn refused(pages: &Pages, fault: &PageFault) -> Response {
    note(pages.host(), &fault.activity);
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    let text = format!(
        "{} Go back to the application you came from and try again there; if that does not help, tell whoever runs it.",
        fault.detail
    );
    Said::fault(pages.place(), "This request cannot be answered", &text)
        .code(fault.code)
        .page(status)
}
