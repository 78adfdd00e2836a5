//! What lines of an import come to, on the state as it is and as the lines before them leave it. Nothing is written here.

mod clients;
mod networks;
mod routes;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tollgate_core::{
    AddressRange, ClientName, Foreign, ForeignDigest, ForeignForm, OperationSet, ParseTokenError, Route, TokenDigest,
    TokenId, TokenKind, UserId, UserName, Validity, WellFormed,
};

use super::super::settings::accept as accept_setting;
use super::super::tokens::{accept_second, rounded};
use super::super::{Batch, Fault, accept_limit};
use crate::client::ClientRow;
use crate::command::Refusal;
use crate::facts;
use crate::portable::{LineFault, Portable, PortableAuthtoken, PortableNetwork, PortableSecret, PortableUser};
use crate::record::{NetworkRow, TokenRow, UserRow};
use crate::setting::{Setting, Settings};
use crate::store::{Clients, Imported, Meta, Number, Scope, Source as _, Tokens};

/// Faults that are told of lines that are refused; a file of which more are wrong is another kind of file. Of lines that are
/// left out, every one is told.
const FAULTS_MOST: usize = 100;

/// One thing to write.
pub(super) enum Step {
    User(UserRow),
    /// A token, and what it was first imported as, if that was something else.
    Token(TokenRow, Option<TokenDigest>),
    Network(Option<UserRow>, NetworkRow),
    Client(Box<ClientRow>),
    Route(Route),
    /// A setting as it was, and as it will be.
    Setting(Setting, Setting),
}

/// The steps so far, and what they leave behind.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) faults: Vec<LineFault>,
    pub(super) already: u64,
    skip_faults: bool,
    /// The id after the last one that was given away here; none where none was.
    pub(super) users_to: Option<u64>,
    pub(super) tokens_to: Option<u64>,
    pub(super) clients_to: Option<u64>,
    next_user: u64,
    next_token: u64,
    settings: Settings,
    users: HashMap<UserName, UserRow>,
    clients: HashMap<ClientName, ClientRow>,
    /// The routes there are and those of lines before, once a line is about one.
    routes: Option<Vec<Route>>,
    digests: HashSet<[u8; 32]>,
    networks: BTreeSet<(Scope, AddressRange)>,
    networks_of: BTreeMap<Scope, usize>,
}

/// Why a line is not planned: it is at fault, or the store is.
enum Stop {
    Line(String),
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(error: E) -> Self {
        match error.into() {
            Fault::Refused(refusal) => Self::Line(refusal.to_string()),
            fault => Self::Fault(fault),
        }
    }
}

fn line(reason: impl Into<String>) -> Stop {
    Stop::Line(reason.into())
}

impl Plan {
    pub(super) fn new(batch: &Batch<'_, '_>, skip_faults: bool) -> Result<Self, Fault> {
        Ok(Self {
            steps: Vec::new(),
            faults: Vec::new(),
            already: 0,
            skip_faults,
            users_to: None,
            tokens_to: None,
            clients_to: None,
            next_user: batch.rows.row_that_must_be::<Meta>(&Number::NextUser)?,
            next_token: batch.rows.row_that_must_be::<Meta>(&Number::NextToken)?,
            settings: facts::settings(batch.rows)?,
            users: HashMap::new(),
            clients: HashMap::new(),
            routes: None,
            digests: HashSet::new(),
            networks: BTreeSet::new(),
            networks_of: BTreeMap::new(),
        })
    }

