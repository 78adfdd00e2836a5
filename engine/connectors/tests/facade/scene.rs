//! A store in memory, a clock that stands still, and an account connector of a third party.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that unwraps says where it failed"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;
use tollgate::{ManualClock, Timestamp};
use tollgate_connectors::auth_value::{AuthValue, Tokens};
use tollgate_connectors::connectors::{
    Access, AccessFault, Compared, ConnectorNumber, ConnectorStore, Connectors, Held, Kept, StoreFault,
};
use tollgate_connectors::entry::{Entry, EntryText};
use tollgate_connectors::freshness::Freshness;
use tollgate_connectors::outbound::{Outbound, SystemResolver, Trust};
use tollgate_connectors::properties::Properties;
use tollgate_connectors::secret::Secret;

use crate::third::Third;

pub(crate) const BEGIN: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const NUMBER: ConnectorNumber = ConnectorNumber(1234);
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(86_400);

/// One account connector, and what was written of it.
pub(crate) struct Row {
    pub(crate) held: Held,
    pub(crate) next: Option<Timestamp>,
    pub(crate) fault: Option<String>,
    /// Whether a renewal was noted and nothing came of it.
    pub(crate) is_noted: bool,
}

#[derive(Default)]
pub(crate) struct Memory {
    rows: Mutex<HashMap<ConnectorNumber, Row>>,
    is_broken: Mutex<bool>,
    is_crashing: Mutex<bool>,
    /// How often it was asked what is due.
    looks: Mutex<usize>,
    /// Where the next who reads waits, with what was read.
    gate: Mutex<Option<Receiver<()>>>,
}

impl Memory {
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Row) -> T) -> T {
        look(self.rows.lock().get(&NUMBER).unwrap())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Row)) {
        change(self.rows.lock().get_mut(&NUMBER).unwrap());
    }

    /// Makes it so many that are the same.
    fn multiply(&self, count: u64) {
        let mut rows = self.rows.lock();
        let row = rows.get(&NUMBER).unwrap();
        let again = |at: u64| {
            (
                ConnectorNumber(NUMBER.0 + at),
                Row {
                    fault: None,
                    held: row.held.clone(),
                    ..*row
                },
            )
        };
        let more: Vec<_> = (1..count).map(again).collect();
        rows.extend(more);
    }

    pub(crate) fn all(&self, is_so: impl Fn(&Row) -> bool) -> bool {
        self.rows.lock().values().all(is_so)
    }

    pub(crate) fn remove(&self) {
        self.rows.lock().clear();
    }

    pub(crate) fn breaks(&self) {
        *self.is_broken.lock() = true;
    }

    pub(crate) fn crashes(&self, is_crashing: bool) {
        *self.is_crashing.lock() = is_crashing;
    }

    /// Makes the next who reads wait with what was read, until something is sent.
    pub(crate) fn stops_the_next(&self) -> Sender<()> {
        let (open, gate) = channel();
        *self.gate.lock() = Some(gate);
        open
    }

    pub(crate) fn has_stopped_one(&self) -> bool {
        self.gate.lock().is_none()
    }

    pub(crate) fn access(&self) -> Option<String> {
        self.look(|row| text(&row.held.value, |tokens| tokens.access.as_ref()))
    }

    pub(crate) fn refresh(&self) -> Option<String> {
        self.look(|row| text(&row.held.value, |tokens| tokens.refresh.as_ref()))
    }

    fn compared(
        &self,
        number: ConnectorNumber,
        version: u64,
        change: impl FnOnce(&mut Row),
    ) -> Result<Compared, StoreFault> {
        if *self.is_broken.lock() {
            return Err(StoreFault);
        }
        let mut rows = self.rows.lock();
        match rows.get_mut(&number) {
            Some(row) if row.held.version == version => {
                row.held.version += 1;
                change(row);
                Ok(Compared::Same { version: version + 1 })
            }
            Some(_) | None => Ok(Compared::Moved),
        }
    }
}

fn text(value: &AuthValue, of: impl Fn(&Tokens) -> Option<&Secret>) -> Option<String> {
    match value {
        AuthValue::OAuth(tokens) => of(tokens).map(|secret| secret.expose().to_owned()),
        _ => None,
    }
}

impl ConnectorStore for Memory {
    fn held(&self, number: ConnectorNumber) -> Result<Option<Held>, StoreFault> {
        if *self.is_broken.lock() {
            return Err(StoreFault);
        }
        let held = self.rows.lock().get(&number).map(|row| row.held.clone());
        let gate = self.gate.lock().take();
        // Whoever dropped the other end wants nobody to wait.
        let _ = gate.map(|gate| gate.recv());
        Ok(held)
    }

    fn due(&self, now: Timestamp, most: usize) -> Result<Vec<ConnectorNumber>, StoreFault> {
        let rows = self.rows.lock();
        let due = rows.iter().filter(|(_, row)| row.next.is_some_and(|next| next <= now));
        let mut numbers: Vec<_> = due.map(|(number, row)| (row.next, *number)).collect();
        numbers.sort_unstable();
        *self.looks.lock() += 1;
        Ok(numbers.into_iter().map(|(_, number)| number).take(most).collect())
    }

