//! `/account/login`: a name and a password for a session.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tollgate::EndSession;
use tollgate_oauth::{AuthorizationCall, AuthorizationStep, ClientShown, Login};

use super::Pages;
use super::authorize::stepped;
use super::back::Back;
use super::browser::Browser;
use super::cookies;
use super::form::Form;
use super::landing::source_of;
use super::page::{page, retry_after, see_other, with_cookies};
use super::place::Place;
use super::wrong::Wrong;
use crate::identity::carried::Carried;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    place: &'a Place,
    client: Option<&'a str>,
    wrong: &'a Wrong,
    form_token: &'a str,
    back: &'a str,
    name: &'a str,
}

/// Who waits for somebody to log in, and where that person is sent in the end.
pub(super) struct Asker {
    pub(super) client: ClientShown,
    pub(super) redirect: String,
    pub(super) hint: Option<String>,
}

/// What is wrong with the form that is shown again.
struct Fault {
    status: StatusCode,
    wrong: Wrong,
    retry_after_s: Option<u32>,
}

impl Fault {
    fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self {
            status,
            wrong: Wrong::all(words),
            retry_after_s: None,
        }
    }

    /// Name and password do not belong together. It is said at the field that is empty again.
    fn mismatch() -> Self {
        Self {
            wrong: Wrong::field("password", "User name or password is wrong."),
            ..Self::new(StatusCode::FORBIDDEN, "")
        }
    }

    fn later(self, seconds: u32) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }
}

/// The page itself, for whoever comes without a client; whoever is logged in goes on.
pub(super) async fn show(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let query = request.uri().query().unwrap_or_default();
    let back = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "return");
    let back = back.map_or(Back::Tokens, |(_, value)| Back::parse(&value));
    match browser.looked_up(&pages).await {
        Ok(Some(_)) => see_other(&pages.place().path(&back.to_string())),
        Ok(None) => again(&pages, &browser, &back, "", None).await,
        Err(refused) => refused,
    }
}

/// The form comes back.
pub(super) async fn log_in(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let carried = match Carried::read(request).await {
        Ok(carried) => carried,
        Err(refused) => return refused,
    };
    let Some(form) = Form::read(carried.call().body) else {
        let fault = Fault::new(
            StatusCode::BAD_REQUEST,
            "This form was filled in twice over. Try again.",
        );
        return again(&pages, &browser, &Back::Tokens, "", Some(fault)).await;
    };
    let back = Back::parse(form.get("return"));
    let name = form.get("username").to_owned();
    if !browser.is_form_token(&pages, form.get("form_token")) {
        let words = "This page was out of date, or your browser keeps no cookies. Try once more.";
        return again(
            &pages,
            &browser,
            &back,
            &name,
            Some(Fault::new(StatusCode::FORBIDDEN, words)),
        )
        .await;
    }
    let outcome = pages.work({
        let (name, browser) = (name.clone(), browser.clone());
        move |server| {
            let now = server.engine().now();
            let login = server.log_in(name.as_bytes(), form.get("password").as_bytes(), browser.peer, now);
            if let Login::Begun { .. } = &login {
                end_earlier(&browser, server.engine());
            }
            login
        }
    });
    let fault = match outcome.await {
        Err(refused) => return refused,
        Ok(Login::Begun {
            session, lifetime_s, ..
        }) => {
            let place = pages.place();
            let cookie = cookies::set(place, place.session_cookie(), session.expose(), Some(lifetime_s));
            let form = cookies::removed(place, place.form_cookie());
            return with_cookies(see_other(&place.path(&back.to_string())), [cookie, form]);
        }
        Ok(Login::Wrong) => Fault::mismatch(),
        Ok(Login::Throttled { retry_after_s }) => {
            let words = format!(
                "Too many tries were wrong. Wait {}, then try again.",
                lasting(retry_after_s)
            );
            Fault::new(StatusCode::TOO_MANY_REQUESTS, words).later(retry_after_s)
        }
        Ok(Login::Busy) => {
            let words = "Too many people are logging in at the moment. Wait a few seconds, then try again.";
            Fault::new(StatusCode::SERVICE_UNAVAILABLE, words).later(2)
        }
        Ok(other) => {
            tracing::error!(?other, "nobody can log in");
            return pages.broken();
        }
    };
    again(&pages, &browser, &back, &name, Some(fault)).await
}

/// A new login takes the place of the one before, so that whoever knew that one has nothing.
fn end_earlier(browser: &Browser, engine: &tollgate::Engine) {
    if let Ok(Some(facts)) = browser.facts(engine)
        && let Err(error) = engine
            .by(browser.author(&facts))
            .execute(EndSession { session: facts.id })
    {
        tracing::warn!(%error, "an earlier session was not ended");
    }
}

fn lasting(seconds: u32) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// The form for somebody who wants to get to `back`, filled in with `name`.
async fn again(pages: &Pages, browser: &Browser, back: &Back, name: &str, fault: Option<Fault>) -> Response {
    let Back::Authorize(profile, query) = back.clone() else {
        return form(pages, browser, back, name, None, fault);
    };
    // As if nobody were logged in, so that the client is told of again.
    let (carried, peer) = (Carried::asking(query, browser.peer), browser.peer);
    let step = pages.work(move |server| {
        let call = AuthorizationCall {
            call: carried.call(),
            ..AuthorizationCall::default()
        };
        server.authorize(profile, &call, server.engine().now())
    });
    match step.await {
        Err(refused) => refused,
        Ok(AuthorizationStep::Login {
            client, hint, redirect, ..
        }) => {
            let asker = Asker { client, redirect, hint };
            form(pages, browser, back, name, Some(&asker), fault)
        }
        Ok(step) => stepped(pages, profile, browser, None, step, peer),
    }
}

/// The page with the form.
pub(super) fn asked(pages: &Pages, browser: &Browser, back: &Back, asker: &Asker) -> Response {
    let name = asker.hint.as_deref().unwrap_or_default();
    form(pages, browser, back, name, Some(asker), None)
}

fn form(
    pages: &Pages,
    browser: &Browser,
    back: &Back,
    name: &str,
    asker: Option<&Asker>,
    fault: Option<Fault>,
) -> Response {
    let (form_token, cookie): (String, Option<HeaderValue>) = match browser.form_token(pages) {
        Ok(made) => made,
        Err(refused) => return refused,
    };
    let nothing = Wrong::nothing();
    let template = LoginPage {
        place: pages.place(),
        client: asker.map(|asker| asker.client.title.as_str()),
        wrong: fault.as_ref().map_or(&nothing, |fault| &fault.wrong),
        form_token: &form_token,
        back: &back.to_string(),
        name,
    };
    let status = fault.as_ref().map_or(StatusCode::OK, |fault| fault.status);
    let landing = asker.and_then(|asker| source_of(&asker.redirect));
    let answer = with_cookies(page(status, &template, landing.as_deref()), [cookie]);
    match fault.and_then(|fault| fault.retry_after_s) {
        Some(seconds) => retry_after(answer, seconds),
        None => answer,
    }
}
