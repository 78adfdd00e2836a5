//! `/authtokens`, and those of one user.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tollgate::{Authtoken, Engine, ExpireToken, IssueAuthtoken, RevokeToken, Seen, Timestamp, TokenId};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change};
use super::fields::Moment;
use super::listing::{Listed, PageParameters, Wanted, page};
use super::once::{IdempotencyKey, Told, create, told};
use super::problem::Problem;
use super::query::no_query;
use super::sent::{MaybeSent, Sent};
use super::tags::{IfMatch, IfNoneMatch};
use super::users::named;
use crate::control::AuthtokenShown;

/// How an authtoken is to be issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAuthtoken {
    /// When it may no longer be used, in UTC; never where there is no end. Not beside `expires_in_s`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$", example = "2027-01-31T12:00:00Z")]
    expires_at: Option<Moment>,
    /// Seconds from now until it may no longer be used.
    #[serde(default)]
    #[schema(format = Int64, minimum = 0, maximum = 4_294_967_295_u32)]
    expires_in_s: Option<u32>,
    /// When it may first be used, in UTC; at once where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$")]
    not_before: Option<Moment>,
}

/// A new authtoken.
#[derive(Serialize, ToSchema)]
pub(super) struct IssuedAuthtoken {
    /// The secret, which cannot be had again. It is null where the request was carried out before under its idempotency key, and
    /// the secret is no longer remembered: five minutes at most, and never beyond the end of the process.
    #[schema(required, example = "tg_at_…")]
    token: Option<String>,
    /// Why there is no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    note: Option<&'static str>,
    #[serde(flatten)]
    record: AuthtokenShown,
}

/// Nothing but, perhaps, an empty object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// When a token's life ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// The moment in UTC, at once where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$", example = "2027-01-31T12:00:00Z")]
    at: Option<Moment>,
}

/// What stands beside a secret that is not shown again.
pub(super) const FORGOTTEN: &str = "the token was shown in the first answer and is not remembered any more: revoke this one, and \
                                    issue another under a new idempotency key";

/// Lists the authtokens of all users
///
/// In the order in which they were issued.
#[utoipa::path(get, path = "/admin/v1/authtokens", operation_id = "listAuthtokens", tag = "authtokens",
    params(PageParameters),
    responses((status = 200, description = "A page of authtokens", body = Listed<AuthtokenShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, AuthtokenShown>(engine.tokens_page(None, cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Lists the authtokens of one user
///
/// In the order in which they were issued.
#[utoipa::path(get, path = "/admin/v1/users/{name}/authtokens", operation_id = "listAuthtokensOfUser",
    tag = "authtokens", params(("name" = String, Path, description = "The user's name"), PageParameters),
    responses((status = 200, description = "A page of authtokens", body = Listed<AuthtokenShown>)))]
pub(super) async fn list_of_user(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| {
        let name = named(&name)?;
        page::<_, AuthtokenShown>(engine.tokens_page(Some(&name), cursor.as_deref(), limit))
    });
    found.await?.answer(&call.uri)
}

/// Issues an authtoken
///
/// The answer holds the secret, which is shown nowhere else.
#[utoipa::path(post, path = "/admin/v1/users/{name}/authtokens", operation_id = "issueAuthtoken", tag = "authtokens",
    params(("name" = String, Path, description = "The user's name"), IdempotencyKey),
    request_body = Option<NewAuthtoken>,
    responses((status = 201, description = "The authtoken with its secret", body = IssuedAuthtoken)))]
