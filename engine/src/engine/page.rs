//! Lists in pages, and the sealed cursors between them.

use std::ops::{Bound, ControlFlow};

use tollgate_core::{TokenId, UserName};

use super::{Engine, ReadError};
use crate::audit::AuditEntry;
use crate::client::Client;
use crate::facts;
use crate::person::PersonalToken;
use crate::record::{AdminToken, Authtoken, FeedToken, Network, TokenRow, User};
use crate::store::{
    AdminTokens, Audit, Bounds, Clients, EVERYTHING, FeedTokens, Meta, NetworkRules, Number, PersonalTokens, ReadView,
    Row, Scope, Source as _, StoreError, Tokens, TokensByUser, UserNames, Users, beginning_with,
};

/// Most items of one page.
const ITEMS_MOST: usize = 1_000;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Leads to the next page; none where this is the last. It is sealed under the store's key and good for this list alone.
    pub next: Option<String>,
}

/// Which end of the audit trail comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditOrder {
    /// In the order in which it was written.
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// Why there is no such page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The cursor is not one that this list gave.
    #[error(
        "expected the cursor that the page before gave, unchanged and for the same list: begin again without a cursor"
    )]
    Cursor,
    /// The list could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<StoreError> for PageError {
    fn from(fault: StoreError) -> Self {
        Self::Read(fault.into())
    }
}

/// Which list a cursor belongs to. The numbers are no tables', so that no row's seal is one of a cursor.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum List {
    Users = 0xc0,
    Tokens = 0xc1,
    TokensOf = 0xc2,
    Networks = 0xc3,
    AuditForwards = 0xc4,
    AuditBackwards = 0xc5,
    AdminTokens = 0xc6,
    FeedTokens = 0xc7,
    Clients = 0xc8,
    PersonalTokens = 0xc9,
    PersonalTokensOf = 0xca,
    Grants = 0xcb,
    GrantsOfUser = 0xcc,
    GrantsOfClient = 0xcd,
    Sessions = 0xce,
    SessionsOf = 0xcf,
}

impl Engine {
    /// Users in the order of their names: those behind `cursor`, at most `limit` of them (1 to 1,000).
    ///
    /// What changes between two pages may show or not; nothing that stays is left out or shown twice.
    pub fn users_page(&self, cursor: Option<&str>, limit: usize) -> Result<Page<User>, PageError> {
        let view = self.read()?;
        let list = Listing::new(&view, List::Users, 0, cursor, limit)?;
        list.walk::<UserNames, _>(EVERYTHING, |_, id| view.row_that_must_be::<Users>(&id).map(Some))
    }

