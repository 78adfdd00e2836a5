//! In whose name tokens act, and how far: found by what it says, or made.

use tollgate_core::{Audience, AuthorityId, ScopeSet};

use super::{Batch, Execute, Fault, clients};
use crate::change::Change;
use crate::client::ClientRow;
use crate::command::{NameAuthority, Refusal};
use crate::facts;
use crate::record::AuthorityRow;
use crate::store::{Authorities, AuthorityNumbers, Number, Source as _, StoreError, beginning_with};

/// Most authorities of one client. None is ever taken away, so that a client which asks for ever other scopes must find an end. All
/// that a client may have is left to it beyond.
const AUTHORITIES_MOST: usize = 1_024;
/// So many of them may come of narrowing what was granted before: who holds one refresh token takes no more from all the others.
const NARROWED_MOST: usize = AUTHORITIES_MOST / 2;

impl Batch<'_, '_> {
    /// The number of an authority, which is made where there is none yet that says the same. Scopes and audiences are sets: their
    /// order makes no other authority.
    ///
    /// Refuses before it writes; to be called when nothing else can be refused any more.
    pub(super) fn authority(
        &mut self,
        client: &ClientRow,
        scopes: &ScopeSet,
        audiences: &[Audience],
    ) -> Result<AuthorityId, Fault> {
        let mut row = unnumbered(client, scopes, audiences);
        let key = row.key();
        if let Some(id) = self.rows.row::<AuthorityNumbers>(&key)? {
            return Ok(id);
        }
        let own = &client.client;
        let is_all = scopes.is_subset_of(&own.scopes)
            && own.scopes.is_subset_of(scopes)
            && audiences.len() == own.audiences.len()
            && own.audiences.iter().all(|audience| audiences.contains(audience));
        if !is_all {
            self.accept_another(client, AUTHORITIES_MOST)?;
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

        self.took(Number::NextAuthority, next)?;
        self.put::<AuthorityNumbers>(&key, &id)?;
        self.put::<Authorities>(&id, &row)?;
        self.change(Change::PutAuthority(row.record(client.client.enabled)));
        Ok(id)
    }
}

impl Batch<'_, '_> {
    /// Refuses an authority that is narrower than what was granted, where there is none yet and little room is left.
    pub(super) fn accept_narrowed(
        &self,
        client: &ClientRow,
        scopes: &ScopeSet,
        audiences: &[Audience],
    ) -> Result<(), Fault> {
        let key = unnumbered(client, scopes, audiences).key();
        match self.rows.row::<AuthorityNumbers>(&key)? {
            Some(_) => Ok(()),
            None => self.accept_another(client, NARROWED_MOST),
        }
    }

    fn accept_another(&self, client: &ClientRow, most: usize) -> Result<(), Fault> {
        let range = beginning_with(client.client.number);
        if facts::rows::<AuthorityNumbers>(self.rows, &range)?.len() < most {
            return Ok(());
        }
        let name = client.client.name.clone();
        Err(Refusal::TooManyAuthorities { name, most }.into())
    }
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
        .map(|(_, id)| batch.rows.row_that_must_be::<Authorities>(&id));
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
        batch.authority(&client, &self.scopes, &self.audiences)
    }
}
