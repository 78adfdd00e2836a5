//! Codes, refresh tokens, sessions and spent identifiers when the power goes or the disk fails: what was used up stays used up,
//! what was taken back stays taken back, and nothing is half done.
//!
//! Few of these commands move the revision, so that what is compared is what anybody could see: what each secret that was ever
//! given is good for, at once and after the window for repetitions. A run without disturbance is looked at after every act, on a
//! copy; what a crash leaves must be what was seen after the last act that was acknowledged, or after the one under way.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tollgate::{
    AccessText, AddClient, AddUser, BeginSession, BurnCode, Client, EndSession, EndSessions, Engine, ExecuteError,
    Grant, GrantedTo, GrantsOf, IssueAccess, IssueCode, IssuedAccess, ReadError, RedeemCode, Redeemed, Refresh,
    Refreshed, RevokeFamily, RevokeGrants, SpendIdentifier, Timestamp, Unavailable,
};

use super::disk::SimDisk;
use super::failing_disk::WAYS;
use super::fault::{Fault, Kind};
use super::freeze::{Effort, Tally, in_parallel, losses};
use super::image::Image;
use super::journal::{Journal, Operation};
use super::order::Order;
use super::random::Random;
use super::recording::Flaw;
use super::station::{Memory, Station};
use super::survivor::LOOPBACK;
use super::workload::{BEGIN, loopback};

/// One command, about secrets by their places among those of their kind.
#[derive(Clone, Copy, Debug)]
enum Act {
    Code,
    Redeem(usize),
    Burn(usize),
    Refresh(usize),
    Revoke(usize),
    Begin,
    End(usize),
    /// All that was granted.
    TakeAll,
    EndAll,
    Alone,
    Spend(usize),
}

fn acts(seed: u64, most: usize) -> Vec<Act> {
    let mut random = Random::new(seed);
    let mut acts = vec![Act::Code, Act::Code, Act::Redeem(0), Act::Refresh(0), Act::Begin];
    while acts.len() < most {
        let place = random.below(64);
        acts.push(match random.below(24) {
            0..5 => Act::Code,
            5..10 => Act::Redeem(place),
            10 => Act::Burn(place),
            11..15 => Act::Refresh(place),
            15 => Act::Revoke(place),
            16 => Act::Begin,
            17 => Act::End(place),
            20 => Act::TakeAll,
            21 => Act::EndAll,
            22..24 => Act::Alone,
            _ => Act::Spend(place % 5),
        });
    }
    acts
}

/// Every secret that was given so far.
#[derive(Clone, Debug, Default)]
struct Given {
    codes: Vec<String>,
    refreshes: Vec<String>,
    access: Vec<String>,
    sessions: Vec<String>,
}

/// What every secret is good for.
type Seen = BTreeMap<String, String>;

/// A store with a user and a client, and where its disk stood when it had both.
struct Begun {
    station: Station,
    client: Client,
}

fn begin(disk: &SimDisk, seed: u64) -> Begun {
    let station = Station::create(disk, seed, BEGIN, Memory::Usual).expect("the disk is empty and sound");
    loopback().execute(&station.engine);
    let user = AddUser::named("ann".parse().unwrap());
    station.engine.execute(user).unwrap();
    let client = AddClient {
        scopes: "read write".parse().unwrap(),
        login_urls: vec!["https://app.example/callback".to_owned()],
        consent: false,
        ..AddClient::named(
            "app".parse().unwrap(),
            [Grant::AuthorizationCode, Grant::RefreshToken, Grant::Password]
                .into_iter()
                .collect(),
        )
    };
    let client = station.engine.execute(client).unwrap().client;
    Begun { station, client }
}

/// Why an act was not done, where its caller can do nothing about it.
type Failure = Result<(), Unavailable>;

fn told<T>(answer: Result<T, ExecuteError>, then: impl FnOnce(T)) -> Failure {
    match answer {
        Ok(answer) => then(answer),
        Err(ExecuteError::Refused(_)) => {}
        Err(ExecuteError::Unavailable(unavailable)) => return Err(unavailable),
    }
    Ok(())
}

/// What a secret is bound to; nothing where it cannot be read.
fn found<T>(read: Result<Option<T>, ReadError>) -> Option<T> {
    read.ok().flatten()
}

