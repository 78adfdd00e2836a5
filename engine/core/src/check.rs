//! The decision: all control flow of a check stands in this file.

use core::num::NonZeroU32;

use crate::credential::{Place, Presented, Scratch, extract};
use crate::deny::DenyReason;
use crate::gates::{self, Gate};
use crate::live::{Footing, Holder, LiveView, Routed, ServerFacts, Standing, Subject, Wanted};
use crate::look_up::{Kind, Missing, kind_of, look_up, look_up_elsewhere};
use crate::permit::{Permit, Places};
use crate::quota::{Charge, QuotaState};
use crate::request::RequestParts;
use crate::route::SchemeSet;
use crate::scope::ScopeSet;
use crate::settle::Unsettled;
use crate::time::Timestamp;

/// What a check answers.
#[must_use = "a request may pass only if this is a permit, and is under way only while the permit is held"]
#[derive(Debug)]
pub enum Verdict<'v> {
    /// The request may pass, for as long as the permit is held.
    Permit(Permit<'v>),
    /// It may not.
    Denial(Denial),
}

/// Why a request may not pass. Not an error: the check worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The row of the table that answers the caller.
    pub reason: DenyReason,
    /// The gate that refused; all gates before it let the request through.
    pub gate: Gate,
    /// Whose token it was, for the log and never for the caller.
    pub subject: Option<Subject>,
    /// The hourly limit, where a limit was the reason.
    pub quota: Option<QuotaState>,
    /// The schemes that the route takes, which a challenge names.
    pub schemes: SchemeSet,
    /// What the route asked for, where the token lacks a scope of its.
    pub wanted: Option<Wanted>,
    /// What the check could not decide alone: where it is proven elsewhere, the proof can be
    /// [remembered](crate::LiveWriter::remember) and the check asked again. Whoever can prove nothing denies.
    pub unsettled: Option<Unsettled>,
}

impl Denial {
    /// A denial that no more is known of, for what lies outside the check.
    pub const fn plain(reason: DenyReason, gate: Gate) -> Self {
        Self {
            reason,
            gate,
            subject: None,
            quota: None,
            schemes: SchemeSet::USUAL,
            wanted: None,
            unsettled: None,
        }
    }

    /// Seconds after which trying again may help, for `Retry-After`; none where time alone does not help.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self.reason {
            DenyReason::RateExceeded => self.quota.map(QuotaState::reset_after_s),
            DenyReason::ConcurrencyExceeded | DenyReason::StaleView => Some(1),
            DenyReason::NetworkRefused
            | DenyReason::MissingCredential
            | DenyReason::MalformedCredential
            | DenyReason::UnknownToken
            | DenyReason::Revoked
            | DenyReason::Suspended
            | DenyReason::NotYetValid
            | DenyReason::Expired
            | DenyReason::AmbiguousPath
            | DenyReason::WrongAudience
            | DenyReason::OperationRefused
            | DenyReason::InsufficientScope => None,
        }
    }
}

/// Decides whether `request` may pass at `now`.
///
/// Takes no lock, allocates nothing, does no I/O; costs one digest and two dependent cache lines in the usual case. A
/// permit has been charged to the user's hourly limit and holds one of their concurrent places until it is dropped; a
/// denial has charged nothing. The order of the gates is that of [`Gate`].
///
/// An address that is not trusted by the global rules learns nothing but [`DenyReason::NetworkRefused`], unless it presents
/// a token whose user trusts it.
pub fn check<'v>(view: &'v LiveView, request: &RequestParts<'_>, now: Timestamp) -> Verdict<'v> {
    // Changes of the server's facts are rare next to checks, so beginning again is rarer still.
    loop {
        let mark = view.server_mark();
        let server = view.server_facts(request.peer, request.path);
        let mut scratch = Scratch::default();
        let presented = match present(view, request, &server, now, &mut scratch) {
            Ok(Some(presented)) => presented,
            Ok(None) => return Verdict::Permit(Permit::anonymous(view)),
            Err(refusal) => return refusal.of_nobody(server.standing, server.routed, None),
        };
        let found = match kind_of(&presented, &server) {
            Kind::NotTaken => return Refusal::NO_CREDENTIAL.of_nobody(server.standing, server.routed, None),
            Kind::Ours => look_up(view, &presented, request.peer),
            // What the compiler would have to carry for these through the code of the others is handed over in memory.
            Kind::Elsewhere => match check_elsewhere(view, request, &server.again(), mark, &{ presented }, now) {
                Some(verdict) => return verdict,
                None => continue,
            },
        };
        let holder = match found {
            Ok(holder) => holder,
            Err(missing) => return not_found(view, server.standing, server.routed, missing, now),
        };
        let place = presented.place;
        match decide(view, request, &server, mark, &holder, now) {
            Ok(charged) => return charged.verdict(view, &holder, place),
            Err(End::Refused(refusal, quota)) => {
                return refusal.of_holder(server.routed, mark, Subject::of(&holder, place), quota);
            }
            Err(End::Moved) => {}
        }
    }
}

