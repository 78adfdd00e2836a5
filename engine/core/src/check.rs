//! The decision: all control flow of a check stands in this file.

use core::num::NonZeroU32;

use crate::credential::{Place, Scratch, extract};
use crate::deny::DenyReason;
use crate::gates::{self, Gate};
use crate::live::{Footing, Holder, LiveView, Routed, ServerFacts, Standing, Subject, Wanted};
use crate::look_up::{Kind, Missing, kind_of, look_up, look_up_elsewhere};
use crate::permit::{Permit, Places};
use crate::quota::QuotaState;
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
    loop {
        match admit::<OURS>(view, request, now) {
            Ok(Admitted::Unasked) => return Verdict::Permit(Permit::anonymous(view)),
            Ok(Admitted::Holder { holder, place, server }) => return charge(view, &server, &holder, place, now),
            Err(End::Denied(denial)) => return Verdict::Denial(denial),
            Err(End::NotOurs) => return check_elsewhere(view, request, now),
            // Changes of the server's facts are rare next to checks, so beginning again is rarer still.
            Err(End::Moved) => {}
        }
    }
}

/// Whether a credential is looked up as an opaque token of ours, or as anything else. Each has code of its own: what the two
/// share is compiled twice, so that tokens of ours have nothing to carry for the others.
const OURS: bool = false;
const ELSEWHERE: bool = true;

/// The same decision, from the beginning, about a text that is no opaque token of ours.
#[inline(never)]
fn check_elsewhere<'v>(view: &'v LiveView, request: &RequestParts<'_>, now: Timestamp) -> Verdict<'v> {
    loop {
        match admit::<ELSEWHERE>(view, request, now) {
            Ok(Admitted::Unasked) => return Verdict::Permit(Permit::anonymous(view)),
            Ok(Admitted::Holder { holder, place, server }) => return charge(view, &server, &holder, place, now),
            Err(End::Denied(denial)) => return Verdict::Denial(denial),
            // Only what was taken for a token of ours can turn out to be none.
            Err(End::Moved | End::NotOurs) => {}
        }
    }
}

/// Whom all gates let through that charge nothing.
enum Admitted<'v> {
    /// Nobody, where no credential is asked for: a CORS preflight, or a route for everybody.
    Unasked,
    Holder {
        holder: Holder<'v>,
        place: Place,
        server: ServerFacts,
    },
}

/// How a decision ends before anything is charged.
enum End {
    Denied(Denial),
    /// The server's facts changed meanwhile, so those that were read may be older than the user's.
    Moved,
    /// The text does not begin like a token of ours, and may be something else.
    NotOurs,
}

impl From<Denial> for End {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

/// The denial of a gate that charges nothing, but for its reason.
#[inline]
fn denial(gate: Gate, subject: Option<Subject>, routed: Routed) -> impl FnOnce(DenyReason) -> Denial {
    move |reason| Denial {
        subject,
        schemes: routed.schemes(),
        ..Denial::plain(reason, gate)
    }
}

/// Asks every gate that charges nothing, in order.
fn admit<'v, const MADE_ELSEWHERE: bool>(
    view: &'v LiveView,
    request: &RequestParts<'_>,
    now: Timestamp,
) -> Result<Admitted<'v>, End> {
    let mark = view.server_mark();
    let server = view.server_facts(request.peer, request.path);
    let (standing, routed) = (server.standing, server.routed);
    let unnamed = |gate| denial(gate, None, routed);
    gates::network_global(standing).map_err(unnamed(Gate::NetworkGlobal))?;
    // No user's own trust can be known without a user, so an address that not all trust is refused for just that.
    let hidden = |gate| {
        move |reason| match gates::network_user(standing, Standing::Neither) {
            Ok(()) => unnamed(gate)(reason),
            Err(refused) => unnamed(Gate::NetworkGlobal)(refused),
        }
    };
    gates::route(routed).map_err(hidden(Gate::Route))?;
    let is_preflight = server.allow_preflight() && request.preflight && request.method == b"OPTIONS";
    if is_preflight || routed.asks_nobody() {
        return Ok(unasked(view, standing, routed, now)?);
    }

    let mut scratch = Scratch::default();
    let presented = match extract(request, server.authtoken_in_url(), &mut scratch) {
        Err(DenyReason::MissingCredential) if routed.is_anonymous() => {
            return Ok(unasked(view, standing, routed, now)?);
        }
        extracted => extracted.map_err(hidden(Gate::Extract))?,
    };
    let found = if MADE_ELSEWHERE {
        look_up_elsewhere(view, &presented, &server, request.peer, now)
    } else {
        match kind_of(&presented, &server) {
            Kind::NotTaken => return Err(hidden(Gate::Extract)(DenyReason::MissingCredential).into()),
            Kind::Elsewhere => return Err(End::NotOurs),
            Kind::Ours => look_up(view, &presented, request.peer),
        }
    };
    let holder = found.map_err(
        |missing| match (missing, gates::freshness(view.freshness(), false, now)) {
            // A view that may not be believed has perhaps not yet heard of this token.
            (Missing::NotHere | Missing::Unsettled(_), Err(stale)) => hidden(Gate::Freshness)(stale),
            (Missing::NotHere, Ok(())) | (Missing::NoToken, _) => hidden(Gate::LookUp)(DenyReason::UnknownToken),
            (Missing::Unsettled(unsettled), Ok(())) => Denial {
                // Nobody goes to any trouble for an address that nobody trusts.
                unsettled: (standing == Standing::Trusted || view.trust_is_personal()).then_some(unsettled),
                ..hidden(Gate::LookUp)(DenyReason::UnknownToken)
            },
        },
    )?;
    // The server's facts must not be older than the user's: of two changes made one after the other, a check that sees
    // the second sees the first.
    if !view.is_still(mark) {
        return Err(End::Moved);
    }
    let place = presented.place;
    admit_holder(view, request, &server, &holder, place, mark, now)?;
    Ok(Admitted::Holder { holder, place, server })
}

