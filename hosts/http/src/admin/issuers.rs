//! `/issuers`: issuers elsewhere whose JWTs are trusted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use tollgate::{Audience, ClientName, Engine, Issuer, JwksSource, PutIssuer, RemoveIssuer, Scope, Seen, SignatureSet};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change, gone};
use super::fault::no_such_record;
use super::fields::{Text, audiences, scope_set, some};
use super::issued::about_body;
use super::listing::{Listed, whole};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{IssuerShown, accept_source, id_of};

/// An issuer elsewhere that is to be trusted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewIssuer {
    /// What its tokens say in `iss`, to the letter.
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = "^[!-~]+$",
        example = "https://login.example.com/"
    )]
    issuer: String,
    /// Where its keys are; not beside `jwks`.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, max_length = 2000, example = "https://login.example.com/keys")]
    jwks_url: Option<String>,
    /// Its keys, a JWK set.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Object, required = false)]
    jwks: Option<Value>,
    /// Whom its tokens must be meant for: one of these.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 16, example = json!(["orders"]))]
    audiences: Vec<Text<Audience>>,
    /// With what they may be signed; with all that we know where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Vec<AlgorithmWord>, required = false, min_items = 1, example = json!(["RS256"]))]
    algorithms: Option<Vec<Text<SignatureSet>>>,
    /// The claim that names our user; `sub` where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, min_length = 1, example = "sub")]
    user_claim: Option<String>,
    /// The client whose authority they have here.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "reports")]
    client_id: Text<ClientName>,
    /// The scopes that they may have here, each once.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64)]
    scopes: Vec<Text<Scope>>,
}

/// The names of algorithms, as a description lists them.
#[derive(ToSchema)]
#[schema(as = Algorithm)]
#[allow(dead_code, reason = "it stands for the names that are read by hand")]
enum AlgorithmWord {
    #[schema(rename = "RS256")]
    Rs256,
    #[schema(rename = "ES256")]
    Es256,
    #[schema(rename = "EdDSA")]
    EdDsa,
}

/// Lists issuers elsewhere
///
/// In the order of their names.
#[utoipa::path(get, path = "/admin/v1/issuers", operation_id = "listIssuers", tag = "issuers",
    responses((status = 200, description = "All issuers that are trusted", body = Listed<IssuerShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(|engine| Ok(whole::<_, IssuerShown>(&engine.issuers()?)));
    found.await?.answer(&call.uri)
}

/// Trusts an issuer elsewhere
///
/// What was said of the same issuer before is replaced.
#[utoipa::path(put, path = "/admin/v1/issuers", operation_id = "putIssuer", tag = "issuers", params(IfMatch),
    request_body = NewIssuer,
    responses((status = 200, description = "The issuer as it is from now on", body = IssuerShown)))]
pub(super) async fn put(State(api): State<Api>, call: Call, sent: Sent<NewIssuer>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let issuer = asked(sent.value)?;
    accept_source(&issuer.jwks)?;
    api.run(move |engine| {
        let id = id_of(&issuer.issuer);
        let look = |engine: &Engine| look(engine, &id).map_err(|_| Problem::changed());
        let issuer = change(engine, &call, look, PutIssuer { issuer }).map_err(about_body)?;
        Ok(Entity::of(&IssuerShown::from(&issuer))?.answer())
    })
    .await
}

fn asked(sent: NewIssuer) -> Result<Issuer, Problem> {
    let NewIssuer {
        issuer,
        jwks_url,
        jwks,
        audiences: named,
        algorithms,
        user_claim,
        client_id: Text(client),
        scopes,
    } = sent;
    let jwks = match (jwks_url, jwks) {
        (Some(url), None) => JwksSource::Url(url),
        (None, Some(set)) => JwksSource::Text(set.to_string()),
        (None, None) | (Some(_), Some(_)) => {
            let detail = "expected either `jwks_url` or `jwks`";
            return Err(Problem::unprocessable("unexpected-json", detail));
        }
    };
    let all = |sets: Vec<Text<SignatureSet>>| sets.iter().flat_map(|Text(set)| set.iter()).collect();
    Ok(Issuer {
        issuer,
        jwks,
        audiences: audiences(named),
        algorithms: algorithms.map_or(SignatureSet::ALL, all),
        user_claim: user_claim.unwrap_or_else(|| "sub".to_owned()),
        client,
        scopes: scope_set(scopes)?,
    })
}

/// Shows an issuer elsewhere
#[utoipa::path(get, path = "/admin/v1/issuers/{id}", operation_id = "showIssuer", tag = "issuers",
    params(("id" = String, Path, description = "The issuer's id, as the list shows it"), IfNoneMatch),
    responses((status = 200, description = "The issuer", body = IssuerShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, &id)).await?;
    Ok(found.1.found(&call))
}

/// Trusts an issuer elsewhere no more
///
/// Its tokens are refused when the answer is there.
#[utoipa::path(delete, path = "/admin/v1/issuers/{id}", operation_id = "removeIssuer", tag = "issuers",
    params(("id" = String, Path, description = "The issuer's id, as the list shows it"), IfMatch),
    responses((status = 204, description = "The issuer is trusted no more")))]
pub(super) async fn remove(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let issuer = found(engine, &id)?.issuer;
        change(engine, &call, |engine| look(engine, &id), RemoveIssuer { issuer })?;
        Ok(gone())
    })
    .await
}

fn found(engine: &Engine, id: &str) -> Result<Issuer, Problem> {
    let mut issuers = engine.issuers()?.into_iter();
    let none = || {
        let title = "There is no such record";
        Problem::new(StatusCode::NOT_FOUND, "no-such-issuer", title, no_such_record())
    };
    issuers.find(|issuer| id_of(&issuer.issuer) == id).ok_or_else(none)
}

fn look(engine: &Engine, id: &str) -> Result<(Seen, Entity), Problem> {
    let issuer = found(engine, id)?;
    let entity = Entity::of(&IssuerShown::from(&issuer))?;
    Ok((Seen::Issuer(Box::new(issuer)), entity))
}