fn perform(act: Act, engine: &Engine, client: &Client, given: &mut Given) -> Failure {
    let at = |place: usize, of: &[String]| of.get(place % of.len().max(1)).cloned();
    match act {
        Act::Code => {
            let code = IssueCode {
                to: granted_to(client),
                redirect_url: "https://app.example/callback".to_owned(),
                redirect_said: true,
                issuer: None,
                challenge: None,
                nonce: None,
                auth_time: Timestamp::from_millis(BEGIN),
                session: None,
            };
            told(engine.execute(code), |issued| {
                given.codes.push(issued.code.expose().to_owned())
            })
        }
        Act::Redeem(place) => match at(place, &given.codes).and_then(|code| redeeming(engine, client, &code)) {
            Some(command) => told(engine.execute(command), |redeemed| {
                if let Redeemed::Granted(tokens) = redeemed {
                    given.note(&tokens);
                }
            }),
            None => Ok(()),
        },
        Act::Burn(place) => match at(place, &given.codes).and_then(|code| found(engine.code(code.as_bytes()))) {
            Some(facts) => told(engine.execute(BurnCode { code: facts.proof }), |()| {}),
            None => Ok(()),
        },
        Act::Refresh(place) => match at(place, &given.refreshes).and_then(|token| refreshing(engine, client, &token)) {
            Some(command) => told(engine.execute(command), |refreshed| match refreshed {
                Refreshed::Granted(tokens) | Refreshed::Repeated(tokens) => given.note(&tokens),
                Refreshed::Reused => {}
            }),
            None => Ok(()),
        },
        Act::Revoke(place) => {
            match at(place, &given.refreshes).and_then(|token| found(engine.refresh(token.as_bytes()))) {
                Some(facts) => told(engine.execute(RevokeFamily { family: facts.family }), |()| {}),
                None => Ok(()),
            }
        }
        Act::Begin => {
            let command = BeginSession {
                user: "ann".parse().unwrap(),
                auth_time: Timestamp::from_millis(BEGIN),
                lifetime_s: 86_400,
            };
            told(engine.execute(command), |begun| {
                given.sessions.push(begun.session.expose().to_owned())
            })
        }
        Act::End(place) => {
            let session = at(place, &given.sessions);
            match session.and_then(|session| found(engine.session(session.as_bytes(), engine.now()))) {
                Some(facts) => told(engine.execute(EndSession { session: facts.id }), |()| {}),
                None => Ok(()),
            }
        }
        Act::TakeAll => {
            let of = GrantsOf::User("ann".parse().unwrap());
            told(engine.execute(RevokeGrants { of, after: None }), drop)
        }
        Act::EndAll => {
            let user = "ann".parse().unwrap();
            told(engine.execute(EndSessions { user }), drop)
        }
        Act::Alone => {
            let command = IssueAccess {
                to: granted_to(client),
                text: AccessText::Opaque,
                lifetime_s: 3_600,
                grant: Grant::Password,
                refresh: None,
            };
            told(engine.execute(command), |tokens| {
                given.access.push(tokens.token.unwrap().expose().to_owned())
            })
        }
        Act::Spend(place) => told(engine.execute(spending(place)), drop),
    }
}

/// What [`RedeemCode`] does, by somebody who puts it together from other commands.
fn redeem_in_two(place: usize, engine: &Engine, client: &Client, given: &mut Given) -> Failure {
    let code = &given.codes[place % given.codes.len()];
    let facts = found(engine.code(code.as_bytes())).expect("the code is kept");
    told(engine.execute(BurnCode { code: facts.proof }), |()| {})?;
    let command = IssueAccess {
        to: granted_to(client),
        text: AccessText::Opaque,
        lifetime_s: 3_600,
        grant: Grant::AuthorizationCode,
        refresh: Some(86_400),
    };
    told(engine.execute(command), |tokens| given.note(&tokens))
}

impl Given {
    fn note(&mut self, tokens: &IssuedAccess) {
        let text = |token: &Option<tollgate::TokenText>| token.as_ref().unwrap().expose().to_owned();
        self.access.push(text(&tokens.token));
        let refresh = text(&tokens.refresh);
        if !self.refreshes.contains(&refresh) {
            self.refreshes.push(refresh);
        }
    }
}

