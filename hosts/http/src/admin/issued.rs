//! Records that are made with a secret beside them: the secret is shown in the answer to their making, and nowhere else.
//!
//! ```text
//! asked → its turn among those under one key → made once → with its secret, where that is new or still remembered
//! ```

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tollgate::{Command, Engine, Once, Repeatable, Seen, Timestamp, TokenId, TokenText};
use utoipa::ToSchema;

use super::api::Api;
use super::call::Call;
use super::entity::{Entity, change};
use super::fields::Moment;
use super::once::{create, still};
use super::problem::Problem;
use super::secrets::Secrets;

/// A record that is made with a secret beside it.
pub(super) trait Secretive: Clone + Send + 'static {
    /// The record as it is shown, without the secret.
    type Shown: Serialize + for<'r> From<&'r Self>;
    /// The list that it stands in, as a segment of a path.
    const LIST: &'static str;
    /// What stands beside a secret that is not remembered any more.
    const FORGOTTEN: &'static str = "the token was shown in the first answer and is not remembered any more: revoke this one, \
                                     and issue another under a new idempotency key";

    /// What its list names it by.
    fn id(&self) -> String;

    /// The record of an id, if there is one.
    fn find(engine: &Engine, id: &str) -> Result<Option<Self>, Problem>;

    /// The record as a condition of changes.
    fn seen(self) -> Seen;

    /// Whether there is a secret beside it at all.
    fn has_secret(&self) -> bool {
        true
    }

    /// The answer where no record has an id.
    fn none() -> Problem {
        no_such_token()
    }
}

/// What a command answers that makes such a record.
pub(super) trait Making {
    /// What was made.
    type Record: Secretive;

    /// The record with its secret.
    fn made(&self) -> (&Self::Record, Option<&TokenText>);
}

