//! `/account/consent`: whether a client may act for somebody.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tollgate::{SessionFacts, UserName};
use tollgate_oauth::registration::NAME_BEGIN;
use tollgate_oauth::{ClientShown, Decision};

use super::Pages;
use super::authorize::walk;
use super::back::Back;
use super::browser::Browser;
use super::form::Form;
use super::landing::source_of;
use super::page::{Said, page};
use super::place::Place;
use super::shown::how_long;
use crate::identity::carried::Carried;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    place: &'a Place,
    client: &'a str,
    client_id: &'a str,
    user: &'a str,
    scopes: Vec<ScopeShown<'a>>,
    /// For which services; any where there are none.
    audiences: &'a [String],
    /// For how long.
    lasts: String,
    destination: &'a str,
    /// Whether nobody who runs this server has looked at the client.
    is_stranger: bool,
    form_token: &'a str,
    back: &'a str,
}

struct ScopeShown<'a> {
    name: &'a str,
    words: Option<&'static str>,
}

/// What a client would get, and of whom.
pub(super) struct Question {
    pub(super) back: Back,
    pub(super) client: ClientShown,
    pub(super) user: UserName,
    pub(super) scopes: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) lasts_s: u32,
    pub(super) redirect: String,
}

/// Scopes that people need not know by name.
fn words(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "openid" => "Know who you are",
        "profile" => "See the name you go by",
        "email" => "See your e-mail address",
        "roles" => "See your roles",
        "offline_access" => "Keep its access while you are away",
        "js_api" => "Use the API as you",
        _ => return None,
    })
}

/// The page that asks.
pub(super) fn question(pages: &Pages, facts: &SessionFacts, question: &Question) -> Response {
    let Question {
        back,
        client,
        user,
        scopes,
        audiences,
        lasts_s,
        redirect,
    } = question;
    let landing = source_of(redirect);
    let template = ConsentPage {
        place: pages.place(),
        client: &client.title,
        client_id: &client.name,
        user: user.as_str(),
        scopes: scopes
            .iter()
            .map(|name| ScopeShown {
                name,
                words: words(name),
            })
            .collect(),
        audiences,
        lasts: how_long(*lasts_s),
        destination: redirect,
        is_stranger: client.name.starts_with(NAME_BEGIN),
        form_token: facts.form_token(),
        back: &back.to_string(),
    };
    page(StatusCode::OK, &template, landing.as_deref())
}

/// The answer comes back.
pub(super) async fn decide(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let browser = Browser::of(&pages, &request);
    let carried = match Carried::read(request).await {
        Ok(carried) => carried,
        Err(refused) => return refused,
    };
    let Some(form) = Form::read(carried.call().body) else {
        return unclear(&pages, &Back::Tokens);
    };
    let back = Back::parse(form.get("return"));
    let decision = match form.get("decision") {
        "allow" => Decision::Allowed,
        "refuse" => Decision::Refused,
        _ => return unclear(&pages, &back),
    };
    let Back::Authorize(profile, query) = &back else {
        return unclear(&pages, &back);
    };
    match browser.looked_up(&pages).await {
        Err(refused) => refused,
        Ok(Some(facts)) if facts.is_form_token(form.get("form_token").as_bytes()) => {
            let carried = Carried::asking(query.clone(), browser.peer);
            walk(&pages, *profile, carried, browser, Some(decision)).await
        }
        Ok(_) => unclear(&pages, &back),
    }
}

/// A form that was not made for this session decides nothing.
fn unclear(pages: &Pages, back: &Back) -> Response {
    let words = "The page was out of date, or you have logged in again since. Nothing was decided.";
    Said::fault(pages.place(), "Please decide once more", words)
        .next(&back.to_string(), "Show the question again")
        .page(StatusCode::FORBIDDEN)
}
