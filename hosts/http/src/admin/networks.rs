//! `/networks`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{AddNetwork, Engine, Network, NetworkRule, RemoveNetwork, Repeatable, Seen, Standing, UserName};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change, gone};
use super::fields::{Name, Rule};
use super::issued::about_body;
use super::listing::{Listed, PageParameters, Wanted, page};
use super::once::{IdempotencyKey, create, still};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{NetworkShown, named_by_rule_id};

/// A network rule to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNetwork {
    /// An address (`203.0.113.7` or `2001:db8::7`), a wildcard (`203.0.113.*`), a range (`203.0.113.1-255`) or a prefix
    /// (`203.0.113.0/24`).
    #[schema(value_type = String, example = "10.0.0.0/8")]
    rule: Rule,
    /// Whether the addresses may call.
    standing: StandingWord,
    /// The name of the user whom the rule is about; everybody where there is none.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    user: Option<Name>,
}

/// Whether addresses may call.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[schema(as = Standing)]
#[serde(rename_all = "snake_case")]
pub(super) enum StandingWord {
    /// They may.
    Trusted,
    /// They may not, whatever else trusts them.
    Banned,
}

/// Lists network rules
///
/// Those about everybody first.
#[utoipa::path(get, path = "/admin/v1/networks", operation_id = "listNetworks", tag = "networks", params(PageParameters),
    responses((status = 200, description = "A page of rules", body = Listed<NetworkShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, NetworkShown>(engine.networks_page(cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Adds a network rule
#[utoipa::path(post, path = "/admin/v1/networks", operation_id = "addNetwork", tag = "networks", params(IdempotencyKey),
    request_body = NewNetwork,
    responses((status = 201, description = "The rule that was added", body = NetworkShown)))]
pub(super) async fn add(State(api): State<Api>, call: Call, sent: Sent<NewNetwork>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewNetwork {
        rule: Rule(rule),
        standing,
        user,
    } = sent.value;
    let user = user.map(|Name(name)| name);
    api.run(move |engine| {
        let command = AddNetwork {
            rule: rule.clone(),
            standing: match standing {
                StandingWord::Trusted => Standing::Trusted,
                StandingWord::Banned => Standing::Banned,
            },
            user: user.clone(),
        };
        let made = create(engine, &call, sent.fingerprint, command).map_err(about_body)?;
        let (network, is_replayed) = match made {
            Repeatable::Now(network) => (network, false),
            Repeatable::Before(_) => (still(engine.network(&rule, user.as_ref())?)?, true),
        };
        let shown = NetworkShown::from(&network);
        Entity::of(&shown)?.created::<()>(&["networks", &shown.id], None, is_replayed)
    })
    .await
}

/// Shows a network rule
#[utoipa::path(get, path = "/admin/v1/networks/{id}", operation_id = "showNetwork", tag = "networks",
    params(("id" = String, Path, description = "The rule's id, as lists show it"), IfNoneMatch),
    responses((status = 200, description = "The rule", body = NetworkShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| {
        let (rule, user) = named(&id)?;
        look(engine, &rule, user.as_ref())
    });
    Ok(found.await?.1.found(&call))
}

/// Removes a network rule
#[utoipa::path(delete, path = "/admin/v1/networks/{id}", operation_id = "removeNetwork", tag = "networks",
    params(("id" = String, Path, description = "The rule's id, as lists show it"), IfMatch),
    responses((status = 204, description = "The rule is gone")))]
pub(super) async fn remove(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let (rule, user) = named(&id)?;
        let command = RemoveNetwork {
            rule: rule.clone(),
            user: user.clone(),
        };
        change(engine, &call, |engine| look(engine, &rule, user.as_ref()), command)?;
        Ok(gone())
    })
    .await
}

/// An id in a path. One that names no rule is no rule's.
fn named(segment: &str) -> Result<(NetworkRule, Option<UserName>), Problem> {
    let (rule, user) = named_by_rule_id(segment);
    let rule = rule.parse().map_err(|_| no_such_network())?;
    let user = user.map(str::parse).transpose().map_err(|_| no_such_network())?;
    Ok((rule, user))
}

fn no_such_network() -> Problem {
    let title = "There is no such record";
    let detail = "expected the id of a rule, but there is no rule of this id: GET /admin/v1/networks lists them";
    Problem::new(StatusCode::NOT_FOUND, "no-such-network", title, detail)
}

fn look(engine: &Engine, rule: &NetworkRule, user: Option<&UserName>) -> Result<(Seen, Entity), Problem> {
    let network: Network = engine.network(rule, user)?.ok_or_else(no_such_network)?;
    let entity = Entity::of(&NetworkShown::from(&network))?;
    Ok((Seen::Network(network), entity))
}
