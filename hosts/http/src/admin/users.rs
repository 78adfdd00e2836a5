//! `/users`.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{AddUser, Engine, RemoveUser, Repeatable, Seen, SetUser, User, UserChanges, UserName};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change, gone};
use super::fields::{LimitSent, Name, OperationName, OperationWord, set, some};
use super::listing::{Listed, PageParameters, Wanted, page};
use super::once::{IdempotencyKey, create, still};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{LimitShown, UserShown};

/// A user to add. What is left out takes its first value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// The name that Basic credentials will have to carry: 1 to 255 bytes, without colons and control characters, and without
    /// blanks at either end.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "alice")]
    name: Name,
    /// Operations the user may use; all where they are left out. PUT covers PATCH and MERGE.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Vec<OperationWord>, required = false, example = json!(["GET", "POST"]))]
    operations: Option<Vec<OperationName>>,
    /// Requests an hour; `inherit` where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = LimitShown, required = false)]
    per_hour: Option<LimitSent>,
    /// Requests at a time; `inherit` where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = LimitShown, required = false)]
    concurrent: Option<LimitSent>,
    /// Whether the user's tokens may be used; they may where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = bool, required = false)]
    active: Option<bool>,
}

/// What is set on a user. A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatch {
    /// Operations the user may use. PUT covers PATCH and MERGE.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Vec<OperationWord>, required = false, example = json!(["GET"]))]
    operations: Option<Vec<OperationName>>,
    /// Requests an hour. A new limit refunds nothing.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = LimitShown, required = false)]
    per_hour: Option<LimitSent>,
    /// Requests at a time.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = LimitShown, required = false)]
    concurrent: Option<LimitSent>,
    /// Whether the user's tokens may be used.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = bool, required = false)]
    active: Option<bool>,
}

/// Lists users
///
/// In the order of their names.
#[utoipa::path(get, path = "/admin/v1/users", operation_id = "listUsers", tag = "users", params(PageParameters),
    responses((status = 200, description = "A page of users", body = Listed<UserShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, UserShown>(engine.users_page(cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Adds a user
#[utoipa::path(post, path = "/admin/v1/users", operation_id = "addUser", tag = "users", params(IdempotencyKey),
    request_body = NewUser,
    responses((status = 201, description = "The user that was added", body = UserShown)))]
pub(super) async fn add(State(api): State<Api>, call: Call, sent: Sent<NewUser>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewUser {
        name: Name(name),
        operations,
        per_hour,
        concurrent,
        active,
    } = sent.value;
    let first = AddUser::named(name);
    let command = AddUser {
        operations: operations.map_or(first.operations, |names| set(&names)),
        per_hour: per_hour.map_or(first.per_hour, |LimitSent(limit)| limit),
        concurrent: concurrent.map_or(first.concurrent, |LimitSent(limit)| limit),
        active: active.unwrap_or(first.active),
        name: first.name,
    };
    api.run(move |engine| {
        let name = command.name.clone();
        let (user, is_replayed) = match create(engine, &call, sent.fingerprint, command)? {
            Repeatable::Now(user) => (user, false),
            Repeatable::Before(_) => (still(engine.user(&name)?)?, true),
        };
        entity(&user)?.created::<()>(&["users", user.name.as_str()], None, is_replayed)
    })
    .await
}

/// Shows a user
#[utoipa::path(get, path = "/admin/v1/users/{name}", operation_id = "showUser", tag = "users",
    params(("name" = String, Path, description = "The user's name"), IfNoneMatch),
    responses((status = 200, description = "The user", body = UserShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(name): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, &named(&name)?)).await?;
    Ok(found.1.found(&call))
}

/// Changes a user
///
/// The fields that are there are set; the others stay as they are.
#[utoipa::path(patch, path = "/admin/v1/users/{name}", operation_id = "changeUser", tag = "users",
    params(("name" = String, Path, description = "The user's name"), IfMatch), request_body = UserPatch,
    responses((status = 200, description = "The user as it is from now on", body = UserShown)))]
pub(super) async fn set_some(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
    sent: Sent<UserPatch>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let UserPatch {
        operations,
        per_hour,
        concurrent,
        active,
    } = sent.value;
    let changes = UserChanges {
        operations: operations.map(|names| set(&names)),
        per_hour: per_hour.map(|LimitSent(limit)| limit),
        concurrent: concurrent.map(|LimitSent(limit)| limit),
        active,
    };
    api.run(move |engine| {
        let name = named(&name)?;
        let command = SetUser {
            name: name.clone(),
            changes,
        };
        let user = change(engine, &call, |engine| look(engine, &name), command)?;
        Ok(entity(&user)?.answer())
    })
    .await
}

/// Removes a user
///
/// With their network rules. Their authtokens are refused from then on.
#[utoipa::path(delete, path = "/admin/v1/users/{name}", operation_id = "removeUser", tag = "users",
    params(("name" = String, Path, description = "The user's name"), IfMatch),
    responses((status = 204, description = "The user is gone")))]
pub(super) async fn remove(State(api): State<Api>, call: Call, Segment(name): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let name = named(&name)?;
        let command = RemoveUser { name: name.clone() };
        change(engine, &call, |engine| look(engine, &name), command)?;
        Ok(gone())
    })
    .await
}

/// A name in a path. One that nobody can have is nobody's.
pub(super) fn named(segment: &str) -> Result<UserName, Problem> {
    segment.parse().map_err(|_| no_such_user())
}

pub(super) fn no_such_user() -> Problem {
    let title = "There is no such record";
    let detail = "expected the name of a user, but there is no user of this name: GET /admin/v1/users lists them";
    Problem::new(axum::http::StatusCode::NOT_FOUND, "no-such-user", title, detail)
}

fn look(engine: &Engine, name: &UserName) -> Result<(Seen, Entity), Problem> {
    let user = engine.user(name)?.ok_or_else(no_such_user)?;
    let entity = entity(&user)?;
    Ok((Seen::User(user), entity))
}

fn entity(user: &User) -> Result<Entity, Problem> {
    Entity::of(&UserShown::from(user))
}
