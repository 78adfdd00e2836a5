//! A store, its servers one after the other, and the clients that load them.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tollgate_tests::control::Control;
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{PATIENCE, let_pass};

use super::client::{Client, connect, passes, text};
use super::dice::Dice;
use super::journal::{self, Journal};
use super::ledger::{Ledger, Seen, Token, User};

/// Clients at a time. Several are needed for a batch of commands in one transaction.
const CLIENTS: u64 = 6;

/// How many acknowledgements a server lives to give, at most.
const DEEDS_MOST: usize = 240;

/// The longest time that is let pass after the last of them, in microseconds: two or three transactions.
const LINGER_MOST_US: usize = 3_000;

/// How many servers in a row are killed while they open the store, at most, and the longest time that each is let live, in
/// microseconds: from before it has read its arguments until after it listens.
const OPENINGS_MOST: usize = 2;
const OPENING_MOST_US: usize = 60_000;

/// How many tokens of earlier rounds are checked again at each restart.
const CHECKED_AGAIN: usize = 100;

/// Everything that lasts from round to round.
pub(crate) struct Rounds {
    pub(crate) store: Store,
    logs: TempDir,
    pub(crate) ledger: Ledger,
    dice: Dice,
    round: u64,
}

impl Rounds {
    pub(crate) fn new(seed: u64) -> Self {
        let store = Store::init();
        store.run(&["network", "trust", "127.0.0.1"]);
        Self {
            store,
            logs: TempDir::new().unwrap(),
            ledger: Ledger::default(),
            dice: Dice::new(seed),
            round: 0,
        }
    }

    /// Loads `server`, kills it in the middle of its work, and takes in what the clients have logged. Answers how much
    /// was acknowledged and how much was left unanswered.
    pub(crate) fn load_and_kill(&mut self, server: &mut Server) -> (usize, usize) {
        self.round += 1;
        let (clients, logs): (Vec<_>, Vec<_>) = (0..CLIENTS).map(|number| self.client(number)).unzip();
        let mut dice = self.dice.fork(self.round << 8 | 0xff);
        let (sender, receiver) = mpsc::channel();
        let (address, path) = (server.address(), self.store.path());
        thread::scope(|scope| {
            for client in clients {
                let (sender, path) = (sender.clone(), &path);
                scope.spawn(move || client.run(path, address, &sender));
            }
            drop(sender);
            let deeds = 1 + dice.below(DEEDS_MOST);
            let linger = Duration::from_micros(dice.below(LINGER_MOST_US) as u64);
            wait_for(&receiver, deeds);
            let_pass(linger);
            server.kill();
        });
        let deeds: Vec<_> = logs.iter().flat_map(|log| journal::read(log)).collect();
        let answered = deeds.iter().filter(|(_, done)| done.is_some()).count();
        let unanswered = deeds.len() - answered;
        self.ledger.take_in(deeds);
        (answered, unanswered)
    }

    /// Kills servers on the store while they open it, at any moment of that.
    pub(crate) fn interrupt_openings(&mut self) {
        let mut dice = self.dice.fork(self.round << 8 | 0xfd);
        for _ in 0..dice.below(OPENINGS_MOST + 1) {
            let mut opening = self.store.begin_to_serve();
            let_pass(Duration::from_micros(dice.below(OPENING_MOST_US) as u64));
            opening.kill();
        }
    }

    fn client(&self, number: u64) -> (Client, PathBuf) {
        let log = self
            .logs
            .path()
            .join(format!("round-{}-client-{number}.log", self.round));
        let mine = format!("c{number}-");
        let users = self.ledger.users().filter(|user| user.starts_with(&mine));
        let client = Client {
            name: format!("{mine}r{}", self.round),
            dice: self.dice.fork(self.round << 8 | number),
            journal: Journal::append_to(&log),
            in_use: self.ledger.in_use(&mine),
            users: users.map(str::to_owned).collect(),
        };
        (client, log)
    }

    /// What `server` shows: all users, all tokens, and whether checks pass with the tokens of the last round and some
    /// earlier ones, or with all of them where `thoroughly` is asked for.
    pub(crate) fn look(&mut self, server: &Server, thoroughly: bool) -> Seen {
        let mut control = Control::open(&self.store.path()).unwrap();
        let verified = control.ask("verify", Value::Null).unwrap();
        let (users, tokens) = (all(&mut control, "user_list"), all(&mut control, "authtoken_list"));
        let mut connection = connect(server.address()).unwrap();
        let mut dice = self.dice.fork(self.round << 8 | 0xfe);
        let secrets: Vec<_> = self.ledger.secrets().collect();
        let again = secrets.len().div_ceil(CHECKED_AGAIN);
        let asked = secrets
            .into_iter()
            .filter(|secret| thoroughly || secret.fresh || dice.below(again) == 0);
        let passes = asked
            .map(|secret| (secret.id.to_owned(), passes(&mut connection, secret.token).unwrap()))
            .collect();
        Seen {
            revision: verified["revision"]
                .as_u64()
                .unwrap_or_else(|| panic!("no revision in {verified}")),
            users: users
                .iter()
                .map(|user| (text(user, "name"), shown_user(user)))
                .collect(),
            tokens: tokens
                .iter()
                .map(|token| (text(token, "id"), shown_token(token)))
                .collect(),
            passes,
        }
    }
}

fn wait_for(receiver: &Receiver<()>, messages: usize) {
    for _ in 0..messages {
        receiver.recv_timeout(PATIENCE).expect("the clients are at work");
    }
}

fn shown_user(user: &Value) -> User {
    let operations = user["operations"].as_array().unwrap().iter();
    User {
        active: user["active"].as_bool().unwrap(),
        operations: operations
            .map(|operation| operation.as_str().unwrap().to_owned())
            .collect(),
        per_hour: u32::try_from(user["per_hour"].as_u64().unwrap()).unwrap(),
        concurrent: text(user, "concurrent"),
    }
}

fn shown_token(token: &Value) -> Token {
    Token {
        user: text(token, "user"),
        revoked: token["revoked_at"].is_string(),
    }
}

/// All items of a list, page after page.
fn all(control: &mut Control, list: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut page = control.ask(list, serde_json::json!({ "cursor": cursor })).unwrap();
        items.append(page["items"].as_array_mut().unwrap());
        cursor = page["next"].take();
        if cursor.is_null() {
            return items;
        }
    }
}
