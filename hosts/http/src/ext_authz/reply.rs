//! From the answer of `/check` to what Envoy is to do.

use axum::body::to_bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use tonic::Code;

use super::messages::{
    AppendAction, CheckResponse, Denied, HeaderValue, HeaderValueOption, HttpResponse, HttpStatus, Permitted, RpcStatus,
};
use crate::answer::{CLIENT, SCOPE, TOKEN_ID, USER};

/// What the upstream is told. Each is set on every request that passes, an empty one too.
static IDENTITY: [HeaderName; 4] = [USER, CLIENT, SCOPE, TOKEN_ID];

/// The longest problem document.
const BODY_LEN_MAX: usize = 16 * 1024;

/// The reply that makes of `answer` what it would be over HTTP. `spelt` are the fields that the client wrote and an
/// upstream may take for Tollgate's.
pub(super) async fn told(answer: Response, spelt: Vec<String>) -> CheckResponse {
    let (head, body) = answer.into_parts();
    if head.status.is_success() {
        return CheckResponse {
            status: Some(RpcStatus { code: Code::Ok as i32 }),
            http_response: Some(HttpResponse::Ok(permitted(&head.headers, spelt))),
        };
    }
    // The document was made in memory. Without it the refusal is still one.
    let body = to_bytes(body, BODY_LEN_MAX).await.unwrap_or_default();
    let code = match head.status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        _ => Code::PermissionDenied,
    };
    CheckResponse {
        status: Some(RpcStatus { code: code as i32 }),
        http_response: Some(HttpResponse::Denied(Denied {
            status: Some(HttpStatus {
                code: i32::from(head.status.as_u16()),
            }),
            headers: refusal(&head.headers),
            body: String::from_utf8_lossy(&body).into_owned(),
        })),
    }
}

/// Envoy removes after it has set, so what is set must not stand among what is removed.
fn permitted(headers: &HeaderMap, mut spelt: Vec<String>) -> Permitted {
    let set = IDENTITY.iter().map(|name| {
        let value = headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
        option(name, value, AppendAction::Overwrite)
    });
    let headers = set.collect();
    spelt.retain(|name| !IDENTITY.iter().any(|set| set.as_str() == name));
    spelt.extend(OTHER_SPELLINGS.map(str::to_owned));
    Permitted {
        headers,
        headers_to_remove: spelt,
    }
}

/// What a client wrote under names like these is removed even where Envoy was told not to send such fields here.
#[rustfmt::skip]
const OTHER_SPELLINGS: [&str; 20] = [
    "x-tollgate_user", "x_tollgate-user", "x_tollgate_user",
    "x-tollgate_client", "x_tollgate-client", "x_tollgate_client",
    "x-tollgate_scope", "x_tollgate-scope", "x_tollgate_scope",
    "x-tollgate-token_id", "x-tollgate_token-id", "x-tollgate_token_id",
    "x_tollgate-token-id", "x_tollgate-token_id", "x_tollgate_token-id", "x_tollgate_token_id",
    "x-tollgate-status", "x-tollgate_status", "x_tollgate-status", "x_tollgate_status",
];

/// The fields of a refusal for the client, without those that are for an upstream and without the length, which Envoy
/// counts.
fn refusal(headers: &HeaderMap) -> Vec<HeaderValueOption> {
    let kept = headers
        .keys()
        .filter(|name| **name != header::CONTENT_LENGTH && !IDENTITY.contains(name));
    let lines = kept.flat_map(|name| {
        // The first line takes the place of what Envoy would write by itself; the others stand beside it.
        let actions = std::iter::once(AppendAction::Overwrite).chain(std::iter::repeat(AppendAction::Append));
        headers
            .get_all(name)
            .iter()
            .zip(actions)
            .map(move |(value, action)| option(name, value.as_bytes(), action))
    });
    lines.collect()
}

/// Invariant: what Tollgate writes is visible ASCII, so nothing is lost in `value`.
fn option(name: &HeaderName, value: &[u8], action: AppendAction) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value).into_owned(),
            raw_value: Vec::new(),
        }),
        append_action: action as i32,
    }
}
