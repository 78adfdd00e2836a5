//! Questions as Envoy puts them, and its reading of the replies.

use axum::http::{HeaderMap as Fields, HeaderName, HeaderValue as FieldValue};
use prost::Message as _;

use super::messages::{
    Address, Attributes, CheckRequest, CheckResponse, HeaderMap, HeaderValue, HttpRequest, Peer, Requested,
    SocketAddress,
};
use crate::support::{Answer, Ask, CLIENT, PROXY, World, ask};

pub(crate) const PATH: &str = "/envoy.service.auth.v3.Authorization/Check";

/// `APPEND_IF_EXISTS_OR_ADD` and `OVERWRITE_IF_EXISTS_OR_ADD`.
pub(crate) const APPEND: i32 = 0;
pub(crate) const OVERWRITE: i32 = 2;

/// Where a header line stands in a message.
#[derive(Clone, Copy)]
pub(crate) enum Listed {
    /// In the map, joined by commas with others of its name.
    Map,
    /// In the list of `encode_raw_headers`.
    Raw,
}

pub(crate) fn line(listed: Listed, name: &str, value: &str) -> HeaderValue {
    let (value, raw_value) = match listed {
        Listed::Map => (value.to_owned(), Vec::new()),
        Listed::Raw => (String::new(), value.as_bytes().to_vec()),
    };
    HeaderValue {
        key: name.to_owned(),
        value,
        raw_value,
    }
}

/// A request of the trusted client.
pub(crate) fn http(method: &str, path: &str) -> HttpRequest {
    HttpRequest {
        id: "7".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        host: "upstream.example".to_owned(),
        size: -1,
        ..HttpRequest::default()
    }
}

impl HttpRequest {
    pub(crate) fn raw(mut self, name: &str, value: &str) -> Self {
        let map = self.header_map.get_or_insert_with(HeaderMap::default);
        map.headers.push(line(Listed::Raw, name, value));
        self
    }

    pub(crate) fn mapped(mut self, name: &str, value: &str) -> Self {
        self.headers.push(line(Listed::Map, name, value));
        self
    }
}

pub(crate) fn socket(address: &str) -> Option<Peer> {
    let socket_address = Some(SocketAddress {
        address: address.to_owned(),
        port_value: 4711,
    });
    let address = Some(Address {
        socket_address,
        pipe: None,
    });
    Some(Peer {
        address,
        service: "ignored".to_owned(),
    })
}

pub(crate) fn message(source: Option<Peer>, http: HttpRequest) -> CheckRequest {
    let attributes = Some(Attributes {
        source,
        destination: socket("198.51.100.2"),
        request: Some(Requested { http: Some(http) }),
    });
    CheckRequest { attributes }
}

/// The bytes of a message as gRPC frames it.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).unwrap();
    [&[0], &len.to_be_bytes()[..], message].concat()
}

pub(crate) fn call(world: &World, caller: &str, frame: Vec<u8>) -> Answer {
    let question = ask(&format!("POST {PATH}")).from(caller);
    world.send(question.field("content-type", "application/grpc").body(frame))
}

pub(crate) fn reply(world: &World, message: &CheckRequest) -> CheckResponse {
    let answer = call(world, PROXY, framed(&message.encode_to_vec()));
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.field("grpc-status"),
        [""; 0],
        "{:?}",
        answer.field("grpc-message")
    );
    CheckResponse::decode(&answer.body[5..]).unwrap()
}

/// What a client would get, from a reply as Envoy reads it.
pub(crate) fn read(reply: &CheckResponse) -> Answer {
    let code = reply.status.as_ref().map_or(0, |status| status.code);
    let (status, options, body) = match (&reply.ok, &reply.denied) {
        (Some(ok), None) => {
            assert_eq!(code, 0);
            (200, &ok.headers, String::new())
        }
        (None, Some(denied)) => {
            assert_ne!(code, 0);
            (
                denied.status.as_ref().unwrap().code,
                &denied.headers,
                denied.body.clone(),
            )
        }
        other => panic!("one of both: {other:?}"),
    };
    let mut headers = Fields::new();
    for option in options {
        let line = option.header.as_ref().unwrap();
        let (name, value) = (
            line.key.parse::<HeaderName>().unwrap(),
            line.value.parse::<FieldValue>().unwrap(),
        );
        match option.append_action {
            OVERWRITE => drop(headers.insert(name, value)),
            APPEND => drop(headers.append(name, value)),
            other => panic!("{other} is no action that is used"),
        }
    }
    Answer {
        status: u16::try_from(status).unwrap(),
        headers,
        body: body.into_bytes(),
    }
}

pub(crate) fn answer(world: &World, http: HttpRequest) -> Answer {
    read(&reply(world, &message(socket(CLIENT), http)))
}

/// A question to `/check`, put by Envoy.
pub(crate) fn translated(listed: Listed, question: Ask) -> CheckRequest {
    let (caller, request) = question.into_parts();
    let path = request.uri().path().strip_prefix("/check").unwrap();
    let mut asked = http(request.method().as_str(), if path.is_empty() { "/" } else { path });
    for (name, value) in request.headers() {
        asked = match listed {
            Listed::Map => asked.mapped(name.as_str(), value.to_str().unwrap()),
            Listed::Raw => asked.raw(name.as_str(), value.to_str().unwrap()),
        };
    }
    message(socket(&caller.ip().to_string()), asked)
}
