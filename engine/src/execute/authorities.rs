//! In whose name tokens act, and how far: found by what it says, or made.

use std::ops::ControlFlow;

use tollgate_core::{Audience, AuthorityId, ScopeSet, Timestamp, UserId};

use super::{Batch, Execute, Fault, clients};
use crate::change::Change;
use crate::client::ClientRow;
use crate::command::{NameAuthority, Refusal};
use crate::facts;
use crate::record::{AuthorityRow, NumberedAuthority};
use crate::store::{Authorities, AuthorityNumbers, Number, Source as _, StoreError, beginning_with};

/// Most authorities of one client that are in use at a time. A client which asks for ever other scopes must find an end; all that it
/// may have is left to it beyond.
const IN_USE_MOST: usize = 4_096;
/// From so many on each user has a share, so that nobody can use up what all the others need.
const COMMON_MOST: usize = 1_024;
/// What one user may have caused of them by then.
const SHARE_MOST: usize = 64;
/// For so long an authority counts as in use behind the end of what names it when this is written down: most tokens that follow
/// need no further note, and no more than [`COMMON_MOST`] new numbers can be had in so long a time by one user.
const KEPT_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// The longest life of anything that names one.
const LIFE_MOST_MS: u64 = 366 * 24 * 3_600 * 1_000;

/// For whom an authority is needed, and until when.
#[derive(Clone, Copy)]
pub(super) struct Needed {
    pub(super) user: UserId,
    pub(super) until: Timestamp,
}

impl Batch<'_, '_> {
    /// The number of an authority, which is made where there is none yet that says the same. Scopes and audiences are sets: their
    /// order makes no other authority. A number means the same for ever; one that nothing names any more takes no place.
    ///
    /// Refuses before it writes; to be called when nothing else can be refused any more.
    pub(super) fn authority(
        &mut self,
        client: &ClientRow,
        scopes: &ScopeSet,
        audiences: &[Audience],
        needed: Needed,
    ) -> Result<AuthorityId, Fault> {
        let mut row = unnumbered(client, scopes, audiences);
        let key = row.key();
        let there = self.rows.row::<AuthorityNumbers>(&key)?;
        let is_in_use = there.is_some_and(|there| self.now() < there.until);
        if let Some(there) = there.filter(|there| is_in_use && needed.until <= there.until) {
            return Ok(there.id);
        }
        if !is_in_use && !is_all(client, scopes, audiences) {
            self.accept_another(client, needed.user)?;
        }
        let latest = self.now().plus_millis(LIFE_MOST_MS);
        let until = needed.until.min(latest).plus_millis(KEPT_MS);
        if let Some(there) = there {
            let maker = if is_in_use { there.maker } else { needed.user };
            let id = there.id;
            self.put::<AuthorityNumbers>(&key, &NumberedAuthority { id, maker, until })?;
            return Ok(id);
        }
        let next = self.next(Number::NextAuthority)?;
        let number = u32::try_from(next).ok().filter(|number| *number <= AuthorityId::MOST);
        let id = number.map(AuthorityId).ok_or_else(|| {
            Fault::Failed(format!(
                "expected at most {} authorities, and there are as many: no client can be given another",
                AuthorityId::MOST
            ))
        })?;
        row.id = id;
        let maker = needed.user;

        self.took(Number::NextAuthority, next)?;
        self.put::<AuthorityNumbers>(&key, &NumberedAuthority { id, maker, until })?;
        self.put::<Authorities>(&id, &row)?;
        self.change(Change::PutAuthority(row.record(client.client.enabled)));
        Ok(id)
    }

    fn accept_another(&self, client: &ClientRow, user: UserId) -> Result<(), Fault> {
        let (mut in_use, mut own, now) = (0, 0, self.now());
        let range = beginning_with(client.client.number);
        self.rows.walk::<AuthorityNumbers>(&range, |_, there| {
            if now < there.until {
                in_use += 1;
                own += usize::from(there.maker == user);
            }
            ControlFlow::Continue(())
        })?;
        if in_use < COMMON_MOST || (in_use < IN_USE_MOST && own < SHARE_MOST) {
            return Ok(());
        }
        let (name, most) = (client.client.name.clone(), IN_USE_MOST);
        Err(Refusal::TooManyAuthorities { name, most }.into())
    }
}

/// Whether these are all that the client may have.
fn is_all(client: &ClientRow, scopes: &ScopeSet, audiences: &[Audience]) -> bool {
    let own = &client.client;
    scopes.is_subset_of(&own.scopes)
        && own.scopes.is_subset_of(scopes)
        && audiences.len() == own.audiences.len()
        && own.audiences.iter().all(|audience| audiences.contains(audience))
}

/// An authority as it is looked for.
fn unnumbered(client: &ClientRow, scopes: &ScopeSet, audiences: &[Audience]) -> AuthorityRow {
    AuthorityRow {
        id: AuthorityId(0),
        client: client.client.name.clone(),
        client_number: client.client.number,
        scopes: scopes.clone(),
        audiences: audiences.to_vec(),
    }
}

/// All authorities of a client. Belongs to the reads of a command.
pub(super) fn of_client(batch: &Batch<'_, '_>, client_number: u64) -> Result<Vec<AuthorityRow>, StoreError> {
    let numbers = facts::rows::<AuthorityNumbers>(batch.rows, &beginning_with(client_number))?;
    let rows = numbers
        .into_iter()
        .map(|(_, there)| batch.rows.row_that_must_be::<Authorities>(&there.id));
    rows.collect()
}

/// Tells checks and the feed whether tokens under these authorities may be used.
pub(super) fn tell(batch: &mut Batch<'_, '_>, authorities: Vec<AuthorityRow>, active: bool) {
    for row in authorities {
        batch.change(Change::PutAuthority(row.record(active)));
    }
}

impl Execute for NameAuthority {
    type Answer = AuthorityId;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<AuthorityId, Fault> {
        let client = clients::named(batch, &self.client)?;
        let needed = Needed {
            user: batch.user(&self.user)?.id,
            until: self.until,
        };
        batch.authority(&client, &self.scopes, &self.audiences, needed)
    }
}
