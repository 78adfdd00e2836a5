//! Filling the live view from the rows of a store: every row's seal is checked, and a row that does not fit stops it.

use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

use crossbeam_channel::{Receiver, Sender, bounded};
use tollgate_core::{DigestKey, LiveView, Timestamp, TokenId, TokenRecord, UserId, ViewError, WINDOW_MS};

use super::Applier;
use crate::facts;
use crate::store::{
    Bounds, Counters, Damage, Departures, EVERYTHING, Meta, Number, ReadView, Row as _, Scope, Source as _, StoreError,
    Table, Tokens, Users,
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

/// Reads the whole state. Costs a pass over all users and tokens, on two threads besides this one.
pub(crate) fn load(view: &ReadView, key: DigestKey, now: Timestamp) -> Result<Loaded, StoreError> {
    let mut networks = facts::networks_by_scope(view)?;
    let settings = facts::settings(view)?;
    let (_, writer) = LiveView::new(key);
    let global = networks.remove(&Scope::GLOBAL).unwrap_or_default();
    let mut applier = Applier::new(writer, settings, global).map_err(|error| too_much(&error))?;

    let mut failed = Ok(());
    view.walk::<Users>(&EVERYTHING, |id, user| {
        let record = facts::user_record(&user, networks.remove(&Scope::of(id)).unwrap_or_default());
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
    load_tokens(view, &mut applier, &departed)?;
    let counters = load_counters(view, &mut applier, now)?;
    Ok(Loaded { applier, counters })
}

fn load_tokens(view: &ReadView, applier: &mut Applier, departed: &BTreeSet<UserId>) -> Result<(), StoreError> {
    let end = view.row_that_must_be::<Meta>(&Number::NextToken)?;
    std::thread::scope(|scope| {
        let (chunks, arriving) = bounded(CHUNKS_MOST);
        for reader in 0..READERS {
            let chunks = chunks.clone();
            scope.spawn(move || read_tokens(view, &share(reader, end), &chunks));
        }
        drop(chunks);
        apply_tokens(&arriving, applier, departed)
    })
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

fn apply_tokens(
    arriving: &Receiver<Result<Vec<TokenRecord>, StoreError>>,
    applier: &mut Applier,
    departed: &BTreeSet<UserId>,
) -> Result<(), StoreError> {
    for chunk in arriving {
        for token in chunk? {
            match applier.writer().put_token(&token) {
                Ok(()) => {}
                Err(ViewError::UnknownUser(user)) if departed.contains(&user) => {}
                Err(ViewError::UnknownUser(user)) => {
                    let fault = format!("its user {} is neither there nor known to have gone", user.0);
                    return Err(Damage::new(Table::Tokens, &Tokens::key(&token.id), fault).into());
                }
                Err(error) => return Err(too_much(&error)),
            }
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
