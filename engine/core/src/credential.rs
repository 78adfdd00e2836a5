//! From request parts to exactly one presented credential, borrowed from where it stands.
//!
//! The places are those of the CData pages. Basic and percent-encoded values must be decoded, into a fixed buffer on the
//! caller's stack that is wiped when dropped; nothing else copies a secret, and nothing allocates.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroize as _;

use crate::deny::DenyReason;
use crate::record::UserName;
use crate::request::{Field, RequestParts};
use crate::route::Scheme;
use crate::token::TokenKind;

/// Where a credential was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`, the token as password.
    Basic,
    /// `x-cdata-authtoken`.
    Header,
    /// `@authtoken` in the query.
    Query,
    /// `@authtoken` in a form body.
    Form,
}

impl Place {
    /// The scheme by whose name a route takes tokens that stand here.
    pub fn scheme(self) -> Scheme {
        match self {
            Self::Bearer => Scheme::Bearer,
            Self::Basic => Scheme::Basic,
            Self::Header => Scheme::Header,
            Self::Query | Self::Form => Scheme::Parameter,
        }
    }

    /// Whether a token of this kind may stand here: the places of the CData pages are for authtokens alone, and what
    /// is not meant for requests (refresh tokens, codes, secrets, sessions, tokens of administrators and followers) stands nowhere.
    pub fn accepts(self, kind: TokenKind) -> bool {
        match kind {
            TokenKind::Authtoken => true,
            TokenKind::PersonalAccess => matches!(self, Self::Bearer | Self::Basic),
            TokenKind::Access => matches!(self, Self::Bearer),
            TokenKind::Refresh
            | TokenKind::ClientSecret
            | TokenKind::Admin
            | TokenKind::Feed
            | TokenKind::Code
            | TokenKind::Session => false,
        }
    }
}

/// The one credential of a request. It is never stored and has no `Debug`.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The secret's bytes, possibly empty, not yet known to be a token: visible ASCII without a comma, or in Basic any
    /// UTF-8 without control characters of ASCII.
    pub token: &'a [u8],
    /// The user name beside it, in Basic.
    pub name: Option<&'a [u8]>,
    /// Where it stood.
    pub place: Place,
}

/// Longest password that a person may have.
const PASSWORD_LEN_MOST: usize = 1_024;
/// Longest decoded Basic pair: the longest name, a colon and the longest password.
const SCRATCH_LEN: usize = UserName::LEN_MAX + 1 + PASSWORD_LEN_MOST;

/// Room for one decoded credential; costs nothing until one needs decoding, and is wiped when dropped as far as it was used.
#[derive(Default)]
pub struct Scratch(Option<([u8; SCRATCH_LEN], usize)>);

impl Scratch {
    /// Room for what `encoded` stands for, which is never longer, and for no more than the longest pair.
    fn room_for(&mut self, encoded: &[u8]) -> &mut [u8] {
        let used = encoded.len().min(SCRATCH_LEN);
        let (bytes, _) = self.0.insert(([0; SCRATCH_LEN], used));
        bytes.get_mut(..used).unwrap_or_default()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((bytes, used)) = &mut self.0 {
            bytes.get_mut(..*used).unwrap_or_default().zeroize();
        }
    }
}

/// A credential found but perhaps not yet decoded.
enum Found<'a> {
    Plain(&'a [u8], Place),
    Basic(&'a [u8]),
    Escaped(&'a [u8], Place),
}

/// Finds the one credential of `request`.
///
/// `authtoken_in_url` is the setting that lets `@authtoken` count; where it is off the parameter is as good as absent.
/// An `Authorization` of another scheme is no credential of ours and counts as absent, unless one of ours stands behind a comma in it.
///
/// # Errors
///
/// [`DenyReason::MissingCredential`] where there is none, and [`DenyReason::MalformedCredential`] where there are two (in
/// whatever places, even if alike), where a field or parameter is repeated, or where bytes cannot be decoded.
#[inline]
pub fn extract<'a>(
    request: &RequestParts<'a>,
    authtoken_in_url: bool,
    scratch: &'a mut Scratch,
) -> Result<Presented<'a>, DenyReason> {
    match alone(request, authtoken_in_url) {
        Some(presented) => Ok(presented),
        None => extract_any(request, authtoken_in_url, scratch),
    }
}

