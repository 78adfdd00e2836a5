//! `/admin-tokens`.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{AdminToken, Engine, IssueAdminToken, IssuedAdminToken, RevokeAdminToken, Seen, TokenText};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::fields::{Moment, Name};
use super::issued::{self, Issued, Making, Nothing, Secretive, amend, end, number};
use super::listing::{Listed, PageParameters, Wanted, page};
use super::once::IdempotencyKey;
use super::problem::Problem;
use super::query::no_query;
use super::sent::{MaybeSent, Sent};
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{AdminTokenShown, RoleShown};

/// How an administrator's token is to be issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAdminToken {
    /// What it is for, in words: 1 to 255 bytes, without colons and control characters, and without blanks at either end.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "deploy")]
    name: Name,
    /// What it is good for.
    role: RoleShown,
    /// When it may no longer be used, in UTC; never where there is no end. Not beside `expires_in_s`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$", example = "2027-01-31T12:00:00Z")]
    expires_at: Option<Moment>,
    /// Seconds from now until it may no longer be used.
    #[serde(default)]
    #[schema(format = Int64, minimum = 0, maximum = 4_294_967_295_u32)]
    expires_in_s: Option<u32>,
}

/// Lists administrators' tokens
///
/// Revoked ones included, in the order in which they were issued.
#[utoipa::path(get, path = "/admin/v1/admin-tokens", operation_id = "listAdminTokens", tag = "admin-tokens",
    params(PageParameters),
    responses((status = 200, description = "A page of administrators' tokens", body = Listed<AdminTokenShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, AdminTokenShown>(engine.admin_tokens_page(cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Issues an administrator's token
///
/// The answer holds the secret, which is shown nowhere else.
#[utoipa::path(post, path = "/admin/v1/admin-tokens", operation_id = "issueAdminToken", tag = "admin-tokens",
    params(IdempotencyKey), request_body = NewAdminToken,
    responses((status = 201, description = "The token with its secret", body = Issued<AdminTokenShown>)))]
pub(super) async fn issue(State(api): State<Api>, call: Call, sent: Sent<NewAdminToken>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewAdminToken {
        name: Name(name),
        role,
        expires_at,
        expires_in_s,
    } = sent.value;
    let command = IssueAdminToken {
        name,
        role: role.into(),
        expires_at: end(api.host().engine(), expires_at, expires_in_s)?,
    };
    issued::issue(&api, call, sent.fingerprint, command, Issued::of).await
}

/// Shows an administrator's token
///
/// Without its secret, which is stored nowhere.
#[utoipa::path(get, path = "/admin/v1/admin-tokens/{id}", operation_id = "showAdminToken", tag = "admin-tokens",
    params(("id" = String, Path, description = "The token's id"), IfNoneMatch),
    responses((status = 200, description = "The administrator's token", body = AdminTokenShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    issued::show::<AdminToken>(&api, call, id).await
}

/// Revokes an administrator's token
///
/// For ever; also the one that is used for it. To revoke it again changes nothing.
#[utoipa::path(post, path = "/admin/v1/admin-tokens/{id}/revoke", operation_id = "revokeAdminToken", tag = "admin-tokens",
    params(("id" = String, Path, description = "The token's id"), IfMatch), request_body = Option<Nothing>,
    responses((status = 200, description = "The token as it is from now on", body = AdminTokenShown)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    amend(&api, call, id.clone(), move |_| {
        Ok(RevokeAdminToken { id: number(&id)? })
    })
    .await
}

impl Secretive for AdminToken {
    type Shown = AdminTokenShown;
    const LIST: &'static str = "admin-tokens";

    fn id(&self) -> String {
        self.id.0.to_string()
    }

    fn find(engine: &Engine, id: &str) -> Result<Option<Self>, Problem> {
        Ok(engine.admin_token(number(id)?)?)
    }

    fn seen(self) -> Seen {
        Seen::AdminToken(self)
    }
}

impl Making for IssuedAdminToken {
    type Record = AdminToken;

    fn made(&self) -> (&AdminToken, Option<&TokenText>) {
        (&self.record, Some(&self.token))
    }
}
