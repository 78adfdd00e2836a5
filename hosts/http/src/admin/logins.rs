//! `/logins`: where users are logged in with a browser, and ending that.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tollgate::EndSession;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::gone;
use super::fault::no_such_record;
use super::grants::shown;
use super::issued::Nothing;
use super::listing::{Listed, PageParameters, Wanted, page};
use super::problem::Problem;
use super::query::no_query;
use super::sent::{MaybeSent, Sent};
use super::users::named;
use crate::control::{EndedLoginsShown, LoginShown};

/// Lists the logins that hold
///
/// User by user. The order of those of one user says nothing.
#[utoipa::path(get, path = "/admin/v1/logins", operation_id = "listLogins", tag = "logins", params(PageParameters),
    responses((status = 200, description = "A page of logins in browsers", body = Listed<LoginShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, LoginShown>(engine.sessions_page(None, cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Lists the logins of one user that hold
#[utoipa::path(get, path = "/admin/v1/users/{name}/logins", operation_id = "listLoginsOfUser", tag = "logins",
    params(("name" = String, Path, description = "The user's name"), PageParameters),
    responses((status = 200, description = "A page of logins in browsers", body = Listed<LoginShown>)))]
pub(super) async fn list_of_user(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| {
        let name = named(&name)?;
        page::<_, LoginShown>(engine.sessions_page(Some(&name), cursor.as_deref(), limit))
    });
    found.await?.answer(&call.uri)
}

/// Ends a login
///
/// Whoever goes on in that browser must prove again who they are. One that has ended is not there any more.
#[utoipa::path(delete, path = "/admin/v1/logins/{id}", operation_id = "endLogin", tag = "logins",
    params(("id" = String, Path, description = "The login's id")),
    responses((status = 204, description = "The login has ended")))]
pub(super) async fn end(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let login = engine.held_session(&id)?.ok_or_else(no_such_login)?;
        let by = engine.by(call.caller().author());
        by.execute(EndSession { session: login.id })?;
        Ok(gone())
    })
    .await
}

/// Ends all logins of a user
#[utoipa::path(post, path = "/admin/v1/users/{name}/logins/revoke", operation_id = "endLoginsOfUser", tag = "logins",
    params(("name" = String, Path, description = "The user's name")),
    request_body = Option<Nothing>,
    responses((status = 200, description = "How many logins have ended", body = EndedLoginsShown)))]
pub(super) async fn end_all(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let ended = api.run(move |engine| {
        let by = engine.by(call.caller().author());
        Ok(by.end_sessions(&named(&name)?)? as u64)
    });
    shown(&EndedLoginsShown { logins: ended.await? })
}

fn no_such_login() -> Problem {
    let title = "There is no such record";
    Problem::new(StatusCode::NOT_FOUND, "no-such-login", title, no_such_record())
}
