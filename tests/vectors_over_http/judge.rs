//! An engine behind a server, asked the questions of a vector.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::oneshot;
use tollgate::{
    Command, DENY_REASONS, Engine, Import, ManualClock, NetworkRule, OpenOptions, PepperKey, Portable, PutRoute,
    RemoveNetwork, RemoveRoute, RemoveUser, RevokeToken, Route, SetSetting, SetUser, Timestamp, TokenId, UserChanges,
};
use tollgate_http::Server as HttpServer;
use tollgate_tests::http::{Connection, Request};

use super::super::support::facts::{Ask, Change, Outcome, Quota, Request as Asked, Server, Token, User};
use super::super::support::native;
use super::question::question;
use super::world::{self, Left};

/// A judge of one vector; dropping it stops its server.
pub(crate) struct Judge {
    engine: Engine,
    clock: Arc<ManualClock>,
    connection: Connection,
    users: HashMap<u64, User>,
    tokens: HashMap<u64, Token>,
    /// Tokens that could not be made.
    lacking: Vec<u64>,
    /// Forms of foreign tokens that are accepted.
    forms: String,
    held: HashMap<String, String>,
    asked: usize,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Judge {
    pub(crate) fn new(server: &Server, users: &[User], tokens: &[Token]) -> Result<Self, Left> {
        // Nothing here is about durability, and memory is faster to write to.
        let memory = tempfile::tempdir_in("/dev/shm");
        let folder = memory.or_else(|_| tempfile::tempdir()).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_700_000_000)));
        let options = OpenOptions::new()
            .create(true)
            .key(PepperKey::from_bytes([7; 32]))
            .clock(Arc::clone(&clock) as _)
            .checkpoint_every(None)
            .sweep_every(None);
        let engine = options.open(folder.path().join("vector.redb")).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, thread) = serve(engine.clone(), stopped);
        let mut judge = Self {
            engine,
            clock,
            connection: Connection::open(address).unwrap(),
            users: HashMap::new(),
            tokens: HashMap::new(),
            lacking: Vec::new(),
            forms: String::new(),
            held: HashMap::new(),
            asked: 0,
            stop: Some(stop),
            thread: Some(thread),
            _folder: folder,
        };
        judge.begin(server, users, tokens)?;
        Ok(judge)
    }

    /// States all facts by one command.
    fn begin(&mut self, server: &Server, users: &[User], tokens: &[Token]) -> Result<(), Left> {
        never_stale(server)?;
        let (mut users, mut tokens): (Vec<_>, Vec<_>) = (users.to_vec(), tokens.to_vec());
        users.sort_by_key(|user| user.id);
        tokens.sort_by_key(|token| token.id);
        let mut records = Vec::new();
        for user in users {
            records.push(Portable::User(world::user(&user)));
            let networks = world::networks(&user.banned, &user.trusted, Some(&user.name));
            records.extend(networks.into_iter().map(Portable::Network));
            self.users.insert(user.id, user);
        }
        for token in tokens {
            let user = self
                .users
                .get(&token.user)
                .ok_or_else(|| Left("a token of nobody".to_owned()))?;
            match world::token(&token, &user.name) {
                Ok(record) => records.push(record),
                Err(_) => self.lacking.push(token.id),
            }
            self.tokens.insert(token.id, token);
        }
        let networks = world::networks(&server.banned, &server.trusted, None);
        records.extend(networks.into_iter().map(Portable::Network));
        records.extend(world::settings(server).into_iter().map(Portable::Setting));
        self.forms = server.foreign_tokens.clone();
        self.import(records)?;
        self.set_routes(server)
    }

    pub(crate) fn change(&mut self, change: &Change) -> Result<(), Left> {
        match change {
            Change::SetServer(server) => self.set_server(server),
            Change::PutUser(user) => self.put_user(user),
            Change::PutToken(token) => self.put_token(token),
            Change::RemoveUser(id) => {
                let user = self
                    .users
                    .remove(id)
                    .ok_or_else(|| Left("nobody to remove".to_owned()))?;
                let name = user.name.parse().unwrap();
                self.run(RemoveUser { name })
            }
            Change::RemoveToken(_) => Err(Left("a token that is taken away".to_owned())),
            Change::DoubtUser(_) | Change::DoubtToken(_) | Change::DoubtAuthority(_) => {
                Err(Left("a change in doubt".to_owned()))
            }
            Change::PutAuthority(_) => Err(Left("an authority that is made by no command".to_owned())),
            Change::Remember(_) => Err(Left("a proof that the server itself would have to make".to_owned())),
        }
    }

    /// Answers how the decision differs from what is expected, if it does.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Result<Option<String>, Left> {
        if subject(&ask.expect).is_some_and(|token| self.lacking.contains(&token)) {
            return Err(Left("a token that could not be made".to_owned()));
        }
        self.clock.set(Timestamp::from_millis(ask.now_ms));
        self.asked += 1;
        // Both forms are told, in turns.
        let question = question(&ask.request, self.asked.is_multiple_of(2), ask.hold.is_some());
        let request = Request::new("POST", "/v1/check")
            .field("Content-Type", "application/json")
            .body(&question.to_string());
        let answer = self.connection.send(&request).unwrap();
        let decision: Value = serde_json::from_slice(&answer.body).unwrap();
        if let (Some(label), Some(permit)) = (&ask.hold, decision["permit"].as_str()) {
            self.held.insert(label.clone(), permit.to_owned());
        }
        let wrong = (answer.status != 200).then(|| format!("{} {decision}", answer.status));
        Ok(wrong.or_else(|| differs(&decision, &ask.request, &ask.expect)))
    }

    /// Answers what is wrong, if anything is.
    pub(crate) fn release(&mut self, label: &str) -> Option<String> {
        let Some(permit) = self.held.remove(label) else {
            return Some("nothing is held under this label".to_owned());
        };
        let request = Request::new("DELETE", &format!("/v1/permits/{permit}"));
        let status = self.connection.send(&request).unwrap().status;
        (status != 204).then(|| format!("the permit could not be released: {status}"))
    }

    fn set_server(&mut self, server: &Server) -> Result<(), Left> {
        never_stale(server)?;
        if server.foreign_tokens != self.forms {
            return Err(Left(
                "a used token that an engine knows by itself from then on".to_owned(),
            ));
        }
        for setting in world::settings(server) {
            self.run(SetSetting { setting })?;
        }
        self.set_routes(server)?;
        self.set_networks(&server.banned, &server.trusted, None)
    }

    fn set_routes(&mut self, server: &Server) -> Result<(), Left> {
        if server.external_issuers != 0 {
            return Err(Left("an issuer without keys".to_owned()));
        }
        for Route { pattern, .. } in self.engine.routes().unwrap() {
            self.run(RemoveRoute { pattern })?;
        }
        for route in &server.routes {
            let route = native::route_record(route);
            self.run(PutRoute { route })?;
        }
        Ok(())
    }

    fn put_user(&mut self, user: &User) -> Result<(), Left> {
        let portable = world::user(user);
        match self.users.get(&user.id) {
            Some(before) if before.name != user.name => return Err(Left("a user whose name changes".to_owned())),
            Some(_) => self.run(SetUser {
                name: portable.name,
                changes: UserChanges {
                    operations: portable.operations,
                    per_hour: portable.per_hour,
                    concurrent: portable.concurrent,
                    active: portable.active,
                },
            })?,
            None => self.import(vec![Portable::User(portable)])?,
        }
        self.users.insert(user.id, user.clone());
        self.set_networks(&user.banned, &user.trusted, Some(&user.name))
    }

    fn put_token(&mut self, token: &Token) -> Result<(), Left> {
        if let Some(before) = self.tokens.get(&token.id) {
            let same = |token: &Token| (token.user, token.secret.clone(), token.not_before_s, token.expires_at_s);
            if same(before) != same(token) || !token.revoked {
                return Err(Left("a token that changes by no command".to_owned()));
            }
            return self.run(RevokeToken { id: TokenId(token.id) });
        }
        let Some(user) = self.users.get(&token.user) else {
            return Err(Left("a token of nobody".to_owned()));
        };
        if self.tokens.keys().any(|before| *before > token.id) {
            return Err(Left("an id that is no longer given away".to_owned()));
        }
        match world::token(token, &user.name) {
            Ok(portable) => self.import(vec![portable])?,
            Err(_) => self.lacking.push(token.id),
        }
        self.tokens.insert(token.id, token.clone());
        Ok(())
    }

    /// Makes these the rules of the user called `user`, or of everybody.
    fn set_networks(&mut self, banned: &[String], trusted: &[String], user: Option<&str>) -> Result<(), Left> {
        for network in self.engine.networks().unwrap() {
            if network.user.as_ref().map(|name| name.as_str()) == user {
                let rule: NetworkRule = network.rule;
                self.run(RemoveNetwork {
                    rule,
                    user: network.user,
                })?;
            }
        }
        let networks = world::networks(banned, trusted, user);
        self.import(networks.into_iter().map(Portable::Network).collect())
    }

    fn import(&self, records: Vec<Portable>) -> Result<(), Left> {
        let lines = (1..).zip(records).collect();
        self.run(Import {
            source: "vectors".to_owned(),
            lines,
            skip_faults: false,
        })
    }

    fn run<C: Command>(&self, command: C) -> Result<(), Left> {
        self.engine
            .execute(command)
            .map(|_| ())
            .map_err(|why| Left(why.to_string()))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        let _ = self.thread.take().unwrap().join();
    }
}

