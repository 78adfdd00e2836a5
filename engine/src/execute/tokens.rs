//! Issuing, revoking and expiring authtokens.

use tollgate_core::{Timestamp, TokenDigest, TokenId, TokenKind, TokenText, UserName, Validity};
use zeroize::Zeroizing;

use super::{Batch, Execute, Fault, described};
use crate::change::Change;
use crate::command::{ExpireToken, IssueAuthtoken, Issued, Refusal, RevokeToken};
use crate::record::{Authtoken, TokenRow};
use crate::store::{Endings, Number, Source as _, Tokens, TokensByUser, Users};

impl Execute for IssueAuthtoken {
    type Answer = Drawn<Authtoken>;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Drawn<Authtoken>, Fault> {
        let user = batch.user(&self.user)?;
        let validity = accept_validity(self.not_before, self.expires_at, batch.now())?;
        let id = TokenId(batch.next(Number::NextToken)?);
        let (bits, digest) = draw(batch, TokenKind::Authtoken)?;
        let row = TokenRow {
            id,
            kind: TokenKind::Authtoken,
            digest,
            user: user.id,
            validity,
            issued_at: batch.now(),
            revoked_at: None,
            authority: None,
            family: None,
        };

        batch.took(Number::NextToken, id.0)?;
        batch.put::<TokensByUser>(&(user.id, id), &())?;
        write_token(batch, None, &row)?;
        let record = row.shown(user.name);
        batch.did("authtoken.issue", &id.0, None, Some(described::authtoken(&record)));
        Ok(Drawn { bits, record })
    }
}

/// The bits of a new token, in one place that is wiped.
pub(super) type Bits = Box<Zeroizing<[u8; 32]>>;

/// Draws a token of a kind. Belongs to the reads of a command.
pub(super) fn draw(batch: &Batch<'_, '_>, kind: TokenKind) -> Result<(Bits, TokenDigest), Fault> {
    let mut bits = Box::new(Zeroizing::new([0; 32]));
    batch.around.entropy.fill(bits.as_mut_slice())?;
    let token = TokenText::from_entropy(kind, &bits);
    let proof = token
        .well_formed()
        .map_err(|_| Fault::Failed("a new token is malformed: this is a defect".to_owned()))?;
    let digest = batch.around.digest_key.digest(proof);
    Ok((bits, digest))
}

/// A new token on its way to its caller. Its bits stand in one place, which is wiped: every move of a [`TokenText`] would
/// leave a copy of it behind, in the queue and on the way there.
pub struct Drawn<R> {
    pub(super) bits: Bits,
    pub(super) record: R,
}

impl From<Drawn<Authtoken>> for Issued {
    fn from(Drawn { bits, record }: Drawn<Authtoken>) -> Self {
        let token = TokenText::from_entropy(TokenKind::Authtoken, &bits);
        Self { token, record }
    }
}

impl Execute for RevokeToken {
    type Answer = Authtoken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Authtoken, Fault> {
        let (before, user) = authtoken(batch, self.id)?;
        if before.revoked_at.is_some() {
            return Ok(before.shown(user.name));
        }
        let row = TokenRow {
            revoked_at: Some(batch.now()),
            ..before.clone()
        };

        amend(batch, "authtoken.revoke", &before, &row, user.name)
    }
}

impl Execute for ExpireToken {
    type Answer = Authtoken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Authtoken, Fault> {
        let (before, user) = authtoken(batch, self.id)?;
        if before.revoked_at.is_some() {
            return Err(Refusal::TokenRevoked { id: self.id }.into());
        }
        let at = accept_second(self.at.as_seconds(), self.at)?;
        match before.validity.expires_at_s {
            Some(end) if at > end => {
                let ends_at = Timestamp::from_seconds(u64::from(end));
                return Err(Refusal::WouldLengthen { id: self.id, ends_at }.into());
            }
            Some(end) if at == end => return Ok(before.shown(user.name)),
            Some(_) | None => {}
        }
        let validity = Validity {
            expires_at_s: Some(at),
            ..before.validity
        };
        let row = TokenRow {
            validity,
            ..before.clone()
        };

        amend(batch, "authtoken.expire", &before, &row, user.name)
    }
}

/// Writes a token as it now is, and what was done to it.
fn amend(
    batch: &mut Batch<'_, '_>,
    action: &'static str,
    before: &TokenRow,
    row: &TokenRow,
    user: UserName,
) -> Result<Authtoken, Fault> {
    write_token(batch, Some(before), row)?;
    let (was, is) = (before.shown(user.clone()), row.shown(user));
    let described = |token| Some(described::authtoken(token));
    batch.did(action, &row.id.0, described(&was), described(&is));
    Ok(is)
}

