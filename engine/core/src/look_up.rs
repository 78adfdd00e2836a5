//! Whose credential it is: by which of its digests a record is found, if by any.

use core::net::IpAddr;

use crate::credential::{Place, Presented};
use crate::digest::TokenDigest;
use crate::foreign::{Foreign, ForeignDigest, ForeignForms};
use crate::jwt::{LikeJwt, is_like_a_jwt};
use crate::live::{Holder, LiveView, ServerFacts};
use crate::route::Scheme;
use crate::settle::{Unsettled, UnsettledSort};
use crate::time::Timestamp;
use crate::token::{Shaped, is_of_our_making};

/// As what a credential is looked up.
pub(crate) enum Kind {
    /// The route takes none of this scheme.
    NotTaken,
    /// As an opaque token of ours, or as nothing.
    Ours,
    /// As anything else.
    Elsewhere,
}

#[inline]
pub(crate) fn kind_of(presented: &Presented<'_>, server: &ServerFacts) -> Kind {
    let routed = server.routed;
    let by_password = presented.place == Place::Basic && routed.takes(Scheme::Password);
    if !routed.takes(presented.place.scheme()) {
        return if by_password { Kind::Elsewhere } else { Kind::NotTaken };
    }
    let can_be_else = by_password || !server.foreign_tokens().is_empty() || is_like_a_jwt(presented.token);
    if can_be_else && !is_of_our_making(presented.token) {
        Kind::Elsewhere
    } else {
        Kind::Ours
    }
}

/// Why there is no record of what was presented.
#[derive(Clone, Copy)]
pub(crate) enum Missing {
    /// It can be no token that may stand where it stood.
    NoToken,
    /// It is not here.
    NotHere,
    /// It may be proven elsewhere.
    Unsettled(Unsettled),
}

/// The record of the presented token, if such a token may stand where it stood and belongs to the name beside it.
// Always inlined: the holder is handed on in registers.
#[inline(always)]
pub(crate) fn look_up<'v>(
    view: &'v LiveView,
    presented: &Presented<'_>,
    peer: Option<IpAddr>,
) -> Result<Holder<'v>, Missing> {
    let token = Shaped::parse(presented.token).map_err(|_| Missing::NoToken)?;
    if !presented.place.accepts(token.kind()) {
        return Err(Missing::NoToken);
    }
    match view.look_up(&view.shaped(token), presented.name, peer) {
        Some(holder) => Ok(holder),
        None if token.well_formed().is_ok() => Err(Missing::NotHere),
        None => Err(Missing::NoToken),
    }
}

/// Whose credential it is that is no opaque token of ours: a signed token of ours, a token that was made elsewhere, and last what
/// was proven elsewhere and is remembered.
pub(crate) fn look_up_elsewhere<'v>(
    view: &'v LiveView,
    presented: &Presented<'_>,
    server: &ServerFacts,
    peer: Option<IpAddr>,
    now: Timestamp,
) -> Result<Holder<'v>, Missing> {
    let Presented { token, name, place } = *presented;
    let mut missing = Missing::NoToken;
    let mut unsettled = None;
    if server.routed.takes(place.scheme()) {
        // Signed tokens stand where access tokens do. Ours are known by digest: no signature is looked at.
        if let (Place::Bearer, Some(like_jwt)) = (place, LikeJwt::parse(token)) {
            let digest = view.like_jwt(like_jwt);
            if let Some(holder) = look_up_digest(view, &digest, name, peer) {
                return Ok(holder);
            }
            if like_jwt.jwt().is_some() {
                missing = Missing::NotHere;
                unsettled = (server.external_issuers() != 0).then_some((UnsettledSort::External, digest));
            }
        }
        match look_up_foreign(view, presented, server.foreign_tokens(), peer) {
            Err(Missing::NoToken) => {}
            Err(not_here) => missing = not_here,
            found => return found,
        }
    }
    if let Some(name) =
        name.filter(|name| !name.is_empty() && !token.is_empty() && server.routed.takes(Scheme::Password))
    {
        unsettled = Some((UnsettledSort::Password, view.password(name, token)));
    }
    let Some((sort, digest)) = unsettled else {
        return Err(missing);
    };
    let unsettled = Unsettled {
        sort,
        digest,
        external_issuers: server.external_issuers(),
    };
    view.recall(&unsettled, name, peer, now)
        .ok_or(Missing::Unsettled(unsettled))
}

/// The record of a token that was made elsewhere: by its text, then by its digest in each form that is accepted, in their
/// order. It is an authtoken, so it may stand in every place.
fn look_up_foreign<'v>(
    view: &'v LiveView,
    presented: &Presented<'_>,
    forms: ForeignForms,
    peer: Option<IpAddr>,
) -> Result<Holder<'v>, Missing> {
    if forms.is_empty() {
        return Err(Missing::NoToken);
    }
    let text = Foreign::parse(presented.token).map_err(|_| Missing::NoToken)?;
    let by_text = view.foreign(text);
    let by = |digest: &_| look_up_digest(view, digest, presented.name, peer);
    if let Some(holder) = by(&by_text) {
        return Ok(holder);
    }
    for digest in forms.iter().filter_map(|form| ForeignDigest::of(form, text)) {
        if let Some(holder) = by(&view.foreign_digest(&digest)) {
            let scheme = Some(digest.form());
            return Ok(Holder { scheme, ..holder });
        }
    }
    // An upgrade that was applied meanwhile has put the record where it was not yet looked for, and then taken it from
    // where it is no longer.
    by(&by_text).ok_or(Missing::NotHere)
}

/// [`LiveView::look_up`], compiled once for everything but opaque tokens of ours.
#[inline(never)]
fn look_up_digest<'v>(
    view: &'v LiveView,
    digest: &TokenDigest,
    name: Option<&[u8]>,
    peer: Option<IpAddr>,
) -> Option<Holder<'v>> {
    view.look_up(digest, name, peer)
}
