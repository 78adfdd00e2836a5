//! Commands that are carried out once, however often their caller asks.

use super::{Batch, Command, Execute, Fault};
use crate::command::{Once, Refusal};
use crate::record::{Network, RepeatRow, User};
use crate::store::{Repeats, Source as _};

/// Something that was made, and the id that says which.
pub trait Made {
    /// Names it among all of its kind.
    fn made(&self) -> String;
}

impl Made for User {
    fn made(&self) -> String {
        self.name.to_string()
    }
}

impl Made for Network {
    fn made(&self) -> String {
        self.rule.to_string()
    }
}

impl Made for super::tokens::Drawn<crate::record::Authtoken> {
    fn made(&self) -> String {
        self.record.id.0.to_string()
    }
}

impl Made for super::tokens::Drawn<crate::record::FeedToken> {
    fn made(&self) -> String {
        self.record.id.0.to_string()
    }
}

impl Made for super::tokens::Drawn<crate::record::AdminToken> {
    fn made(&self) -> String {
        self.record.id.0.to_string()
    }
}

impl Made for super::tokens::Drawn<crate::person::PersonalToken> {
    fn made(&self) -> String {
        self.record.id.0.to_string()
    }
}

impl Made for super::clients::DrawnSecret {
    fn made(&self) -> String {
        self.client.name.to_string()
    }
}

/// What a command answers that is carried out once.
pub enum Repeated<A> {
    /// It was carried out now.
    Now(A),
    /// It was carried out before.
    Before(String),
}

/// What [`Once`] answers.
#[derive(Debug)]
pub enum Repeatable<T> {
    /// It was carried out now, and this is its outcome.
    Now(T),
    /// It was carried out before. What it made then has this id: a name, a number or a rule.
    Before(String),
}

impl<A, T: From<A>> From<Repeated<A>> for Repeatable<T> {
    fn from(repeated: Repeated<A>) -> Self {
        match repeated {
            Repeated::Now(answer) => Self::Now(answer.into()),
            Repeated::Before(made) => Self::Before(made),
        }
    }
}

impl<C: Execute> Execute for Once<C>
where
    C::Answer: Made,
{
    type Answer = Repeated<C::Answer>;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Repeated<C::Answer>, Fault> {
        let Self {
            key,
            fingerprint,
            command,
        } = self;
        if let Some(row) = batch.rows.row::<Repeats>(&key)? {
            let same = row.fingerprint == fingerprint;
            return if same {
                Ok(Repeated::Before(row.made))
            } else {
                Err(Refusal::KeyReused.into())
            };
        }
        let answer = command.execute(batch)?;
        let row = RepeatRow {
            at: batch.now(),
            fingerprint,
            made: answer.made(),
        };
        batch.put::<Repeats>(&key, &row)?;
        Ok(Repeated::Now(answer))
    }
}

impl<C: Command> Command for Once<C>
where
    C::Answer: Made,
{
    type Outcome = Repeatable<C::Outcome>;
}
