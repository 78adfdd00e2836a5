//! `/personal-tokens`, and those of one user.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{Engine, IssuePersonalToken, IssuedPersonalToken, PersonalToken, RevokePersonalToken, Seen, TokenText};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::fields::Moment;
use super::issued::{self, Issued, Making, Nothing, Secretive, amend, end, number};
use super::listing::{Listed, PageParameters, Wanted, page};
use super::once::IdempotencyKey;
use super::problem::Problem;
use super::query::no_query;
use super::sent::{MaybeSent, Sent};
use super::tags::{IfMatch, IfNoneMatch};
use super::users::named;
use crate::control::{PERSONAL_DAYS, PersonalTokenShown};

/// How a personal access token is to be issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPersonalToken {
    /// What its user calls it, without control characters.
    #[schema(min_length = 1, max_length = 100, example = "laptop")]
    name: String,
    /// What it is for, without control characters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
    /// When it may no longer be used, in UTC: 366 days from now at most, and 90 where nothing is said. Not beside `expires_in_s`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$", example = "2027-01-31T12:00:00Z")]
    expires_at: Option<Moment>,
    /// Seconds from now until it may no longer be used.
    #[serde(default)]
    #[schema(format = Int64, minimum = 0, maximum = 31_622_400_u32)]
    expires_in_s: Option<u32>,
}

/// Lists the personal access tokens of all users
///
/// User by user, in the order in which they were issued, expired and revoked ones included.
#[utoipa::path(get, path = "/admin/v1/personal-tokens", operation_id = "listPersonalTokens", tag = "personal-tokens",
    params(PageParameters),
    responses((status = 200, description = "A page of personal access tokens", body = Listed<PersonalTokenShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api
        .run(move |engine| page::<_, PersonalTokenShown>(engine.personal_tokens_page(None, cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Lists the personal access tokens of one user
///
/// In the order in which they were issued, expired and revoked ones included.
#[utoipa::path(get, path = "/admin/v1/users/{name}/personal-tokens", operation_id = "listPersonalTokensOfUser",
    tag = "personal-tokens", params(("name" = String, Path, description = "The user's name"), PageParameters),
    responses((status = 200, description = "A page of personal access tokens", body = Listed<PersonalTokenShown>)))]
pub(super) async fn list_of_user(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| {
        let name = named(&name)?;
        page::<_, PersonalTokenShown>(engine.personal_tokens_page(Some(&name), cursor.as_deref(), limit))
    });
    found.await?.answer(&call.uri)
}

/// Issues a personal access token
///
/// It does what its user may do. The answer holds the secret, which is shown nowhere else.
#[utoipa::path(post, path = "/admin/v1/users/{name}/personal-tokens", operation_id = "issuePersonalToken",
    tag = "personal-tokens", params(("name" = String, Path, description = "The user's name"), IdempotencyKey),
    request_body = NewPersonalToken,
    responses((status = 201, description = "The token with its secret", body = Issued<PersonalTokenShown>)))]
pub(super) async fn issue(
    State(api): State<Api>,
    call: Call,
    Segment(user): Segment,
    sent: Sent<NewPersonalToken>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewPersonalToken {
        name,
        description,
        expires_at,
        expires_in_s,
    } = sent.value;
    let engine = api.host().engine();
    let end = end(engine, expires_at, expires_in_s)?;
    let command = IssuePersonalToken {
        user: named(&user)?,
        name,
        description,
        expires_at: end.unwrap_or_else(|| engine.now().plus_millis(PERSONAL_DAYS * 24 * 3_600_000)),
    };
    issued::issue(&api, call, sent.fingerprint, command, Issued::of).await
}

/// Shows a personal access token
///
/// Without its secret, which is stored nowhere.
#[utoipa::path(get, path = "/admin/v1/personal-tokens/{id}", operation_id = "showPersonalToken",
    tag = "personal-tokens", params(("id" = String, Path, description = "The token's id"), IfNoneMatch),
    responses((status = 200, description = "The personal access token", body = PersonalTokenShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    issued::show::<PersonalToken>(&api, call, id).await
}

/// Revokes a personal access token
///
/// For ever. When the answer is there, no check passes with it any more. To revoke it again changes nothing.
#[utoipa::path(post, path = "/admin/v1/personal-tokens/{id}/revoke", operation_id = "revokePersonalToken",
    tag = "personal-tokens", params(("id" = String, Path, description = "The token's id"), IfMatch),
    request_body = Option<Nothing>,
    responses((status = 200, description = "The token as it is from now on", body = PersonalTokenShown)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    amend(&api, call, id.clone(), move |_| {
        let id = number(&id)?;
        Ok(RevokePersonalToken { user: None, id })
    })
    .await
}

impl Secretive for PersonalToken {
    type Shown = PersonalTokenShown;
    const LIST: &'static str = "personal-tokens";

    fn id(&self) -> String {
        self.id.0.to_string()
    }

    fn find(engine: &Engine, id: &str) -> Result<Option<Self>, Problem> {
        Ok(engine.personal_token(number(id)?)?)
    }

    fn seen(self) -> Seen {
        Seen::PersonalToken(self)
    }
}

impl Making for IssuedPersonalToken {
    type Record = PersonalToken;

    fn made(&self) -> (&PersonalToken, Option<&TokenText>) {
        (&self.record, Some(&self.token))
    }
}