    /// Authtokens of one user, or of all, in the order in which they were issued, as [`Engine::users_page`] does.
    pub fn tokens_page(
        &self,
        of: Option<&UserName>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Authtoken>, PageError> {
        let view = self.read()?;
        let Some(name) = of else {
            let list = Listing::new(&view, List::Tokens, 0, cursor, limit)?;
            return list.walk::<Tokens, _>(EVERYTHING, |_, token| {
                if !token.is_authtoken() {
                    return Ok(None);
                }
                let user = view.row::<Users>(&token.user)?;
                Ok(user.map(|user| token.shown(user.name)))
            });
        };
        let user = facts::user_named(&view, name)?.ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?;
        let list = Listing::new(&view, List::TokensOf, user.id.0, cursor, limit)?;
        list.walk::<TokensByUser, _>(beginning_with(user.id.0), |(_, id), ()| {
            let token = view.row_that_must_be::<Tokens>(&id)?;
            Ok(token.is_authtoken().then(|| token.shown(name.clone())))
        })
    }

    /// Network rules, those about everybody first, as [`Engine::users_page`] does.
    pub fn networks_page(&self, cursor: Option<&str>, limit: usize) -> Result<Page<Network>, PageError> {
        let view = self.read()?;
        let list = Listing::new(&view, List::Networks, 0, cursor, limit)?;
        list.walk::<NetworkRules, _>(EVERYTHING, |(scope, _), row| {
            let user = match scope.user() {
                Some(id) => Some(view.row_that_must_be::<Users>(&id)?.name),
                None => None,
            };
            Ok(Some(row.shown(user)))
        })
    }

    /// The audit trail from either end, as [`Engine::users_page`] does.
    pub fn audit(&self, order: AuditOrder, cursor: Option<&str>, limit: usize) -> Result<Page<AuditEntry>, PageError> {
        let view = self.read()?;
        if order == AuditOrder::OldestFirst {
            let list = Listing::new(&view, List::AuditForwards, 0, cursor, limit)?;
            return list.walk::<Audit, _>(EVERYTHING, |_, entry| Ok(Some(entry)));
        }
        let list = Listing::new(&view, List::AuditBackwards, 0, cursor, limit)?;
        let end = match &list.after {
            Some(key) => Audit::read_key(key).ok_or(PageError::Cursor)?,
            None => view.row_that_must_be::<Meta>(&Number::NextAudit)?,
        };
        let mut items = Vec::new();
        let mut last = end;
        for sequence in (1..end).rev().take(list.limit) {
            items.push(view.row_that_must_be::<Audit>(&sequence)?);
            last = sequence;
        }
        let next = (last > 1 && !items.is_empty()).then(|| list.cursor(&Audit::key(&last)));
        Ok(Page { items, next })
    }

    /// All administrators' tokens, revoked ones included, in the order in which they were issued.
    pub fn admin_tokens(&self) -> Result<Vec<AdminToken>, ReadError> {
        let rows = facts::rows::<AdminTokens>(&self.read()?, &EVERYTHING)?;
        Ok(rows.into_iter().map(|(_, row)| row.token).collect())
    }

    /// Administrators' tokens, revoked ones included, in the order in which they were issued, as [`Engine::users_page`] does.
    pub fn admin_tokens_page(&self, cursor: Option<&str>, limit: usize) -> Result<Page<AdminToken>, PageError> {
        let view = self.read()?;
        let list = Listing::new(&view, List::AdminTokens, 0, cursor, limit)?;
        list.walk::<AdminTokens, _>(EVERYTHING, |_, row| Ok(Some(row.token)))
    }

    /// Feed tokens, revoked ones included, in the order in which they were issued, as [`Engine::users_page`] does.
    pub fn feed_tokens_page(&self, cursor: Option<&str>, limit: usize) -> Result<Page<FeedToken>, PageError> {
        let view = self.read()?;
        let list = Listing::new(&view, List::FeedTokens, 0, cursor, limit)?;
        list.walk::<FeedTokens, _>(EVERYTHING, |_, row| Ok(Some(row.token)))
    }

    /// Clients in the order of their names, as [`Engine::users_page`] does.
    pub fn clients_page(&self, cursor: Option<&str>, limit: usize) -> Result<Page<Client>, PageError> {
        let view = self.read()?;
        let list = Listing::new(&view, List::Clients, 0, cursor, limit)?;
        list.walk::<Clients, _>(EVERYTHING, |_, row| facts::client_shown(&view, &row).map(Some))
    }

    /// Personal access tokens of one user, or of all and then user by user, those that have ended included, as [`Engine::users_page`]
    /// does.
    pub fn personal_tokens_page(
        &self,
        of: Option<&UserName>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<PersonalToken>, PageError> {
        let view = self.read()?;
        let (list, number, bounds) = match of {
            None => (List::PersonalTokens, 0, EVERYTHING),
            Some(name) => {
                let user =
                    facts::user_named(&view, name)?.ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?;
                (List::PersonalTokensOf, user.id.0, beginning_with(user.id.0))
            }
        };
        let list = Listing::new(&view, list, number, cursor, limit)?;
        list.walk::<PersonalTokens, _>(bounds, |(_, id), _| {
            let token = facts::personal_token(&view, id)?;
            Ok(token.map(|token| self.with_last_use(token)))
        })
    }

    /// The authtoken of an id, if there is one whose user is there.
    pub fn token(&self, id: TokenId) -> Result<Option<Authtoken>, ReadError> {
        let view = self.read()?;
        let Some(token) = view.row::<Tokens>(&id)?.filter(TokenRow::is_authtoken) else {
            return Ok(None);
        };
        let user = view.row::<Users>(&token.user)?;
        Ok(user.map(|user| token.shown(user.name)))
    }

    /// The administrator's token of an id, if there is one.
    pub fn admin_token(&self, id: TokenId) -> Result<Option<AdminToken>, ReadError> {
        Ok(self.read()?.row::<AdminTokens>(&id)?.map(|row| row.token))
    }

    /// The feed token of an id, if there is one.
    pub fn feed_token(&self, id: TokenId) -> Result<Option<FeedToken>, ReadError> {
        Ok(self.read()?.row::<FeedTokens>(&id)?.map(|row| row.token))
    }

    /// The rule for exactly these addresses, about one user or everybody, if there is one.
    pub fn network(
        &self,
        rule: &tollgate_core::NetworkRule,
        user: Option<&UserName>,
    ) -> Result<Option<Network>, ReadError> {
        let view = self.read()?;
        let scope = match user {
            Some(name) => facts::user_named(&view, name)?.map(|user| Scope::of(user.id)),
            None => Some(Scope::GLOBAL),
        };
        let Some(scope) = scope else { return Ok(None) };
        let row = view.row::<NetworkRules>(&(scope, rule.range()))?;
        Ok(row.map(|row| row.shown(user.cloned())))
    }
}

/// One list from one place on.
pub(super) struct Listing<'v> {
    view: &'v ReadView,
    list: List,
    /// What the list is about, beside its kind: a user's id, or zero.
    about: u64,
    /// The key behind which the page begins.
    after: Option<Vec<u8>>,
    limit: usize,
}

impl<'v> Listing<'v> {
    pub(super) fn new(
        view: &'v ReadView,
        list: List,
        about: u64,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Self, PageError> {
        let mut listing = Self {
            view,
            list,
            about,
            after: None,
            limit: limit.clamp(1, ITEMS_MOST),
        };
        if let Some(cursor) = cursor {
            let sealed = bytes_of(cursor).ok_or(PageError::Cursor)?;
            let key = view.seal().open(list as u8, &about.to_be_bytes(), &sealed);
            listing.after = Some(key.map_err(|_| PageError::Cursor)?.to_vec());
        }
        Ok(listing)
    }

    fn cursor(&self, key: &[u8]) -> String {
        let sealed = self
            .view
            .seal()
            .seal(self.list as u8, &self.about.to_be_bytes(), key.to_vec());
        sealed.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The items of `bounds` behind the cursor, as `make` makes them of rows; a row of which it makes none does not count.
    pub(super) fn walk<R: Row, T>(
        &self,
        bounds: Bounds,
        mut make: impl FnMut(R::Key, R::Value) -> Result<Option<T>, StoreError>,
    ) -> Result<Page<T>, PageError> {
        let (begin, end) = bounds;
        let begin = self.after.clone().map_or(begin, Bound::Excluded);
        let (mut items, mut last, mut more) = (Vec::new(), Vec::new(), false);
        let mut failed = None;
        self.view.walk::<R>(&(begin, end), |key, value| {
            let bytes = R::key(&key);
            match make(key, value) {
                Ok(None) => {}
                Ok(Some(_)) if items.len() >= self.limit => {
                    more = true;
                    return ControlFlow::Break(());
                }
                Ok(Some(item)) => {
                    items.push(item);
                    last = bytes;
                }
                Err(fault) => {
                    failed = Some(fault);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if let Some(fault) = failed {
            return Err(fault.into());
        }
        let next = more.then(|| self.cursor(&last));
        Ok(Page { items, next })
    }
}

/// The bytes that lower-case hexadecimal digits stand for.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}