    /// Plans one line: all of it or, where any of it is at fault, nothing.
    pub(super) fn take(&mut self, batch: &Batch<'_, '_>, number: u64, record: Portable) -> Result<(), Fault> {
        let planned = match record {
            Portable::Setting(setting) => self.setting(setting),
            Portable::Route(route) => self.route(batch, route),
            Portable::User(user) => self.user(batch, user),
            Portable::Network(network) => self.network(batch, network),
            Portable::Client(client) => self.client(batch, *client),
            Portable::Authtoken(token, user) => self.authtoken(batch, token, user),
        };
        match planned {
            Ok(steps) if steps.is_empty() => self.already += 1,
            Ok(steps) => self.steps.extend(steps),
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Line(reason)) if self.skip_faults || self.faults.len() < FAULTS_MOST => {
                self.faults.push(LineFault::new(number, reason));
            }
            Err(Stop::Line(_)) => {}
        }
        Ok(())
    }

    fn setting(&mut self, setting: Setting) -> Result<Vec<Step>, Stop> {
        accept_setting(&setting)?;
        let settings = self.settings.list();
        let before = settings.into_iter().find(|before| before.key() == setting.key());
        let Some(before) = before.filter(|before| *before != setting) else {
            return Ok(Vec::new());
        };
        self.settings.set(setting.clone());
        Ok(vec![Step::Setting(before, setting)])
    }

    fn user(&mut self, batch: &Batch<'_, '_>, user: PortableUser) -> Result<Vec<Step>, Stop> {
        accept_limit(user.per_hour.unwrap_or_default())?;
        accept_limit(user.concurrent.unwrap_or_default())?;
        if let Some(own) = self.user_row(batch, &user.name)? {
            same_user(&own, &user)?;
            return Ok(Vec::new());
        }
        let row = UserRow {
            id: UserId(0),
            name: user.name,
            active: user.active.unwrap_or(true),
            operations: user.operations.unwrap_or(OperationSet::ALL),
            per_hour: user.per_hour.unwrap_or_default(),
            concurrent: user.concurrent.unwrap_or_default(),
            created_at: user.created_at.unwrap_or(batch.now()),
        };
        let id = given(user.id.map(|id| id.0), &mut self.next_user)?;
        self.users_to = Some(self.next_user);
        let row = UserRow { id: UserId(id), ..row };
        self.users.insert(row.name.clone(), row.clone());
        Ok(vec![Step::User(row)])
    }

    fn user_row(&self, batch: &Batch<'_, '_>, name: &UserName) -> Result<Option<UserRow>, Stop> {
        match self.users.get(name) {
            Some(user) => Ok(Some(user.clone())),
            None => Ok(facts::user_named(batch.rows, name)?),
        }
    }

    fn authtoken(
        &mut self,
        batch: &Batch<'_, '_>,
        token: PortableAuthtoken,
        user: Option<PortableUser>,
    ) -> Result<Vec<Step>, Stop> {
        let (digest, form) = digest(batch, &token.secret)?;
        // A token that has ended may be imported: its refusals can then be explained.
        let validity = rounded(token.not_before, token.expires_at)?;
        if let Some(revoked_at) = token.revoked_at {
            accept_second(revoked_at.as_seconds(), revoked_at)?;
        }
        if user.as_ref().is_some_and(|user| user.name != token.user) {
            return Err(line("expected one user on a line, but found two"));
        }
        let own = self.user_row(batch, &token.user)?;
        if let (None, None) = (&own, &user) {
            return Err(Refusal::NoSuchUser { name: token.user }.into());
        }
        let there = match (there(batch, &digest)?, &own) {
            (None, Some(own)) => there_digested(batch, &token.secret, own.id)?,
            (there, _) => there,
        };
        if let Some(there) = there {
            let same = own.as_ref().is_some_and(|own| own.id == there.user);
            let state = (there.validity, there.revoked_at.is_some()) == (validity, token.revoked_at.is_some());
            return match (same, state) {
                (true, true) => {
                    if let (Some(own), Some(user)) = (&own, &user) {
                        same_user(own, user)?;
                    }
                    Ok(Vec::new())
                }
                (true, false) => Err(line(format!(
                    "expected a new token, but token {} is the same and was revoked, or lives for another time",
                    there.id.0
                ))),
                (false, _) => Err(line(format!(
                    "expected a token of one user, but token {} of another user is the same",
                    there.id.0
                ))),
            };
        }
        if !self.digests.insert(*digest.as_bytes()) {
            return Err(line("expected a new token, but a line before has the same"));
        }
        let planned = self.new_token(batch, &token, user, (digest, form, validity));
        if planned.is_err() {
            self.digests.remove(digest.as_bytes());
        }
        planned
    }

    fn new_token(
        &mut self,
        batch: &Batch<'_, '_>,
        token: &PortableAuthtoken,
        user: Option<PortableUser>,
        (digest, form, validity): (TokenDigest, Option<ForeignForm>, Validity),
    ) -> Result<Vec<Step>, Stop> {
        // The id is looked at before the user is planned: from here on nothing is at fault.
        let id = given(token.id.map(|id| id.0), &mut self.next_token)?;
        let mut steps = match user {
            Some(user) => self.user(batch, user)?,
            None => Vec::new(),
        };
        self.tokens_to = Some(self.next_token);
        let own = self.user_row(batch, &token.user)?;
        let user = own.ok_or_else(|| line("expected a line whose token is its user's"))?.id;
        if let Some(form) = form.filter(|form| !self.settings.foreign_tokens.contains(*form)) {
            let before = Setting::ForeignTokens(self.settings.foreign_tokens);
            let setting = Setting::ForeignTokens(self.settings.foreign_tokens.with(form));
            self.settings.set(setting.clone());
            steps.push(Step::Setting(before, setting));
        }
        let row = TokenRow {
            id: TokenId(id),
            kind: TokenKind::Authtoken,
            digest,
            user,
            validity,
            issued_at: token.issued_at.unwrap_or(batch.now()),
            revoked_at: token.revoked_at,
            authority: None,
            family: None,
        };
        steps.push(Step::Token(row, origin(&token.secret)));
        Ok(steps)
    }
}