/// Asks every gate that is about the holder and charges nothing.
// Always inlined: the holder is still in registers.
#[inline(always)]
fn admit_holder(
    view: &LiveView,
    request: &RequestParts<'_>,
    server: &ServerFacts,
    holder: &Holder<'_>,
    place: Place,
    mark: u64,
    now: Timestamp,
) -> Result<(), End> {
    let (standing, routed) = (server.standing, server.routed);
    let subject = Subject::of(holder, place);
    let known = |gate| denial(gate, Some(subject), routed);
    let (footing, grounds) = view.authority(holder.token);

    // An address that only this user may trust learns of the token's state after it is known to be trusted.
    let network = gates::network_user(standing, holder.standing);
    if standing != Standing::Trusted {
        network.map_err(known(Gate::NetworkUser))?;
    }
    gates::status(holder.token, holder.user, footing).map_err(known(Gate::Status))?;
    gates::validity(holder.token, now).map_err(known(Gate::Validity))?;
    if routed.has_audience() {
        let audiences = grounds.map_or(&[][..], |grounds| &grounds.audiences);
        let is_meant = view.is_meant(routed, audiences, mark).ok_or(End::Moved)?;
        gates::audience(is_meant).map_err(known(Gate::Audience))?;
    }
    network.map_err(known(Gate::NetworkUser))?;
    gates::operation(request.method, holder.user).map_err(known(Gate::Operation))?;
    if routed.scopes() > 0 || !request.scopes.is_empty() {
        static NOTHING: ScopeSet = ScopeSet::NONE;
        let held = grounds.map_or(&NOTHING, |grounds| &grounds.scopes);
        let holds_all = view.holds_scopes(routed, held, mark).ok_or(End::Moved)?;
        gates::scope(request.scopes, held, holds_all).map_err(|reason| Denial {
            wanted: (routed.scopes() > 0).then(|| Wanted::of(routed, mark)),
            ..known(Gate::Scope)(reason)
        })?;
    }
    let in_doubt = holder.token.in_doubt() || holder.user.in_doubt() || footing == Footing::InDoubt;
    gates::freshness(view.freshness(), in_doubt, now).map_err(known(Gate::Freshness))?;
    Ok(())
}

/// Lets a request pass that no credential is asked of, from an address that all trust.
fn unasked<'v>(view: &LiveView, standing: Standing, routed: Routed, now: Timestamp) -> Result<Admitted<'v>, Denial> {
    let unnamed = |gate| denial(gate, None, routed);
    gates::network_user(standing, Standing::Neither).map_err(unnamed(Gate::NetworkGlobal))?;
    gates::freshness(view.freshness(), false, now).map_err(unnamed(Gate::Freshness))?;
    Ok(Admitted::Unasked)
}

/// Charges the hourly limit and takes a place, or does neither. The verdict is made here, where its parts are, and handed
/// on as it is.
// Always inlined: the holder is still in registers.
#[inline(always)]
fn charge<'v>(
    view: &'v LiveView,
    server: &ServerFacts,
    holder: &Holder<'v>,
    place: Place,
    now: Timestamp,
) -> Verdict<'v> {
    let subject = Subject::of(holder, place);
    let refused = |reason, gate, quota| {
        Verdict::Denial(Denial {
            subject: Some(subject),
            quota,
            ..Denial::plain(reason, gate)
        })
    };
    let (mut charge, mut quota) = (None, None);
    if let Some(limit) = holder.user.per_hour().effective(server.per_hour()) {
        match holder.slot.rate.charge(limit, now) {
            Ok((done, state)) => (charge, quota) = (Some(done), Some(state)),
            Err(state) => return refused(DenyReason::RateExceeded, Gate::Rate, Some(state)),
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
                return refused(DenyReason::ConcurrencyExceeded, Gate::Concurrency, None);
            }
        },
    };
    Verdict::Permit(Permit::granted(view, subject, places, charge, quota))
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