pub(super) async fn issue(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
    MaybeSent(sent): MaybeSent<NewAuthtoken>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewAuthtoken {
        expires_at,
        expires_in_s,
        not_before,
    } = sent.value;
    let expires_at = end(api.host().engine(), expires_at, expires_in_s)?;
    let turn = match call.key() {
        Some(key) => api.secrets().turn(&key).await,
        None => None,
    };
    let secrets = std::sync::Arc::clone(api.secrets());
    api.run(move |engine| {
        let _turn = turn;
        let command = IssueAuthtoken {
            user: named(&name)?,
            expires_at,
            not_before: not_before.map(|Moment(moment)| moment),
        };
        let issued = create(engine, &call, sent.fingerprint, command)?;
        let Told {
            record,
            token,
            is_replayed,
        } = told(
            &secrets,
            &call,
            &issued,
            |issued| (&issued.token, issued.record.clone()),
            |id| Ok(engine.token(number(id)?)?),
        )?;
        let id = record.id.0.to_string();
        let shown = IssuedAuthtoken {
            note: token.is_none().then_some(FORGOTTEN),
            token,
            record: (&record).into(),
        };
        entity(&record)?.created(&["authtokens", &id], Some(&shown), is_replayed)
    })
    .await
}

/// Shows an authtoken
///
/// Without its secret, which is stored nowhere.
#[utoipa::path(get, path = "/admin/v1/authtokens/{id}", operation_id = "showAuthtoken", tag = "authtokens",
    params(("id" = String, Path, description = "The token's id"), IfNoneMatch),
    responses((status = 200, description = "The authtoken", body = AuthtokenShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, number(&id)?)).await?;
    Ok(found.1.found(&call))
}

/// Revokes an authtoken
///
/// For ever. When the answer is there, no check passes with it any more. To revoke it again changes nothing.
#[utoipa::path(post, path = "/admin/v1/authtokens/{id}/revoke", operation_id = "revokeAuthtoken", tag = "authtokens",
    params(("id" = String, Path, description = "The token's id"), IfMatch), request_body = Option<Nothing>,
    responses((status = 200, description = "The authtoken as it is from now on", body = AuthtokenShown)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let id = number(&id)?;
        let token = change(engine, &call, |engine| look(engine, id), RevokeToken { id })?;
        Ok(entity(&token)?.answer())
    })
    .await
}

/// Ends an authtoken's life
///
/// Earlier than it was to end, never later.
#[utoipa::path(post, path = "/admin/v1/authtokens/{id}/expire", operation_id = "expireAuthtoken", tag = "authtokens",
    params(("id" = String, Path, description = "The token's id"), IfMatch), request_body = Option<End>,
    responses((status = 200, description = "The authtoken as it is from now on", body = AuthtokenShown)))]
pub(super) async fn expire(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(sent): MaybeSent<End>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let id = number(&id)?;
        let at = sent.value.at.map_or_else(|| engine.now(), |Moment(at)| at);
        let token = change(engine, &call, |engine| look(engine, id), ExpireToken { id, at })?;
        Ok(entity(&token)?.answer())
    })
    .await
}

/// When a new token ends.
pub(super) fn end(engine: &Engine, at: Option<Moment>, in_s: Option<u32>) -> Result<Option<Timestamp>, Problem> {
    match (at, in_s) {
        (None, None) => Ok(None),
        (Some(Moment(at)), None) => Ok(Some(at)),
        (None, Some(seconds)) => Ok(Some(engine.now().plus_millis(u64::from(seconds) * 1_000))),
        (Some(_), Some(_)) => Err(Problem::unprocessable(
            "unexpected-json",
            "expected one end for the token, but found `expires_at` and `expires_in_s`: leave one out",
        )),
    }
}

/// An id in a path. One that is no number is no token's.
pub(super) fn number(segment: &str) -> Result<TokenId, Problem> {
    let number = segment
        .parse::<u64>()
        .ok()
        .filter(|number| number.to_string() == segment);
    number.map(TokenId).ok_or_else(no_such_token)
}

pub(super) fn no_such_token() -> Problem {
    let title = "There is no such record";
    let detail = "expected the id of a token, which is a number, but there is no token of this id";
    Problem::new(axum::http::StatusCode::NOT_FOUND, "no-such-token", title, detail)
}

fn look(engine: &Engine, id: TokenId) -> Result<(Seen, Entity), Problem> {
    let token = engine.token(id)?.ok_or_else(no_such_token)?;
    let entity = entity(&token)?;
    Ok((Seen::Authtoken(token), entity))
}

fn entity(token: &Authtoken) -> Result<Entity, Problem> {
    Entity::of(&AuthtokenShown::from(token))
}