fn granted_to(client: &Client) -> GrantedTo {
    GrantedTo {
        client: client.name.clone(),
        client_number: client.number,
        user: "ann".parse().unwrap(),
        scopes: "read".parse().unwrap(),
        audiences: Vec::new(),
    }
}

fn redeeming(engine: &Engine, client: &Client, code: &str) -> Option<RedeemCode> {
    Some(RedeemCode {
        code: found(engine.code(code.as_bytes()))?.proof,
        client_number: client.number,
        text: AccessText::Opaque,
        lifetime_s: 3_600,
        refresh: Some(86_400),
    })
}

fn refreshing(engine: &Engine, client: &Client, token: &str) -> Option<Refresh> {
    Some(Refresh {
        refresh: found(engine.refresh(token.as_bytes()))?.proof,
        client_number: client.number,
        scopes: None,
        audiences: None,
        text: AccessText::Opaque,
        lifetime_s: 3_600,
    })
}

fn spending(place: usize) -> SpendIdentifier {
    SpendIdentifier {
        issuer: "https://idp.example".to_owned(),
        identifier: format!("jti-{place}"),
        until: Timestamp::from_millis(BEGIN + 600_000),
    }
}

/// What anybody can see of a store. It uses up whatever is there, so that it is for copies alone.
fn look(station: &Station, client: &Client, given: &Given) -> Result<Seen, String> {
    let engine = &station.engine;
    let mut seen = Seen::new();
    let mut note = |what: &str, at: usize, is: String| drop(seen.insert(format!("{what} {at}"), is));
    for (at, token) in given.access.iter().enumerate() {
        note(
            "access token",
            at,
            format!("{:?}", station.refusal(token, LOOPBACK, BEGIN)),
        );
    }
    for (at, session) in given.sessions.iter().enumerate() {
        note(
            "session",
            at,
            found(engine.session(session.as_bytes(), engine.now()))
                .is_some()
                .to_string(),
        );
    }
    let report = engine.verify().map_err(|error| error.to_string())?;
    if !report.findings.is_empty() {
        return Err(format!("verify finds {:?}", report.findings));
    }
    let grants = engine.grants_page(None, None, 1_000).map(|page| page.items);
    note("grants", 0, format!("{grants:?}"));
    let logins = engine.sessions_page(None, None, 1_000).map(|page| page.items.len());
    note("logins", 0, format!("{logins:?}"));
    // What is asked first is what changes nothing for the others.
    let spent: Vec<_> = (0..5).map(|place| engine.submit(spending(place)).unwrap()).collect();
    for (at, answer) in spent.into_iter().enumerate() {
        note("identifier", at, format!("{:?}", answer.wait()));
    }
    let soon = present(given, |token| refreshing(engine, client, token), engine);
    for (at, is) in soon.into_iter().enumerate() {
        note("refresh token at once", at, is);
    }
    station.clock.set(BEGIN + 10_000);
    let late = present(given, |token| refreshing(engine, client, token), engine);
    for (at, is) in late.into_iter().enumerate() {
        note("refresh token later", at, is);
    }
    let codes: Vec<_> = given.codes.iter().map(|code| redeeming(engine, client, code)).collect();
    let codes = codes.into_iter().map(|command| Some(engine.submit(command?).unwrap()));
    for (at, answer) in codes.collect::<Vec<_>>().into_iter().enumerate() {
        note(
            "code",
            at,
            answer.map_or("unknown".to_owned(), |answer| class(&answer.wait())),
        );
    }
    Ok(seen)
}

/// All are looked up before the first is presented: its successor is one that a later act gave.
fn present(given: &Given, command: impl Fn(&str) -> Option<Refresh>, engine: &Engine) -> Vec<String> {
    let commands: Vec<_> = given.refreshes.iter().map(|token| command(token)).collect();
    let asked = commands
        .into_iter()
        .map(|command| Some(engine.submit(command?).unwrap()));
    let asked: Vec<_> = asked.collect();
    asked
        .into_iter()
        .map(|answer| answer.map_or("unknown".to_owned(), |answer| class(&answer.wait())))
        .collect()
}

