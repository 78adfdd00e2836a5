//! What happens to every request before and after its route: it gets a name, its body is bounded, its answer is counted
//! and logged.

mod access;
mod body;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, StatusCode, Version, header};
use axum::response::Response;
use tollgate::problem_type;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument as _;

use crate::answer::problem_document;
use crate::forwarded;
use crate::host::Host;
use crate::metrics::Area;
use crate::request_id::{REQUEST_ID, RequestId};
use access::Access;
use body::{BodyFault, Fate};

/// Puts [`Edged`] around a route.
#[derive(Clone)]
pub(crate) struct Edge {
    host: Host,
}

impl Edge {
    pub(crate) fn of(host: Host) -> Self {
        Self { host }
    }
}

impl<S> Layer<S> for Edge {
    type Service = Edged<S>;

    fn layer(&self, route: S) -> Edged<S> {
        Edged {
            host: self.host.clone(),
            route,
        }
    }
}

/// A route behind the edge.
#[derive(Clone)]
pub(crate) struct Edged<S> {
    host: Host,
    route: S,
}

impl<S> Service<Request<Body>> for Edged<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let began = tokio::time::Instant::now();
        let host = self.host.clone();
        let area = Area::of(request.uri().path());
        let version = request.version();
        let caller = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|caller| caller.0.ip());
        let proxies = host.engine().trusted_proxies();
        let believed = caller.is_some_and(|caller| forwarded::is_proxy(caller, &proxies));
        let id = believed.then(|| RequestId::given(request.headers())).flatten();
        let id = id.unwrap_or_else(|| host.names().draw());
        let access = Access::of(&request, |headers| forwarded::client(headers, caller?, &proxies));
        request.extensions_mut().insert(id.clone());
        let mut fate = Fate::default();
        let request = request.map(|body| body::bounded(body, host.bounds(), &mut fate));
        // On every line of the request, whatever the level.
        let span = tracing::error_span!(target: "tollgate::request", "request", request_id = id.as_str());
        let fields_most = host.bounds().fields_most;
        // The loop bounds them for HTTP/1.1, and refuses a little less politely.
        let answering = (request.headers().len() <= fields_most).then(|| self.route.call(request));
        Box::pin(
            async move {
                let mut answer = match answering {
                    Some(answering) => {
                        let Ok(answer) = answering.await;
                        answer
                    }
                    None => too_many_fields(fields_most),
                };
                if let Some(fault) = fate.fault().filter(|_| is_about_body(area, answer.status())) {
                    answer = given_up(fault, &host, version);
                }
                answer.headers_mut().insert(REQUEST_ID, id.field());
                let (status, took) = (answer.status().as_u16(), began.elapsed());
                host.metrics().count_request(area, status, took);
                if let Some(access) = access {
                    access.write(status, took);
                }
                Ok(answer)
            }
            .instrument(span),
        )
    }
}

/// Whether an answer was made for want of the body. `/check` answers by its own table.
fn is_about_body(area: Area, status: StatusCode) -> bool {
    area != Area::Check && (status.is_client_error() || status.is_server_error())
}

fn too_many_fields(most: usize) -> Response {
    problem_document(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        &problem_type("too-many-fields"),
        "There are too many header fields",
        &format!("Send at most {most} header fields."),
    )
}

/// The answer to a request whose body was given up. What is left of the body is not read, so an HTTP/1 connection ends.
fn given_up(fault: BodyFault, host: &Host, version: Version) -> Response {
    let bounds = host.bounds();
    let mut answer = match fault {
        BodyFault::TooLong => {
            let detail = format!("Send at most {} bytes.", bounds.body_len_max);
            problem_document(
                StatusCode::PAYLOAD_TOO_LARGE,
                &problem_type("body-too-long"),
                "The body is too long",
                &detail,
            )
        }
        BodyFault::TooLate => {
            let detail = format!("Send the body within {} seconds.", bounds.body_within.as_secs_f64());
            problem_document(
                StatusCode::REQUEST_TIMEOUT,
                &problem_type("body-late"),
                "The body did not arrive in time",
                &detail,
            )
        }
    };
    if version <= Version::HTTP_11 {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}

#[cfg(test)]
mod tests;
