//! Authorities and routes as they travel.

use alloc::vec::Vec;
use core::str::FromStr;

use crate::client::Audience;
use crate::feed::bytes::Bytes;
use crate::record::{AuthorityId, AuthorityRecord};
use crate::route::{PathPattern, Route, SchemeSet};
use crate::scope::{Scope, ScopeSet};

/// A text of at most 255 bytes behind its length.
fn write_short(text: &str, out: &mut Vec<u8>) -> Option<()> {
    out.push(u8::try_from(text.len()).ok()?);
    out.extend_from_slice(text.as_bytes());
    Some(())
}

fn read_short<T: FromStr>(bytes: &mut Bytes<'_>) -> Option<T> {
    let len = bytes.u8()?;
    let text = bytes.slice(usize::from(len))?;
    core::str::from_utf8(text).ok()?.parse().ok()
}

fn write_scopes(scopes: &ScopeSet, out: &mut Vec<u8>) -> Option<()> {
    out.push(u8::try_from(scopes.len()).ok()?);
    scopes.iter().try_for_each(|scope| write_short(scope.as_str(), out))
}

fn read_scopes(bytes: &mut Bytes<'_>) -> Option<ScopeSet> {
    let count = usize::from(bytes.u8()?);
    let scopes: Option<Vec<Scope>> = (0..count).map(|_| read_short(bytes)).collect();
    // One that came twice would be written in another way.
    ScopeSet::of(scopes?).ok().filter(|set| set.len() == count)
}

pub(super) fn write_authority(authority: &AuthorityRecord, out: &mut Vec<u8>) -> Option<()> {
    let AuthorityRecord {
        id,
        client,
        scopes,
        audiences,
        active,
    } = authority;
    out.extend_from_slice(&id.0.to_le_bytes());
    out.push(u8::from(*active));
    write_short(client.as_str(), out)?;
    write_scopes(scopes, out)?;
    out.extend_from_slice(&u16::try_from(audiences.len()).ok()?.to_le_bytes());
    audiences
        .iter()
        .try_for_each(|audience| write_short(audience.as_str(), out))
}

pub(super) fn read_authority(bytes: &mut Bytes<'_>) -> Option<AuthorityRecord> {
    let id = AuthorityId(bytes.u32()?);
    let active = bytes.switch()?;
    let client = read_short(bytes)?;
    let scopes = read_scopes(bytes)?;
    let count = bytes.u16()?;
    let audiences: Option<Vec<Audience>> = (0..count).map(|_| read_short(bytes)).collect();
    let known = (1..=AuthorityId::MOST).contains(&id.0);
    known.then_some(AuthorityRecord {
        id,
        client,
        scopes,
        audiences: audiences?,
        active,
    })
}

pub(super) fn write_pattern(pattern: &PathPattern, out: &mut Vec<u8>) -> Option<()> {
    let text = pattern.as_str();
    out.extend_from_slice(&u16::try_from(text.len()).ok()?.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Some(())
}

pub(super) fn read_pattern(bytes: &mut Bytes<'_>) -> Option<PathPattern> {
    let len = bytes.u16()?;
    let text = bytes.slice(usize::from(len))?;
    core::str::from_utf8(text).ok()?.parse().ok()
}

pub(super) fn write_route(route: &Route, out: &mut Vec<u8>) -> Option<()> {
    let Route {
        pattern,
        schemes,
        scopes,
        audience,
        anonymous,
    } = route;
    write_pattern(pattern, out)?;
    out.push(schemes.bits());
    out.push(u8::from(*anonymous));
    write_short(audience.as_ref().map_or("", Audience::as_str), out)?;
    write_scopes(scopes, out)
}

pub(super) fn read_route(bytes: &mut Bytes<'_>) -> Option<Route> {
    let pattern = read_pattern(bytes)?;
    let bits = bytes.u8()?;
    let schemes = SchemeSet::from_bits(bits);
    let anonymous = bytes.switch()?;
    let audience = match bytes.0.first()? {
        0 => bytes.u8().map(|_| None)?,
        _ => Some(read_short(bytes)?),
    };
    let scopes = read_scopes(bytes)?;
    (schemes.bits() == bits).then_some(Route {
        pattern,
        schemes,
        scopes,
        audience,
        anonymous,
    })
}
