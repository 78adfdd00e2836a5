//! Mistakes to plant in the twin, from outside: what it is told is bent, or its counters are.
//!
//! Two implementations that agree prove little if the comparison could not tell them apart.

use crate::support::facts::{Change, Request, Token};
use crate::support::reference::{Answer, Reference};

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A window ends a millisecond late.
    WindowEndsLate,
    /// Amending a user begins a new window.
    AmendingRefunds,
    /// What concurrency refuses stays charged.
    RefusedIsCharged,
    /// A place is never given back.
    PlacesStayTaken,
    /// A token's last moment comes a second late.
    ExpiresLate,
    /// A revoked token may be used.
    RevokedPasses,
    /// Bans do not count.
    BansAreForgotten,
    /// Of several credentials the first one counts.
    FirstCredentialWins,
    /// Methods are compared without regard to case.
    MethodsFoldCase,
    /// The view is fresh for ever.
    NeverStale,
    /// Tokens that were made elsewhere pass where none is accepted.
    ForeignersPass,
    /// Where one form is accepted all are.
    EveryFormCounts,
    /// The digests of other schemes are never taken away.
    ForeignDigestsStay,
    /// No path asks for anything.
    RoutesAreForgotten,
    /// A route asks for no scope.
    ScopesAreForgotten,
    /// A route names no audience.
    AudiencesAreForgotten,
    /// Paths are compared without regard to case.
    PathsFoldCase,
    /// A client that was switched off goes on.
    ClientsStayActive,
    /// What was proven is never forgotten.
    ProofsLast,
    /// A proof outlives the password that was proven.
    PasswordsNeverChange,
}

impl Fault {
    pub(crate) const ALL: [Self; 20] = [
        Self::WindowEndsLate,
        Self::AmendingRefunds,
        Self::RefusedIsCharged,
        Self::PlacesStayTaken,
        Self::ExpiresLate,
        Self::RevokedPasses,
        Self::BansAreForgotten,
        Self::FirstCredentialWins,
        Self::MethodsFoldCase,
        Self::NeverStale,
        Self::ForeignersPass,
        Self::EveryFormCounts,
        Self::ForeignDigestsStay,
        Self::RoutesAreForgotten,
        Self::ScopesAreForgotten,
        Self::AudiencesAreForgotten,
        Self::PathsFoldCase,
        Self::ClientsStayActive,
        Self::ProofsLast,
        Self::PasswordsNeverChange,
    ];

    /// What the twin is told of a change.
    pub(crate) fn bend_change(self, change: &mut Change) {
        match (self, change) {
            (Self::BansAreForgotten, Change::SetServer(server)) => server.banned.clear(),
            (Self::BansAreForgotten, Change::PutUser(user)) => user.banned.clear(),
            (Self::NeverStale, Change::SetServer(server)) => server.fresh_until_ms = None,
            (Self::ForeignersPass, Change::SetServer(server)) if server.foreign_tokens.is_empty() => {
                server.foreign_tokens = "clear".to_owned();
            }
            (Self::EveryFormCounts, Change::SetServer(server)) if !server.foreign_tokens.is_empty() => {
                server.foreign_tokens = "clear,sha256,sha512,blake3".to_owned();
            }
            (Self::ForeignDigestsStay, Change::RemoveToken(secret)) if !secret.starts_with("clear") => secret.clear(),
            (Self::RoutesAreForgotten, Change::SetServer(server)) => server.routes.clear(),
            (Self::ScopesAreForgotten, Change::SetServer(server)) => {
                server.routes.iter_mut().for_each(|route| route.scopes.clear());
            }
            (Self::AudiencesAreForgotten, Change::SetServer(server)) => {
                server.routes.iter_mut().for_each(|route| route.audience = None);
            }
            (Self::ClientsStayActive, Change::PutAuthority(authority)) => authority.active = true,
            (Self::ProofsLast, Change::Remember(proof)) => proof.until_ms += 3_600_000,
            (Self::PasswordsNeverChange, Change::PutUser(user)) => user.password_epoch = 1,
            (Self::PasswordsNeverChange, Change::Remember(proof)) if proof.name.is_some() => proof.epoch = 1,
            (Self::RevokedPasses, Change::PutToken(token)) => token.revoked = false,
            (
                Self::ExpiresLate,
                Change::PutToken(Token {
                    expires_at_s: Some(s), ..
                }),
            ) => *s += 1,
            _ => {}
        }
    }

    /// What the twin is told of a request.
    pub(crate) fn bend_request(self, request: &mut Request) {
        match self {
            Self::FirstCredentialWins if !request.authorization.is_empty() => {
                request.authorization.truncate(1);
                request.authtoken.clear();
                (request.query, request.form) = (None, None);
            }
            Self::PathsFoldCase => request.path.0.make_ascii_lowercase(),
            Self::MethodsFoldCase => request.method.0.make_ascii_uppercase(),
            _ => {}
        }
    }

    /// What becomes of the twin's counters after a change.
    pub(crate) fn bend_after_change(self, twin: &mut Reference, change: &Change) {
        if let (Self::AmendingRefunds, Change::PutUser(user)) = (self, change) {
            twin.users.entry(user.id).and_modify(|account| account.window = None);
        }
    }

    /// What becomes of the twin's counters after an answer.
    pub(crate) fn bend_after_answer(self, twin: &mut Reference, (verdict, subject, _): &Answer, now_ms: u64) {
        let Some((id, ..)) = subject else { return };
        twin.users
            .entry(*id)
            .and_modify(|account| match (self, account.window) {
                (Self::WindowEndsLate, Some((start, 1))) if start == now_ms => account.window = Some((start + 1, 1)),
                (Self::RefusedIsCharged, window) if verdict.starts_with("concurrency") => {
                    let (start, count) = window.unwrap_or((now_ms, 0));
                    account.window = Some((start, count + 1));
                }
                _ => {}
            });
    }
}