/// A secret as far as it can be told.
pub(super) struct Secret {
    /// The secret, where it is new or still remembered.
    pub(super) text: Option<String>,
    /// Why it is not told.
    pub(super) note: Option<&'static str>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
#[schema(as = Issued)]
pub(super) struct Issued<T> {
    /// The secret, which cannot be had again. It is null where the request was carried out before under its idempotency key, and
    /// the secret is no longer remembered: five minutes at most, and never beyond the end of the process.
    #[schema(required, example = "tg_…")]
    token: Option<String>,
    /// Why there is no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    note: Option<&'static str>,
    #[serde(flatten)]
    record: T,
}

impl<T> Issued<T> {
    /// A token as it is shown, and its secret.
    pub(super) fn of(record: T, Secret { text, note }: Secret) -> Self {
        Self {
            token: text,
            note,
            record,
        }
    }
}

/// Nothing but, perhaps, an empty object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Makes a record, or answers the one that was made before under the same key, as `tell` puts it together with its secret.
pub(super) async fn issue<C, T>(
    api: &Api,
    call: Call,
    fingerprint: [u8; 32],
    command: C,
    tell: impl FnOnce(Shown<C>, Secret) -> T + Send + 'static,
) -> Result<Response, Problem>
where
    C: Command<Outcome: Making> + Send + 'static,
    Once<C>: Command<Outcome = Repeatable<<C as Command>::Outcome>>,
    T: Serialize,
{
    let turn = match call.key() {
        Some(key) => api.secrets().turn(&key).await,
        None => None,
    };
    let secrets = Arc::clone(api.secrets());
    api.run(move |engine| {
        let _turn = turn;
        let made = create(engine, &call, fingerprint, command)?;
        let (record, secret, is_replayed) = told(&secrets, engine, &call, &made)?;
        let id = record.id();
        let entity = entity(&record)?;
        let told = tell(shown(&record), secret);
        entity.created(&[Record::<C>::LIST, &id], Some(&told), is_replayed)
    })
    .await
}

type Record<C> = <<C as Command>::Outcome as Making>::Record;
type Shown<C> = <Record<C> as Secretive>::Shown;

/// The record and what can be told of its secret, and whether it was made before. Must be called within a runtime.
fn told<M: Making>(
    secrets: &Arc<Secrets>,
    engine: &Engine,
    call: &Call,
    made: &Repeatable<M>,
) -> Result<(M::Record, Secret, bool), Problem> {
    let (record, text, is_replayed) = match made {
        Repeatable::Now(made) => {
            let (record, text) = made.made();
            let text = text.map(TokenText::expose);
            if let (Some(key), Some(text)) = (call.key(), text) {
                secrets.keep(key, text);
            }
            (record.clone(), text.map(str::to_owned), false)
        }
        Repeatable::Before(id) => {
            let record = still(M::Record::find(engine, id)?)?;
            let kept = call.key().and_then(|key| secrets.find(&key));
            (record, kept.map(|text| text.to_string()), true)
        }
    };
    let is_forgotten = text.is_none() && record.has_secret();
    let note = is_forgotten.then_some(M::Record::FORGOTTEN);
    Ok((record, Secret { text, note }, is_replayed))
}

/// The record of an id, and its tag.
pub(super) fn look<R: Secretive>(engine: &Engine, id: &str) -> Result<(Seen, Entity), Problem> {
    let record = R::find(engine, id)?.ok_or_else(R::none)?;
    let entity = entity(&record)?;
    Ok((record.seen(), entity))
}

/// Shows the record of an id.
pub(super) async fn show<R: Secretive>(api: &Api, call: Call, id: String) -> Result<Response, Problem> {
    let found = api.run(move |engine| look::<R>(engine, &id)).await?;
    Ok(found.1.found(&call))
}

/// Carries a change of the record of an id out, and shows it as it is from now on.
pub(super) async fn amend<R, C>(
    api: &Api,
    call: Call,
    id: String,
    command: impl FnOnce(&Engine) -> Result<C, Problem> + Send + 'static,
) -> Result<Response, Problem>
where
    R: Secretive,
    C: Command<Outcome = R>,
    tollgate::IfUnchanged<C>: Command<Outcome = R>,
{
    api.run(move |engine| {
        let command = command(engine)?;
        let record = change(engine, &call, |engine| look::<R>(engine, &id), command)?;
        Ok(entity(&record)?.answer())
    })
    .await
}

fn entity<R: Secretive>(record: &R) -> Result<Entity, Problem> {
    Entity::of(&shown(record))
}

fn shown<R: Secretive>(record: &R) -> R::Shown {
    R::Shown::from(record)
}

/// When a new token ends.
pub(super) fn end(engine: &Engine, at: Option<Moment>, in_s: Option<u32>) -> Result<Option<Timestamp>, Problem> {
    match (at, in_s) {
        (None, None) => Ok(None),
        (Some(Moment(at)), None) => Ok(Some(at)),
        (None, Some(seconds)) => Ok(Some(engine.now().plus_millis(u64::from(seconds) * 1_000))),
        (Some(_), Some(_)) => Err(Problem::unprocessable(
            "unexpected-json",
            "expected one end for the token, but found `expires_at` and `expires_in_s`: leave one out",
        )),
    }
}

/// What a body names and is not there is no fault of the path.
pub(super) fn about_body(problem: Problem) -> Problem {
    if problem.status() == StatusCode::NOT_FOUND {
        problem.with_status(StatusCode::UNPROCESSABLE_ENTITY)
    } else {
        problem
    }
}

/// An id in a path. One that is no number is no token's.
pub(super) fn number(segment: &str) -> Result<TokenId, Problem> {
    let number = segment
        .parse::<u64>()
        .ok()
        .filter(|number| number.to_string() == segment);
    number.map(TokenId).ok_or_else(no_such_token)
}

fn no_such_token() -> Problem {
    let title = "There is no such record";
    let detail = "expected the id of a token, which is a number, but there is no token of this id";
    Problem::new(StatusCode::NOT_FOUND, "no-such-token", title, detail)
}
