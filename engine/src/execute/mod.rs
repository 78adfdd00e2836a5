//! Carrying commands out on the rows of one transaction.
//!
//! Invariant: a command reads and refuses before it writes its first row, so that a refused command leaves no trace in the
//! transaction that it shares with others.
#![allow(
    unnameable_types,
    reason = "the supertrait of `Command` is sealed by having no name outside this crate"
)]

mod described;
mod users;
mod tokens;
mod people;
mod personal;
mod clients;
mod authorities;
mod access;
mod networks;
mod settings;
mod operators;
mod conditional;
mod repeated;
mod import;
mod granting;
mod upgrade;
mod sweep;

use tollgate_core::{DigestKey, Limit, LiveView, Revision, Timestamp, UserName};

use crate::audit::{AuditDigest, AuditEntry, AuditFacts, Author};
use crate::change::{Change, ChangeSet, FeedIdentity};
use crate::command::Refusal;
use crate::entropy::{Entropy, EntropyError};
use crate::facts;
use crate::granting::{Derivation, GrantFault};
use crate::record::{OperatorRows, UserRow};
use crate::sealed::Vault;
use crate::store::{Audit, Changes, Meta, Number, Row, Source, StoreError, Table, Transaction};

pub(crate) use granting::{GrantCursors, sweep_grants};
pub use repeated::Repeatable;
pub use sweep::Swept;
pub(crate) use sweep::{sweep, sweep_repeats};
pub(crate) use upgrade::upgrade;

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

impl From<GrantFault> for Fault {
    fn from(fault: GrantFault) -> Self {
        Self::Refused(fault.into())
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
    IssueAdminToken => crate::command::IssuedAdminToken,
    RevokeAdminToken => crate::record::AdminToken,
    IssueFeedToken => crate::command::IssuedFeedToken,
    RevokeFeedToken => crate::record::FeedToken,
    Import => crate::portable::Imported,
    AddClient => crate::command::AddedClient,
    SetClient => crate::client::Client,
    RotateClientSecret => crate::command::RotatedSecret,
    RemoveClient => (),
    SetPassword => crate::record::User,
    RenewPassword => bool,
    SetProfile => crate::person::Profile,
    IssuePersonalToken => crate::command::IssuedPersonalToken,
    RevokePersonalToken => crate::person::PersonalToken,
    PutRoute => tollgate_core::Route,
    RemoveRoute => (),
    PutIssuer => crate::issuer::Issuer,
    RemoveIssuer => (),
    PutIdentityProvider => crate::identity_provider::IdentityProvider,
    RemoveIdentityProvider => (),
    NameAuthority => tollgate_core::AuthorityId,
}

/// What every command of a batch shares.
pub(crate) struct Surroundings<'b> {
    pub(crate) entropy: &'b dyn Entropy,
    pub(crate) digest_key: &'b DigestKey,
    /// What seals secrets that must be had again.
    pub(crate) vault: &'b Vault,
    pub(crate) now: Timestamp,
    pub(crate) feed: FeedIdentity,
    /// What checks see, as of the transaction before.
    pub(crate) view: &'b LiveView,
    /// Most rows in the tail of the feed.
    pub(crate) tail_most: u64,
    /// What leads from a refresh token to its successor.
    pub(crate) derivation: &'b Derivation,
    /// Seconds after which a refresh token that lies unused has ended.
    pub(crate) refresh_idle_s: u64,
}

/// The commands that share one transaction, and what they have changed so far.
pub struct Batch<'b, 't> {
    rows: &'b mut Transaction<'t>,
    around: &'b Surroundings<'b>,
    author: Author,
    changes: Vec<Change>,
    deeds: Vec<Deed>,
    operators: OperatorRows,
}

/// An entry of the audit trail before it has its place there.
struct Deed {
    author: Author,
    action: &'static str,
    subject: String,
    before: Option<AuditFacts>,
    after: Option<AuditFacts>,
}