/// The authtoken that a command names.
pub(super) fn authtoken(batch: &Batch<'_, '_>, id: TokenId) -> Result<(TokenRow, crate::record::UserRow), Fault> {
    let (token, user) = token(batch, id)?;
    if token.is_authtoken() {
        Ok((token, user))
    } else {
        Err(Refusal::NoSuchToken { id }.into())
    }
}

/// The token that a command names. One whose user is gone is gone.
pub(super) fn token(batch: &Batch<'_, '_>, id: TokenId) -> Result<(TokenRow, crate::record::UserRow), Fault> {
    let missing = || Fault::from(Refusal::NoSuchToken { id });
    let token = batch.rows.row::<Tokens>(&id)?.ok_or_else(missing)?;
    let user = batch.rows.row::<Users>(&token.user)?.ok_or_else(missing)?;
    Ok((token, user))
}

/// Writes a token's row, keeps the table of endings true to it, and tells the feed.
pub(super) fn write_token(batch: &mut Batch<'_, '_>, before: Option<&TokenRow>, row: &TokenRow) -> Result<(), Fault> {
    let (old, new) = (before.and_then(TokenRow::ended_at_s), row.ended_at_s());
    if old != new {
        if let Some(at_s) = old {
            batch.remove::<Endings>(&(at_s, row.id))?;
        }
        if let Some(at_s) = new {
            batch.put::<Endings>(&(at_s, row.id), &())?;
        }
    }
    batch.put::<Tokens>(&row.id, row)?;
    batch.change(Change::PutToken(row.record()));
    Ok(())
}

/// Whole seconds, rounded so that the token is valid at no moment at which it was not meant to be.
fn accept_validity(
    not_before: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Validity, Refusal> {
    let validity = rounded(not_before, expires_at)?;
    if let Some(end) = validity.expires_at_s {
        let begin = Timestamp::from_seconds(u64::from(validity.not_before_s.unwrap_or(0)));
        let (expires_at, after) = (Timestamp::from_seconds(u64::from(end)), begin.max(now));
        if expires_at <= after {
            return Err(Refusal::NeverValid { expires_at, after });
        }
    }
    Ok(validity)
}

/// [`accept_validity`] for a token that may have ended already.
pub(super) fn rounded(not_before: Option<Timestamp>, expires_at: Option<Timestamp>) -> Result<Validity, Refusal> {
    let begin = not_before.map(|moment| accept_second(moment.as_millis().div_ceil(1_000), moment));
    let end = expires_at.map(|moment| accept_second(moment.as_seconds(), moment));
    Ok(Validity {
        not_before_s: begin.transpose()?,
        expires_at_s: end.transpose()?,
    })
}

/// A second that a record can hold; the greatest number is left out, so that every end has a second after it.
pub(super) fn accept_second(second: u64, moment: Timestamp) -> Result<u32, Refusal> {
    match u32::try_from(second) {
        Ok(second) if second < u32::MAX => Ok(second),
        Ok(_) | Err(_) => Err(Refusal::MomentTooFar { moment }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that travelled as its text was copied wherever its answer was moved to.
    #[test]
    fn a_new_token_travels_behind_a_pointer() {
        let travels = size_of::<Drawn<Authtoken>>() - size_of::<Authtoken>();
        assert_eq!(travels, size_of::<usize>());
        let text = size_of::<Issued>() - size_of::<Authtoken>();
        assert!(text > travels, "the twin: the text is as long as it is ({text})");
    }

    fn seconds(s: u64) -> Timestamp {
        Timestamp::from_seconds(s)
    }

    #[test]
    fn validity_is_rounded_to_the_narrow_side() {
        let (begin, end) = (Timestamp::from_millis(1_001), Timestamp::from_millis(9_999));
        let validity = accept_validity(Some(begin), Some(end), seconds(0)).unwrap();
        assert_eq!(
            validity,
            Validity {
                not_before_s: Some(2),
                expires_at_s: Some(9)
            }
        );
    }

    #[test]
    fn a_token_that_could_never_be_used_is_refused() {
        for (not_before, expires, now, fits) in [
            (None, 10, 9, true),
            (None, 10, 10, false),
            (Some(5), 6, 0, true),
            (Some(6), 6, 0, false),
            (None, u64::from(u32::MAX) - 1, 0, true),
            (None, u64::from(u32::MAX), 0, false),
            (None, u64::MAX, 0, false),
        ] {
            let accepted = accept_validity(not_before.map(seconds), Some(seconds(expires)), seconds(now));
            assert_eq!(accepted.is_ok(), fits, "{not_before:?} {expires} {now}: {accepted:?}");
        }
    }
}
