//! Filling the live view from the rows of a store: every row's seal is checked, and a row that does not fit stops it.

use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};
use std::thread::Builder;

use crossbeam_channel::{Sender, bounded};
use tollgate_core::{DigestKey, LiveView, Timestamp, TokenId, TokenRecord, UserId, ViewError, WINDOW_MS};

use super::Applier;
use crate::facts;
use crate::record::OperatorRows;
use crate::store::{
    AdminTokens, Bounds, Counters, Damage, Departures, EVERYTHING, FeedTokens, Meta, Number, ReadView, Row, Scope,
    Source as _, StoreError, Table, Tokens, Users,
};

/// Tokens that travel from a reading thread to the applying one at a time.
const CHUNK_LEN: usize = 4_096;
/// Chunks that may wait, so that memory stays bounded.
const CHUNKS_MOST: usize = 16;
/// Threads that read tokens, beside the one that applies them.
const READERS: u64 = 2;

/// What loading gives.
pub(crate) struct Loaded {
    pub(crate) applier: Applier,
    /// The counters of the last checkpoint, for telling which have changed since.
    pub(crate) counters: Vec<(UserId, u64)>,
}

/// Reads the whole state. Costs a pass over all users and tokens, on two threads besides this one where they can be made.
pub(crate) fn load(view: &ReadView, key: DigestKey, now: Timestamp) -> Result<Loaded, StoreError> {
    let mut networks = facts::networks_by_scope(view, &EVERYTHING)?;
    let settings = facts::settings(view)?;
    let (_, writer) = LiveView::new(key);
    let global = networks.remove(&Scope::GLOBAL).unwrap_or_default();
    let (routes, issuers) = (facts::routes(view)?, facts::external_issuers(view)?);
    let applier = Applier::new(writer, settings, global);
    let applier = applier.and_then(|applier| applier.with_access(routes, issuers));
    let mut applier = applier.map_err(|error| too_much(&error))?;

    for authority in facts::authorities(view)? {
        applier
            .writer()
            .put_authority(&authority)
            .map_err(|error| too_much(&error))?;
    }
    let epochs = facts::password_epochs(view, &EVERYTHING)?;
    let mut failed = Ok(());
    view.walk::<Users>(&EVERYTHING, |id, user| {
        let own = networks.remove(&Scope::of(id)).unwrap_or_default();
        let record = facts::user_record(&user, epochs.get(&id).copied().unwrap_or(0), own);
        failed = applier.writer().put_user(&record);
        if failed.is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    failed.map_err(|error| too_much(&error))?;

    let departed: BTreeSet<UserId> = facts::rows::<Departures>(view, &EVERYTHING)?
        .into_iter()
        .map(|(id, ())| id)
        .collect();
    load_tokens(view, &mut applier, &departed, Builder::new)?;
    applier.operators().put(OperatorRows {
        admins: values::<AdminTokens>(view)?,
        followers: values::<FeedTokens>(view)?,
    });
    let counters = load_counters(view, &mut applier, now)?;
    Ok(Loaded { applier, counters })
}

fn values<R: Row>(view: &ReadView) -> Result<Vec<R::Value>, StoreError> {
    let rows = facts::rows::<R>(view, &EVERYTHING)?;
    Ok(rows.into_iter().map(|(_, value)| value).collect())
}

/// Reads tokens on threads made by `builder`. A share for which no thread can be made is read by this one afterwards.
fn load_tokens(
    view: &ReadView,
    applier: &mut Applier,
    departed: &BTreeSet<UserId>,
    builder: fn() -> Builder,
) -> Result<(), StoreError> {
    let end = view.row_that_must_be::<Meta>(&Number::NextToken)?;
    let mut unread = Vec::new();
    std::thread::scope(|scope| {
        let (chunks, arriving) = bounded(CHUNKS_MOST);
        for share in (0..READERS).map(|reader| share(reader, end)) {
            let (chunks, bounds) = (chunks.clone(), share.clone());
            let made = builder().spawn_scoped(scope, move || read_tokens(view, &bounds, &chunks));
            if made.is_err() {
                unread.push(share);
            }
        }
        drop(chunks);
        arriving
            .iter()
            .try_for_each(|chunk| apply_tokens(&chunk?, applier, departed))
    })?;
    for share in unread {
        let mut failed = Ok(());
        view.walk::<Tokens>(&share, |_, token| {
            failed = apply_tokens(&[token.record()], applier, departed);
            if failed.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        failed?;
    }
    Ok(())
}

/// The part of all ids that one reader reads; the last part has no end, so that no row is left out.
fn share(reader: u64, end: u64) -> Bounds {
    let at = |part: u64| Tokens::key(&TokenId(end / READERS * part));
    let from = if reader == 0 {
        Bound::Unbounded
    } else {
        Bound::Included(at(reader))
    };
    let to = if reader + 1 == READERS {
        Bound::Unbounded
    } else {
        Bound::Excluded(at(reader + 1))
    };
    (from, to)
}

fn read_tokens(view: &ReadView, share: &Bounds, chunks: &Sender<Result<Vec<TokenRecord>, StoreError>>) {
    let mut chunk = Vec::with_capacity(CHUNK_LEN);
    let walked = view.walk::<Tokens>(share, |_, token| {
        chunk.push(token.record());
        if chunk.len() < CHUNK_LEN {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_LEN));
        // The applying side has let go where another chunk was refused.
        if chunks.send(Ok(full)).is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    let _ = chunks.send(walked.map(|()| chunk));
}

fn apply_tokens(tokens: &[TokenRecord], applier: &mut Applier, departed: &BTreeSet<UserId>) -> Result<(), StoreError> {
    for token in tokens {
        match applier.writer().put_token(token) {
            Ok(()) => {}
            Err(ViewError::UnknownUser(user)) if departed.contains(&user) => {}
            Err(ViewError::UnknownAuthority(authority)) => {
                let fault = format!("its authority {} is not there", authority.0);
                return Err(Damage::new(Table::Tokens, &Tokens::key(&token.id), fault).into());
            }
            Err(ViewError::UnknownUser(user)) => {
                let fault = format!("its user {} is neither there nor known to have gone", user.0);
                return Err(Damage::new(Table::Tokens, &Tokens::key(&token.id), fault).into());
            }
            Err(error) => return Err(too_much(&error)),
        }
    }
    Ok(())
}

/// Puts counters back, but for those whose window is over for certain.
fn load_counters(view: &ReadView, applier: &mut Applier, now: Timestamp) -> Result<Vec<(UserId, u64)>, StoreError> {
    let mut counters = Vec::new();
    view.walk::<Counters>(&EVERYTHING, |user, counter| {
        if now.millis_since(counter.at) < WINDOW_MS {
            applier.writer().restore_window(user, counter.word);
        }
        counters.push((user, counter.word));
        ControlFlow::Continue(())
    })?;
    Ok(counters)
}

fn too_much(error: &ViewError) -> StoreError {
    StoreError::Storage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Seal;
    use crate::store::{CACHE_LEN, Place, open};
    use crate::verify::{VerifyReport, compare_live};
    use crate::{AddUser, IssueAuthtoken, OpenOptions, PepperKey};

    /// Where no thread could be made, opening a store panicked.
    #[test]
    fn tokens_are_read_whether_threads_can_be_made_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("s.redb"), PepperKey::from_bytes([1; 32]));
        let engine = OpenOptions::new().key(key.clone()).create(true).open(&path).unwrap();
        let user = engine.execute(AddUser::named("ann".parse().unwrap())).unwrap().name;
        for _ in 0..5 {
            let (user, expires_at, not_before) = (user.clone(), None, None);
            let command = IssueAuthtoken {
                user,
                expires_at,
                not_before,
            };
            engine.execute(command).unwrap();
        }
        engine.close();
        let store = open(Place::File(path), Seal::new(&key), CACHE_LEN).unwrap();
        let view = store.read().unwrap();
        let digest_key = || DigestKey::new([1; 32]);
        let builders: [fn() -> Builder; 2] = [Builder::new, || Builder::new().stack_size(1 << 60)];
        for (builder, makes) in builders.into_iter().zip([true, false]) {
            assert_eq!(builder().spawn(|| ()).is_ok(), makes);
            let (_, writer) = LiveView::new(digest_key());
            let mut applier = Applier::new(writer, facts::settings(&view).unwrap(), Default::default()).unwrap();
            view.walk::<Users>(&EVERYTHING, |_, user| {
                let record = facts::user_record(&user, 0, Default::default());
                applier.writer().put_user(&record).unwrap();
                ControlFlow::Continue(())
            })
            .unwrap();
            load_tokens(&view, &mut applier, &BTreeSet::new(), builder).unwrap();
            let mut report = VerifyReport::default();
            compare_live(applier.view(), &view, &mut report).unwrap();
            assert_eq!(report.findings, []);
        }
    }
}