/// The rest of a decision about a credential that is no opaque token of ours: the same gates in code of its own, so that tokens of
/// ours have nothing to carry for the others. None where the server's facts changed meanwhile.
#[inline(never)]
fn check_elsewhere<'v>(
    view: &'v LiveView,
    request: &RequestParts<'_>,
    server: &ServerFacts,
    mark: u64,
    presented: &Presented<'_>,
    now: Timestamp,
) -> Option<Verdict<'v>> {
    let holder = match look_up_elsewhere(view, presented, server, request.peer, now) {
        Ok(holder) => holder,
        Err(missing) => return Some(not_found(view, server.standing, server.routed, missing, now)),
    };
    let place = presented.place;
    match decide(view, request, server, mark, &holder, now) {
        Ok(charged) => Some(charged.verdict(view, &holder, place)),
        Err(End::Refused(refusal, quota)) => {
            Some(refusal.of_holder(server.routed, mark, Subject::of(&holder, place), quota))
        }
        Err(End::Moved) => None,
    }
}

/// How a decision about a holder ends without a permit.
enum End {
    Refused(Refusal, Option<QuotaState>),
    /// The server's facts changed meanwhile, so those that were read may be older than the user's.
    Moved,
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, None)
    }
}

/// Which gate refused, and why. A gate that lets pass has nothing else to carry: the denial is made of it afterwards.
#[derive(Clone, Copy)]
struct Refusal {
    gate: Gate,
    reason: DenyReason,
}

impl Refusal {
    const NO_CREDENTIAL: Self = Self {
        gate: Gate::Extract,
        reason: DenyReason::MissingCredential,
    };

    #[inline]
    fn at(gate: Gate) -> impl FnOnce(DenyReason) -> Self {
        move |reason| Self { gate, reason }
    }

    /// The denial while nobody is known. No user's own trust can be known without a user, so an address that not all trust is
    /// refused for just that.
    #[cold]
    #[inline(never)]
    fn of_nobody<'v>(self, standing: Standing, routed: Routed, unsettled: Option<Unsettled>) -> Verdict<'v> {
        let Self { gate, reason } = match gates::network_user(standing, Standing::Neither) {
            Ok(()) => self,
            Err(refused) => Self::at(Gate::NetworkGlobal)(refused),
        };
        Verdict::Denial(Denial {
            schemes: routed.schemes(),
            unsettled,
            ..Denial::plain(reason, gate)
        })
    }

    /// The denial of somebody who is known.
    #[cold]
    #[inline(never)]
    fn of_holder<'v>(self, routed: Routed, mark: u64, subject: Subject, quota: Option<QuotaState>) -> Verdict<'v> {
        let Self { gate, reason } = self;
        // What a limit refuses is answered without a challenge.
        let routed = if gate < Gate::Rate { routed } else { Routed::USUAL };
        let by_route = gate == Gate::Scope && routed.scopes() > 0;
        Verdict::Denial(Denial {
            subject: Some(subject),
            quota,
            schemes: routed.schemes(),
            wanted: by_route.then(|| Wanted::of(routed, mark)),
            ..Denial::plain(reason, gate)
        })
    }
}

