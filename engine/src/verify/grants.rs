//! Grants: what families, refresh tokens and access tokens say of each other.

use std::collections::BTreeMap;

use tollgate_core::{TokenId, UserId};

use super::rest::Numbers;
use super::{VerifyReport, compare_counts};
use crate::facts;
use crate::granting::GrantId;
use crate::record::FamilyId;
use crate::store::{
    Codes, Consents, Families, GrantsByClient, GrantsByUser, ReadView, Refreshes, Row as _, Sessions, SessionsByUser,
    SigningKeys, Source as _, Spent, StoreError, Tokens, TokensByFamily,
};

/// Reads all that is about grants, given how many access tokens are `alone`.
pub(super) fn verify(
    view: &ReadView,
    numbers: &Numbers,
    alone: u64,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let given_user = |user: UserId| user.0 != 0 && user.0 < numbers.next_user;
    let mut families: BTreeMap<FamilyId, bool> = BTreeMap::new();
    report.each::<Families>(view, |report, id, family| {
        if id.0 == 0 || id.0 >= numbers.next_token {
            report.found_at::<Families>(&id, "expected a number that was given away");
        }
        if !given_user(family.grantee.user) {
            report.found_at::<Families>(&id, "expected the id of a user that was given away");
        }
        families.insert(id, family.revoked_at.is_some());
    })?;
    report.each::<Refreshes>(view, |report, digest, refresh| {
        if refresh.family.0 == 0 || refresh.family.0 >= numbers.next_token {
            report.found_at::<Refreshes>(&digest, "expected the number of a family that was given away");
        }
    })?;
    listed(view, families.len() as u64 + alone, report)?;
    let mut broken = Ok(());
    report.each::<TokensByFamily>(view, |report, (family, id), ()| {
        match view.row::<Tokens>(&id) {
            Ok(token) => {
                let fault = of_family(token, family, id, families.get(&family).copied());
                fault
                    .into_iter()
                    .for_each(|fault| report.found_at::<TokensByFamily>(&(family, id), fault));
            }
            // The token's own row is a finding of its own.
            Err(StoreError::Damaged(_)) => {}
            Err(fault) => broken = Err(fault),
        }
    })?;
    broken?;
    report.each::<Codes>(view, |report, digest, code| {
        if !given_user(code.grantee.user) {
            report.found_at::<Codes>(&digest, "expected the id of a user that was given away");
        }
    })?;
    report.each::<Consents>(view, |report, key, _| {
        if !given_user(key.0) {
            report.found_at::<Consents>(&key, "expected the id of a user that was given away");
        }
    })?;
    sessions(view, numbers, report)?;
    report.each::<Spent>(view, |_, _, _| {})?;
    report.each::<SigningKeys>(view, |report, number, _| {
        if number == 0 || number >= numbers.next_token {
            report.found_at::<SigningKeys>(&number, "expected a number that was given away");
        }
    })?;
    Ok(())
}

fn sessions(view: &ReadView, numbers: &Numbers, report: &mut VerifyReport) -> Result<(), StoreError> {
    let given_user = |user: UserId| user.0 != 0 && user.0 < numbers.next_user;
    let sessions = report.each::<Sessions>(view, |report, digest, session| {
        if !given_user(session.user) {
            report.found_at::<Sessions>(&digest, "expected the id of a user that was given away");
        }
    })?;
    let mut broken = Ok(());
    let by_user = report.each::<SessionsByUser>(view, |report, key, ()| match view.row::<Sessions>(&key.1) {
        Ok(Some(session)) if session.user == key.0 => {}
        Ok(_) => report.found_at::<SessionsByUser>(&key, "there is no such login of this user"),
        Err(StoreError::Damaged(_)) => {}
        Err(fault) => broken = Err(fault),
    })?;
    broken?;
    compare_counts(report, SessionsByUser::TABLE, by_user, sessions, "logins");
    Ok(())
}

/// The lists of grants by user and by client: each has every grant, and nothing else.
fn listed(view: &ReadView, grants: u64, report: &mut VerifyReport) -> Result<(), StoreError> {
    let held = |id: GrantId| match facts::held(view, id) {
        Ok(held) => Ok(held.filter(|held| held.id() == id)),
        // The row itself is a finding of its own.
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(fault) => Err(fault),
    };
    let mut broken = Ok(());
    let by_user = report.each::<GrantsByUser>(view, |report, key, _| match held(key.1) {
        Ok(Some(held)) if held.user() == key.0 => {}
        Ok(_) => report.found_at::<GrantsByUser>(&key, "there is no such grant of this user"),
        Err(fault) => broken = Err(fault),
    })?;
    let by_client = report.each::<GrantsByClient>(view, |report, key, ()| {
        let client = held(key.1).and_then(|held| held.map(|held| held.client_number(view)).transpose());
        match client {
            Ok(Some(client)) if client == key.0 => {}
            Ok(_) | Err(StoreError::Damaged(_)) => {
                report.found_at::<GrantsByClient>(&key, "there is no such grant of this client");
            }
            Err(fault) => broken = Err(fault),
        }
    })?;
    broken?;
    compare_counts(report, GrantsByUser::TABLE, by_user, grants, "grants");
    compare_counts(report, GrantsByClient::TABLE, by_client, grants, "grants");
    Ok(())
}

/// What is wrong with a token that stands in a family, where something is.
fn of_family(
    token: Option<crate::record::TokenRow>,
    family: FamilyId,
    id: TokenId,
    revoked: Option<bool>,
) -> Option<String> {
    match (token, revoked) {
        (None, _) => Some(format!("there is no token {}", id.0)),
        (Some(_), None) => Some(format!("there is no family {}", family.0)),
        (Some(token), Some(_)) if token.family != Some(family) => Some("the token is of another family".to_owned()),
        (Some(token), Some(true)) if token.revoked_at.is_none() => {
            Some("the family was revoked, but the token was not".to_owned())
        }
        (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TokenRow;
    use tollgate_core::{Timestamp, TokenDigest, TokenKind, Validity};

    fn token(family: u64, revoked: bool) -> TokenRow {
        TokenRow {
            id: TokenId(9),
            kind: TokenKind::Access,
            digest: TokenDigest::from_bytes([1; 32]),
            user: UserId(1),
            validity: Validity::ALWAYS,
            issued_at: Timestamp::from_millis(1),
            revoked_at: revoked.then_some(Timestamp::from_millis(2)),
            authority: None,
            family: Some(FamilyId(family)),
        }
    }

    /// A family that was taken back, and a token of it that was not, is what must never be.
    #[test]
    fn a_token_that_outlives_its_family_is_found() {
        let fault = |token, revoked| of_family(token, FamilyId(4), TokenId(9), revoked).is_some();
        for (token, revoked, found) in [
            (Some(token(4, false)), Some(false), false),
            (Some(token(4, true)), Some(true), false),
            (Some(token(4, true)), Some(false), false),
            (Some(token(4, false)), Some(true), true),
            (Some(token(5, false)), Some(false), true),
            (Some(token(4, false)), None, true),
            (None, Some(false), true),
        ] {
            assert_eq!(fault(token.clone(), revoked), found, "{token:?} {revoked:?}");
        }
    }
}
