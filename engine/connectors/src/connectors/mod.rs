//! The façade: a fresh token for an account connector, whoever asks and however many.

mod store;
mod access;
mod flights;
mod places;
mod renewal;
mod courier;

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tollgate::Clock;

use crate::outbound::Outbound;

use access::{Outcome, Step};
use courier::Order;
use flights::{Flights, Joined, Waiter};
use places::Places;

pub use access::{Access, AccessFault};
pub use renewal::Redemption;
pub use store::{Compared, ConnectorNumber, ConnectorStore, Held, Kept, StoreFault};

/// How long a caller waits: a little longer than a request may take.
const WAITS: Duration = Duration::from_secs(18);

/// How often those are looked for that are due.
pub const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Fresh tokens. Clones are the same; when the last is gone, the courier ends what it has begun and stops.
///
/// - **A token that is fresh** is read and handed out; nobody is asked.
/// - **One that is due** is handed out, and renewed meanwhile. Those that nobody asks for are renewed as well.
/// - **One that has expired** is renewed first. Of all who ask at that time one request is made, for threads and tasks alike, and all get
///   what comes of it. Whoever goes away stops nothing.
/// - **A renewal that failed** is tried again after a while ([`crate::freshness`]), and the old token used as long as it is good.
/// - **A third party that is slow** keeps only those waiting who want something of it.
/// - **A renewal is noted before it is sent.** What a third party has rotated and nobody here has heard of, because this machine
///   crashed before the answer was kept, is lost with any client: the old refresh token is tried once more, and if it is refused
///   somebody must sign in again.
#[derive(Clone)]
pub struct Connectors {
    shared: Arc<Shared>,
    orders: mpsc::UnboundedSender<Order>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What callers and the courier have in common.
struct Shared {
    store: Arc<dyn ConnectorStore>,
    clock: Arc<dyn Clock>,
    outbound: Outbound,
    flights: Flights,
    places: Places,
}

/// How much is going on, for those who watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Going {
    /// Renewals under way, or about to be.
    pub renewals: usize,
    /// Callers who wait for them.
    pub waiting: usize,
}

/// The courier cannot start.
#[derive(Debug, thiserror::Error)]
#[error("expected a thread that goes out to third parties, but the system answered: {0}")]
pub struct StartError(#[from] std::io::Error);

impl Connectors {
    /// Starts the courier. It looks for what is due every [`LOOK_EVERY`], unless a test is in more of a hurry.
    pub fn start(
        store: Arc<dyn ConnectorStore>,
        clock: Arc<dyn Clock>,
        outbound: Outbound,
        look_every: Duration,
    ) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            store,
            clock,
            outbound,
            flights: Flights::default(),
            places: Places::default(),
        });
        let (orders, received) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let running = courier::run(Arc::clone(&shared), received, look_every.max(Duration::from_millis(1)));
        let thread = std::thread::Builder::new()
            .name("tollgate-courier".to_owned())
            .spawn(move || runtime.block_on(running))?;
        Ok(Self {
            shared,
            orders,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// What a request to the third party is made with. It may wait for the third party, so it is called from a thread that may.
    pub fn access_token(&self, number: ConnectorNumber) -> Result<Access, AccessFault> {
        let (tell, told) = sync_channel(1);
        match self.ask(number, || Waiter::Thread(tell))? {
            Some(access) => Ok(access),
            None => told
                .recv_timeout(WAITS)
                .unwrap_or(Err(AccessFault::Later { retry_after_s: 1 })),
        }
    }

    /// The same for a task. Reading the store may take it as long as a read from the disk.
    pub async fn access_token_async(&self, number: ConnectorNumber) -> Result<Access, AccessFault> {
        let (tell, told) = oneshot::channel();
        match self.ask(number, || Waiter::Task(tell))? {
            Some(access) => Ok(access),
            None => awaited(told).await,
        }
    }

    /// Turns the code of a flow into tokens and keeps them, also where the caller goes away meanwhile. That a code comes once
    /// is for whoever knows the flow. After a fault the value is what it was before.
    pub async fn redeem(&self, redemption: Redemption) -> Result<Access, AccessFault> {
        let (tell, told) = oneshot::channel();
        let order = Order::Redeem(redemption, Waiter::Task(tell));
        self.orders.send(order).map_err(|_| AccessFault::Closed)?;
        awaited(told).await
    }

    /// How much is going on.
    pub fn going(&self) -> Going {
        let (renewals, waiting) = self.shared.flights.count();
        Going { renewals, waiting }
    }

    /// Ends what has begun, and stops. Fresh tokens are still handed out afterwards, and nothing is renewed.
    pub fn close(&self) {
        let _ = self.orders.send(Order::Stop);
        let thread = self.thread.lock().take();
        // One that has panicked has stopped as well.
        let _ = thread.map(JoinHandle::join);
    }

    /// The answer, where there is one at once; else `waiter` is told.
    fn ask(&self, number: ConnectorNumber, waiter: impl FnOnce() -> Waiter) -> Result<Option<Access>, AccessFault> {
        let Some(held) = self.shared.store.held(number)? else {
            return Err(AccessFault::Unknown);
        };
        match held.step(self.shared.clock.now()) {
            Step::Answer(outcome) => outcome.map(Some),
            Step::AnswerAndRenew(outcome) => {
                // Whether it can be renewed concerns the next caller.
                let _ = self.order(number, None);
                outcome.map(Some)
            }
            Step::Renew => self.order(number, Some(waiter())).map(|()| None),
        }
    }

    fn order(&self, number: ConnectorNumber, waiter: Option<Waiter>) -> Result<(), AccessFault> {
        let joined = self.shared.flights.join(number, waiter)?;
        if joined == Joined::First && self.orders.send(Order::Renew(number)).is_err() {
            self.shared.flights.land(number, &Err(AccessFault::Closed));
        }
        Ok(())
    }
}

async fn awaited(told: oneshot::Receiver<Outcome>) -> Outcome {
    match tokio::time::timeout(WAITS, told).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(AccessFault::Closed),
        Err(_) => Err(AccessFault::Later { retry_after_s: 1 }),
    }
}
