//! Questions and answers in JSON over a real connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use axum::http::{HeaderMap, HeaderName};
use serde_json::Value;

use super::Answer;
use super::running::Running;

/// Asks on a connection of its own; `lines` are further header lines, each with its end.
pub(crate) fn send(server: &Running, line: &str, lines: &str, body: &[u8]) -> Answer {
    let mut stream = server.connect();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses a body may have closed before it was sent.
    let _ = stream.write_all(body);
    answer(stream)
}

/// `POST /v1/check`.
pub(crate) fn ask(server: &Running, question: &Value) -> Answer {
    let json = "content-type: application/json\r\n";
    send(server, "POST /v1/check", json, &serde_json::to_vec(question).unwrap())
}

/// The decision about one check.
pub(crate) fn decide(server: &Running, check: &Value) -> Value {
    let answer = ask(server, check);
    let body = document(&answer);
    assert_eq!(answer.status, 200, "{body}");
    assert_eq!(answer.field("content-type"), ["application/json"]);
    assert_eq!(answer.field("cache-control"), ["no-store"]);
    body
}

/// The status of `DELETE /v1/permits/ID`.
pub(crate) fn release(server: &Running, permit: &Value) -> u16 {
    let line = format!("DELETE /v1/permits/{}", permit.as_str().unwrap());
    send(server, &line, "", b"").status
}

/// The body of an answer.
pub(crate) fn document(answer: &Answer) -> Value {
    let text = String::from_utf8_lossy(&answer.body);
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// What comes on a connection until its end.
pub(crate) fn answer(stream: TcpStream) -> Answer {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end_matches(['\r', '\n']).split_once(": ") else {
            break;
        };
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let mut body = Vec::new();
    stream.read_to_end(&mut body).unwrap();
    Answer { status, headers, body }
}