/// An answer without its secrets.
fn class<T: Debug>(answer: &Result<T, ExecuteError>) -> String {
    match answer {
        Ok(answer) => {
            let words = format!("{answer:?}");
            words.split(['(', ' ']).next().unwrap_or_default().to_owned()
        }
        Err(error) => error.to_string(),
    }
}

/// A run without disturbance.
pub(crate) struct Run {
    seed: u64,
    acts: Vec<Act>,
    client: Client,
    history: Vec<Operation>,
    begun_at: u64,
    /// How many acts were acknowledged, by the number of operations before that.
    acknowledged: Vec<(u64, usize)>,
    given: Given,
    /// What could be seen after so many acts.
    seen: Vec<Seen>,
    sync_lies: bool,
}

impl Run {
    pub(crate) fn make(seed: u64, most: usize, flaw: Flaw) -> Self {
        let disk = SimDisk::new(Image::default());
        let Begun { station, client } = begin(&disk, seed);
        let begun_at = disk.operations();
        let mut run = Self {
            seed,
            acts: acts(seed, most),
            client,
            history: Vec::new(),
            begun_at,
            acknowledged: vec![(begun_at, 0)],
            given: Given::default(),
            seen: Vec::new(),
            sync_lies: flaw == Flaw::SyncLies,
        };
        if run.sync_lies {
            disk.lie_about_syncs();
        }
        let mut images = vec![disk.live()];
        for (at, act) in run.acts.iter().enumerate() {
            let asked_at = disk.operations();
            let in_two = flaw == Flaw::TwoCommits;
            let performed = match act {
                Act::Redeem(place) if in_two => redeem_in_two(*place, &station.engine, &run.client, &mut run.given),
                act => perform(*act, &station.engine, &run.client, &mut run.given),
            };
            performed.expect("the disk is sound");
            let answered_at = if flaw == Flaw::AcknowledgesEarly {
                asked_at
            } else {
                disk.operations()
            };
            run.acknowledged.push((answered_at, at + 1));
            images.push(disk.live());
        }
        run.history = disk.history();
        drop(station);
        // Secrets of later acts are looked for too: before them they must be unknown.
        run.seen = images
            .into_iter()
            .map(|image| run.see(image).expect("a sound run is sound"))
            .collect();
        run
    }

    fn see(&self, image: Image) -> Result<Seen, String> {
        let station = Station::open(&SimDisk::new(image), BEGIN, Memory::Usual);
        let station = station.map_err(|error| format!("it does not open: {error}"))?;
        look(&station, &self.client, &self.given)
    }

    /// Whether what is left is what could be seen after `acts` acts, or after one more. Answers which.
    fn compare(&self, image: Image, acts: usize) -> Result<usize, String> {
        let seen = self.see(image)?;
        let next = acts + 1;
        if self.seen[acts] == seen {
            return Ok(acts);
        }
        if self.seen.get(next) == Some(&seen) {
            return Ok(next);
        }
        let differs = seen.iter().filter(|(what, is)| self.seen[acts].get(*what) != Some(is));
        let differs: Vec<String> = differs.map(|(what, is)| format!("{what}: {is}")).collect();
        Err(format!(
            "after {acts} acts, the next being {:?}, other things are seen: {differs:?}",
            self.acts.get(acts)
        ))
    }

    fn acknowledged_before(&self, at: u64) -> usize {
        let behind = self.acknowledged.partition_point(|(operations, _)| *operations <= at);
        self.acknowledged[..behind].last().map_or(0, |(_, acts)| *acts)
    }

    /// How many different states there were.
    pub(crate) fn states(&self) -> usize {
        1 + self.seen.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}

/// Takes the power away before every operation.
pub(crate) fn freeze_everywhere(run: &Run, effort: Effort) -> Result<Tally, String> {
    in_parallel(|worker, workers| {
        let (mut tally, mut journal) = (Tally::default(), Journal::default());
        for at in 0..=run.history.len() as u64 {
            if at >= run.begun_at && at % workers == worker {
                let acts = run.acknowledged_before(at);
                let mut random = Random::numbered(run.seed, at);
                tally.points += 1;
                for loss in losses(effort, journal.unsynced(), &mut random) {
                    let left = run.compare(journal.image(loss, &mut random), acts);
                    let left = left.map_err(|wrong| {
                        format!(
                            "seed {}, frozen before operation {at} with loss {loss:?}: {wrong}",
                            run.seed
                        )
                    })?;
                    tally.images += 1;
                    tally.at_acknowledged += u64::from(left == acts);
                    tally.at_next += u64::from(left != acts);
                }
            }
            if let Some(operation) = run.history.get(at as usize) {
                journal.note_unless_lying(operation.clone(), run.sync_lies && at >= run.begun_at);
            }
        }
        Ok(tally)
    })
}

/// How acts ended on a disk that fails.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    pub(crate) not_done: u64,
    pub(crate) in_doubt: u64,
    pub(crate) done_all_the_same: u64,
}

