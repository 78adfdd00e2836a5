//! `envoy.service.auth.v3.Authorization/Check`: what Envoy asks over gRPC, decided and answered as `/check` does.
//!
//! Envoy tells everything about the request that it holds in one message, the client's address included, so the message
//! is believed only from the proxies that the settings name. Others are refused with a status of gRPC, which Envoy takes
//! for no answer.

mod messages;
mod question;
mod reply;

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tonic::Status;
use tonic::server::Grpc;
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::answer::Profile;
use crate::check::{decide, may_hold_credential};
use crate::forwarded::is_proxy;
use crate::host::Host;
use crate::request_id::{REQUEST_ID, RequestId};
use messages::{CheckRequest, CheckResponse};

/// The method, as gRPC spells it in a path.
const PATH: &str = "/envoy.service.auth.v3.Authorization/Check";

/// The longest message: the fields of a request, and a form as long as any that is looked through.
const MESSAGE_LEN_MAX: usize = 256 * 1024;

pub(crate) fn routes(host: Host) -> Router {
    Router::new().route(PATH, post(check)).with_state(host)
}

async fn check(
    State(host): State<Host>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    if !is_grpc(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let id = request.extensions().get::<RequestId>().cloned();
    let codec = ProstCodec::<CheckResponse, CheckRequest>::default();
    let answer = Grpc::new(codec)
        .max_decoding_message_size(MESSAGE_LEN_MAX)
        .unary(Authorization { host, caller, id }, request)
        .await;
    answer.map(Body::new)
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
    kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
}

/// One question of one caller.
struct Authorization {
    host: Host,
    caller: SocketAddr,
    id: Option<RequestId>,
}

type Answering = Pin<Box<dyn Future<Output = Result<tonic::Response<CheckResponse>, Status>> + Send>>;

impl Service<tonic::Request<CheckRequest>> for Authorization {
    type Response = tonic::Response<CheckResponse>;
    type Error = Status;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<CheckRequest>) -> Answering {
        let asked = Self {
            host: self.host.clone(),
            caller: self.caller,
            id: self.id.clone(),
        };
        Box::pin(async move {
            let (answer, spelt) = asked.answer(request.get_ref()).await?;
            Ok(tonic::Response::new(reply::told(answer, spelt).await))
        })
    }
}

impl Authorization {
    /// The answer that `/check` gives to the same request, and the fields that must go no further.
    async fn answer(&self, asked: &CheckRequest) -> Result<(Response, Vec<String>), Status> {
        let proxies = self.host.engine().trusted_proxies();
        if !is_proxy(self.caller.ip(), &proxies) {
            let what = "this address is none of trusted_proxies, and only a trusted proxy may speak for others";
            return Err(Status::permission_denied(what));
        }
        let (Some(attributes), Some(http)) = (asked.attributes.as_ref(), asked.http()) else {
            return Err(Status::invalid_argument("attributes.request.http is missing"));
        };
        let headers = question::headers(http);
        let client = question::client(attributes, &headers, &proxies);
        let form = question::form(http, &headers).or_else(|unreadable| {
            if may_hold_credential(self.host.engine()) {
                Err(unreadable.to_string())
            } else {
                Ok(None)
            }
        });
        let target = question::target(http).map_err(|contradiction| contradiction.to_string());
        let readable = target.and_then(|target| Ok((target, form?)));
        let mut answer = decide(&self.host, &readable, &headers, client, Profile::Plain).await;
        if let Some(id) = &self.id {
            answer.headers_mut().insert(REQUEST_ID, id.field());
        }
        Ok((answer, question::spellings(http)))
    }
}
