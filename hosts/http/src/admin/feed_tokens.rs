//! `/feed-tokens`.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{Engine, FeedToken, IssueFeedToken, IssuedFeedToken, RevokeFeedToken, Seen, TokenText};
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
use crate::control::FeedTokenShown;

/// How a feed token is to be issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFeedToken {
    /// Who follows the feed by it, in words: 1 to 255 bytes, without colons and control characters, and without blanks at either end.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "edge proxy")]
    name: Name,
    /// When it may no longer be used, in UTC; never where there is no end. Not beside `expires_in_s`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, pattern = "Z$", example = "2027-01-31T12:00:00Z")]
    expires_at: Option<Moment>,
    /// Seconds from now until it may no longer be used.
    #[serde(default)]
    #[schema(format = Int64, minimum = 0, maximum = 4_294_967_295_u32)]
    expires_in_s: Option<u32>,
}

/// Lists feed tokens
///
/// Revoked ones included, in the order in which they were issued.
#[utoipa::path(get, path = "/admin/v1/feed-tokens", operation_id = "listFeedTokens", tag = "feed-tokens",
    params(PageParameters),
    responses((status = 200, description = "A page of feed tokens", body = Listed<FeedTokenShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, FeedTokenShown>(engine.feed_tokens_page(cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Issues a feed token
///
/// The answer holds the secret, which is shown nowhere else. Whoever has it learns the digest of every token and the key of the
/// digests from the feed: they can try guesses at tokens without asking anybody, and can make none.
#[utoipa::path(post, path = "/admin/v1/feed-tokens", operation_id = "issueFeedToken", tag = "feed-tokens",
    params(IdempotencyKey), request_body = NewFeedToken,
    responses((status = 201, description = "The token with its secret", body = Issued<FeedTokenShown>)))]
pub(super) async fn issue(State(api): State<Api>, call: Call, sent: Sent<NewFeedToken>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewFeedToken {
        name: Name(name),
        expires_at,
        expires_in_s,
    } = sent.value;
    let command = IssueFeedToken {
        name,
        expires_at: end(api.host().engine(), expires_at, expires_in_s)?,
    };
    issued::issue(&api, call, sent.fingerprint, command, Issued::of).await
}

/// Shows a feed token
///
/// Without its secret, which is stored nowhere.
#[utoipa::path(get, path = "/admin/v1/feed-tokens/{id}", operation_id = "showFeedToken", tag = "feed-tokens",
    params(("id" = String, Path, description = "The token's id"), IfNoneMatch),
    responses((status = 200, description = "The feed token", body = FeedTokenShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    issued::show::<FeedToken>(&api, call, id).await
}

/// Revokes a feed token
///
/// For ever: whoever follows the feed by it is refused from then on. To revoke it again changes nothing.
#[utoipa::path(post, path = "/admin/v1/feed-tokens/{id}/revoke", operation_id = "revokeFeedToken", tag = "feed-tokens",
    params(("id" = String, Path, description = "The token's id"), IfMatch), request_body = Option<Nothing>,
    responses((status = 200, description = "The token as it is from now on", body = FeedTokenShown)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    amend(&api, call, id.clone(), move |_| {
        Ok(RevokeFeedToken { id: number(&id)? })
    })
    .await
}

impl Secretive for FeedToken {
    type Shown = FeedTokenShown;
    const LIST: &'static str = "feed-tokens";

    fn id(&self) -> String {
        self.id.0.to_string()
    }

    fn find(engine: &Engine, id: &str) -> Result<Option<Self>, Problem> {
        Ok(engine.feed_token(number(id)?)?)
    }

    fn seen(self) -> Seen {
        Seen::FeedToken(self)
    }
}

impl Making for IssuedFeedToken {
    type Record = FeedToken;

    fn made(&self) -> (&FeedToken, Option<&TokenText>) {
        (&self.record, Some(&self.token))
    }
}
