//! Carrying commands out on the rows of one transaction.
//!
//! Invariant: a command reads and refuses before it writes its first row, so that a refused command leaves no trace in the
//! transaction that it shares with others.
#![allow(
    unnameable_types,
    reason = "the supertrait of `Command` is sealed by having no name outside this crate"
)]

mod users;
mod tokens;
mod networks;
mod settings;
mod sweep;

use tollgate_core::{DigestKey, Limit, Revision, Timestamp, UserName};

use crate::change::{Change, ChangeSet, FeedIdentity};
use crate::command::Refusal;
use crate::entropy::{Entropy, EntropyError};
use crate::facts;
use crate::record::UserRow;
use crate::store::{Changes, Meta, Number, Row, Source, StoreError, Table, Transaction};

pub use sweep::Swept;
pub(crate) use sweep::sweep;

/// Why a command was not carried out.
#[derive(Debug)]
pub enum Fault {
    /// The caller can do something about it.
    Refused(Refusal),
    /// They cannot.
    Failed(String),
    /// A row could not be read or written.
    Store(StoreFault),
}

/// A fault of the store, which only the writer looks into.
#[derive(Debug)]
pub struct StoreFault(pub(crate) StoreError);

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Fault {
    fn from(fault: StoreError) -> Self {
        Self::Store(StoreFault(fault))
    }
}

impl From<EntropyError> for Fault {
    fn from(error: EntropyError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What a command can be carried out on. Sealed: its name cannot be written outside this crate.
pub trait Execute: Send + 'static {
    /// What the command answers.
    type Answer: Send + 'static;
    /// Carries it out, or leaves no trace.
    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Self::Answer, Fault>;
}

/// A command: everything that changes a store is one of these. Nobody else can add one.
pub trait Command: Execute {
    /// What it answers once it is durable and visible.
    type Outcome: From<<Self as Execute>::Answer> + Send + 'static;
}

macro_rules! commands {
    ($($command:ident => $outcome:ty),* $(,)?) => { $(
        impl Command for crate::command::$command {
            type Outcome = $outcome;
        }
    )* };
}
commands! {
    AddUser => crate::record::User,
    SetUser => crate::record::User,
    RemoveUser => (),
    IssueAuthtoken => crate::command::Issued,
    RevokeToken => crate::record::Authtoken,
    ExpireToken => crate::record::Authtoken,
    AddNetwork => crate::record::Network,
    RemoveNetwork => (),
    SetSetting => crate::setting::Setting,
}

/// What every command of a batch shares.
pub(crate) struct Surroundings<'b> {
    pub(crate) entropy: &'b dyn Entropy,
    pub(crate) digest_key: &'b DigestKey,
    pub(crate) now: Timestamp,
    pub(crate) feed: FeedIdentity,
    /// Most rows in the tail of the feed.
    pub(crate) tail_most: u64,
}

/// The commands that share one transaction, and what they have changed so far.
pub struct Batch<'b, 't> {
    rows: &'b mut Transaction<'t>,
    around: &'b Surroundings<'b>,
    changes: Vec<Change>,
}

impl<'b, 't> Batch<'b, 't> {
    pub(crate) fn new(rows: &'b mut Transaction<'t>, around: &'b Surroundings<'b>) -> Self {
        Self {
            rows,
            around,
            changes: Vec::new(),
        }
    }

    /// How many rows were written so far.
    pub(crate) fn writes(&self) -> u64 {
        self.rows.writes()
    }

    /// Gives this transaction its revision and writes its part of the feed. None where nothing has changed.
    pub(crate) fn finish(self) -> Result<Option<ChangeSet>, StoreError> {
        let Self { rows, around, changes } = self;
        if changes.is_empty() {
            return Ok(None);
        }
        let revision = rows.row_that_must_be::<Meta>(&Number::Revision)?.saturating_add(1);
        rows.put::<Meta>(&Number::Revision, &revision)?;
        for (place, change) in (0..).zip(&changes) {
            rows.put::<Changes>(&(revision, place), change)?;
        }
        trim_tail(rows, around.tail_most, revision)?;
        Ok(Some(ChangeSet {
            feed: around.feed,
            revision: Revision(revision),
            changes,
        }))
    }

    fn now(&self) -> Timestamp {
        self.around.now
    }

    fn put<R: Row>(&mut self, key: &R::Key, value: &R::Value) -> Result<(), StoreError> {
        self.rows.put::<R>(key, value)
    }

    fn remove<R: Row>(&mut self, key: &R::Key) -> Result<(), StoreError> {
        self.rows.remove::<R>(key)
    }

    fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// The user whom a command names.
    fn user(&self, name: &UserName) -> Result<UserRow, Fault> {
        let user = facts::user_named(self.rows, name)?;
        user.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() }.into())
    }

    /// A number that was never given away before. To be called among the reads; [`Batch::took`] belongs to the writes.
    fn next(&self, number: Number) -> Result<u64, Fault> {
        Ok(self.rows.row_that_must_be::<Meta>(&number)?)
    }

    fn took(&mut self, number: Number, taken: u64) -> Result<(), StoreError> {
        self.put::<Meta>(&number, &taken.saturating_add(1))
    }
}

/// Refuses a limit beyond what a counter counts; only a host that builds its own can come here with one.
fn accept_limit(limit: Limit) -> Result<(), Refusal> {
    match limit {
        Limit::AtMost(most) if most.get() > Limit::MOST => Err(Refusal::LimitTooHigh { limit }),
        Limit::AtMost(_) | Limit::Inherit | Limit::Unlimited => Ok(()),
    }
}

/// Rows that one transaction takes off the tail at most: more than any one adds, so that the tail keeps its bound.
const TRIM_MOST: usize = 8_192;

/// Takes whole revisions off the old end of the tail until it has its length. The newest stays, however long it is: a tail
/// that does not end at the store's revision is a damaged one.
fn trim_tail(rows: &mut Transaction<'_>, tail_most: u64, newest: u64) -> Result<(), StoreError> {
    let excess = rows.count(Table::Changes)?.saturating_sub(tail_most);
    if excess == 0 {
        return Ok(());
    }
    let mut oldest = Vec::new();
    let mut last = None;
    rows.walk::<Changes>(&crate::store::EVERYTHING, |(revision, place), _| {
        let enough = oldest.len() as u64 >= excess || oldest.len() >= TRIM_MOST;
        if revision == newest || (enough && last != Some(revision)) {
            return std::ops::ControlFlow::Break(());
        }
        last = Some(revision);
        oldest.push((revision, place));
        std::ops::ControlFlow::Continue(())
    })?;
    for key in oldest {
        rows.remove::<Changes>(&key)?;
    }
    Ok(())
}
