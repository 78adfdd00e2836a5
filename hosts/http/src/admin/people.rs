//! Passwords and profiles of users.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{Engine, Person, Profile, Seen, SetPassword, SetProfile, UserName};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change, gone};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use super::users::{named, no_such_user};
use crate::control::{ProfileShown, protected};

/// What others are to be told of a user, all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProfile {
    /// What people call them, without control characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, example = "Alice B.")]
    display_name: Option<String>,
    /// Where mail reaches them.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 254, example = "alice@example.com")]
    email: Option<String>,
    /// What they are to applications, each once.
    #[serde(default)]
    #[schema(max_items = 32, example = json!(["auditor"]))]
    roles: Vec<String>,
}

/// A password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// At least 8 characters, and at most 1,024 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Zeroizing<String>,
}

/// Shows what others are told of a user
#[utoipa::path(get, path = "/admin/v1/users/{name}/profile", operation_id = "showProfile", tag = "people",
    params(("name" = String, Path, description = "The user's name"), IfNoneMatch),
    responses((status = 200, description = "The profile", body = ProfileShown)))]
pub(super) async fn show_profile(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, &named(&name)?)).await?;
    Ok(found.1.found(&call))
}

/// Says what others are told of a user
///
/// All of it: what is left out is taken away.
#[utoipa::path(put, path = "/admin/v1/users/{name}/profile", operation_id = "setProfile", tag = "people",
    params(("name" = String, Path, description = "The user's name"), IfMatch), request_body = NewProfile,
    responses((status = 200, description = "The profile as it is from now on", body = ProfileShown)))]
pub(super) async fn set_profile(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
    sent: Sent<NewProfile>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewProfile {
        display_name,
        email,
        roles,
    } = sent.value;
    api.run(move |engine| {
        let user = named(&name)?;
        let profile = Profile {
            display_name,
            email,
            roles,
        };
        let command = SetProfile {
            user: user.clone(),
            profile,
        };
        change(engine, &call, |engine| look(engine, &user), command)?;
        Ok(look(engine, &user)?.1.answer())
    })
    .await
}

/// Gives a user a password
///
/// What was proven with an earlier one is proven no more: its logins end. What clients were granted before stays until
/// `revokeGrantsOfUser` takes it back. Only a digest is stored (Argon2id).
#[utoipa::path(put, path = "/admin/v1/users/{name}/password", operation_id = "setPassword", tag = "people",
    params(("name" = String, Path, description = "The user's name")), request_body = NewPassword,
    responses((status = 204, description = "The user has this password from now on")))]
pub(super) async fn set_password(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
    sent: Sent<NewPassword>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewPassword { password } = sent.value;
    api.derive(move |engine| {
        let user = person(engine, &named(&name)?)?.user.name;
        let password = Some(protected(&password)?);
        let by = engine.by(call.caller().author());
        by.execute(SetPassword { user, password })?;
        Ok(gone())
    })
    .await
}

/// Takes a user's password away
///
/// The sessions that began with it end.
#[utoipa::path(delete, path = "/admin/v1/users/{name}/password", operation_id = "removePassword", tag = "people",
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 204, description = "The user has no password")))]
pub(super) async fn remove_password(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let (user, password) = (named(&name)?, None);
        let by = engine.by(call.caller().author());
        by.execute(SetPassword { user, password })?;
        Ok(gone())
    })
    .await
}

fn person(engine: &Engine, name: &UserName) -> Result<Person, Problem> {
    engine.person(name)?.ok_or_else(no_such_user)
}

fn look(engine: &Engine, name: &UserName) -> Result<(Seen, Entity), Problem> {
    let person = person(engine, name)?;
    let entity = Entity::of(&ProfileShown::from(&person))?;
    Ok((Seen::Profile(person.user.name, person.profile), entity))
}
