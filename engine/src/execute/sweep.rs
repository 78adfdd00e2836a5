//! Taking away the rows of tokens that have been of no use for long.

use std::ops::{Bound, ControlFlow};

use tollgate_core::{TokenId, TokenKind, UserId};

use super::granting::strike;
use super::{Batch, Fault};
use crate::change::Change;
use crate::facts;
use crate::granting::GrantId;
use crate::store::{
    Bounds, Departures, EVERYTHING, Endings, Imported, LastUsed, Origins, PersonalTokens, Repeats, Row as _,
    Source as _, StoreError, Tokens, TokensByFamily, TokensByUser, beginning_with,
};

/// What one sweep has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Tokens that were taken away.
    pub tokens: usize,
    /// Codes, refresh tokens, families, sessions, spent identifiers, consents and signing keys that were taken away.
    pub grants: usize,
    /// Whether another sweep would find more to do. Rows of users who are gone and idempotency keys count too, so this may be so
    /// where no token was taken away.
    pub more: bool,
}

/// Takes away up to `most` tokens that ended before `before_s` or whose user is gone.
///
/// No check depends on this: an ended token is refused from the moment of its end. Afterwards it is unknown instead.
pub(crate) fn sweep(batch: &mut Batch<'_, '_>, before_s: u64, most: usize) -> Result<Swept, Fault> {
    let ended = ended(batch, before_s, most)?;
    let (orphans, empty, rest) = orphans(batch, most.saturating_sub(ended.len()))?;
    let more = rest || ended.len() >= most;
    let mut tokens = 0;
    for id in ended.into_iter().chain(orphans) {
        tokens += usize::from(remove_token(batch, id)?);
    }
    for user in &empty {
        batch.remove::<Departures>(user)?;
    }
    // A sweep that could do nothing would not do more the next time either.
    let more = more && (tokens > 0 || !empty.is_empty());
    Ok(Swept {
        tokens,
        grants: 0,
        more,
    })
}

fn ended(batch: &Batch<'_, '_>, before_s: u64, most: usize) -> Result<Vec<TokenId>, StoreError> {
    let bounds: Bounds = (Bound::Unbounded, Bound::Excluded(Endings::key(&(before_s, TokenId(0)))));
    let mut ended = Vec::new();
    batch.rows.walk::<Endings>(&bounds, |(_, id), ()| {
        if ended.len() >= most {
            return ControlFlow::Break(());
        }
        ended.push(id);
        ControlFlow::Continue(())
    })?;
    Ok(ended)
}

/// Tokens of users who are gone, those of these users who have no more of them, and whether more of either are left.
fn orphans(batch: &Batch<'_, '_>, most: usize) -> Result<(Vec<TokenId>, Vec<UserId>, bool), StoreError> {
    let mut departed = Vec::new();
    batch.rows.walk::<Departures>(&EVERYTHING, |user, ()| {
        departed.push(user);
        if departed.len() > most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    let (mut orphans, mut empty, mut rest) = (Vec::new(), Vec::new(), departed.len() > most);
    for user in departed {
        let mut all = true;
        batch
            .rows
            .walk::<TokensByUser>(&beginning_with(user.0), |(_, id), ()| {
                if orphans.len() >= most {
                    all = false;
                    return ControlFlow::Break(());
                }
                orphans.push(id);
                ControlFlow::Continue(())
            })?;
        if all {
            empty.push(user);
        } else {
            rest = true;
        }
    }
    Ok((orphans, empty, rest))
}

/// Takes one token away with all its rows. A token may have ended and lost its user, and so be met twice.
fn remove_token(batch: &mut Batch<'_, '_>, id: TokenId) -> Result<bool, Fault> {
    let Some(token) = batch.rows.row::<Tokens>(&id)? else {
        return Ok(false);
    };
    if let Some(at_s) = token.ended_at_s() {
        batch.remove::<Endings>(&(at_s, id))?;
    }
    let origin = batch.rows.row::<Origins>(&id)?;
    for digest in origin.iter().chain([&token.digest]) {
        if batch.rows.row::<Imported>(digest)? == Some(id) {
            batch.remove::<Imported>(digest)?;
        }
    }
    if origin.is_some() {
        batch.remove::<Origins>(&id)?;
    }
    match token.family {
        Some(family) => batch.remove::<TokensByFamily>(&(family, id))?,
        None if token.kind == TokenKind::Access => {
            let client = facts::client_of(batch.rows, &token)?;
            strike(batch, GrantId(id.0), token.user, client)?;
        }
        None => {}
    }
    if token.kind == TokenKind::PersonalAccess {
        batch.remove::<PersonalTokens>(&(token.user, id))?;
        batch.remove::<LastUsed>(&id)?;
    }
    batch.remove::<TokensByUser>(&(token.user, id))?;
    batch.remove::<Tokens>(&id)?;
    // The token of a user who went and came back may stand there again, under an id of its own.
    let came_back = batch.around.view.token(&token.digest).is_some_and(|at| at.id != id);
    if !came_back {
        batch.change(Change::RemoveToken {
            id,
            digest: token.digest,
        });
    }
    Ok(true)
}

/// How long what was made under an idempotency key is remembered.
const REPEATS_MS: u64 = 24 * 3_600 * 1_000;

/// Forgets idempotency keys that are older than a day, among the `most` behind the place where the last sweep ended. Answers
/// whether to look on at once: as long as it finds some, because they may come faster than sweeps.
pub(crate) fn sweep_repeats(
    batch: &mut Batch<'_, '_>,
    after: &mut Option<[u8; 32]>,
    most: usize,
) -> Result<bool, StoreError> {
    let begin = after
        .take()
        .map_or(Bound::Unbounded, |key| Bound::Excluded(key.to_vec()));
    let now = batch.now();
    let (mut looked_at, mut old) = (0, Vec::new());
    batch.rows.walk::<Repeats>(&(begin, Bound::Unbounded), |key, row| {
        if looked_at >= most {
            return ControlFlow::Break(());
        }
        looked_at += 1;
        *after = Some(key);
        if now.millis_since(row.at) > REPEATS_MS {
            old.push(key);
        }
        ControlFlow::Continue(())
    })?;
    if looked_at < most {
        *after = None;
    }
    let more = after.is_some() && !old.is_empty();
    for key in old {
        batch.remove::<Repeats>(&key)?;
    }
    Ok(more)
}
