//! From the request of a vector to the JSON of a question.

use serde_json::{Map, Value, json};

use super::super::support::facts::{Bytes, Request};
use super::world::Left;

/// The longest form that is looked through.
const FORM_LEN_MAX: usize = 64 * 1024;

/// Whether JSON and a URI can carry a request.
pub(crate) fn carried(request: &Request) -> Result<(), Left> {
    let texts = [Some(&request.method), request.query.as_ref(), request.form.as_ref()];
    for text in texts
        .into_iter()
        .flatten()
        .chain(&request.authorization)
        .chain(&request.authtoken)
    {
        str::from_utf8(&text.0).map_err(|_| Left("bytes that are no UTF-8".to_owned()))?;
    }
    let odd = |byte: &u8| *byte <= b' ' || matches!(*byte, b'#' | 0x7f);
    let uri = [Some(&request.path), request.query.as_ref()];
    if uri.into_iter().flatten().any(|part| part.0.iter().any(odd)) || request.path.0.first() != Some(&b'/') {
        return Err(Left("no URI".to_owned()));
    }
    if request.form.as_ref().is_some_and(|form| form.0.len() > FORM_LEN_MAX) {
        return Err(Left("a form beyond the bound".to_owned()));
    }
    Ok(())
}

/// The question about a request that can be carried. Whether a field is told in the short form or among the others is told
/// by `short`.
pub(crate) fn question(request: &Request, short: bool, hold: bool) -> Value {
    let path = match &request.query {
        Some(query) => format!("{}?{}", text(&request.path), text(query)),
        None => text(&request.path),
    };
    let mut question = Map::new();
    let mut fields = Map::new();
    for (name, short_name, lines) in [
        ("Authorization", "authorization", &request.authorization),
        ("x-cdata-authtoken", "authtoken", &request.authtoken),
    ] {
        match lines.as_slice() {
            [] => {}
            [line] if short => drop(question.insert(short_name.to_owned(), text(line).into())),
            lines => drop(fields.insert(name.to_owned(), lines.iter().map(text).collect())),
        }
    }
    if request.preflight {
        fields.insert("origin".to_owned(), "https://app.example".into());
        fields.insert("access-control-request-method".to_owned(), "PUT".into());
    }
    question.insert("method".to_owned(), text(&request.method).into());
    question.insert("path".to_owned(), path.into());
    question.insert("headers".to_owned(), fields.into());
    question.insert("scopes".to_owned(), json!(request.scopes));
    question.insert("hold".to_owned(), hold.into());
    if let Some(peer) = &request.peer {
        question.insert("ip".to_owned(), peer.as_str().into());
    }
    if let Some(form) = &request.form {
        question.insert("form".to_owned(), text(form).into());
    }
    question.into()
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8(bytes.0.clone()).unwrap()
}