/// The credential of most requests: one field, in the usual spelling, and nothing beside it. None means nothing but that a closer
/// look has to be taken.
#[inline]
fn alone<'a>(request: &RequestParts<'a>, authtoken_in_url: bool) -> Option<Presented<'a>> {
    if authtoken_in_url && (request.query.is_some() || request.form.is_some()) {
        return None;
    }
    let (token, place) = match (request.authorization, request.authtoken) {
        (Field::Once(value), Field::Absent) => (value.strip_prefix(b"Bearer ")?, Place::Bearer),
        (Field::Absent, Field::Once(value)) => (value, Place::Header),
        _ => return None,
    };
    is_plain(token).then_some(Presented {
        token,
        name: None,
        place,
    })
}

#[inline(never)]
fn extract_any<'a>(
    request: &RequestParts<'a>,
    authtoken_in_url: bool,
    scratch: &'a mut Scratch,
) -> Result<Presented<'a>, DenyReason> {
    let mut found = authorization(request.authorization)?;
    found = only(found, header(request.authtoken)?)?;
    if authtoken_in_url {
        found = only(found, parameter(request.query, Place::Query)?)?;
        found = only(found, parameter(request.form, Place::Form)?)?;
    }
    match found.ok_or(DenyReason::MissingCredential)? {
        Found::Plain(token, place) => Ok(Presented {
            token,
            name: None,
            place,
        }),
        Found::Basic(encoded) => basic(encoded, scratch),
        Found::Escaped(encoded, place) => Ok(Presented {
            token: plain(percent_decode(encoded, scratch)?)?,
            name: None,
            place,
        }),
    }
}

/// At most one of two places may hold a credential.
fn only<'a>(one: Option<Found<'a>>, other: Option<Found<'a>>) -> Result<Option<Found<'a>>, DenyReason> {
    match (one, other) {
        (Some(_), Some(_)) => Err(DenyReason::MalformedCredential),
        (found, None) | (None, found) => Ok(found),
    }
}

