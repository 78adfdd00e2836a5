//! Tokens, by user and by the moment of their end.

use std::collections::BTreeSet;

use tollgate_core::{AuthorityId, TokenId, TokenKind, UserId};

use super::people::People;
use super::rest::Numbers;
use super::{VerifyReport, compare_counts};
use crate::store::{
    Endings, Imported, LastUsed, Origins, PersonalTokens, ReadView, StoreError, Table, Tokens, TokensByUser,
};

/// What the other tables must say of a token.
struct Known {
    id: TokenId,
    user: UserId,
    is_personal: bool,
    /// Whether it is a grant by itself: an access token without a family.
    is_grant: bool,
    ended_at_s: Option<u64>,
}

/// Reads tokens, and answers how many of them are grants by themselves.
pub(super) fn verify(
    view: &ReadView,
    numbers: &Numbers,
    people: &People,
    authorities: &BTreeSet<AuthorityId>,
    report: &mut VerifyReport,
) -> Result<u64, StoreError> {
    let mut known: Vec<Known> = Vec::new();
    report.tokens = report.each::<Tokens>(view, |report, id, token| {
        if id.0 == 0 || id.0 >= numbers.next_token {
            report.found_at::<Tokens>(
                &id,
                format!("expected an id from 1 to {}", numbers.next_token.saturating_sub(1)),
            );
        }
        if !people.knows(token.user) && !people.departed.contains(&token.user) {
            report.found_at::<Tokens>(
                &id,
                format!("its user {} is neither there nor known to have gone", token.user.0),
            );
        }
        if let Some(authority) = token.authority.filter(|authority| !authorities.contains(authority)) {
            report.found_at::<Tokens>(&id, format!("its authority {} is not there", authority.0));
        }
        known.push(Known {
            id,
            user: token.user,
            is_personal: token.kind == TokenKind::PersonalAccess,
            is_grant: token.kind == TokenKind::Access && token.authority.is_some() && token.family.is_none(),
            ended_at_s: token.ended_at_s(),
        });
    })?;
    let find = |id: TokenId| find(&known, id);

    let by_user = report.each::<TokensByUser>(view, |report, (user, id), ()| match find(id) {
        Some(token) if token.user == user => {}
        Some(token) => report.found_at::<TokensByUser>(&(user, id), format!("the token is user {}'s", token.user.0)),
        None => report.found_at::<TokensByUser>(&(user, id), "there is no such token"),
    })?;
    compare_counts(report, Table::TokensByUser, by_user, report.tokens, "tokens");

    personal(view, &known, report)?;
    let endings = report.each::<Endings>(view, |report, (at_s, id), ()| {
        match find(id).map(|token| token.ended_at_s) {
            Some(Some(end)) if end == at_s => {}
            Some(Some(end)) => report.found_at::<Endings>(&(at_s, id), format!("the token ends at {end}")),
            Some(None) => report.found_at::<Endings>(&(at_s, id), "the token does not end"),
            None => report.found_at::<Endings>(&(at_s, id), "there is no such token"),
        }
    })?;
    let ending = known.iter().filter(|token| token.ended_at_s.is_some()).count() as u64;
    compare_counts(report, Table::Endings, endings, ending, "tokens that end");
    report.each::<Origins>(view, |report, id, _| {
        if find(id).is_none() {
            report.found_at::<Origins>(&id, "there is no such token");
        }
    })?;
    report.each::<Imported>(view, |report, digest, id| {
        if find(id).is_none() {
            report.found_at::<Imported>(&digest, format!("there is no token {}", id.0));
        }
    })?;
    Ok(known.iter().filter(|token| token.is_grant).count() as u64)
}

/// Rows come in order of ids, so they are found by halving.
fn find(known: &[Known], id: TokenId) -> Option<&Known> {
    let at = known.binary_search_by_key(&id, |known| known.id).ok()?;
    known.get(at)
}

/// What personal access tokens are called, and when they were last used.
fn personal(view: &ReadView, known: &[Known], report: &mut VerifyReport) -> Result<(), StoreError> {
    let named = report.each::<PersonalTokens>(view, |report, (user, id), _| match find(known, id) {
        Some(token) if token.user == user && token.is_personal => {}
        Some(_) => report.found_at::<PersonalTokens>(&(user, id), "the token is another's, or of another kind"),
        None => report.found_at::<PersonalTokens>(&(user, id), "there is no such token"),
    })?;
    let personal = known.iter().filter(|token| token.is_personal).count() as u64;
    compare_counts(report, Table::PersonalTokens, named, personal, "personal access tokens");
    report.each::<LastUsed>(view, |report, id, _| {
        if !find(known, id).is_some_and(|token| token.is_personal) {
            report.found_at::<LastUsed>(&id, "there is no such personal access token");
        }
    })?;
    Ok(())
}