fn never_stale(server: &Server) -> Result<(), Left> {
    match server.fresh_until_ms {
        None => Ok(()),
        Some(_) => Err(Left("a view that grows stale".to_owned())),
    }
}

fn serve(engine: Engine, stopped: oneshot::Receiver<()>) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = HttpServer::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
            tell.send(server.addresses().unwrap()[0]).unwrap();
            // Idle connections are ended by a stop.
            server.run(engine, async { stopped.await.unwrap_or_default() }).await;
        });
    });
    (told.recv().unwrap(), thread)
}

/// Whose token a verdict is about.
fn subject(outcome: &Outcome) -> Option<u64> {
    let subject = match outcome {
        Outcome::Granted { permit } => &permit.subject,
        Outcome::Denied(denied) => &denied.subject,
    };
    subject.as_ref().map(|subject| subject.token)
}

fn differs(decision: &Value, asked: &Asked, expected: &Outcome) -> Option<String> {
    let said = match expected {
        Outcome::Granted { permit } => {
            let subject = permit.subject.as_ref();
            decision["permitted"] == true
                && decision["status"] == 200
                && decision["user"].as_str() == subject.map(|subject| subject.name.as_str())
                && decision["token_id"].as_str() == subject.map(|subject| subject.token.to_string()).as_deref()
                && decision["client"].as_str() == subject.and_then(|subject| subject.client.as_deref())
                && decision["scope"].as_str() == subject.and_then(|subject| subject.scopes.as_deref())
                && same_quota(&decision["quota"], permit.quota.as_ref())
        }
        Outcome::Denied(denied) => {
            let row = DENY_REASONS.iter().find(|row| row.label == denied.deny).unwrap();
            decision["permitted"] == false
                && decision["status"] == denied.status
                && decision["problem"]["type"] == format!("urn:tollgate:problem:{}", row.problem)
                && decision["problem"]["title"] == row.title
                && decision["www_authenticate"] == serde_json::json!(native::refused(denied, asked).challenges)
                && decision["retry_after"].as_u64() == denied.retry_after_s
                && same_quota(&decision["quota"], denied.quota.as_ref())
        }
    };
    (!said).then(|| format!("expected {expected:?}\n     got {decision}"))
}

fn same_quota(said: &Value, expected: Option<&Quota>) -> bool {
    match expected {
        None => said.is_null(),
        Some(quota) => {
            said["limit"] == quota.limit
                && said["remaining"] == quota.remaining
                && said["reset_seconds"] == quota.reset_after_ms.div_ceil(1_000)
        }
    }
}