/// Asks every gate before the look-up. None is who needs no credential: a CORS preflight, or a route for everybody.
#[inline(always)]
fn present<'a>(
    view: &LiveView,
    request: &RequestParts<'a>,
    server: &ServerFacts,
    now: Timestamp,
    scratch: &'a mut Scratch,
) -> Result<Option<Presented<'a>>, Refusal> {
    let routed = server.routed;
    gates::network_global(server.standing).map_err(Refusal::at(Gate::NetworkGlobal))?;
    gates::route(routed).map_err(Refusal::at(Gate::Route))?;
    let is_preflight = request.preflight && server.allow_preflight() && request.method == b"OPTIONS";
    if is_preflight || routed.asks_nobody() {
        return unasked(view, server.standing, now);
    }
    match extract(request, server.authtoken_in_url(), scratch) {
        Err(DenyReason::MissingCredential) if routed.is_anonymous() => unasked(view, server.standing, now),
        extracted => extracted.map(Some).map_err(Refusal::at(Gate::Extract)),
    }
}

/// Lets a request pass that no credential is asked of, from an address that all trust.
fn unasked<'a>(view: &LiveView, standing: Standing, now: Timestamp) -> Result<Option<Presented<'a>>, Refusal> {
    gates::network_user(standing, Standing::Neither).map_err(Refusal::at(Gate::NetworkGlobal))?;
    gates::freshness(view.freshness(), false, now).map_err(Refusal::at(Gate::Freshness))?;
    Ok(None)
}

/// The denial of a credential that no record was found for.
#[cold]
#[inline(never)]
fn not_found<'v>(view: &LiveView, standing: Standing, routed: Routed, missing: Missing, now: Timestamp) -> Verdict<'v> {
    let fresh = gates::freshness(view.freshness(), false, now);
    let unknown = Refusal::at(Gate::LookUp)(DenyReason::UnknownToken);
    match (missing, fresh) {
        // A view that may not be believed has perhaps not yet heard of this token.
        (Missing::NotHere | Missing::Unsettled(_), Err(stale)) => {
            Refusal::at(Gate::Freshness)(stale).of_nobody(standing, routed, None)
        }
        (Missing::NotHere, Ok(())) | (Missing::NoToken, _) => unknown.of_nobody(standing, routed, None),
        (Missing::Unsettled(unsettled), Ok(())) => {
            // Nobody goes to any trouble for an address that nobody trusts.
            let can_pass = standing == Standing::Trusted || view.trust_is_personal();
            unknown.of_nobody(standing, routed, can_pass.then_some(unsettled))
        }
    }
}

/// Asks every gate behind the look-up, and charges.
// Always inlined: the holder is still in registers.
#[inline(always)]
fn decide<'v>(
    view: &'v LiveView,
    request: &RequestParts<'_>,
    server: &ServerFacts,
    mark: u64,
    holder: &Holder<'v>,
    now: Timestamp,
) -> Result<Charged<'v>, End> {
    // The server's facts must not be older than the user's: of two changes made one after the other, a check that sees
    // the second sees the first.
    if !view.is_still(mark) {
        return Err(End::Moved);
    }
    let (standing, routed) = (server.standing, server.routed);
    let (footing, grounds) = view.authority(holder.token);
    // An address that only this user may trust learns of the token's state after it is known to be trusted.
    let network = gates::network_user(standing, holder.standing).map_err(Refusal::at(Gate::NetworkUser));
    if standing != Standing::Trusted {
        network?;
    }
    gates::status(holder.token, holder.user, footing).map_err(Refusal::at(Gate::Status))?;
    gates::validity(holder.token, now).map_err(Refusal::at(Gate::Validity))?;
    if routed.has_audience() {
        let audiences = grounds.map_or(&[][..], |grounds| &grounds.audiences);
        let is_meant = view.is_meant(routed, audiences, mark).ok_or(End::Moved)?;
        gates::audience(is_meant).map_err(Refusal::at(Gate::Audience))?;
    }
    network?;
    gates::operation(request.method, holder.user).map_err(Refusal::at(Gate::Operation))?;
    if routed.scopes() > 0 || !request.scopes.is_empty() {
        static NOTHING: ScopeSet = ScopeSet::NONE;
        let held = grounds.map_or(&NOTHING, |grounds| &grounds.scopes);
        let holds_all = view.holds_scopes(routed, held, mark).ok_or(End::Moved)?;
        gates::scope(request.scopes, held, holds_all).map_err(Refusal::at(Gate::Scope))?;
    }
    let in_doubt = holder.token.in_doubt() || holder.user.in_doubt() || footing == Footing::InDoubt;
    gates::freshness(view.freshness(), in_doubt, now).map_err(Refusal::at(Gate::Freshness))?;
    charge(server, holder, now)
}

