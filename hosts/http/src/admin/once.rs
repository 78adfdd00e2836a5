//! Creation, carried out once for each idempotency key.

use tollgate::{Command, Engine, Once, Repeatable};
use utoipa::IntoParams;

use super::call::Call;
use super::problem::Problem;

/// Names a creation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it stands for the field that is read by hand")]
pub(super) struct IdempotencyKey {
    /// Names this request for a day: the same request under the same key creates nothing more, and answers the record that
    /// was created then. A key is good for one token and one path.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$",
        nullable = false
    )]
    key: Option<String>,
}

/// Carries a creation out, or answers the id of what it made before under the same key.
pub(super) fn create<C>(
    engine: &Engine,
    call: &Call,
    fingerprint: [u8; 32],
    command: C,
) -> Result<Repeatable<<C as Command>::Outcome>, Problem>
where
    C: Command,
    Once<C>: Command<Outcome = Repeatable<<C as Command>::Outcome>>,
{
    let engine = engine.by(call.caller().author());
    Ok(match call.key() {
        None => Repeatable::Now(engine.execute(command)?),
        Some(key) => engine.execute(Once {
            key,
            fingerprint,
            command,
        })?,
    })
}

/// The record of a creation that was repeated, unless it is gone.
pub(super) fn still<T>(found: Option<T>) -> Result<T, Problem> {
    let detail = "the request was carried out before under this idempotency key, but what it created is gone: draw a new key to \
                  create it again";
    found.ok_or_else(|| Problem::new(axum::http::StatusCode::GONE, "gone", "What was created is gone", detail))
}
