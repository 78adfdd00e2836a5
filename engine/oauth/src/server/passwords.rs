//! Names and passwords.

use std::net::IpAddr;

use tollgate::{
    Author, BeginSession, Claimed, LoginOutcome, PasswordPhc, Person, ReadError, RecordLogin, RenewPassword, Timestamp,
    UserName,
};

use super::Inner;
use crate::login_trail::Line;
use crate::password::{self, Place};
use crate::steps::{Login, PasswordProof, ProvenUser};
use crate::throttle::Wait;

impl Inner {
    pub(super) fn prove(&self, name: &[u8], password: &[u8], peer: Option<IpAddr>, now: Timestamp) -> PasswordProof {
        self.prove_unless(name, password, peer, now, || None)
    }

    /// Proves a password, unless `settled` knows the answer by the time that its turn has come: of many requests at once with one
    /// password, one pays for it.
    pub(super) fn prove_unless(
        &self,
        name: &[u8],
        password: &[u8],
        peer: Option<IpAddr>,
        now: Timestamp,
        settled: impl FnOnce() -> Option<ProvenUser>,
    ) -> PasswordProof {
        // Who has to wait anyway takes nobody's turn.
        let must_wait = self.throttle.lock().wait(name, peer, now);
        if let Some(wait) = must_wait {
            return self.throttled(name, peer, wait, now);
        }
        let Ok(mut place) = self.passwords.place() else {
            return PasswordProof::Busy;
        };
        if let Some(user) = settled() {
            return PasswordProof::Proven(user);
        }
        let admitted = self.throttle.lock().admit(name, peer, now);
        if let Err(wait) = admitted {
            return self.throttled(name, peer, wait, now);
        }
        let person = match self.person_named(name) {
            Ok(person) => person,
            Err(error) => return PasswordProof::Unavailable(error.to_string()),
        };
        let known = person.as_ref().map(|person| person.user.name.clone());
        let phc = person.as_ref().and_then(|person| person.password.as_ref());
        let right = place.is(phc.map(PasswordPhc::expose), password);
        match person.filter(|person| right && person.user.active) {
            Some(person) => {
                self.throttle.lock().succeeded(name, peer, now);
                self.digest_anew(&person, password, place, peer);
                PasswordProof::Proven(ProvenUser {
                    id: person.user.id,
                    name: person.user.name,
                    password_epoch: person.password_epoch,
                    at: now,
                })
            }
            None => {
                self.throttle.lock().failed(name, peer, now);
                self.tell(claimed(known), LoginOutcome::Failed, person_at(peer), now);
                PasswordProof::Wrong
            }
        }
    }

    /// Has a password that was stored at a lower price than today's stored at today's. Nobody waits for that to be done.
    fn digest_anew(&self, person: &Person, password: &[u8], mut place: Place<'_>, peer: Option<IpAddr>) {
        let Some(from) = person
            .password
            .clone()
            .filter(|phc| password::is_outdated(phc.expose()))
        else {
            return;
        };
        let anew = place.protect(password, &self.entropy).ok();
        if let Some(to) = anew.and_then(|phc| PasswordPhc::parse(&phc).ok()) {
            let user = person.user.name.clone();
            let command = RenewPassword { user, from, to };
            let _ = self.engine.by(person_at(peer)).submit(command);
        }
    }

    fn throttled(&self, name: &[u8], peer: Option<IpAddr>, wait: Wait, now: Timestamp) -> PasswordProof {
        let known = self.person_named(name).ok().flatten().map(|person| person.user.name);
        self.tell(claimed(known), LoginOutcome::Throttled, person_at(peer), now);
        PasswordProof::Throttled {
            retry_after_s: wait.seconds,
        }
    }

    fn person_named(&self, name: &[u8]) -> Result<Option<Person>, ReadError> {
        let user: Option<UserName> = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        Ok(user.map(|user| self.engine.person(&user)).transpose()?.flatten())
    }

    /// Whether the password that was shown is the user's still. To be asked once what it was shown for is done, and before anybody is
    /// given that: whoever changes a password is promised that the old one is good for nothing afterwards.
    pub(super) fn still_holds(&self, proven: &ProvenUser) -> Result<bool, ReadError> {
        let person = self.engine.person(&proven.name)?;
        Ok(person.is_some_and(|person| person.user.id == proven.id && person.password_epoch == proven.password_epoch))
    }

    pub(super) fn log_in(&self, name: &[u8], password: &[u8], peer: Option<IpAddr>, now: Timestamp) -> Login {
        let proven = match self.prove(name, password, peer, now) {
            PasswordProof::Proven(user) => user,
            PasswordProof::Wrong => return Login::Wrong,
            PasswordProof::Throttled { retry_after_s } => return Login::Throttled { retry_after_s },
            PasswordProof::Busy => return Login::Busy,
            PasswordProof::Unavailable(reason) => return Login::Unavailable(reason),
        };
        let begin = BeginSession {
            user: proven.name.clone(),
            auth_time: now,
            lifetime_s: self.configuration.session_lifetime_s,
        };
        let by = self.engine.by(person_at(peer));
        let begun = match by.execute(begin) {
            Ok(begun) => begun,
            Err(error) => return Login::Unavailable(error.to_string()),
        };
        // The session is bound to the password that the user has now, which may be a later one than was shown.
        match self.still_holds(&proven) {
            Ok(true) => {}
            Ok(false) => return Login::Wrong,
            Err(error) => return Login::Unavailable(error.to_string()),
        }
        let user = proven.name;
        let record = RecordLogin {
            who: Claimed::User(user.clone()),
            outcome: LoginOutcome::Succeeded,
            count: 1,
        };
        if let Err(error) = by.execute(record) {
            return Login::Unavailable(error.to_string());
        }
        Login::Begun {
            session: begun.session,
            lifetime_s: self.configuration.session_lifetime_s,
            user,
        }
    }

    /// Has the trail tell of a login that failed. Nobody waits for it: the answer is the same whether it is written or not.
    pub(super) fn tell(&self, who: Claimed, outcome: LoginOutcome, by: Author, now: Timestamp) {
        let lines = self.trail.lock().failed(who, by, outcome, now);
        for Line {
            who,
            by,
            outcome,
            count,
        } in lines
        {
            let _ = self.engine.by(by).submit(RecordLogin { who, outcome, count });
        }
    }
}

fn claimed(user: Option<UserName>) -> Claimed {
    user.map_or(Claimed::UnknownUser, Claimed::User)
}

/// Somebody who is not known yet, or is only now.
fn person_at(peer: Option<IpAddr>) -> Author {
    Author::new(
        "person",
        &peer.map_or_else(|| "unknown address".to_owned(), |peer| peer.to_string()),
    )
}
