//! The plugin, asked the questions of a vector.

use std::collections::HashMap;
use std::time::Duration;

use tollgate_core::{DENY_REASONS, visible_name};
use tollgate_wasm::{ContextId, Feed, Headers, LocalResponse, Outcome, Program, Request};

use crate::plugin::facts::Facts;
use crate::plugin::worker::{MAX_STALENESS, Worker, configuration, feed_token};
use crate::support::facts::{self, Ask, Change, Granted, Server, Subject, from_hex};
use crate::support::native;

/// The longest form that is looked through, and what the HTTP host says of a longer one.
const FORM_LEN_MAX: usize = 64 * 1024;
const FORM_TOO_LONG: &str = "The form is longer than 65536 bytes or did not arrive whole within 10 seconds.";

/// Why a vector cannot be asked through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Left {
    /// Routes name their scopes to other hosts; a proxy has nowhere to write them.
    Scopes,
    /// A feed tells that a commit is in doubt, and not whom it was about: then nobody passes.
    Doubt,
    /// A proof is the plugin's own to ask for.
    Proof,
    /// In a proxy a path and its query are one text, so the first question mark ends the path.
    Mark,
    /// Where every address is trusted, the plugin asks for none, since each client of a proxy has one.
    Peer,
    /// A proxy tells the time in nanoseconds since 1970, which end in the year 2554.
    Time,
}

/// A judge of one vector.
pub(crate) struct Judge {
    facts: Facts,
    worker: Worker,
    held: HashMap<String, ContextId>,
}

impl Judge {
    pub(crate) fn new(program: &Program, digest_key: &str) -> Self {
        let key = from_hex(digest_key).try_into().unwrap();
        let mut feed = Feed::new(feed_token(), [3; 16], key);
        feed.hurries = true;
        let worker = Worker::new(program, feed, &configuration(r#", "read_forms": true"#));
        Self {
            facts: Facts::new(digest_key),
            worker,
            held: HashMap::new(),
        }
    }

    /// States a fact that is there before the plugin asks.
    pub(crate) fn state(&mut self, change: &Change) -> Result<(), Left> {
        let records = self.facts.records(change).ok_or(Left::Doubt)?;
        self.worker.feed.state(records);
        Ok(())
    }

    pub(crate) fn change(&mut self, change: &Change) -> Result<(), Left> {
        if matches!(change, Change::Remember(_)) {
            return Err(Left::Proof);
        }
        let records = self.facts.records(change).ok_or(Left::Doubt)?;
        self.worker.feed.commit(records);
        Ok(())
    }

    pub(crate) fn release(&mut self, label: &str) -> bool {
        self.held.remove(label).map(|id| self.worker.vm.end(id)).is_some()
    }

    /// Answers how the plugin's answer differs from what is expected, if it does.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Result<Option<String>, Left> {
        if !ask.request.scopes.is_empty() {
            return Err(Left::Scopes);
        }
        if ask.request.path.0.contains(&b'?') {
            return Err(Left::Mark);
        }
        if ask.request.peer.is_none() && trusts_all(&self.facts.server) {
            return Err(Left::Peer);
        }
        let now = Duration::from_millis(ask.now_ms);
        u64::try_from(now.as_nanos()).map_err(|_| Left::Time)?;
        let age = self.age_of_the_view(ask.now_ms);
        // A clock that is suddenly ahead makes the view older, so the view is confirmed after it was set.
        self.set_wall(now.saturating_sub(age));
        if let Err(why) = self.worker.follow() {
            return Ok(Some(why));
        }
        self.worker.silence(age);
        self.set_wall(now);
        let Worker { vm, root, feed } = &mut self.worker;
        let before = vm.process().metrics();
        let id = vm.request(*root, request(&ask.request));
        // What a check leaves open is asked about, and this engine knows nobody's password and no issuer's token.
        let is_open = matches!(&ask.expect, facts::Outcome::Denied(denied) if denied.unsettled.is_some());
        if (*vm.outcome(id) == Outcome::Waiting) != is_open {
            return Ok(Some(format!("an open question: {is_open}, and {:?}", vm.outcome(id))));
        }
        feed.serve(vm);
        let wrong = differs(vm.outcome(id), ask);
        vm.tick(*root);
        let counted = differs_in_count(&before, &vm.process().metrics(), &ask.expect);
        match &ask.hold {
            Some(label) => drop(self.held.insert(label.clone(), id)),
            None => drop(vm.end(id)),
        }
        let odd = vm.violations().first().cloned();
        Ok(wrong.or(counted).or(odd).or_else(|| vm.failure().map(str::to_owned)))
    }

    /// Sets the clock on the wall; what has jumped is noticed at a tick.
    fn set_wall(&mut self, wall: Duration) {
        let Worker { vm, root, .. } = &mut self.worker;
        vm.process().clone().set_wall(wall);
        vm.tick(*root);
    }

    /// How old the view is to be, as a vector has it: it may be believed until a moment, and was complete so long before as it
    /// may be old.
    fn age_of_the_view(&self, now_ms: u64) -> Duration {
        let age = self.facts.server.fresh_until_ms.map_or(0, |until| {
            let most = u64::try_from(MAX_STALENESS.as_millis()).unwrap();
            (most + now_ms).saturating_sub(until).min(most + 60_000)
        });
        Duration::from_millis(age)
    }
}

fn trusts_all(server: &Server) -> bool {
    server.banned.is_empty() && server.trusted == ["0.0.0.0/0", "::/0"]
}

/// A request as a proxy sees it. Each brings an identity of its own making, which must not get through.
fn request(asked: &facts::Request) -> Request {
    let target = match &asked.query {
        Some(query) => [&asked.path.0, b"?".as_slice(), &query.0].concat(),
        None => asked.path.0.clone(),
    };
    let mut request = Request::new(&asked.method.0, target)
        .field("x-tollgate-user", "mallory")
        .field("x_tollgate_token_id", "1");
    for line in &asked.authorization {
        request = request.field("authorization", &line.0);
    }
    for line in &asked.authtoken {
        request = request.field("x-cdata-authtoken", &line.0);
    }
    if asked.preflight {
        request = request
            .field("origin", "https://app.example")
            .field("access-control-request-method", "GET");
    }
    if let Some(form) = &asked.form {
        request = request
            .field("content-type", "application/x-www-form-urlencoded")
            .body(form.0.clone());
    }
    if let Some(peer) = &asked.peer {
        request = request.from_peer((native::address(peer), 40_001).into());
    }
    request
}

fn differs(outcome: &Outcome, ask: &Ask) -> Option<String> {
    let same = match (outcome, &ask.expect) {
        (Outcome::Passed(headers), facts::Outcome::Granted { permit }) => {
            identity(headers) == expected_identity(permit)
        }
        (Outcome::Answered(response), facts::Outcome::Denied(denied)) => {
            *response == refusal(denied, &ask.request, response)
        }
        _ => false,
    };
    (!same).then(|| format!("expected {:?}\n     got {outcome:?}", ask.expect))
}

/// Every field that an upstream could take for an identity.
fn identity(headers: &Headers) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields = headers.iter().map(|(name, value)| (text(name), text(value)));
    let mut ours: Vec<_> = fields
        .filter(|(name, _)| name.replace('_', "-").starts_with("x-tollgate"))
        .collect();
    ours.sort();
    ours
}

