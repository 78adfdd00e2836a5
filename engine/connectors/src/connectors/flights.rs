//! Renewals under way, and who waits for them: one for each account connector, however many want it.

use std::collections::HashMap;
use std::sync::mpsc::SyncSender;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::access::{AccessFault, Outcome};
use super::store::ConnectorNumber;

/// Callers that may wait for one renewal.
const WAITERS_MOST: usize = 4_096;

/// One who waits: a thread or a task.
pub(super) enum Waiter {
    Thread(SyncSender<Outcome>),
    Task(oneshot::Sender<Outcome>),
}

impl Waiter {
    /// Whoever has gone away meanwhile misses nothing.
    pub(super) fn tell(self, outcome: Outcome) {
        match self {
            Self::Thread(thread) => drop(thread.try_send(outcome)),
            Self::Task(task) => drop(task.send(outcome)),
        }
    }

    fn is_gone(&self) -> bool {
        match self {
            Self::Thread(_) => false,
            Self::Task(task) => task.is_closed(),
        }
    }
}

/// Whether somebody has to do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// Nobody was at it: order it.
    First,
    /// It is under way.
    Following,
}

/// What is under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<ConnectorNumber, Vec<Waiter>>>);

impl Flights {
    /// Waits for the renewal of this number, or has it done without waiting.
    pub(super) fn join(&self, number: ConnectorNumber, waiter: Option<Waiter>) -> Result<Joined, AccessFault> {
        let mut all = self.0.lock();
        let Some(waiters) = all.get_mut(&number) else {
            all.insert(number, waiter.into_iter().collect());
            return Ok(Joined::First);
        };
        if waiters.len() >= WAITERS_MOST {
            waiters.retain(|waiter| !waiter.is_gone());
        }
        if waiter.is_some() && waiters.len() >= WAITERS_MOST {
            return Err(AccessFault::Busy);
        }
        waiters.extend(waiter);
        Ok(Joined::Following)
    }

    /// Tells all who wait, and lets the next begin anew.
    pub(super) fn land(&self, number: ConnectorNumber, outcome: &Outcome) {
        let waiters = self.0.lock().remove(&number).unwrap_or_default();
        for waiter in waiters {
            waiter.tell(outcome.clone());
        }
    }

    /// Tells all who wait for anything.
    pub(super) fn land_all(&self, outcome: &Outcome) {
        let all = std::mem::take(&mut *self.0.lock());
        for waiter in all.into_values().flatten() {
            waiter.tell(outcome.clone());
        }
    }

    /// How many are under way, and how many wait for them.
    pub(super) fn count(&self) -> (usize, usize) {
        let all = self.0.lock();
        (all.len(), all.values().map(Vec::len).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, sync_channel};

    const ONE: ConnectorNumber = ConnectorNumber(1);

    fn thread() -> (Option<Waiter>, Receiver<Outcome>) {
        let (tell, told) = sync_channel(1);
        (Some(Waiter::Thread(tell)), told)
    }

    fn unknown() -> Outcome {
        Err(AccessFault::Unknown)
    }

    #[test]
    fn the_first_does_it_and_all_are_told() {
        let flights = Flights::default();
        let (first, first_told) = thread();
        let (second, second_told) = thread();
        assert_eq!(flights.join(ONE, first), Ok(Joined::First));
        assert_eq!(flights.join(ONE, second), Ok(Joined::Following));
        assert_eq!(flights.join(ONE, None), Ok(Joined::Following));
        assert_eq!(flights.join(ConnectorNumber(2), None), Ok(Joined::First));
        assert_eq!(flights.count(), (2, 2));
        flights.land(ONE, &unknown());
        for told in [first_told, second_told] {
            assert!(told.recv().unwrap().is_err_and(|fault| fault == AccessFault::Unknown));
        }
        assert_eq!(flights.join(ONE, None), Ok(Joined::First), "the next begins anew");
    }

    #[test]
    fn whoever_has_gone_takes_no_place() {
        let flights = Flights::default();
        let mut told = Vec::new();
        for _ in 0..WAITERS_MOST {
            let (tell, waits) = oneshot::channel();
            assert!(
                flights
                    .join(ONE, Some(Waiter::Task(tell)))
                    .is_ok_and(|joined| joined != Joined::First || told.is_empty())
            );
            told.push(waits);
        }
        assert_eq!(flights.join(ONE, thread().0), Err(AccessFault::Busy));
        assert_eq!(
            flights.join(ONE, None),
            Ok(Joined::Following),
            "who does not wait needs none"
        );
        told.pop();
        assert_eq!(flights.join(ONE, thread().0), Ok(Joined::Following));
        assert_eq!(flights.join(ONE, thread().0), Err(AccessFault::Busy));
        flights.land_all(&unknown());
        assert_eq!(flights.count(), (0, 0));
    }
}
