//! The courier: one thread that goes out for everybody.
//!
//! Callers wait for it and may go away; what it has begun it carries to its end, so that a refresh token that was rotated is kept even
//! if nobody wants the token any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::Shared;
use super::access::{AccessFault, Outcome};
use super::flights::{Joined, Waiter};
use super::renewal::Redemption;
use super::store::ConnectorNumber;

/// Errands at a time; most of them wait for a place at their third party.
const ERRANDS_MOST: usize = 1_024;
/// Of those, such as nobody has asked for, so that callers find room.
const UNASKED_MOST: usize = 512;

/// What the courier is asked for.
pub(super) enum Order {
    /// Renew, and tell all who wait for it.
    Renew(ConnectorNumber),
    /// Turn a code into tokens, and tell this one.
    Redeem(Redemption, Waiter),
    /// Carry what is under way to its end, and stop.
    Stop,
}

/// Goes out until it is told to stop or nobody is left to tell it anything.
pub(super) async fn run(shared: Arc<Shared>, mut orders: UnboundedReceiver<Order>, look_every: Duration) {
    let mut errands = JoinSet::new();
    let mut looks = interval(look_every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // More are due than could be begun: look again as soon as one has ended.
    let mut is_behind = false;
    loop {
        let has_room = errands.len() < ERRANDS_MOST;
        let looks_now = tokio::select! {
            order = orders.recv(), if has_room => match order {
                Some(Order::Stop) | None => break,
                Some(order) => {
                    errands.spawn(carry(Arc::clone(&shared), order));
                    false
                }
            },
            _ = looks.tick() => true,
            Some(_) = errands.join_next() => is_behind,
        };
        if looks_now {
            let room = UNASKED_MOST.saturating_sub(errands.len());
            let due = due(&shared, room);
            is_behind = due.len() == room;
            for number in due {
                errands.spawn(carry(Arc::clone(&shared), Order::Renew(number)));
            }
        }
    }
    orders.close();
    while errands.join_next().await.is_some() {}
    shared.flights.land_all(&Err(AccessFault::Closed));
}

/// What is to be renewed though nobody asks, and is not under way. A store that cannot be read is asked again later.
fn due(shared: &Shared, room: usize) -> Vec<ConnectorNumber> {
    // Those that are under way are still due.
    let most = ERRANDS_MOST + room;
    let numbers = shared.store.due(shared.clock.now(), most).unwrap_or_default();
    let is_idle = |number: &ConnectorNumber| shared.flights.join(*number, None) == Ok(Joined::First);
    numbers.into_iter().filter(is_idle).take(room).collect()
}

async fn carry(shared: Arc<Shared>, order: Order) {
    match order {
        Order::Renew(number) => {
            let mut landing = Landing {
                shared: &shared,
                number,
                outcome: Err(AccessFault::Later { retry_after_s: 1 }),
            };
            landing.outcome = shared.renew(number).await;
        }
        Order::Redeem(redemption, waiter) => waiter.tell(shared.redeem(&redemption).await),
        Order::Stop => {}
    }
}

/// Lands a flight whatever becomes of it, so that nobody waits for one that has crashed.
struct Landing<'s> {
    shared: &'s Shared,
    number: ConnectorNumber,
    outcome: Outcome,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.shared.flights.land(self.number, &self.outcome);
    }
}
