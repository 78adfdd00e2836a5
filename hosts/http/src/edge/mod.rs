//! What happens to every request before and after its route: its body is bounded.

mod body;

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use tower_layer::Layer;
use tower_service::Service;

use crate::host::Host;

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
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let bounds = self.host.bounds();
        self.route.call(request.map(|body| body::bounded(body, bounds)))
    }
}
