//! `/admin/v1`: administration over HTTP.
//!
//! Requests carry one administrator's token. Records are shown as the command line shows them, each with an entity tag by which
//! a change can be bound to the state that its author has seen; what creates something can be repeated under an idempotency
//! key. Every refusal is a problem document. The description of it all is made from the routes, and answered at
//! `/admin/v1/openapi.json` to everybody.
//!
//! ```text
//! request → who asks → what is asked, strictly read → one command or look, off the event loop → record, tag, problem
//! ```

pub(crate) mod problem;
pub(crate) mod stranger;
mod fault;
mod secrets;
mod api;
mod caller;
pub(crate) mod query;
mod tags;
mod call;
mod sent;
mod fields;
mod entity;
mod listing;
mod once;
mod issued;
mod users;
mod authtokens;
mod personal_tokens;
mod people;
mod client_bodies;
mod clients;
mod client_credentials;
mod consents;
mod grants;
mod logins;
mod route_table;
mod issuers;
mod identity_providers;
mod signing_keys;
mod networks;
mod settings;
mod admin_tokens;
mod feed_tokens;
mod audit;
mod document;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{any, get};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::host::Host;
use crate::v1;
use api::Api;
use entity::json;
use problem::Problem;

/// Where the description is.
const DOCUMENT_PATH: &str = "/admin/v1/openapi.json";

pub(crate) fn routes(host: Host) -> Router {
    let api = Api::new(host);
    let described = OpenApiRouter::with_openapi(document::empty())
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::show, users::set_some, users::remove))
        .routes(routes!(authtokens::list_of_user, authtokens::issue))
        .routes(routes!(authtokens::list))
        .routes(routes!(authtokens::show))
        .routes(routes!(authtokens::revoke))
        .routes(routes!(authtokens::expire))
        .routes(routes!(personal_tokens::list_of_user, personal_tokens::issue))
        .routes(routes!(personal_tokens::list))
        .routes(routes!(personal_tokens::show))
        .routes(routes!(personal_tokens::revoke))
        .routes(routes!(people::show_profile, people::set_profile))
        .routes(routes!(people::set_password, people::remove_password))
        .routes(routes!(clients::list, clients::add))
        .routes(routes!(clients::show, clients::set_some, clients::remove))
        .routes(routes!(clients::rotate))
        .routes(routes!(client_credentials::list, client_credentials::issue))
        .routes(routes!(consents::list))
        .routes(routes!(consents::withdraw))
        .routes(routes!(grants::list))
        .routes(routes!(grants::show))
        .routes(routes!(grants::revoke))
        .routes(routes!(grants::list_of_user))
        .routes(routes!(grants::revoke_of_user))
        .routes(routes!(grants::list_of_client))
        .routes(routes!(grants::revoke_of_client))
        .routes(routes!(logins::list))
        .routes(routes!(logins::end))
        .routes(routes!(logins::list_of_user))
        .routes(routes!(logins::end_all))
        .routes(routes!(route_table::list, route_table::put))
        .routes(routes!(route_table::show, route_table::remove))
        .routes(routes!(issuers::list, issuers::put))
        .routes(routes!(issuers::show, issuers::remove))
        .routes(routes!(identity_providers::list, identity_providers::put))
        .routes(routes!(identity_providers::show, identity_providers::remove))
        .routes(routes!(signing_keys::list))
        .routes(routes!(signing_keys::rotate))
        .routes(routes!(networks::list, networks::add))
        .routes(routes!(networks::show, networks::remove))
        .routes(routes!(settings::list))
        .routes(routes!(settings::show, settings::set))
        .routes(routes!(admin_tokens::list, admin_tokens::issue))
        .routes(routes!(admin_tokens::show))
        .routes(routes!(admin_tokens::revoke))
        .routes(routes!(feed_tokens::list, feed_tokens::issue))
        .routes(routes!(feed_tokens::show))
        .routes(routes!(feed_tokens::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::show_status));
    let (router, mut document) = described.split_for_parts();
    document.merge(v1::documented().into_openapi());
    // It is made of texts and numbers, which always encode.
    let document = Bytes::from(serde_json::to_vec(&document::completed(document)).unwrap_or_default());
    let router = router
        .route("/admin", any(not_found))
        .route("/admin/{*path}", any(not_found))
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(api.clone(), caller::authenticate))
        .route(
            DOCUMENT_PATH,
            get(move || std::future::ready(json(document.to_vec()))).fallback(other_method),
        );
    router.layer(map_response(not_stored)).with_state(api)
}

/// Secrets among the answers must stay in no cache; the others go stale at once.
async fn not_stored(mut answer: Response) -> Response {
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

async fn not_found() -> Problem {
    Problem::not_found(
        "expected a path of the admin API, which /admin/v1/openapi.json describes, but there is nothing here",
    )
}

async fn other_method(method: Method) -> Problem {
    let detail = format!(
        "expected one of the methods in the field `Allow`, but found {}",
        plain(&method)
    );
    let title = "This method is not there";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, detail)
}

/// A method that is known by its name.
fn plain(method: &Method) -> &str {
    match *method {
        Method::GET | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::HEAD | Method::OPTIONS => {
            method.as_str()
        }
        _ => "another",
    }
}