/// An id: the wanted one where it and all behind it are free, else the next.
fn given(wanted: Option<u64>, next: &mut u64) -> Result<u64, Stop> {
    let id = wanted.filter(|wanted| wanted >= next).unwrap_or(*next);
    // Ids that are far apart would leave room for few after them.
    if id - *next > u64::from(u32::MAX) {
        return Err(line(format!("expected an id not far beyond {next}, but found {id}")));
    }
    *next = id + 1;
    Ok(id)
}

/// Refuses a line that says of a user what is not so.
fn same_user(own: &UserRow, user: &PortableUser) -> Result<(), Stop> {
    let differs = [
        ("active", user.active.is_some_and(|active| active != own.active)),
        (
            "operations",
            user.operations.is_some_and(|operations| operations != own.operations),
        ),
        ("per_hour", user.per_hour.is_some_and(|limit| limit != own.per_hour)),
        (
            "concurrent",
            user.concurrent.is_some_and(|limit| limit != own.concurrent),
        ),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((field, _)) => Err(line(format!(
            "expected a new user, but there is a user `{}` already whose {field} differs: change that user, or the line",
            own.name
        ))),
    }
}

/// The token that a digest is found by, or was when it was imported.
fn there(batch: &Batch<'_, '_>, digest: &TokenDigest) -> Result<Option<TokenRow>, Stop> {
    let imported = batch.rows.row::<Imported>(digest)?;
    let id = imported.or_else(|| batch.around.view.token(digest).map(|token| token.id));
    match id {
        Some(id) => Ok(batch.rows.row::<Tokens>(&id)?),
        None => Ok(None),
    }
}

fn origin(secret: &PortableSecret) -> Option<TokenDigest> {
    match secret {
        PortableSecret::Keyed { origin, .. } => *origin,
        PortableSecret::Clear(_) | PortableSecret::Digest(_) => None,
    }
}

/// The token of `user` that came as a digest of this text and has not been used since. A second one beside it would pass on when
/// the first is revoked and swept.
fn there_digested(batch: &Batch<'_, '_>, secret: &PortableSecret, user: UserId) -> Result<Option<TokenRow>, Stop> {
    if let Some(origin) = origin(secret) {
        return Ok(there(batch, &origin)?.filter(|there| there.user == user));
    }
    let PortableSecret::Clear(text) = secret else {
        return Ok(None);
    };
    let Ok(text) = Foreign::parse(text.as_bytes()) else {
        return Ok(None);
    };
    for digest in ForeignForm::ALL
        .into_iter()
        .filter_map(|form| ForeignDigest::of(form, text))
    {
        let there = there(batch, &batch.around.digest_key.foreign_digest(&digest))?;
        if let Some(there) = there.filter(|there| there.user == user) {
            return Ok(Some(there));
        }
    }
    Ok(None)
}

/// What a token is found by, and the form in which it must be accepted for that.
fn digest(batch: &Batch<'_, '_>, secret: &PortableSecret) -> Result<(TokenDigest, Option<ForeignForm>), Stop> {
    let key = batch.around.digest_key;
    match secret {
        PortableSecret::Digest(digest) => Ok((key.foreign_digest(digest), Some(digest.form()))),
        PortableSecret::Keyed { digest, key, .. } if *key == batch.rows.seal().fingerprint() => Ok((*digest, None)),
        PortableSecret::Keyed { .. } => Err(line(
            "expected a digest under this store's key, but it was made under another: bring the key file along with the export",
        )),
        PortableSecret::Clear(text) => match WellFormed::parse(text.as_bytes()) {
            Ok(token) if token.kind() == TokenKind::Authtoken => Ok((key.digest(token), None)),
            Ok(_) => Err(line("expected an authtoken, but found a token of another kind")),
            Err(ParseTokenError::Prefix) => match Foreign::parse(text.as_bytes()) {
                Ok(text) => Ok((key.foreign(text), Some(ForeignForm::Clear))),
                Err(error) => Err(line(error.to_string())),
            },
            Err(_) => Err(line(
                "expected a whole token, but it looks like one of Tollgate's and its checksum does not fit",
            )),
        },
    }
}
