//! `/routes`: what paths take.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{Audience, Engine, PathPattern, PutRoute, RemoveRoute, Route, SchemeSet, Scope, Seen};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change, gone};
use super::fault::no_such_record;
use super::fields::{Text, scope_set, some};
use super::listing::{Listed, whole};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{RouteShown, id_of};

/// What the paths of a pattern are to take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRoute {
    /// The pattern: `*` is one segment, and `**`, which stands last, all the rest.
    #[schema(value_type = String, min_length = 1, max_length = 512, pattern = "^/", example = "/API/**")]
    pattern: Text<PathPattern>,
    /// The ways in which a credential may come; all but `password` where they are left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Vec<SchemeWord>, required = false, example = json!(["bearer"]))]
    schemes: Option<Vec<Text<SchemeSet>>>,
    /// The scopes that a token must have, each once; none where they are left out.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64, example = json!(["orders.read"]))]
    scopes: Vec<Text<Scope>>,
    /// Whom a token must be meant for; anybody where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    audience: Option<Text<Audience>>,
    /// Whether requests pass that carry no credential; they do not where it is left out.
    #[serde(default)]
    anonymous: bool,
}

/// The names of schemes, as a description lists them.
#[derive(ToSchema)]
#[schema(as = Scheme, rename_all = "snake_case")]
#[allow(dead_code, reason = "it stands for the names that are read by hand")]
enum SchemeWord {
    Bearer,
    Basic,
    Password,
    Header,
    Parameter,
}

/// Lists routes
///
/// In the order of their patterns.
#[utoipa::path(get, path = "/admin/v1/routes", operation_id = "listRoutes", tag = "routes",
    responses((status = 200, description = "All routes", body = Listed<RouteShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(|engine| Ok(whole::<_, RouteShown>(&engine.routes()?)));
    found.await?.answer(&call.uri)
}

/// Says what the paths of a pattern take
///
/// A route of the same pattern is replaced.
#[utoipa::path(put, path = "/admin/v1/routes", operation_id = "putRoute", tag = "routes", params(IfMatch),
    request_body = NewRoute,
    responses((status = 200, description = "The route as it is from now on", body = RouteShown)))]
pub(super) async fn put(State(api): State<Api>, call: Call, sent: Sent<NewRoute>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewRoute {
        pattern: Text(pattern),
        schemes,
        scopes,
        audience,
        anonymous,
    } = sent.value;
    let usual = Route::usual(pattern);
    let all = |sets: Vec<Text<SchemeSet>>| {
        let schemes = sets.iter().flat_map(|Text(set)| set.iter());
        schemes.fold(SchemeSet::NONE, SchemeSet::with)
    };
    let route = Route {
        schemes: schemes.map_or(usual.schemes, all),
        scopes: scope_set(scopes)?,
        audience: audience.map(|Text(audience)| audience),
        anonymous,
        pattern: usual.pattern,
    };
    api.run(move |engine| {
        let id = id_of(route.pattern.as_str());
        let look = |engine: &Engine| look(engine, &id).map_err(|_| Problem::changed());
        let route = change(engine, &call, look, PutRoute { route })?;
        Ok(Entity::of(&RouteShown::from(&route))?.answer())
    })
    .await
}

/// Shows a route
#[utoipa::path(get, path = "/admin/v1/routes/{id}", operation_id = "showRoute", tag = "routes",
    params(("id" = String, Path, description = "The route's id, as the list shows it"), IfNoneMatch),
    responses((status = 200, description = "The route", body = RouteShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, &id)).await?;
    Ok(found.1.found(&call))
}

/// Removes a route
#[utoipa::path(delete, path = "/admin/v1/routes/{id}", operation_id = "removeRoute", tag = "routes",
    params(("id" = String, Path, description = "The route's id, as the list shows it"), IfMatch),
    responses((status = 204, description = "The route is gone")))]
pub(super) async fn remove(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let pattern = found(engine, &id)?.pattern;
        change(engine, &call, |engine| look(engine, &id), RemoveRoute { pattern })?;
        Ok(gone())
    })
    .await
}

fn found(engine: &Engine, id: &str) -> Result<Route, Problem> {
    let mut routes = engine.routes()?.into_iter();
    let none = || {
        let title = "There is no such record";
        Problem::new(StatusCode::NOT_FOUND, "no-such-route", title, no_such_record())
    };
    routes
        .find(|route| id_of(route.pattern.as_str()) == id)
        .ok_or_else(none)
}

fn look(engine: &Engine, id: &str) -> Result<(Seen, Entity), Problem> {
    let route = found(engine, id)?;
    let entity = Entity::of(&RouteShown::from(&route))?;
    Ok((Seen::Route(Box::new(route)), entity))
}
