//! `/authtokens`, and those of one user.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{Authtoken, Engine, ExpireToken, IssueAuthtoken, RevokeToken, Seen, TokenText};
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

/// When a token's life ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// The moment in UTC, at once where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$", example = "2027-01-31T12:00:00Z")]
    at: Option<Moment>,
}

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
    responses((status = 201, description = "The authtoken with its secret", body = Issued<AuthtokenShown>)))]
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
    let command = IssueAuthtoken {
        user: named(&name)?,
        expires_at: end(api.host().engine(), expires_at, expires_in_s)?,
        not_before: not_before.map(|Moment(moment)| moment),
    };
    issued::issue(&api, call, sent.fingerprint, command, Issued::of).await
}

/// Shows an authtoken
///
/// Without its secret, which is stored nowhere.
#[utoipa::path(get, path = "/admin/v1/authtokens/{id}", operation_id = "showAuthtoken", tag = "authtokens",
    params(("id" = String, Path, description = "The token's id"), IfNoneMatch),
    responses((status = 200, description = "The authtoken", body = AuthtokenShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    issued::show::<Authtoken>(&api, call, id).await
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
    amend(&api, call, id.clone(), move |_| Ok(RevokeToken { id: number(&id)? })).await
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
    amend(&api, call, id.clone(), move |engine| {
        let at = sent.value.at.map_or_else(|| engine.now(), |Moment(at)| at);
        Ok(ExpireToken { id: number(&id)?, at })
    })
    .await
}

impl Secretive for Authtoken {
    type Shown = AuthtokenShown;
    const LIST: &'static str = "authtokens";

    fn id(&self) -> String {
        self.id.0.to_string()
    }

    fn find(engine: &Engine, id: &str) -> Result<Option<Self>, Problem> {
        Ok(engine.token(number(id)?)?)
    }

    fn seen(self) -> Seen {
        Seen::Authtoken(self)
    }
}

impl Making for tollgate::Issued {
    type Record = Authtoken;

    fn made(&self) -> (&Authtoken, Option<&TokenText>) {
        (&self.record, Some(&self.token))
    }
}
