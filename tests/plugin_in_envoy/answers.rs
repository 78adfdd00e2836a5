//! What a refusal must look like, byte for byte: as every other host of the check says it.

use tollgate_core::{Denial, DenyReason, Gate, QuotaState, Refused};
use tollgate_tests::http::Response;

/// What Envoy adds to every answer.
const OF_ENVOY: &[&str] = &["date", "server", "content-length", "connection"];

/// What a caller is told who is refused for `reason`.
pub(crate) fn refusal(reason: DenyReason, quota: Option<QuotaState>) -> Refused {
    let denial = Denial {
        quota,
        ..Denial::plain(reason, Gate::Freshness)
    };
    Refused::of(&denial, None)
}

/// How an answer differs from a refusal, if it does.
pub(crate) fn differs(answer: &Response, refused: &Refused, is_head: bool) -> Option<String> {
    let mut said: Vec<(&str, &str)> = answer
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !OF_ENVOY.contains(name))
        .collect();
    let fields = refused.fields();
    let mut expected: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    said.sort_unstable();
    expected.sort_unstable();
    let document = if is_head { String::new() } else { refused.document() };
    let same = (answer.status, &said, answer.body.as_slice()) == (refused.status, &expected, document.as_bytes());
    (!same).then(|| {
        let body = String::from_utf8_lossy(&answer.body);
        format!(
            "expected {} {expected:?} {document}\n     got {} {said:?} {body}",
            refused.status, answer.status
        )
    })
}

/// Panics unless the answer is a refusal for `reason`.
pub(crate) fn assert_refused(what: &str, answer: &Response, reason: DenyReason) {
    if let Some(difference) = differs(answer, &refusal(reason, None), false) {
        panic!("{what}: {difference}");
    }
}
