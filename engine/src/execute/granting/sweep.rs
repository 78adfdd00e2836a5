//! Taking away what grants have left behind. No decision depends on it: everything says by its own times whether it holds.

use std::ops::{Bound, ControlFlow};

use tollgate_core::{TokenDigest, UserId};

use super::super::Batch;
use super::held::strike;
use super::sessions::remove_session;
use crate::facts::{self, Rows};
use crate::granting::GrantId;
use crate::record::FamilyId;
use crate::store::{
    Clients, Codes, Consents, EVERYTHING, Families, Refreshes, Row, Sessions, SigningKeys, Source as _, Spent,
    StoreError, TokensByFamily, Users, beginning_with,
};

/// For so long after its end a code is kept, so that a second presentation takes back what came of the first.
const CODES_KEPT_S: u64 = 24 * 3_600;
/// For so long a signing key is kept that is no longer published: a clock that was wrong for a moment must not lose it.
const KEYS_KEPT_S: u64 = 24 * 3_600;

/// Up to where each table was last looked at.
#[derive(Clone, Copy, Default)]
pub(crate) struct GrantCursors {
    codes: Option<TokenDigest>,
    refreshes: Option<TokenDigest>,
    sessions: Option<TokenDigest>,
    spent: Option<TokenDigest>,
    families: Option<FamilyId>,
    consents: Option<(UserId, u64)>,
}

/// Takes rows away that are of no use, among the `most` of each table behind the place where the last sweep ended. Answers how many
/// it took away, and whether to look on at once: as long as it finds some, because they may come faster than sweeps.
pub(crate) fn sweep_grants(
    batch: &mut Batch<'_, '_>,
    cursors: &mut GrantCursors,
    retention_s: u64,
    most: usize,
) -> Result<(usize, bool), StoreError> {
    let now_s = batch.now().as_seconds();
    let over = |end_s: u64, kept_s: u64| end_s.saturating_add(kept_s) < now_s;
    let mut swept = Sweep {
        rows: 0,
        more: false,
        most,
    };
    swept.table::<Codes>(batch, &mut cursors.codes, |_, _, code| {
        Ok(over(code.expires_at.as_seconds(), CODES_KEPT_S))
    })?;
    swept.sessions(batch, &mut cursors.sessions, |end_s| over(end_s, 0))?;
    swept.table::<Spent>(batch, &mut cursors.spent, |_, _, until| Ok(over(until.as_seconds(), 0)))?;
    swept.families(batch, &mut cursors.families, |end_s| over(end_s, retention_s))?;
    swept.table::<Refreshes>(batch, &mut cursors.refreshes, |batch, _, refresh| {
        Ok(batch.rows.row::<Families>(&refresh.family)?.is_none())
    })?;
    swept.table::<Consents>(batch, &mut cursors.consents, |batch, (user, number), consent| {
        let client = batch.rows.row::<Clients>(&consent.client)?;
        let client = client.is_some_and(|row| row.client.number == *number);
        Ok(!client || batch.rows.row::<Users>(user)?.is_none())
    })?;
    swept.table::<SigningKeys>(batch, &mut None, |_, _, key| {
        Ok(key
            .published_until
            .is_some_and(|end| over(end.as_seconds(), KEYS_KEPT_S)))
    })?;
    Ok((swept.rows, swept.more))
}

struct Sweep {
    rows: usize,
    more: bool,
    most: usize,
}

impl Sweep {
    /// Takes away those rows of one table that are of no use.
    fn table<R: Row>(
        &mut self,
        batch: &mut Batch<'_, '_>,
        after: &mut Option<R::Key>,
        useless: impl Fn(&Batch<'_, '_>, &R::Key, &R::Value) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError>
    where
        R::Key: Copy,
    {
        let mut found = 0;
        for (key, value) in behind::<R>(batch, after, self.most)? {
            if useless(batch, &key, &value)? {
                batch.remove::<R>(&key)?;
                found += 1;
            }
        }
        self.rows += found;
        self.more |= found > 0 && after.is_some();
        Ok(())
    }

    /// Sessions go with the notes of whose they are.
    fn sessions(
        &mut self,
        batch: &mut Batch<'_, '_>,
        after: &mut Option<TokenDigest>,
        over: impl Fn(u64) -> bool,
    ) -> Result<(), StoreError> {
        let mut found = 0;
        for (digest, session) in behind::<Sessions>(batch, after, self.most)? {
            if over(session.expires_at.as_seconds()) {
                remove_session(batch, session.user, digest)?;
                found += 1;
            }
        }
        self.rows += found;
        self.more |= found > 0 && after.is_some();
        Ok(())
    }

    /// Families go with the notes of which tokens they have. Their tokens ended with them at the latest, and go by themselves.
    fn families(
        &mut self,
        batch: &mut Batch<'_, '_>,
        after: &mut Option<FamilyId>,
        over: impl Fn(u64) -> bool,
    ) -> Result<(), StoreError> {
        let mut found = 0;
        for (id, family) in behind::<Families>(batch, after, self.most)? {
            if !over(family.ended_at().as_seconds()) {
                continue;
            }
            let links = facts::rows::<TokensByFamily>(batch.rows, &beginning_with(id.0))?;
            for (link, ()) in links {
                batch.remove::<TokensByFamily>(&link)?;
            }
            batch.remove::<Families>(&id)?;
            let grantee = &family.grantee;
            strike(batch, GrantId(id.0), grantee.user, grantee.client_number)?;
            found += 1;
        }
        self.rows += found;
        self.more |= found > 0 && after.is_some();
        Ok(())
    }
}

/// The next rows of a table, at most `most`. Leaves in `after` where they end, or nothing where the table does.
fn behind<R: Row>(batch: &Batch<'_, '_>, after: &mut Option<R::Key>, most: usize) -> Result<Rows<R>, StoreError>
where
    R::Key: Copy,
{
    let (begin, end) = EVERYTHING;
    let begin = after.take().map_or(begin, |key| Bound::Excluded(R::key(&key)));
    let mut rows = Vec::new();
    batch.rows.walk::<R>(&(begin, end), |key, value| {
        if rows.len() >= most {
            return ControlFlow::Break(());
        }
        rows.push((key, value));
        ControlFlow::Continue(())
    })?;
    if rows.len() >= most {
        *after = rows.last().map(|(key, _)| *key);
    }
    Ok(rows)
}
