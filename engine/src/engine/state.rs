//! The state in pages, for followers who load a great store without holding it up.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use tollgate_core::UserId;

use super::{Engine, ReadError};
use crate::change::{Change, Position};
use crate::facts;
use crate::feed::{Feed, Lagged};
use crate::record::UserRow;
use crate::store::{
    Authorities, Bounds, Departures, EVERYTHING, NetworkRules, ReadView, Routes, Row, Scope, Source as _, StoreError,
    Table, Tokens, Users, beginning_with, feed_identity, revision,
};

/// Users that are read at a time, with the network rules about them.
const USERS_AT_A_TIME: usize = 256;

/// Rows of tokens that are looked at for one page, however few of them are handed on.
const TOKENS_MOST: usize = 65_536;

/// Users who are gone that are kept in memory for one page. Beyond that, each is asked for.
const DEPARTURES_MOST: usize = 1_024;

/// The order in which tables are handed on: what others lean on comes before them.
const ORDER: [Table; 5] = [
    Table::Networks,
    Table::Routes,
    Table::Authorities,
    Table::Users,
    Table::Tokens,
];

/// Where a page of the state begins: with a record that the page before had no room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCursor {
    table: Table,
    key: Vec<u8>,
}

impl StateCursor {
    /// As a follower is given it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.table.number()];
        bytes.extend_from_slice(&self.key);
        bytes
    }

    /// Reads what [`StateCursor::to_bytes`] has written. None where it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, key) = bytes.split_first()?;
        let table = ORDER.into_iter().find(|table| table.number() == *number)?;
        let is_key = match table {
            Table::Networks => NetworkRules::read_key(key).is_some_and(|(scope, _)| scope == Scope::GLOBAL),
            Table::Routes => Routes::read_key(key).is_some(),
            Table::Authorities => Authorities::read_key(key).is_some(),
            _ => Users::read_key(key).is_some(),
        };
        is_key.then(|| Self {
            table,
            key: key.to_vec(),
        })
    }

    fn at<R: Row>(key: &R::Key) -> Self {
        Self {
            table: R::TABLE,
            key: R::key(key),
        }
    }
}

/// The state at one moment. While it is held, the file keeps what commands have replaced since, so let go of it soon.
pub struct State {
    view: ReadView,
    position: Position,
    feed: Arc<Feed>,
}

impl Engine {
    /// The state at this moment, to be read in pages.
    pub fn state(&self) -> Result<State, ReadError> {
        let view = self.read()?;
        let position = feed_identity(&view)?.at(revision(&view)?);
        Ok(State {
            view,
            position,
            feed: Arc::clone(&self.0.feed),
        })
    }
}

