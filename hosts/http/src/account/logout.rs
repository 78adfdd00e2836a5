//! `/account/logout`, and the end-session endpoint of both profiles.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use tollgate::SessionFacts;
use tollgate_oauth::{EndSessionCall, EndSessionStep, Profile};

use super::Pages;
use super::authorize::refused;
use super::back::Back;
use super::browser::{Browser, arrive};
use super::cookies;
use super::form::Form;
use super::landing::source_in;
use super::page::{Said, page, see_other, with_cookies};
use super::place::Place;
use crate::identity::carried::Carried;

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    place: &'a Place,
    client: Option<&'a str>,
    user: &'a str,
    form_token: &'a str,
    back: &'a str,
}

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/identity/connect/endsession", of(Profile::Cinchy))
        .route("/oauth2/endsession", of(Profile::Standard))
        .route("/account/logout", get(show).post(log_out))
}

fn of(profile: Profile) -> MethodRouter<Pages> {
    let arrive = move |State(pages): State<Pages>, request: Request<Body>| async move {
        match arrive(&pages, request, |query| Back::EndSession(profile, query)).await {
            Ok((browser, carried)) => walk(&pages, profile, carried, browser, false).await,
            Err(answer) => answer,
        }
    };
    get(arrive).post(arrive)
}

/// The page itself, for whoever comes without a client.
async fn show(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let carried = Carried::asking(String::new(), browser.peer);
    walk(&pages, Profile::Standard, carried, browser, false).await
}

/// The form comes back.
async fn log_out(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let carried = match Carried::read(request).await {
        Ok(carried) => carried,
        Err(refused) => return refused,
    };
    if browser.session().is_none() {
        // A form of another site brings no cookie. What it is answered with does.
        return see_other(&pages.place().path("/account/logout"));
    }
    let form = Form::read(carried.call().body);
    let facts = match browser.looked_up(&pages).await {
        Ok(Some(facts)) => facts,
        Ok(None) => return ended(&pages, true, None),
        Err(refused) => return refused,
    };
    let Some(form) = form.filter(|form| facts.is_form_token(form.get("form_token").as_bytes())) else {
        let words = "The page was out of date, or you have logged in again since. You are still logged in.";
        return Said::fault(pages.place(), "Please try once more", words)
            .next("/account/logout", "Log out")
            .page(StatusCode::FORBIDDEN);
    };
    let (profile, query) = match Back::parse(form.get("return")) {
        Back::EndSession(profile, query) => (profile, query),
        Back::Tokens | Back::Authorize(..) => (Profile::Standard, String::new()),
    };
    let carried = Carried::asking(query, browser.peer);
    walk(&pages, profile, carried, browser, true).await
}

async fn walk(pages: &Pages, profile: Profile, carried: Carried, browser: Browser, confirmed: bool) -> Response {
    let has_cookie = browser.session().is_some();
    let walked = pages.work(move |server| {
        let call = EndSessionCall {
            call: carried.call(),
            session: browser.session(),
            confirmed,
        };
        let step = server.end_session(profile, &call, server.engine().now());
        let facts = match &step {
            EndSessionStep::Confirm { .. } => browser.facts(server.engine()).ok().flatten(),
            _ => None,
        };
        (step, facts)
    });
    match walked.await {
        Err(refused) => refused,
        Ok((EndSessionStep::Refused(fault), _)) => refused(pages, &fault),
        Ok((EndSessionStep::Ended { redirect }, _)) => ended(pages, has_cookie, redirect.as_deref()),
        Ok((EndSessionStep::Confirm { request, client }, Some(facts))) => {
            let client = client.as_ref().map(|client| client.title.as_str());
            confirm(pages, &facts, client, &Back::EndSession(profile, request))
        }
        Ok((EndSessionStep::Confirm { .. }, None)) => ended(pages, has_cookie, None),
        Ok(_) => pages.broken(),
    }
}

fn confirm(pages: &Pages, facts: &SessionFacts, client: Option<&str>, back: &Back) -> Response {
    let template = LogoutPage {
        place: pages.place(),
        client,
        user: facts.user.name.as_str(),
        form_token: facts.form_token(),
        back: &back.to_string(),
    };
    // Whether the browser is sent there is decided later; here it is only let.
    let landing = match back {
        Back::EndSession(_, query) => source_in(query, "post_logout_redirect_uri"),
        Back::Tokens | Back::Authorize(..) => None,
    };
    page(StatusCode::OK, &template, landing.as_deref())
}

/// Takes the cookie away where one came, and sends the browser on or says so. One that did not come is perhaps only kept from the site
/// that sent the browser here, which is not to decide.
fn ended(pages: &Pages, has_cookie: bool, redirect: Option<&str>) -> Response {
    let place = pages.place();
    let answer = match redirect {
        Some(url) => see_other(url),
        None => Said::done(place, "You are logged out", "Nobody is logged in at this browser.")
            .next("/account/login", "Log in")
            .page(StatusCode::OK),
    };
    let removed = || cookies::removed(place, place.session_cookie());
    with_cookies(answer, [has_cookie.then(removed).flatten()])
}