fn expected_identity(permit: &Granted) -> Vec<(String, String)> {
    let tell = |tell: fn(&Subject) -> String| permit.subject.as_ref().map(tell).unwrap_or_default();
    [
        (
            "x-tollgate-client",
            tell(|subject| subject.client.clone().unwrap_or_default()),
        ),
        (
            "x-tollgate-scope",
            tell(|subject| subject.scopes.clone().unwrap_or_default()),
        ),
        ("x-tollgate-token-id", tell(|subject| subject.token.to_string())),
        (
            "x-tollgate-user",
            tell(|subject| visible_name(&subject.name).into_owned()),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What the HTTP host answers, to the byte. What the proxy's log is told is the plugin's own affair.
fn refusal(denied: &facts::Denied, asked: &facts::Request, got: &LocalResponse) -> LocalResponse {
    let too_long = asked.form.as_ref().is_some_and(|form| form.0.len() > FORM_LEN_MAX);
    let mut refused = native::refused(denied, asked);
    if too_long {
        FORM_TOO_LONG.clone_into(&mut refused.detail);
    }
    let mut headers = Headers::new();
    for (name, value) in refused.fields() {
        headers.add(name, value);
    }
    LocalResponse {
        status: u32::from(denied.status),
        details: got.details.clone(),
        headers,
        body: refused.document().into_bytes(),
    }
}

/// A check counts once, under the label of its row.
fn differs_in_count(before: &[(String, i128)], after: &[(String, i128)], expected: &facts::Outcome) -> Option<String> {
    let name = match expected {
        facts::Outcome::Granted { .. } => "tollgate.checks.permitted".to_owned(),
        facts::Outcome::Denied(denied) => format!("tollgate.checks.denied.{}", denied.deny),
    };
    let sum = |metrics: &[(String, i128)], name: &str| -> i128 {
        let named = metrics.iter().filter(|(other, _)| other.starts_with(name));
        named.map(|(_, value)| value).sum()
    };
    let more = |name: &str| sum(after, name) - sum(before, name);
    let labels = DENY_REASONS.len() + 1;
    let known = after
        .iter()
        .filter(|(name, _)| name.starts_with("tollgate.checks."))
        .count();
    (more(&name) != 1 || more("tollgate.checks.") != 1 || known != labels)
        .then(|| format!("{name} was not counted once: {before:?} {after:?}"))
}