    fn begin(&self, number: ConnectorNumber, version: u64, _now: Timestamp) -> Result<Compared, StoreFault> {
        assert!(!*self.is_crashing.lock(), "a fault of the store's own");
        self.compared(number, version, |row| row.is_noted = true)
    }

    fn keep(&self, number: ConnectorNumber, version: u64, kept: Kept) -> Result<Compared, StoreFault> {
        self.compared(number, version, |row| {
            row.is_noted = false;
            row.held.value = kept.value.unwrap_or_else(|| row.held.value.clone());
            row.held.freshness = kept.freshness;
            (row.next, row.fault) = (kept.next, kept.fault);
        })
    }
}

pub(crate) struct Scene {
    pub(crate) store: Arc<Memory>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) connectors: Connectors,
    pub(crate) third: Third,
}

impl Scene {
    /// An account connector with tokens that came at [`BEGIN`] and are good for an hour.
    pub(crate) fn new(third: Third) -> Self {
        Self::with(third, |_, _| {}, NEVER)
    }

    /// The same with changes of its entry and of what is held.
    pub(crate) fn with(
        third: Third,
        change: impl FnOnce(&mut EntryText, &mut (AuthValue, Properties)),
        look_every: Duration,
    ) -> Self {
        let url = |path: &str| Some(format!("http://127.0.0.1:{}/{path}", third.port));
        let mut text = EntryText {
            name: "Example CRM".to_owned(),
            auth_type: "OAuth2".to_owned(),
            oauth2_type: Some("AuthorisationCode".to_owned()),
            authorization_url: url("authorize"),
            token_url: url("token"),
            scopes: "read".to_owned(),
            client_id: Some("me".to_owned()),
            client_secret: Some(Secret::new("canary-client-secret")),
            near_hosts: vec!["127.0.0.1".to_owned()],
            ..EntryText::default()
        };
        let tokens = Tokens {
            access: Some(Secret::new("old-access")),
            refresh: Some(Secret::new("old-refresh")),
            expires: Some(BEGIN.plus_millis(3_600_000)),
            refresh_expires: None,
        };
        let mut own = (AuthValue::OAuth(tokens), Properties::default());
        change(&mut text, &mut own);
        let (value, properties) = own;
        let held = Held {
            version: 1,
            entry: Arc::new(Entry::accept(&text).unwrap()),
            properties,
            value,
            freshness: Freshness::obtained(BEGIN),
        };
        let row = Row {
            next: held.freshness.next_renewal(&held.value, held.is_renewable()),
            held,
            fault: None,
            is_noted: false,
        };
        let store = Memory::default();
        store.rows.lock().insert(NUMBER, row);
        Self::over(store, third, BEGIN, look_every)
    }

    /// As many of [`Scene::new`], of which all are due when the courier starts and looks once.
    pub(crate) fn many_due(third: Third, count: u64) -> Self {
        let one = Self::new(third.clone());
        one.connectors.close();
        let store = Memory::default();
        std::mem::swap(&mut *store.rows.lock(), &mut *one.store.rows.lock());
        store.multiply(count);
        Self::over(store, third, BEGIN.plus_millis(3_240_000), NEVER)
    }

    fn over(store: Memory, third: Third, now: Timestamp, look_every: Duration) -> Self {
        let store = Arc::new(store);
        let clock = Arc::new(ManualClock::at(now));
        let trust = Trust::certificates([authority()]).unwrap();
        let outbound = Outbound::new(SystemResolver, trust);
        let connectors = Connectors::start(
            Arc::clone(&store) as Arc<dyn ConnectorStore>,
            Arc::clone(&clock) as Arc<dyn tollgate::Clock>,
            outbound,
            look_every,
        );
        // The first look is over before a test begins, so that nothing happens that it did not ask for.
        until("the courier has looked", || *store.looks.lock() > 0);
        Self {
            store,
            clock,
            connectors: connectors.unwrap(),
            third,
        }
    }

    /// Sets the clock to so many seconds after [`BEGIN`].
    pub(crate) fn at(&self, seconds: u64) {
        self.clock.set(BEGIN.plus_millis(seconds * 1_000));
    }

    /// The token that a caller gets, or why there is none.
    pub(crate) fn token(&self) -> Result<String, AccessFault> {
        self.connectors.access_token(NUMBER).map(exposed)
    }

    /// Waits until nothing is under way.
    pub(crate) fn settled(&self) {
        until("nothing is under way", || self.connectors.going().renewals == 0);
    }
}

pub(crate) fn exposed(access: Access) -> String {
    let Access {
        token, authorization, ..
    } = access;
    assert!(authorization.expose().ends_with(token.expose()));
    token.expose().to_owned()
}

/// A certificate that nobody shows.
fn authority() -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["unused.example".to_owned()]).unwrap();
    made.cert.der().to_vec()
}

/// Looks again and again, for as long as a busy machine may take.
pub(crate) fn until(what: &str, mut look: impl FnMut() -> bool) {
    for _ in 0..15_000 {
        if look() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    panic!("waited in vain until {what}");
}
