//! Creation, carried out once for each idempotency key.

use std::sync::Arc;

use tollgate::{Command, Engine, Once, Repeatable, TokenText};
use utoipa::IntoParams;

use super::call::Call;
use super::problem::Problem;
use super::secrets::Secrets;

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

/// A token that was issued.
pub(super) struct Told<R> {
    /// What is stored about it.
    pub(super) record: R,
    /// Its secret, where that is new or still remembered.
    pub(super) token: Option<String>,
    /// Whether it was issued before.
    pub(super) is_replayed: bool,
}

/// What is told of a token whose issue may have been repeated: `new` opens what was issued now, `find` looks up what was issued
/// before. Must be called within a runtime.
pub(super) fn told<I, R>(
    secrets: &Arc<Secrets>,
    call: &Call,
    issued: &Repeatable<I>,
    new: impl FnOnce(&I) -> (&TokenText, R),
    find: impl FnOnce(&str) -> Result<Option<R>, Problem>,
) -> Result<Told<R>, Problem> {
    match issued {
        Repeatable::Now(issued) => {
            let (token, record) = new(issued);
            if let Some(key) = call.key() {
                secrets.keep(key, token.expose());
            }
            let token = Some(token.expose().to_owned());
            Ok(Told {
                record,
                token,
                is_replayed: false,
            })
        }
        Repeatable::Before(id) => {
            let record = still(find(id)?)?;
            let token = call.key().and_then(|key| secrets.find(&key));
            let token = token.map(|token| token.to_string());
            Ok(Told {
                record,
                token,
                is_replayed: true,
            })
        }
    }
}

/// The record of a creation that was repeated, unless it is gone.
pub(super) fn still<T>(found: Option<T>) -> Result<T, Problem> {
    let detail = "the request was carried out before under this idempotency key, but what it created is gone: draw a new key to \
                  create it again";
    found.ok_or_else(|| Problem::new(axum::http::StatusCode::GONE, "gone", "What was created is gone", detail))
}