/// What a transaction leads to, beside its rows.
pub(crate) struct Finished {
    /// What checks and the feed are told; none where nothing of theirs has changed.
    pub(crate) set: Option<ChangeSet>,
    /// Administrators' tokens and feed tokens as they are from now on.
    pub(crate) operators: OperatorRows,
}

impl<'b, 't> Batch<'b, 't> {
    pub(crate) fn new(rows: &'b mut Transaction<'t>, around: &'b Surroundings<'b>) -> Self {
        Self {
            rows,
            around,
            author: Author::application(),
            changes: Vec::new(),
            deeds: Vec::new(),
            operators: OperatorRows::default(),
        }
    }

    /// How many rows were written so far.
    pub(crate) fn writes(&self) -> u64 {
        self.rows.writes()
    }

    /// Whether there is anything to commit: rows, or an entry of the audit trail that comes last.
    pub(crate) fn wrote(&self) -> bool {
        self.rows.writes() > 0 || !self.deeds.is_empty()
    }

    /// Whose the commands are that follow.
    pub(crate) fn by(&mut self, author: Author) {
        self.author = author;
    }

    /// Writes the audit trail on, gives this transaction its revision and writes its part of the feed.
    pub(crate) fn finish(self) -> Result<Finished, StoreError> {
        let Self {
            rows,
            around,
            author: _,
            changes,
            deeds,
            operators,
        } = self;
        write_down(rows, around.now, deeds)?;
        if changes.is_empty() {
            let set = None;
            return Ok(Finished { set, operators });
        }
        let revision = rows.row_that_must_be::<Meta>(&Number::Revision)?.saturating_add(1);
        rows.put::<Meta>(&Number::Revision, &revision)?;
        for (place, change) in (0..).zip(&changes) {
            rows.put::<Changes>(&(revision, place), change)?;
        }
        trim_tail(rows, around.tail_most, revision)?;
        let set = Some(ChangeSet {
            feed: around.feed,
            revision: Revision(revision),
            changes,
        });
        Ok(Finished { set, operators })
    }

    /// Notes what was done, for the audit trail. Belongs to the writes of a command.
    fn did(
        &mut self,
        action: &'static str,
        subject: &impl ToString,
        before: Option<AuditFacts>,
        after: Option<AuditFacts>,
    ) {
        self.deeds.push(Deed {
            author: self.author.clone(),
            action,
            subject: subject.to_string(),
            before,
            after,
        });
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

/// Puts deeds at the end of the audit trail.
fn write_down(rows: &mut Transaction<'_>, now: Timestamp, deeds: Vec<Deed>) -> Result<(), StoreError> {
    if deeds.is_empty() {
        return Ok(());
    }
    let mut next = rows.row_that_must_be::<Meta>(&Number::NextAudit)?;
    let mut previous = match next.checked_sub(1) {
        None | Some(0) => AuditDigest::default(),
        Some(last) => rows.row_that_must_be::<Audit>(&last)?.digest,
    };
    for deed in deeds {
        let Deed {
            author,
            action,
            subject,
            before,
            after,
        } = deed;
        let entry = AuditEntry::new(next, now, &author, action, subject, before, after, previous);
        rows.put::<Audit>(&next, &entry)?;
        previous = entry.digest;
        next = next.saturating_add(1);
    }
    rows.put::<Meta>(&Number::NextAudit, &next)
}

/// Refuses a limit beyond what a counter counts; only a host that builds its own can come here with one.
fn accept_limit(limit: Limit) -> Result<(), Refusal> {
    match limit {
        Limit::AtMost(most) if most.get() > Limit::MOST => Err(Refusal::LimitTooHigh { limit }),
        Limit::AtMost(_) | Limit::Inherit | Limit::Unlimited => Ok(()),
    }
}

/// Rows that one transaction takes off the tail at most: more than any one adds, so that the tail keeps its bound.
const TRIM_MOST: usize = 65_536;

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
