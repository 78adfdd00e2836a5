//! A decision, put to the proxy: identity on the way up, or the refusal.

use std::borrow::Cow;

use tollgate_core::{
    CLIENT_FIELD, Denial, DenyReason, Gate, HeldPermit, LiveView, Permit, Refused, SCOPE_FIELD, TOKEN_ID_FIELD,
    TOO_MANY_GUESSES, TokenId, USER_FIELD, UserName, Verdict, visible_name,
};

use crate::door::{self, Status};
use crate::head::Head;
use crate::pairs;

/// What became of a request.
pub(crate) enum Done {
    /// It goes on. What it holds must be held until it is over.
    Permitted(Option<HeldPermit>),
    /// It was answered.
    Denied(DenyReason),
}

/// The longest name as a header carries it, and the longest number.
const NUMBER_LEN: usize = 20;

/// Carries a decision out. Where the proxy does not do what it is asked, the request is refused: one that went on with a
/// client's own idea of its identity would be worse.
pub(crate) fn carry_out(verdict: Verdict<'_>, view: &LiveView, head: &Head<'_>, detail: Option<&str>) -> Done {
    match verdict {
        Verdict::Permit(permit) => match introduce(&permit, head) {
            Ok(()) => Done::Permitted(permit.holds_place().then(|| permit.hold())),
            Err(reason) => deny(&plain(reason), None),
        },
        Verdict::Denial(denial) => {
            // What cannot be read takes no route either.
            let detail = detail.filter(|_| matches!(denial.gate, Gate::Route | Gate::Extract));
            let wanted = denial.wanted.and_then(|wanted| view.wanted_scopes(wanted));
            answer(
                &denial,
                &Refused::of(&denial, detail).wanting(&wanted.unwrap_or_default()),
            )
        }
    }
}

/// A refusal for a reason that lies outside the check.
pub(crate) fn plain(reason: DenyReason) -> Denial {
    Denial::plain(reason, Gate::Freshness)
}

/// Takes away what the client wrote under names like ours, and writes all of ours, empty where there is nothing to say.
fn introduce(permit: &Permit<'_>, head: &Head<'_>) -> Result<(), DenyReason> {
    let mut room = [0; UserName::LEN_MAX];
    let mut digits = [0; NUMBER_LEN];
    let (name, id) = match permit.subject() {
        None => (Cow::Borrowed(""), &[][..]),
        Some(subject) => {
            // The user has gone since, and an empty name would say that no credential was needed.
            let name = permit.user_name(&mut room).ok_or(DenyReason::UnknownToken)?;
            let id = match subject.token {
                // A proof that was remembered stands for no token.
                TokenId(0) => &[][..],
                TokenId(id) => decimal(id, &mut digits),
            };
            (visible_name(name), id)
        }
    };
    let client = visible_name(permit.client_name().unwrap_or_default());
    let scope = permit.scopes().unwrap_or_default();
    let fields = [
        (USER_FIELD, name.as_bytes()),
        (CLIENT_FIELD, client.as_bytes()),
        (SCOPE_FIELD, scope.as_bytes()),
        (TOKEN_ID_FIELD, id),
    ];
    write(head, fields).map_err(|_| DenyReason::StaleView)
}

fn write(head: &Head<'_>, fields: [(&str, &[u8]); 4]) -> Result<(), Status> {
    for name in &head.spelt_like_ours {
        door::remove_request_header(name)?;
    }
    fields
        .into_iter()
        .try_for_each(|(name, value)| door::add_request_header(name.as_bytes(), value))
}

/// The digits of a number, without the machinery of formatting.
fn decimal(mut number: u64, digits: &mut [u8; NUMBER_LEN]) -> &[u8] {
    let mut begin = NUMBER_LEN;
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        begin = at;
        if number == 0 {
            break;
        }
    }
    digits.get(begin..).unwrap_or_default()
}

/// Answers a request with a refusal.
pub(crate) fn deny(denial: &Denial, detail: Option<&str>) -> Done {
    answer(denial, &Refused::of(denial, detail))
}

/// Refuses a guess that has to wait.
pub(crate) fn throttle(retry_after_s: u32) -> Done {
    let denial = plain(DenyReason::RateExceeded);
    let mut refused = Refused::of(&denial, Some(TOO_MANY_GUESSES));
    refused.retry_after_s = Some(retry_after_s.into());
    answer(&denial, &refused)
}

fn answer(denial: &Denial, refused: &Refused) -> Done {
    let fields = refused.fields();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let label = denial.reason.row().label;
    // Where even this is not done, the request stays where it is, and the proxy's own time limit ends it.
    let _ = door::respond(
        refused.status,
        &pairs::write(&fields),
        refused.document().as_bytes(),
        label.as_bytes(),
    );
    Done::Denied(denial.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 7, 10, 4_294_967_296, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; NUMBER_LEN]), number.to_string().as_bytes());
        }
    }
}