impl std::ops::AddAssign for Ended {
    fn add_assign(&mut self, other: Self) {
        self.not_done += other.not_done;
        self.in_doubt += other.in_doubt;
        self.done_all_the_same += other.done_all_the_same;
    }
}

/// Lets the disk fail at one operation in `every`, in every way: the act says so, nothing more is granted before a restart, and
/// what is left is what was before the act or after it.
pub(crate) fn fail_everywhere(run: &Run, every: u64) -> Result<Ended, String> {
    let operations = run.history.len() as u64 - run.begun_at;
    in_parallel(|worker, workers| {
        let mut ended = Ended::default();
        for from in (0..operations).filter(|from| from % every == 0) {
            for (number, (kind, lasts)) in (0..).zip(WAYS) {
                if (from / every + number) % workers == worker {
                    ended += fail_at(run, from, kind, lasts)
                        .map_err(|wrong| format!("seed {}, {kind:?} at operation {from}: {wrong}", run.seed))?;
                }
            }
        }
        Ok(ended)
    })
}

fn fail_at(run: &Run, from: u64, kind: Kind, lasts: bool) -> Result<Ended, String> {
    let disk = SimDisk::new(Image::default());
    let Begun { station, client } = begin(&disk, run.seed);
    let from = run.begun_at + from;
    let fault = if lasts {
        Fault::lasting(kind, from)
    } else {
        Fault::once(kind, from)
    };
    disk.set_fault(Some(fault));
    let (mut given, mut ended) = (Given::default(), Ended::default());
    let mut done = 0;
    for act in &run.acts {
        let failed = match perform(*act, &station.engine, &client, &mut given) {
            Ok(()) => {
                done += 1;
                continue;
            }
            Err(failed) => failed,
        };
        let in_doubt = matches!(failed, Unavailable::InDoubt { .. });
        ended.in_doubt += u64::from(in_doubt);
        ended.not_done += u64::from(!in_doubt);
        nothing_is_granted_any_more(&station, &client, &given, in_doubt)?;
        break;
    }
    drop(station);
    disk.set_fault(None);
    let left = run.compare(disk.live(), done)?;
    ended.done_all_the_same += u64::from(left > done);
    Ok(ended)
}

/// After a failure nobody gets anything, and where nobody knows what is in the store nothing is told of it.
fn nothing_is_granted_any_more(
    station: &Station,
    client: &Client,
    given: &Given,
    in_doubt: bool,
) -> Result<(), String> {
    let engine = &station.engine;
    for code in &given.codes {
        let read = engine.code(code.as_bytes());
        if in_doubt && !matches!(read, Err(ReadError::InDoubt)) {
            return Err(format!("in doubt, but a code is read as {read:?}"));
        }
    }
    for command in given.codes.iter().filter_map(|code| redeeming(engine, client, code)) {
        let answer = engine.execute(command);
        if !matches!(answer, Err(ExecuteError::Unavailable(_))) {
            return Err(format!("a code is answered {}", class(&answer)));
        }
    }
    for command in given
        .refreshes
        .iter()
        .filter_map(|token| refreshing(engine, client, token))
    {
        let answer = engine.execute(command);
        if !matches!(answer, Err(ExecuteError::Unavailable(_))) {
            return Err(format!("a refresh token is answered {}", class(&answer)));
        }
    }
    let order = Order::AddUser {
        name: "afterwards".into(),
        operations: 1,
        per_hour: "5".into(),
        active: true,
    };
    match order.execute(engine) {
        super::order::Answer::Unavailable(_) => Ok(()),
        other => Err(format!("another command is answered {other:?}")),
    }
}
