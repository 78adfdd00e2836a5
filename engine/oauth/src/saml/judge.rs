//! Whether an assertion is good here and now (RFC 7522 section 3), and whom it names.

use tollgate::{Audience, IdentityProvider, SubjectMapping, Timestamp, UserName};

use super::assertion::{Assertion, Bounds, Confirmation};
use super::fault::SamlFault;
use super::limits::LIFETIME_S_MOST;
use super::names::BEARER;
use super::signature::cut;

/// An assertion that holds, as long as it was not used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its provider's entity ID.
    pub issuer: String,
    /// Its ID, which no second request may have.
    pub identifier: String,
    /// Whom it names.
    pub user: UserName,
    /// The first moment at which it is taken no more, all tolerance counted: until then its ID must be remembered.
    pub until: Timestamp,
    /// When its provider saw the user log in.
    pub authenticated_at: Option<Timestamp>,
    /// When that login ends at its provider.
    pub session_ends: Option<Timestamp>,
}

/// Judges what `provider` has signed, for who is asked at `endpoint` at `now`.
pub(super) fn judge(
    assertion: Assertion,
    provider: &IdentityProvider,
    endpoint: &str,
    now: Timestamp,
) -> Result<Accepted, SamlFault> {
    if assertion.issuer != provider.issuer {
        return Err(SamlFault::UnknownIssuer {
            found: cut(&assertion.issuer),
        });
    }
    is_for(&assertion.audiences, &provider.audiences)?;
    let clock = Clock {
        now,
        skew_ms: u64::from(provider.skew_s) * 1_000,
    };
    clock.began(assertion.issued_at, "IssueInstant")?;
    let from_conditions = clock.within(
        assertion.bounds,
        ["NotBefore of Conditions", "NotOnOrAfter of Conditions"],
    )?;
    let recipient = provider.recipient.as_deref().unwrap_or(endpoint);
    let from_confirmation = confirmed(&assertion.confirmations, recipient, clock)?;
    let ends = [from_conditions, from_confirmation].into_iter().flatten().min();
    let ends = ends.ok_or(SamlFault::Shape {
        expected: "NotOnOrAfter in Conditions or in the confirmation by bearer",
    })?;
    let until = ends.plus_millis(clock.skew_ms);
    if until > now.plus_millis(LIFETIME_S_MOST * 1_000) {
        return Err(SamlFault::LongLived);
    }
    if let Some(session_ends) = assertion.session_ends {
        clock.ended(session_ends, "SessionNotOnOrAfter")?;
    }
    let user = subject(&assertion, &provider.subject)?;
    Ok(Accepted {
        issuer: assertion.issuer,
        identifier: assertion.id,
        user,
        until,
        authenticated_at: assertion.authenticated_at.map(|moment| moment.min(now)),
        session_ends: assertion.session_ends,
    })
}

/// Each restriction must name one of ours, and there must be one (RFC 7522 section 3, item 2).
fn is_for(restrictions: &[Vec<String>], ours: &[Audience]) -> Result<(), SamlFault> {
    if restrictions.is_empty() {
        return Err(SamlFault::Shape {
            expected: "an AudienceRestriction",
        });
    }
    let names_us = |audience: &String| ours.iter().any(|own| own.as_str() == audience);
    match restrictions.iter().find(|named| !named.iter().any(names_us)) {
        None => Ok(()),
        Some(other) => Err(SamlFault::Audience {
            found: cut(&other.join(" ")),
        }),
    }
}

/// Whether one of the confirmations by bearer is good for `recipient` and now, and until when.
fn confirmed(confirmations: &[Confirmation], recipient: &str, clock: Clock) -> Result<Option<Timestamp>, SamlFault> {
    let mut refused = SamlFault::NoBearer;
    for confirmation in confirmations
        .iter()
        .filter(|confirmation| confirmation.method == BEARER)
    {
        let named = confirmation.recipient.as_deref().unwrap_or_default();
        if named != recipient {
            refused = SamlFault::Recipient {
                expected: recipient.to_owned(),
                found: cut(named),
            };
            continue;
        }
        match clock.within(
            confirmation.bounds,
            ["NotBefore of the confirmation", "NotOnOrAfter of the confirmation"],
        ) {
            Ok(until) => return Ok(until),
            Err(fault) => refused = fault,
        }
    }
    Err(refused)
}

/// The user whom the assertion names.
fn subject(assertion: &Assertion, mapping: &SubjectMapping) -> Result<UserName, SamlFault> {
    const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let (text, place) = match mapping {
        SubjectMapping::NameId => {
            let expected = "a NameID in the Subject, and not a transient one, which names nobody";
            let named = assertion
                .name_id
                .as_ref()
                .filter(|name| name.format.as_deref() != Some(TRANSIENT));
            (named.ok_or(SamlFault::Shape { expected })?.text.as_str(), "NameID")
        }
        SubjectMapping::Attribute(name) => {
            let expected =
                "exactly one Attribute of the name that the provider's users are told by, with one value of text";
            let mut values = assertion
                .attributes
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, values)| values.as_slice());
            let (Some([Some(value)]), None) = (values.next(), values.next()) else {
                return Err(SamlFault::Shape { expected });
            };
            (value.as_str(), "the attribute")
        }
    };
    text.parse().map_err(|_| SamlFault::Subject { place })
}

/// Our clock, and how far theirs may differ.
#[derive(Clone, Copy)]
struct Clock {
    now: Timestamp,
    skew_ms: u64,
}

impl Clock {
    fn within(self, bounds: Bounds, places: [&'static str; 2]) -> Result<Option<Timestamp>, SamlFault> {
        let [not_before, not_on_or_after] = places;
        bounds
            .not_before
            .map_or(Ok(()), |moment| self.began(moment, not_before))?;
        bounds
            .not_on_or_after
            .map_or(Ok(()), |moment| self.ended(moment, not_on_or_after))?;
        Ok(bounds.not_on_or_after)
    }

    fn began(self, moment: Timestamp, place: &'static str) -> Result<(), SamlFault> {
        if moment > self.now.plus_millis(self.skew_ms) {
            return Err(SamlFault::Early { place });
        }
        Ok(())
    }

    fn ended(self, moment: Timestamp, place: &'static str) -> Result<(), SamlFault> {
        if moment.plus_millis(self.skew_ms) <= self.now {
            return Err(SamlFault::Late { place });
        }
        Ok(())
    }
}
