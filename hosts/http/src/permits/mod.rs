//! Permits that outlive the question they were granted for.
//!
//! Each holds its user's place for a request that is under way elsewhere, until it is released, until its time is over, or
//! until the server stops. There is room for a fixed number: room is taken before the check, so that nothing is charged
//! for a permit that could not be kept.

mod id;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use tokio::runtime::Handle;
use tokio::time::MissedTickBehavior;
use tollgate::HeldPermit;

pub(crate) use id::PermitId;

/// How late a permit may be freed after its time is over.
const TURN: Duration = Duration::from_millis(250);

/// The permits of one host. Clones are the same table.
#[derive(Clone)]
pub(crate) struct Permits(Arc<Shared>);

struct Shared {
    most: usize,
    /// How many are held, for whoever scrapes.
    gauge: Gauge,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    held: HashMap<PermitId, (HeldPermit, tokio::time::Instant)>,
    /// The same permits, the one whose time is over first in front.
    ends: BTreeSet<(tokio::time::Instant, PermitId)>,
    /// Places that were given out as [`Room`] and hold nothing yet.
    rooms: usize,
    /// Whether a task frees what is over. It runs while there is something to free.
    turning: bool,
    closed: bool,
}

impl Permits {
    pub(crate) fn new(most: usize, gauge: Gauge) -> Self {
        Self(Arc::new(Shared {
            most,
            gauge,
            table: Mutex::default(),
        }))
    }

    /// Room for one more permit, and the name it will have. None where the table is full or closed, or where nothing
    /// unguessable can be had to name it by.
    pub(crate) fn room(&self) -> Option<Room<'_>> {
        let id = PermitId::draw()?;
        let mut table = self.0.table.lock();
        (!table.closed && table.held.len() + table.rooms < self.0.most).then(|| {
            table.rooms += 1;
            Room { permits: self, id }
        })
    }

    /// Ends the request that a permit was held for; answers whether the permit was still held.
    pub(crate) fn release(&self, id: &PermitId) -> bool {
        let mut table = self.0.table.lock();
        let taken = table.take(id);
        self.0.note(&table);
        drop(table);
        // Freed outside the lock; one whose time was over was as good as freed.
        taken.is_some_and(|(_, end)| end > tokio::time::Instant::now())
    }

    /// Frees all permits, and gives no room any more.
    pub(crate) fn close(&self) {
        let mut table = self.0.table.lock();
        table.closed = true;
        table.ends.clear();
        let held = std::mem::take(&mut table.held);
        self.0.note(&table);
        drop(table);
        drop(held);
    }
}

/// Room for a permit. Dropped without one, it is there for others.
pub(crate) struct Room<'p> {
    permits: &'p Permits,
    id: PermitId,
}

impl Room<'_> {
    /// Holds `permit` for `time`, unless it is released before.
    pub(crate) fn keep(self, permit: HeldPermit, time: Duration) -> PermitId {
        let (shared, id) = (&self.permits.0, self.id);
        let end = tokio::time::Instant::now() + time;
        let mut table = shared.table.lock();
        if table.closed {
            // The server stops: it answers, and holds nothing any more.
            return id;
        }
        table.held.insert(id, (permit, end));
        table.ends.insert((end, id));
        shared.note(&table);
        if !table.turning
            && let Ok(runtime) = Handle::try_current()
        {
            table.turning = true;
            runtime.spawn(turn(Turning(Arc::downgrade(shared))));
        }
        id
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.permits.0.table.lock().rooms -= 1;
    }
}

impl Table {
    fn take(&mut self, id: &PermitId) -> Option<(HeldPermit, tokio::time::Instant)> {
        let (permit, end) = self.held.remove(id)?;
        self.ends.remove(&(end, *id));
        Some((permit, end))
    }

    /// What is over at `now`.
    fn take_over(&mut self, now: tokio::time::Instant) -> Vec<HeldPermit> {
        let mut over = Vec::new();
        while let Some((end, id)) = self.ends.first().copied()
            && end <= now
        {
            over.extend(self.take(&id).map(|(permit, _)| permit));
        }
        over
    }
}

impl Shared {
    fn note(&self, table: &Table) {
        self.gauge.set(i64::try_from(table.held.len()).unwrap_or(i64::MAX));
    }
}

/// The one task that frees what is over. It keeps no table alive, and where its runtime ends before it does, the next
/// permit begins another.
struct Turning(Weak<Shared>);

impl Drop for Turning {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.table.lock().turning = false;
        }
    }
}

async fn turn(turning: Turning) {
    let mut ticks = tokio::time::interval(TURN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = ticks.tick().await;
        let Some(shared) = turning.0.upgrade() else { return };
        let mut table = shared.table.lock();
        let over = table.take_over(now);
        shared.note(&table);
        if table.held.is_empty() {
            // Said under the lock, so that a permit which comes now begins another task.
            table.turning = false;
            drop(table);
            drop(over);
            std::mem::forget(turning);
            return;
        }
    }
}

#[cfg(test)]
mod tests;
