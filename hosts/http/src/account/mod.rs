//! Pages for people: logging in and out, allowing a client to act and taking that away, and personal access tokens.
//!
//! They are written by the server, need no script and load nothing but one style sheet. What a person decides comes by a form
//! that the page was made with for their session; every form is answered with a redirect, or shown again with what is wrong.

mod place;
mod cookies;
mod form;
mod form_key;
mod back;
mod landing;
mod page;
mod wrong;
mod made;
mod shown;
mod browser;
mod login;
mod authorize;
mod consent;
mod tokens;
mod applications;
mod logout;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use tollgate_oauth::AuthorizationServer;

use crate::host::Host;
use crate::identity::Desk;
use crate::identity::admitted::admit;
use crate::lane::Overloaded;
use form_key::FormKey;
use made::Made;
use page::{Said, retry_after};
use place::Place;

/// What every page works with. Cloning costs a reference count.
#[derive(Clone)]
struct Pages(Arc<Inner>);

struct Inner {
    desk: Desk,
    place: Place,
    /// None where the system gives no random bytes: nobody can log in then.
    forms: Option<FormKey>,
    made: Made,
}

impl Pages {
    fn of(desk: Desk) -> Self {
        let forms = FormKey::draw();
        if let Err(error) = &forms {
            tracing::error!(%error, "nobody can log in: there are no random bytes");
        }
        Self(Arc::new(Inner {
            place: Place::of(&desk.server),
            desk,
            forms: forms.ok(),
            made: Made::default(),
        }))
    }

    fn host(&self) -> &Host {
        &self.0.desk.host
    }

    fn place(&self) -> &Place {
        &self.0.place
    }

    fn made(&self) -> &Made {
        &self.0.made
    }

    fn forms(&self) -> Option<&FormKey> {
        self.0.forms.as_ref()
    }

    /// Does work that may block.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AuthorizationServer) -> T + Send + 'static,
    ) -> Result<T, Response> {
        let server = self.0.desk.server.clone();
        let done = self.host().lane().run(move || work(&server)).await;
        done.map_err(|_| self.busy())
    }

    fn busy(&self) -> Response {
        let words = "There is too much to do at the moment. Wait a second, then load this page again.";
        let page = Said::fault(self.place(), "Please try again", words).page(StatusCode::SERVICE_UNAVAILABLE);
        retry_after(page, Overloaded::RETRY_AFTER_S)
    }

    /// The store cannot be read or written.
    fn broken(&self) -> Response {
        let words =
            "This cannot be done just now. Try again in a moment; if it stays so, tell whoever runs this server.";
        Said::fault(self.place(), "Something is wrong here", words).page(StatusCode::SERVICE_UNAVAILABLE)
    }
}

pub(crate) fn routes(host: Host) -> Router {
    let Some(desk) = Desk::of(&host) else {
        return Router::new();
    };
    Router::new()
        .merge(authorize::routes())
        .route("/account", get(start))
        .route("/account/", get(start))
        .route("/account/login", get(login::show).post(login::log_in))
        .route("/account/consent", post(consent::decide))
        .route("/account/tokens", get(tokens::list).post(tokens::make))
        .route("/account/tokens/revoke", post(tokens::revoke))
        .route(
            "/account/applications",
            get(applications::list).post(applications::take_away),
        )
        .merge(logout::routes())
        .route("/account/style.css", get(style))
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(host, admit))
        .with_state(Pages::of(desk))
}

/// Where somebody begins who knows no more than this address.
async fn start(axum::extract::State(pages): axum::extract::State<Pages>) -> Response {
    page::see_other(&pages.place().path("/account/tokens"))
}

/// What all pages look like.
async fn style() -> Response {
    let mut answer = Response::new(Body::from(include_str!("../../templates/style.css")));
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/css; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

async fn other_method(axum::extract::State(pages): axum::extract::State<Pages>, method: Method) -> Response {
    let words = "This address is not asked for like that. Go back, load the page again, and use its form.";
    let mut answer = Said::fault(pages.place(), "This does not work", words).page(StatusCode::METHOD_NOT_ALLOWED);
    if method == Method::HEAD {
        *answer.body_mut() = Body::empty();
    }
    answer
}