/// What a permit has cost.
struct Charged<'v> {
    places: Option<Places<'v>>,
    charge: Option<Charge>,
    quota: Option<QuotaState>,
}

impl<'v> Charged<'v> {
    /// The verdict is made where its parts are, and handed on as it is.
    #[inline(always)]
    fn verdict(self, view: &'v LiveView, holder: &Holder<'v>, place: Place) -> Verdict<'v> {
        let Self { places, charge, quota } = self;
        Verdict::Permit(Permit::granted(view, Subject::of(holder, place), places, charge, quota))
    }
}

/// Charges the hourly limit and takes a place, or does neither.
// Always inlined: the holder is still in registers.
#[inline(always)]
fn charge<'v>(server: &ServerFacts, holder: &Holder<'v>, now: Timestamp) -> Result<Charged<'v>, End> {
    let (mut charge, mut quota) = (None, None);
    if let Some(limit) = holder.user.per_hour().effective(server.per_hour()) {
        match holder.slot.rate.charge(limit, now) {
            Ok((done, state)) => (charge, quota) = (Some(done), Some(state)),
            Err(state) => {
                return Err(End::Refused(
                    Refusal::at(Gate::Rate)(DenyReason::RateExceeded),
                    Some(state),
                ));
            }
        }
    }
    let limit: Option<NonZeroU32> = holder.user.concurrent().effective(server.concurrent());
    let places = match limit {
        None => None,
        Some(limit) => match Places::take(holder.slot, holder.user.generation(), limit) {
            Some(places) => Some(places),
            None => {
                if let Some(charge) = charge {
                    holder.slot.rate.give_back(charge);
                }
                return Err(Refusal::at(Gate::Concurrency)(DenyReason::ConcurrencyExceeded).into());
            }
        },
    };
    Ok(Charged { places, charge, quota })
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::digest::DigestKey;
    use crate::live::LiveWriter;
    use crate::operation::OperationSet;
    use crate::record::*;
    use crate::request::Field;
    use crate::token::{TokenKind, TokenText};

    fn world() -> (LiveView, LiveWriter, TokenText) {
        let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
        let rule: crate::NetworkRule = "127.0.0.0/8".parse().unwrap();
        let networks = Networks {
            banned: vec![],
            trusted: vec![rule.range()],
        };
        writer
            .set_server(&ServerRecord {
                networks,
                ..ServerRecord::default()
            })
            .unwrap();
        let two = NonZeroU32::new(2).unwrap();
        let user = UserRecord {
            id: UserId(1),
            name: "alice".parse().unwrap(),
            active: true,
            operations: OperationSet::from_bits(1),
            per_hour: Limit::AtMost(two),
            concurrent: Limit::AtMost(NonZeroU32::MIN),
            networks: Networks::default(),
            password_epoch: 0,
        };
        writer.put_user(&user).unwrap();
        let text = TokenText::from_entropy(TokenKind::Authtoken, &[1; 32]);
        let digest = view.digest(text.well_formed().unwrap());
        let (status, validity) = (TokenStatus::Active, Validity::ALWAYS);
        let token = TokenRecord {
            id: TokenId(5),
            kind: TokenKind::Authtoken,
            digest,
            user: UserId(1),
            status,
            validity,
            authority: None,
        };
        writer.put_token(&token).unwrap();
        (view, writer, text)
    }

    fn ask<'v>(view: &'v LiveView, bearer: &str, now: u64) -> Verdict<'v> {
        let request = RequestParts {
            method: b"GET",
            peer: "127.0.0.1".parse().ok(),
            authorization: Field::Once(bearer.as_bytes()),
            ..RequestParts::default()
        };
        check(view, &request, Timestamp::from_millis(now))
    }

    fn reason(verdict: &Verdict<'_>) -> Option<DenyReason> {
        match verdict {
            Verdict::Permit(_) => None,
            Verdict::Denial(denial) => Some(denial.reason),
        }
    }

    /// The all-or-nothing of the two charges: what concurrency refuses must not stay on the hourly count.
    #[test]
    fn a_refused_place_gives_the_hourly_charge_back() {
        let (view, _writer, text) = world();
        let bearer = format!("Bearer {}", text.expose());
        let Verdict::Permit(first) = ask(&view, &bearer, 0) else {
            panic!("the first request passes")
        };
        assert_eq!(first.user_name(&mut [0; 255]), Some("alice"));
        for again in ["refused", "refused again: a refusal frees no place"] {
            let refused = reason(&ask(&view, &bearer, 1));
            assert_eq!(refused, Some(DenyReason::ConcurrencyExceeded), "{again}");
        }
        drop(first);
        let held = match ask(&view, &bearer, 2) {
            Verdict::Permit(permit) => permit.hold(),
            Verdict::Denial(denial) => panic!("{denial:?}"),
        };
        assert_eq!(held.quota().unwrap().remaining, 0);
        assert_eq!(
            reason(&ask(&view, &bearer, 3)),
            Some(DenyReason::RateExceeded),
            "rate is asked before concurrency"
        );
        drop(held);
        assert_eq!(reason(&ask(&view, &bearer, crate::WINDOW_MS)), None, "a new window");
    }

    #[test]
    fn a_decision_that_was_only_asked_about_leaves_no_trace() {
        let (view, _writer, text) = world();
        let bearer = format!("Bearer {}", text.expose());
        for now in 0..5 {
            match ask(&view, &bearer, now) {
                Verdict::Permit(permit) => permit.cancel(),
                Verdict::Denial(denial) => panic!("{denial:?}"),
            }
        }
    }

    /// A permit may outlive its user, whose counter goes to the next one.
    #[test]
    fn undoing_a_check_refunds_nothing_to_the_user_who_came_after() {
        let (view, mut writer, text) = world();
        let Verdict::Permit(old) = ask(&view, &format!("Bearer {}", text.expose()), 0) else {
            panic!("the first request passes")
        };
        writer.remove_user(UserId(1));
        let newcomer = UserRecord {
            id: UserId(2),
            name: "bob".parse().unwrap(),
            active: true,
            operations: OperationSet::ALL,
            per_hour: Limit::AtMost(NonZeroU32::MIN),
            concurrent: Limit::Inherit,
            networks: Networks::default(),
            password_epoch: 0,
        };
        writer.put_user(&newcomer).unwrap();
        let text = TokenText::from_entropy(TokenKind::Authtoken, &[2; 32]);
        let token = TokenRecord {
            id: TokenId(6),
            kind: TokenKind::Authtoken,
            digest: view.digest(text.well_formed().unwrap()),
            user: UserId(2),
            status: TokenStatus::Active,
            validity: Validity::ALWAYS,
            authority: None,
        };
        writer.put_token(&token).unwrap();
        let bearer = format!("Bearer {}", text.expose());
        assert_eq!(reason(&ask(&view, &bearer, 0)), None, "the one request that is allowed");
        old.cancel();
        assert_eq!(reason(&ask(&view, &bearer, 0)), Some(DenyReason::RateExceeded));
    }

    #[test]
    fn a_removed_user_takes_tokens_along_and_the_place_is_used_again_safely() {
        let (view, mut writer, text) = world();
        let bearer = format!("Bearer {}", text.expose());
        assert_eq!(reason(&ask(&view, &bearer, 0)), None);
        writer.remove_user(UserId(1));
        assert_eq!(reason(&ask(&view, &bearer, 0)), Some(DenyReason::UnknownToken));
        let newcomer = UserRecord {
            id: UserId(2),
            name: "bob".parse().unwrap(),
            active: true,
            operations: OperationSet::ALL,
            per_hour: Limit::Inherit,
            concurrent: Limit::Inherit,
            networks: Networks::default(),
            password_epoch: 0,
        };
        writer.put_user(&newcomer).unwrap();
        assert_eq!(
            reason(&ask(&view, &bearer, 0)),
            Some(DenyReason::UnknownToken),
            "the old token is not the newcomer's"
        );
    }
}
