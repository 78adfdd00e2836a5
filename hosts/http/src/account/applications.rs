//! `/account/applications`: the clients that act for a user, by consent or by a login that they go on with; and taking that away.

use std::collections::BTreeMap;

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tollgate::{
    Author, ClientName, Engine, ExecuteError, GrantsOf, HeldGrant, PageError, Refusal, SessionFacts, UserName,
    WithdrawConsent,
};

use super::Pages;
use super::browser::Browser;
use super::form::Form;
use super::page::{page, see_other};
use super::place::Place;
use super::shown::Day;
use crate::identity::carried::Carried;

const PAGE: &str = "/account/applications";

#[derive(Template)]
#[template(path = "applications.html")]
struct ApplicationsPage<'a> {
    place: &'a Place,
    user: &'a str,
    form_token: &'a str,
    fault: Option<&'a str>,
    applications: &'a [Application],
}

/// A client that acts for somebody.
struct Application {
    number: u64,
    client: String,
    title: String,
    scopes: String,
    allowed: Option<Day>,
    begun: Option<Day>,
    logins: usize,
    /// Access tokens that no login stands behind.
    tokens: usize,
}

/// Somebody who is logged in, with what acts for them.
struct Visit {
    facts: SessionFacts,
    applications: Vec<Application>,
}

/// May block.
fn visit(browser: &Browser, engine: &Engine) -> Result<Option<Visit>, PageError> {
    let Some(facts) = browser.facts(engine)? else {
        return Ok(None);
    };
    let user = &facts.user.name;
    let mut found: BTreeMap<u64, Application> = BTreeMap::new();
    for consent in engine.consents(user)? {
        let one = found
            .entry(consent.client_number)
            .or_insert_with(|| Application::of(consent.client_number, consent.client.to_string()));
        one.scopes = consent.scopes.to_string();
        one.allowed = Some(Day::of(consent.given_at));
    }
    for grant in in_use(engine, user)? {
        let number = grant.to.client_number;
        let one = found
            .entry(number)
            .or_insert_with(|| Application::of(number, grant.to.client.to_string()));
        if grant.is_family {
            one.logins += 1;
        } else {
            one.tokens += 1;
        }
        // They come in the order in which they began.
        one.begun = Some(Day::of(grant.begun_at));
        if one.scopes.is_empty() {
            one.scopes = grant.to.scopes.to_string();
        }
    }
    let mut applications: Vec<Application> = found.into_values().collect();
    for application in &mut applications {
        let client = application
            .client
            .parse()
            .ok()
            .map(|name| engine.client(&name))
            .transpose()?;
        if let Some(client) = client.flatten().filter(|client| client.number == application.number) {
            application.title = client.title;
        }
    }
    Ok(Some(Visit { facts, applications }))
}

impl Application {
    fn of(number: u64, client: String) -> Self {
        Self {
            number,
            title: client.clone(),
            client,
            scopes: String::new(),
            allowed: None,
            begun: None,
            logins: 0,
            tokens: 0,
        }
    }
}

/// What a user's clients hold and can use.
fn in_use(engine: &Engine, user: &UserName) -> Result<Vec<HeldGrant>, PageError> {
    let (of, now) = (GrantsOf::User(user.clone()), engine.now());
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = engine.grants_page(Some(&of), cursor.as_deref(), 1_000)?;
        let is_in_use = |grant: &HeldGrant| grant.revoked_at.is_none() && now < grant.ends_at;
        found.extend(page.items.into_iter().filter(is_in_use));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// The list. Whoever is not logged in is sent there first.
pub(super) async fn list(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    match pages.work(move |server| visit(&browser, server.engine())).await {
        Err(refused) => refused,
        Ok(Ok(Some(visit))) => shown(&pages, &visit, None, StatusCode::OK),
        Ok(Ok(None)) => see_other(&pages.place().path("/account/login")),
        Ok(Err(error)) => unreadable(&pages, &error),
    }
}

/// The form comes back: consent is withdrawn, and all that the client holds ends, codes that it has not redeemed among it.
pub(super) async fn take_away(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let carried = match Carried::read(request).await {
        Ok(carried) => carried,
        Err(refused) => return refused,
    };
    let form = Form::read(carried.call().body);
    let done = pages.work(move |server| {
        let engine = server.engine();
        let Some(visit) = visit(&browser, engine)? else {
            return Ok(Done::LoggedOut);
        };
        let form = form.filter(|form| visit.facts.is_form_token(form.get("form_token").as_bytes()));
        let Some(number) = form.and_then(|form| form.get("application").parse::<u64>().ok()) else {
            return Ok(Done::OutOfDate(visit));
        };
        let application = visit.applications.iter().find(|one| one.number == number);
        let Some(application) = application else {
            return Ok(Done::Ended);
        };
        let by = browser.author(&visit.facts);
        Ok(match end(engine, by, &visit.facts.user.name, application)? {
            Ok(()) => Done::Ended,
            Err(error) => Done::Failed(error),
        })
    });
    match done.await {
        Err(refused) => refused,
        Ok(Err(error)) => unreadable(&pages, &error),
        Ok(Ok(Done::Ended)) => see_other(&pages.place().path(PAGE)),
        Ok(Ok(Done::LoggedOut)) => see_other(&pages.place().path("/account/login")),
        Ok(Ok(Done::OutOfDate(visit))) => {
            let words = "The page was out of date. Nothing was done; please try once more.";
            shown(&pages, &visit, Some(words), StatusCode::FORBIDDEN)
        }
        Ok(Ok(Done::Failed(error))) => {
            tracing::error!(%error, "access was not taken away");
            pages.broken()
        }
    }
}

/// What came of the form.
enum Done {
    LoggedOut,
    OutOfDate(Visit),
    Failed(ExecuteError),
    Ended,
}

fn end(
    engine: &Engine,
    by: Author,
    user: &UserName,
    application: &Application,
) -> Result<Result<(), ExecuteError>, PageError> {
    let by = engine.by(by);
    // First of all nothing new may begin.
    if engine.consent(user, application.number)?.is_some() {
        let withdraw = WithdrawConsent {
            user: user.clone(),
            client_number: application.number,
        };
        if let Err(error) = by.execute(withdraw) {
            return Ok(Err(error));
        }
    }
    let Ok(client) = application.client.parse::<ClientName>() else {
        return Ok(Ok(()));
    };
    match by.revoke_grants(&GrantsOf::Both(user.clone(), client)) {
        // What a client held that has gone, went with it.
        Ok(_) | Err(ExecuteError::Refused(Refusal::NoSuchClient { .. })) => Ok(Ok(())),
        Err(error) => Ok(Err(error)),
    }
}

fn unreadable(pages: &Pages, error: &PageError) -> Response {
    tracing::error!(%error, "applications cannot be looked up");
    pages.broken()
}

fn shown(pages: &Pages, visit: &Visit, fault: Option<&str>, status: StatusCode) -> Response {
    let template = ApplicationsPage {
        place: pages.place(),
        user: visit.facts.user.name.as_str(),
        form_token: visit.facts.form_token(),
        fault,
        applications: &visit.applications,
    };
    page(status, &template, None)
}
