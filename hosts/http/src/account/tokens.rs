//! `/account/tokens`: a user's personal access tokens, with those that have ended; making one, and taking one back.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tollgate::{
    Engine, ExecuteError, IssuePersonalToken, PersonalToken, ReadError, Refusal, RevokePersonalToken, SessionFacts,
    Timestamp, TokenId,
};

use super::Pages;
use super::browser::Browser;
use super::form::Form;
use super::made::Fresh;
use super::page::{Said, page, see_other};
use super::place::Place;
use super::shown::{Day, TokenShown};
use super::wrong::Wrong;
use crate::identity::carried::Carried;

const PAGE: &str = "/account/tokens";

/// Days that the form proposes.
const DAYS: &str = "90";

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage<'a> {
    place: &'a Place,
    user: &'a str,
    form_token: &'a str,
    made: &'a [Fresh],
    wrong: &'a Wrong,
    draft: Draft<'a>,
    active: usize,
    most: usize,
    name_most: usize,
    description_most: usize,
    days_most: u64,
    tokens: &'a [TokenShown],
}

/// What was typed, as far as it is shown again.
#[derive(Clone, Copy)]
struct Draft<'a> {
    name: &'a str,
    description: &'a str,
    days: &'a str,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self {
            name: "",
            description: "",
            days: DAYS,
        }
    }
}

/// Somebody who is logged in, with their tokens.
struct Visit {
    facts: SessionFacts,
    tokens: Vec<PersonalToken>,
}

/// Looks a session and its user's tokens up. May block.
fn visit(browser: &Browser, engine: &Engine) -> Result<Option<Visit>, ReadError> {
    let Some(facts) = browser.facts(engine)? else {
        return Ok(None);
    };
    let tokens = engine.personal_tokens(&facts.user.name)?;
    Ok(Some(Visit { facts, tokens }))
}

/// The list, with what was just made. Whoever is not logged in is sent there first.
pub(super) async fn list(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let only_looks = *request.method() == Method::HEAD;
    let visited = {
        let browser = browser.clone();
        pages.work(move |server| visit(&browser, server.engine())).await
    };
    let visit = match visited {
        Err(refused) => return refused,
        Ok(Ok(Some(visit))) => visit,
        Ok(Ok(None)) => return see_other(&pages.place().path("/account/login")),
        Ok(Err(error)) => return unreadable(&pages, &error),
    };
    let now = pages.host().engine().now();
    let made = match browser.session() {
        Some(session) if !only_looks => pages.made().take(session, now),
        Some(_) | None => Vec::new(),
    };
    shown(
        &pages,
        &visit,
        &made,
        Draft::default(),
        &Wrong::nothing(),
        StatusCode::OK,
    )
}