fn authorization(field: Field<'_>) -> Result<Option<Found<'_>>, DenyReason> {
    let Some(value) = once(field)? else { return Ok(None) };
    let value = trimmed(value);
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(end).ok_or(DenyReason::MalformedCredential)?;
    let rest = trimmed(rest);
    if scheme.eq_ignore_ascii_case(b"bearer") {
        Ok(Some(Found::Plain(plain(rest)?, Place::Bearer)))
    } else if scheme.eq_ignore_ascii_case(b"basic") {
        Ok(Some(Found::Basic(plain(rest)?)))
    } else if scheme.is_empty() || plain(scheme).is_err() || hides_another(rest) {
        Err(DenyReason::MalformedCredential)
    } else {
        Ok(None)
    }
}

/// Whether somebody has made one line of several, and one that may hold a credential of ours does not stand first, where it would not
/// be seen. Where it stands first, the comma behind it spoils it.
fn hides_another(rest: &[u8]) -> bool {
    let later = rest.split(|byte| *byte == b',').skip(1);
    later.map(<[u8]>::trim_ascii_start).any(|line| {
        let scheme = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer") || scheme.eq_ignore_ascii_case(b"basic")
    })
}

fn header(field: Field<'_>) -> Result<Option<Found<'_>>, DenyReason> {
    let Some(value) = once(field)? else { return Ok(None) };
    Ok(Some(Found::Plain(plain(trimmed(value))?, Place::Header)))
}

fn once(field: Field<'_>) -> Result<Option<&[u8]>, DenyReason> {
    match field {
        Field::Absent => Ok(None),
        Field::Once(value) => Ok(Some(value)),
        Field::Repeated => Err(DenyReason::MalformedCredential),
    }
}

/// A field's value without the blanks and tabs around it, which are no part of it (RFC 9110 section 5.5). Line ends are:
/// a host that lets one through has split the request wrongly.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Lets only visible ASCII without a comma through. Blanks and commas would mean a second credential that somebody
/// joined to the first.
fn plain(bytes: &[u8]) -> Result<&[u8], DenyReason> {
    is_plain(bytes).then_some(bytes).ok_or(DenyReason::MalformedCredential)
}

/// Whether all is visible ASCII without a comma.
///
/// Bytes are looked at by thirty-two, which compiles to a few vector instructions. Each lot ends before the next begins, or the
/// compiler would gather the bytes of many lots one by one; the last thirty-two are one more lot, though some were seen before.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let odd = |seen: u8, byte: &u8| seen | u8::from(!(0x21..=0x7e).contains(byte)) | u8::from(*byte == b',');
    let (lots, few) = bytes.as_chunks::<32>();
    lots.iter().all(|lot| lot.iter().fold(0, odd) == 0)
        && match bytes.last_chunk::<32>() {
            Some(last) => last.iter().fold(0, odd) == 0,
            None => few.iter().fold(0, odd) == 0,
        }
}

fn basic<'a>(encoded: &[u8], scratch: &'a mut Scratch) -> Result<Presented<'a>, DenyReason> {
    let decoded = Base64::decode(encoded, scratch.room_for(encoded)).map_err(|_| DenyReason::MalformedCredential)?;
    let text = core::str::from_utf8(decoded).map_err(|_| DenyReason::MalformedCredential)?;
    let (name, token) = text.split_once(':').ok_or(DenyReason::MalformedCredential)?;
    if name.chars().any(char::is_control) {
        return Err(DenyReason::MalformedCredential);
    }
    let token = token.as_bytes();
    if token.iter().any(u8::is_ascii_control) {
        return Err(DenyReason::MalformedCredential);
    }
    Ok(Presented {
        token,
        name: Some(name.as_bytes()),
        place: Place::Basic,
    })
}

/// The one `@authtoken` among form-encoded pairs, which need no decoding unless it has an escape in its value.
fn parameter(pairs: Option<&[u8]>, place: Place) -> Result<Option<Found<'_>>, DenyReason> {
    let Some(pairs) = pairs else { return Ok(None) };
    let mut found = None;
    for pair in pairs.split(|byte| *byte == b'&') {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (
                pair.get(..at).unwrap_or_default(),
                pair.get(at + 1..).unwrap_or_default(),
            ),
            None => (pair, &[][..]),
        };
        if is_authtoken(name) {
            let one = if value.iter().any(|byte| matches!(byte, b'%' | b'+')) {
                Found::Escaped(value, place)
            } else {
                Found::Plain(plain(value)?, place)
            };
            found = only(found, Some(one))?;
        }
    }
    Ok(found)
}

/// Whether a parameter name, with its escapes undone, is `@authtoken`.
fn is_authtoken(name: &[u8]) -> bool {
    unescape(name).eq(b"@authtoken".iter().map(|byte| Some(*byte)))
}

fn percent_decode<'a>(encoded: &[u8], scratch: &'a mut Scratch) -> Result<&'a [u8], DenyReason> {
    let room = scratch.room_for(encoded);
    let mut len = 0;
    for byte in unescape(encoded) {
        let byte = byte.ok_or(DenyReason::MalformedCredential)?;
        *room.get_mut(len).ok_or(DenyReason::MalformedCredential)? = byte;
        len += 1;
    }
    room.get(..len).ok_or(DenyReason::MalformedCredential)
}

/// The bytes that form-encoded text stands for; none for a broken escape.
fn unescape(encoded: &[u8]) -> impl Iterator<Item = Option<u8>> {
    let mut rest = encoded.iter();
    core::iter::from_fn(move || {
        let nibble = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        match *rest.next()? {
            b'%' => {
                let pair = nibble(rest.next()).zip(nibble(rest.next()));
                Some(pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()))
            }
            b'+' => Some(Some(b' ')),
            byte => Some(Some(byte)),
        }
    })
}

#[cfg(test)]
mod tests;
