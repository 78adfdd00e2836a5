//! Questions about credentials that no view can decide about.

use std::collections::BTreeMap;

use tollgate_core::feed::FrameKey;

use crate::callout::{Callout, Response};

/// What is said of each credential, as it stands in `Authorization`; of all others that they are nobody's.
#[derive(Default)]
pub(super) struct Proofs(BTreeMap<String, String>);

impl Proofs {
    pub(super) fn put(&mut self, authorization: String, answer: String) {
        self.0.insert(authorization, answer);
    }

    /// The sealed answer to a question.
    pub(super) fn answer(&self, callout: &Callout, key: &FrameKey) -> Response {
        let Some((nonce, authorization)) = read(&callout.body) else {
            return Response::new(422, r#"{"title":"no question"}"#);
        };
        let said = self.0.get(&authorization).map_or(r#"{"proven":false}"#, String::as_str);
        let seal = key.seal(&nonce, said.as_bytes());
        let seal: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
        Response::new(200, said)
            .field("content-type", "application/json")
            .field("x-tollgate-seal", seal)
    }
}

/// Nonce and credential of a question, which says that it is one.
fn read(body: &[u8]) -> Option<([u8; 16], String)> {
    let question: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = |key: &str| question.get(key).and_then(serde_json::Value::as_str);
    let nonce = u128::from_str_radix(text("nonce")?, 16).ok()?.to_be_bytes();
    (question.get("prove")? == true).then_some((nonce, text("authorization")?.to_owned()))
}