/// The form of a new token comes back.
pub(super) async fn make(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let (browser, form) = match read(&pages, request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let draft = (
        form.get("name").trim().to_owned(),
        form.get("description").trim().to_owned(),
    );
    let days = form.get("days").trim().to_owned();
    let done = pages.work({
        let (browser, days) = (browser.clone(), days.clone());
        let (name, description) = draft.clone();
        move |server| {
            let engine = server.engine();
            let Some(visit) = visit(&browser, engine)? else {
                return Ok(Done::LoggedOut);
            };
            if !visit.facts.is_form_token(form.get("form_token").as_bytes()) {
                return Ok(Done::OutOfDate(visit));
            }
            let Some(expires_at) = end(&days, engine.now()) else {
                let most = IssuePersonalToken::DAYS_MOST;
                let words = format!("Say in how many days the token ends: 1 to {most}.");
                return Ok(Done::Refused(visit, Wrong::field("days", words)));
            };
            let command = IssuePersonalToken {
                user: visit.facts.user.name.clone(),
                name,
                description,
                expires_at,
            };
            Ok(match engine.by(browser.author(&visit.facts)).execute(command) {
                Ok(issued) => Done::Made(issued.record.id, issued.token),
                Err(ExecuteError::Refused(refusal)) => Done::Refused(visit, wrong(&refusal)),
                Err(error) => Done::Failed(error),
            })
        }
    });
    let draft_shown = Draft {
        name: &draft.0,
        description: &draft.1,
        days: &days,
    };
    match done.await {
        Err(refused) => refused,
        Ok(Err(error)) => unreadable(&pages, &error),
        Ok(Ok(Done::Made(id, token))) => {
            if let Some(session) = browser.session() {
                let now = pages.host().engine().now();
                pages.made().keep(session, id, draft.0, token.expose(), now);
            }
            see_other(&pages.place().path(PAGE))
        }
        Ok(Ok(other)) => ended(&pages, other, draft_shown),
    }
}

/// A token is taken back.
pub(super) async fn revoke(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let (browser, form) = match read(&pages, request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let done = pages.work(move |server| {
        let engine = server.engine();
        let Some(visit) = visit(&browser, engine)? else {
            return Ok(Done::LoggedOut);
        };
        if !visit.facts.is_form_token(form.get("form_token").as_bytes()) {
            return Ok(Done::OutOfDate(visit));
        }
        let Ok(id) = form.get("id").parse() else {
            return Ok(Done::Refused(visit, Wrong::all("That is no id of a token.")));
        };
        let command = RevokePersonalToken {
            user: Some(visit.facts.user.name.clone()),
            id: TokenId(id),
        };
        Ok(match engine.by(browser.author(&visit.facts)).execute(command) {
            Ok(_) => Done::Revoked,
            Err(ExecuteError::Refused(refusal)) => Done::Refused(visit, wrong(&refusal)),
            Err(error) => Done::Failed(error),
        })
    });
    match done.await {
        Err(refused) => refused,
        Ok(Err(error)) => unreadable(&pages, &error),
        Ok(Ok(other)) => ended(&pages, other, Draft::default()),
    }
}

/// What came of a form.
enum Done {
    LoggedOut,
    OutOfDate(Visit),
    Refused(Visit, Wrong),
    Failed(ExecuteError),
    Made(TokenId, tollgate::TokenText),
    Revoked,
}

/// The answer to what needs no words of its own.
fn ended(pages: &Pages, done: Done, draft: Draft<'_>) -> Response {
    match done {
        Done::LoggedOut => see_other(&pages.place().path("/account/login")),
        Done::OutOfDate(visit) => {
            let words = "The page was out of date. Nothing was done; please try once more.";
            shown(pages, &visit, &[], draft, &Wrong::all(words), StatusCode::FORBIDDEN)
        }
        Done::Refused(visit, wrong) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            shown(pages, &visit, &[], draft, &wrong, status)
        }
        Done::Failed(error) => {
            tracing::error!(%error, "a personal access token was not changed");
            pages.broken()
        }
        Done::Made(..) | Done::Revoked => see_other(&pages.place().path(PAGE)),
    }
}

async fn read(pages: &Pages, request: Request<Body>) -> Result<(Browser, Form), Response> {
    let browser = Browser::of(pages, &request);
    let carried = Carried::read(request).await?;
    let form = Form::read(carried.call().body).ok_or_else(|| {
        let words = "This form was filled in twice over. Load the page again, and fill it in once more.";
        Said::fault(pages.place(), "This cannot be read", words)
            .next(PAGE, "Your tokens")
            .page(StatusCode::BAD_REQUEST)
    })?;
    Ok((browser, form))
}

/// The moment so many days from now.
fn end(days: &str, now: Timestamp) -> Option<Timestamp> {
    let days: u64 = days.parse().ok()?;
    let is_within = (1..=IssuePersonalToken::DAYS_MOST).contains(&days);
    is_within.then(|| now.plus_millis(days * Day::MILLIS))
}

/// A refusal in words that stand for themselves.
fn wrong(refusal: &Refusal) -> Wrong {
    match refusal {
        Refusal::PersonalTokenName => Wrong::field("name", "Give the token a name of up to 100 plain characters."),
        Refusal::PersonalTokenDescription => Wrong::field(
            "description",
            "Describe the token in up to 1,000 plain characters, or not at all.",
        ),
        other => Wrong::all(sentence(&other.to_string())),
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn unreadable(pages: &Pages, error: &ReadError) -> Response {
    tracing::error!(%error, "tokens cannot be looked up");
    pages.broken()
}

fn shown(
    pages: &Pages,
    visit: &Visit,
    made: &[Fresh],
    draft: Draft<'_>,
    wrong: &Wrong,
    status: StatusCode,
) -> Response {
    let now = pages.host().engine().now();
    let mut tokens: Vec<TokenShown> = visit.tokens.iter().map(|token| TokenShown::of(token, now)).collect();
    // What can be used stands first, and the newest of each first.
    tokens.sort_by_key(|token| (!token.state.is_active(), std::cmp::Reverse(token.id)));
    let template = TokensPage {
        place: pages.place(),
        user: visit.facts.user.name.as_str(),
        form_token: visit.facts.form_token(),
        made,
        wrong,
        draft,
        active: tokens.iter().filter(|token| token.state.is_active()).count(),
        most: IssuePersonalToken::ACTIVE_MOST,
        name_most: 100,
        description_most: 1_000,
        days_most: IssuePersonalToken::DAYS_MOST,
        tokens: &tokens,
    };
    page(status, &template, None)
}