impl State {
    /// The place in the feed from which this state is carried on.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Hands the records of this state to `take`, from `from` on, until it answers false: that record was not taken, and the
    /// page that begins at the cursor which is answered begins with it. Each record comes as the change that makes it. Without a
    /// cursor, all settings come first; then rules for everybody, routes, authorities, users, and tokens whose user is there, each in the order of
    /// their keys.
    ///
    /// Pages may be of different moments. Who loads all of them and then applies all change sets after the position of the
    /// *first* has the state at the greatest revision of any page, and at every one after that. Meanwhile tokens whose user is
    /// not known are to be left out: their user is gone, or comes with the changes.
    ///
    /// # Errors
    ///
    /// [`ReadError::InDoubt`] after a failed commit, as [`Engine::snapshot`]: whatever `take` was given is not to be believed.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{Change, Setting};
    ///
    /// engine.execute(tollgate::AddUser::named("alice".parse()?))?;
    /// let next = engine.state()?.page(None, |record| matches!(record, Change::PutSetting(_)))?;
    /// let mut taken = Vec::new();
    /// let end = engine.state()?.page(next.as_ref(), |record| { taken.push(record); true })?;
    /// assert!(matches!(taken.as_slice(), [Change::PutUser(_)]));
    /// assert_eq!(end, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn page(
        &self,
        from: Option<&StateCursor>,
        mut take: impl FnMut(Change) -> bool,
    ) -> Result<Option<StateCursor>, ReadError> {
        let next = records(&self.view, from, &mut take)?;
        // Asked afterwards: a commit that failed meanwhile may have been one that this state shows.
        match self.feed.ended() {
            Some(Lagged::InDoubt) => Err(ReadError::InDoubt),
            Some(_) | None => Ok(next),
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

type Take<'t> = &'t mut dyn FnMut(Change) -> bool;

/// Hands on what stands from `from` on, and answers where it was broken off. Tables come in one order, each whole but for the
/// first, which begins at the cursor's key.
fn records(view: &ReadView, from: Option<&StateCursor>, take: Take<'_>) -> Result<Option<StateCursor>, StoreError> {
    if from.is_none() {
        for setting in facts::settings(view)?.list() {
            // Invariant: a frame has room for all settings.
            let _ = take(Change::PutSetting(setting));
        }
        let _ = take(Change::ExternalIssuers(facts::external_issuers(view)?));
    }
    let begin = |table: Table| match from {
        Some(cursor) if cursor.table == table => Some(Bound::Included(cursor.key.clone())),
        Some(cursor) if is_before(table, cursor.table) => None,
        Some(_) | None => Some(Bound::Unbounded),
    };
    if let Some(begin) = begin(Table::Networks)
        && let Some(next) = rules(view, begin, take)?
    {
        return Ok(Some(next));
    }
    if let Some(begin) = begin(Table::Routes)
        && let Some(next) = routes(view, begin, take)?
    {
        return Ok(Some(next));
    }
    if let Some(begin) = begin(Table::Authorities)
        && let Some(next) = authorities(view, begin, take)?
    {
        return Ok(Some(next));
    }
    if let Some(begin) = begin(Table::Users)
        && let Some(next) = users(view, begin, take)?
    {
        return Ok(Some(next));
    }
    match begin(Table::Tokens) {
        Some(begin) => tokens(view, begin, take),
        None => Ok(None),
    }
}

fn is_before(one: Table, other: Table) -> bool {
    let place = |table| ORDER.iter().position(|there| *there == table);
    place(one) < place(other)
}

/// Hands on rules for everybody.
fn rules(view: &ReadView, begin: Bound<Vec<u8>>, take: Take<'_>) -> Result<Option<StateCursor>, StoreError> {
    let (first, end) = beginning_with(Scope::GLOBAL.0);
    let begin = if begin == Bound::Unbounded { first } else { begin };
    let mut next = None;
    view.walk::<NetworkRules>(&(begin, end), |key, row| {
        let (range, standing) = (key.1, row.standing);
        if !take(Change::AddNetwork { range, standing }) {
            next = Some(StateCursor::at::<NetworkRules>(&key));
        }
        go_on(next.is_none())
    })?;
    Ok(next)
}

/// Hands on what paths ask for.
fn routes(view: &ReadView, begin: Bound<Vec<u8>>, take: Take<'_>) -> Result<Option<StateCursor>, StoreError> {
    let mut next = None;
    view.walk::<Routes>(&(begin, Bound::Unbounded), |pattern, route| {
        if !take(Change::PutRoute(route)) {
            next = Some(StateCursor::at::<Routes>(&pattern));
        }
        go_on(next.is_none())
    })?;
    Ok(next)
}

/// Hands on authorities, so that they are there before the tokens that act under them.
fn authorities(view: &ReadView, begin: Bound<Vec<u8>>, take: Take<'_>) -> Result<Option<StateCursor>, StoreError> {
    let enabled = facts::enabled_clients(view)?;
    let mut next = None;
    view.walk::<Authorities>(&(begin, Bound::Unbounded), |id, row| {
        let active = enabled.contains(&row.client_number);
        if !take(Change::PutAuthority(row.record(active))) {
            next = Some(StateCursor::at::<Authorities>(&id));
        }
        go_on(next.is_none())
    })?;
    Ok(next)
}

/// Hands on users, with the rules about them.
fn users(view: &ReadView, mut begin: Bound<Vec<u8>>, take: Take<'_>) -> Result<Option<StateCursor>, StoreError> {
    loop {
        let mut some: Vec<UserRow> = Vec::with_capacity(USERS_AT_A_TIME);
        view.walk::<Users>(&(begin, Bound::Unbounded), |_, user| {
            some.push(user);
            go_on(some.len() < USERS_AT_A_TIME)
        })?;
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            return Ok(None);
        };
        begin = Bound::Excluded(Users::key(&last.id));
        let (is_last, about) = (some.len() < USERS_AT_A_TIME, about_users(first.id, last.id));
        let mut networks = facts::networks_by_scope(view, &about)?;
        let epochs = facts::password_epochs(view, &about)?;
        for user in some {
            let own = networks.remove(&Scope::of(user.id)).unwrap_or_default();
            let epoch = epochs.get(&user.id).copied().unwrap_or(0);
            if !take(Change::PutUser(facts::user_record(&user, epoch, own))) {
                return Ok(Some(StateCursor::at::<Users>(&user.id)));
            }
        }
        if is_last {
            return Ok(None);
        }
    }
}

/// The network rules about users from `first` to `last`.
fn about_users(first: UserId, last: UserId) -> Bounds {
    let ((begin, _), (_, end)) = (beginning_with(first.0), beginning_with(last.0));
    (begin, end)
}

/// Hands on tokens whose user is there.
fn tokens(view: &ReadView, begin: Bound<Vec<u8>>, take: Take<'_>) -> Result<Option<StateCursor>, StoreError> {
    let departed = Departed::read(view)?;
    let (mut seen, mut next, mut failed) = (0, None, Ok(()));
    view.walk::<Tokens>(&(begin, Bound::Unbounded), |id, token| {
        let gone = departed.has(view, token.user).unwrap_or_else(|fault| {
            failed = Err(fault);
            true
        });
        if seen == TOKENS_MOST || (!gone && !take(Change::PutToken(token.record()))) {
            next = Some(StateCursor::at::<Tokens>(&id));
        }
        seen += 1;
        go_on(failed.is_ok() && next.is_none())
    })?;
    failed.map(|()| next)
}

fn go_on(on: bool) -> ControlFlow<()> {
    if on {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

/// Users who are gone, while tokens of theirs may still be there.
enum Departed {
    Few(BTreeSet<UserId>),
    Many,
}

impl Departed {
    fn read(view: &ReadView) -> Result<Self, StoreError> {
        let mut few = BTreeSet::new();
        view.walk::<Departures>(&EVERYTHING, |id, ()| {
            few.insert(id);
            go_on(few.len() <= DEPARTURES_MOST)
        })?;
        Ok(if few.len() <= DEPARTURES_MOST {
            Self::Few(few)
        } else {
            Self::Many
        })
    }

    fn has(&self, view: &ReadView, user: UserId) -> Result<bool, StoreError> {
        match self {
            Self::Few(few) => Ok(few.contains(&user)),
            Self::Many => Ok(view.row::<Departures>(&user)?.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{AddUser, RemoveUser};
    use crate::engine::OpenOptions;
    use crate::key_file::PepperKey;

    #[test]
    fn who_is_gone_is_known_however_many_are() {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions::new().create(true).key(PepperKey::from_bytes([1; 32]));
        let engine = options.open(folder.path().join("store.redb")).unwrap();
        let ids = ["gone", "there"].map(|name| engine.execute(AddUser::named(name.parse().unwrap())).unwrap().id);
        let name = "gone".parse().unwrap();
        engine.execute(RemoveUser { name }).unwrap();
        let view = engine.read().unwrap();
        for departed in [Departed::read(&view).unwrap(), Departed::Many] {
            assert_eq!(ids.map(|id| departed.has(&view, id).unwrap()), [true, false]);
        }
    }
}
