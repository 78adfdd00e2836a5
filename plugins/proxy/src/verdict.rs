//! A decision, put to the proxy: identity on the way up, or the refusal.

use std::borrow::Cow;

use tollgate_core::{
    CLIENT_FIELD, Denial, DenyReason, Gate, HeldPermit, Permit, Refused, SCOPE_FIELD, TOKEN_ID_FIELD, USER_FIELD,
    UserName, Verdict, visible_name,
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
pub(crate) fn carry_out(verdict: Verdict<'_>, head: &Head<'_>, detail: Option<&str>) -> Done {
    match verdict {
        Verdict::Permit(permit) => match introduce(&permit, head) {
            Ok(()) => Done::Permitted(permit.holds_place().then(|| permit.hold())),
            Err(reason) => deny(&plain(reason), None),
        },
        Verdict::Denial(denial) => deny(&denial, detail.filter(|_| denial.gate == Gate::Extract)),
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
            (visible_name(name), decimal(subject.token.0, &mut digits))
        }
    };
    write(head, name.as_bytes(), id).map_err(|_| DenyReason::StaleView)
}

fn write(head: &Head<'_>, name: &[u8], id: &[u8]) -> Result<(), Status> {
    for name in &head.spelt_like_ours {
        door::remove_request_header(name)?;
    }
    door::add_request_header(USER_FIELD.as_bytes(), name)?;
    door::add_request_header(CLIENT_FIELD.as_bytes(), b"")?;
    door::add_request_header(SCOPE_FIELD.as_bytes(), b"")?;
    door::add_request_header(TOKEN_ID_FIELD.as_bytes(), id)
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
    let refused = Refused::of(denial, detail);
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
