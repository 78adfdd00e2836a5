//! Taking grants back: one, or all of a user or of a client.

use std::ops::{Bound, ControlFlow};

use tollgate_core::{ClientName, TokenDigest, UserId, UserName};

use super::super::{Batch, Execute, Fault, clients};
use super::access::revoke;
use super::described;
use super::families::{Because, members_in_use, revoke_family, take_back};
use crate::command::Refusal;
use crate::facts::{self, Held};
use crate::granting::{
    CodeRow, CodeSpent, FamilyRow, GrantId, GrantsOf, HeldGrant, RevokeGrant, RevokeGrants, RevokedGrants,
};
use crate::record::{FamilyId, TokenRow};
use crate::store::{
    Bounds, Codes, EVERYTHING, GrantsByClient, GrantsByUser, Row, Source as _, StoreError, beginning_with,
};

/// Grants that one transaction looks at, most of which may have ended long ago.
const LOOKED_AT_MOST: usize = 16_384;
/// Rows that it changes, give or take the tokens of one family: they hold up the commands behind them.
const CHANGED_MOST: usize = 4_096;

impl Execute for RevokeGrant {
    type Answer = HeldGrant;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<HeldGrant, Fault> {
        let missing = || Refusal::NoSuchGrant { id: self.id };
        let held = facts::held(batch.rows, self.id)?.ok_or_else(missing)?;
        let shown = facts::held_shown(batch.rows, &held)?.ok_or_else(missing)?;
        match held {
            Held::Family(id, _) => revoke_family(batch, id, Because::Asked)?,
            Held::Token(row) if row.revoked_at.is_none() => {
                let before = facts::access_token(batch.rows, &row)?.ok_or_else(missing)?;
                let revoked = revoke(batch, &row)?;
                let mut after = before.clone();
                after.revoked_at = revoked.revoked_at;
                let (was, is) = (described::granted(&before, None), described::granted(&after, None));
                batch.did("token.revoke", &row.id.0, Some(was), Some(is));
            }
            Held::Token(_) => {}
        }
        let revoked_at = shown.revoked_at.or(Some(batch.now()));
        Ok(HeldGrant { revoked_at, ..shown })
    }
}

/// Which grants are meant, by number.
struct Wanted {
    user: Option<UserId>,
    client: Option<u64>,
}

impl Wanted {
    fn of(batch: &Batch<'_, '_>, of: &GrantsOf) -> Result<Self, Fault> {
        let user = |name: &UserName| batch.user(name).map(|user| Some(user.id));
        let client = |name: &ClientName| clients::named(batch, name).map(|row| Some(row.client.number));
        let (user, client) = match of {
            GrantsOf::User(name) => (user(name)?, None),
            GrantsOf::Client(name) => (None, client(name)?),
            GrantsOf::Both(user_name, client_name) => (user(user_name)?, client(client_name)?),
        };
        Ok(Self { user, client })
    }

    fn is_of(&self, user: UserId, client: u64) -> bool {
        self.user.is_none_or(|wanted| wanted == user) && self.client.is_none_or(|wanted| wanted == client)
    }

    /// The next grants behind `after`, and whether there are more.
    fn behind(&self, batch: &Batch<'_, '_>, after: Option<GrantId>) -> Result<(Vec<GrantId>, bool), StoreError> {
        let after = after.unwrap_or(GrantId(0));
        match (self.user, self.client) {
            (Some(user), _) => ids::<GrantsByUser>(batch, user.0, &(user, after), |(_, id)| id),
            (None, client) => {
                let client = client.unwrap_or(0);
                ids::<GrantsByClient>(batch, client, &(client, after), |(_, id)| id)
            }
        }
    }
}

fn ids<R: Row>(
    batch: &Batch<'_, '_>,
    of: u64,
    after: &R::Key,
    id: impl Fn(R::Key) -> GrantId,
) -> Result<(Vec<GrantId>, bool), StoreError> {
    let (_, end) = beginning_with(of);
    let bounds: Bounds = (Bound::Excluded(R::key(after)), end);
    let (mut found, mut more) = (Vec::new(), false);
    batch.rows.walk::<R>(&bounds, |key, _| {
        if found.len() >= LOOKED_AT_MOST {
            more = true;
            return ControlFlow::Break(());
        }
        found.push(id(key));
        ControlFlow::Continue(())
    })?;
    Ok((found, more))
}

/// What one transaction takes back.
#[derive(Default)]
struct Part {
    families: Vec<(FamilyId, FamilyRow, Vec<TokenRow>)>,
    tokens: Vec<TokenRow>,
    codes: Vec<(TokenDigest, CodeRow)>,
    next: Option<GrantId>,
}

impl Part {
    fn of(batch: &Batch<'_, '_>, wanted: &Wanted, after: Option<GrantId>) -> Result<Self, Fault> {
        let (ids, more) = wanted.behind(batch, after)?;
        let (last, mut part, mut changed) = (ids.last().copied(), Self::default(), 0);
        for id in ids {
            let Some(held) = facts::held(batch.rows, id)? else {
                continue;
            };
            let client = held.client_number(batch.rows)?;
            if !held.is_in_use(batch.now()) || !wanted.is_of(held.user(), client) {
                continue;
            }
            match held {
                Held::Family(id, row) => {
                    let tokens = members_in_use(batch, id)?;
                    changed += tokens.len() + 1;
                    part.families.push((id, row, tokens));
                }
                Held::Token(row) => {
                    changed += 1;
                    part.tokens.push(row);
                }
            }
            if changed >= CHANGED_MOST {
                part.next = Some(id);
                return Ok(part);
            }
        }
        part.next = last.filter(|_| more);
        if part.next.is_none() {
            part.codes = codes(batch, wanted)?;
        }
        Ok(part)
    }
}

/// The codes that could still be redeemed. Costs a pass over all codes of a day.
fn codes(batch: &Batch<'_, '_>, wanted: &Wanted) -> Result<Vec<(TokenDigest, CodeRow)>, StoreError> {
    let (mut found, now) = (Vec::new(), batch.now());
    batch.rows.walk::<Codes>(&EVERYTHING, |digest, row| {
        let is_wanted = wanted.is_of(row.grantee.user, row.grantee.client_number);
        if is_wanted && row.spent.is_none() && now < row.expires_at {
            found.push((digest, row));
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

impl Execute for RevokeGrants {
    type Answer = RevokedGrants;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<RevokedGrants, Fault> {
        let wanted = Wanted::of(batch, &self.of)?;
        let part = Part::of(batch, &wanted, self.after)?;
        let access_tokens = part.families.iter().map(|(_, _, tokens)| tokens.len()).sum::<usize>();
        let revoked = RevokedGrants {
            grants: part.families.len() + part.tokens.len(),
            access_tokens: access_tokens + part.tokens.len(),
            codes: part.codes.len(),
            next: part.next,
        };

        for (id, family, tokens) in &part.families {
            take_back(batch, *id, family, tokens)?;
        }
        for token in &part.tokens {
            revoke(batch, token)?;
        }
        let spent = Some(CodeSpent {
            at: batch.now(),
            family: None,
        });
        for (digest, row) in part.codes {
            batch.put::<Codes>(&digest, &CodeRow { spent, ..row })?;
        }
        if revoked.grants + revoked.codes > 0 {
            let facts = described::revoked(&self.of, &revoked);
            match &self.of {
                GrantsOf::User(user) | GrantsOf::Both(user, _) => batch.did("grant.revoke", user, None, Some(facts)),
                GrantsOf::Client(client) => batch.did("grant.revoke", client, None, Some(facts)),
            }
        }
        Ok(revoked)
    }
}
