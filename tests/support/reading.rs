//! How the twin reads what people and clients write: headers, parameters, limits and network rules.
//!
//! Bytes become text with one character for each, which can be cut and compared anywhere.

use std::net::IpAddr;

use super::facts::{Bytes, Request};

/// Where a credential stood, the name beside it, and the token.
pub type Presented = (&'static str, Option<String>, String);

const PLACES: &str = "at:bearer at:basic at:header at:query at:form pat:bearer pat:basic ac:bearer";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Every credential of a request; none for one that cannot be read.
pub fn credentials(request: &Request, authtoken_in_url: bool) -> Vec<Option<Presented>> {
    let mut found = Vec::new();
    for line in request.authorization.iter().map(text) {
        let line = line.trim_matches([' ', '\t']);
        let (scheme, rest) = line.split_once(' ').unwrap_or((line, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => found.push(visible(rest).map(|token| ("bearer", None, token))),
            "basic" => found.push(visible(rest).and_then(|encoded| basic(&encoded))),
            "" => found.push(None),
            other => {
                let ours = ["bearer", "basic"];
                let mut later = rest
                    .split(',')
                    .skip(1)
                    .map(|line| line.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']));
                let hides =
                    later.any(|line| ours.contains(&line.split(' ').next().unwrap().to_ascii_lowercase().as_str()));
                found.extend((hides || visible(other).is_none()).then_some(None));
            }
        }
    }
    for line in request.authtoken.iter().map(text) {
        found.push(visible(&line).map(|token| ("header", None, token)));
    }
    for (place, pairs) in [("query", &request.query), ("form", &request.form)] {
        let pairs = pairs
            .as_ref()
            .filter(|_| authtoken_in_url)
            .map(text)
            .unwrap_or_default();
        for pair in pairs.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if unescaped(name).as_deref() == Some("@authtoken") {
                let value = unescaped(value).filter(|decoded| decoded == value || decoded.len() <= 1_280);
                found.push(
                    value
                        .filter(|value| visible(value).as_ref() == Some(value))
                        .map(|token| (place, None, token)),
                );
            }
        }
    }
    found
}

fn text(bytes: &Bytes) -> String {
    bytes.0.iter().map(|byte| char::from(*byte)).collect()
}

/// Visible ASCII without a comma, and without the blanks around it.
fn visible(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t']);
    let fits = text.chars().all(|c| ('!'..='~').contains(&c) && c != ',');
    fits.then(|| text.to_owned())
}

fn basic(encoded: &str) -> Option<Presented> {
    let digits = encoded.trim_end_matches('=');
    let bits: Option<String> = digits
        .chars()
        .map(|c| Some(format!("{:06b}", BASE64.find(c)?)))
        .collect();
    let bits = bits.filter(|_| encoded.len().is_multiple_of(4) && encoded.len() - digits.len() < 3)?;
    let (whole, rest) = bits.split_at(bits.len() / 8 * 8);
    let bytes = (0..whole.len() / 8).map(|at| u8::from_str_radix(&whole[at * 8..at * 8 + 8], 2).unwrap());
    let pair = String::from_utf8(bytes.collect()).ok()?;
    let (name, token) = pair
        .split_once(':')
        .filter(|_| pair.len() <= 1_280 && !rest.contains('1'))?;
    let odd = name.contains(char::is_control) || token.contains(|c: char| c.is_ascii_control());
    (!odd).then(|| ("basic", Some(name.to_owned()), token.to_owned()))
}

/// Form-encoded text, decoded; none where an escape is broken.
fn unescaped(encoded: &str) -> Option<String> {
    let encoded = encoded.replace('+', " ");
    let mut parts = encoded.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let plain = digits.chars().all(|c| c.is_ascii_hexdigit());
        out.push(char::from(u8::from_str_radix(digits, 16).ok().filter(|_| plain)?));
        out.push_str(rest);
    }
    Some(out)
}

/// The secrets that a text in this place can be, those that came from elsewhere in the order in which they count.
pub fn secrets(text: &str, place: &str, foreign_tokens: &str) -> Vec<String> {
    let signed = (place == "bearer" && is_signed(text)).then(|| text.to_owned());
    let ours = kind(text);
    if let Some(kind) = ours {
        let stands = PLACES.split(' ').any(|pair| pair == format!("{kind}:{place}"));
        let can_be = stands && tollgate_core::WellFormed::parse(text.as_bytes()).is_ok();
        return can_be.then(|| text.to_owned()).into_iter().collect();
    }
    let forms: Vec<&str> = foreign_tokens.split(',').collect();
    let fits = forms != [""] && (16..=512).contains(&text.len());
    let counts = |form: &&str| fits && (*form == "clear" || forms.contains(form));
    let secrets = ["clear", "sha256", "sha512", "blake3"].into_iter().filter(counts);
    signed
        .into_iter()
        .chain(secrets.map(|form| format!("{form}:{text}")))
        .collect()
}

/// The kind of a token that begins like one of ours.
fn kind(text: &str) -> Option<&str> {
    let kind = text
        .strip_prefix("tg_")
        .and_then(|rest| rest.split_once('_'))
        .map(|(kind, _)| kind);
    kind.filter(|kind| (1..5).contains(&kind.len()) && kind.chars().all(|c| c.is_ascii_lowercase()))
}

/// Whether a text begins like a token of ours, and is never judged as anything else.
pub fn is_ours(text: &str) -> bool {
    kind(text).is_some()
}

/// Whether a text has the form of a signed token.
pub fn is_signed(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let digits = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    text.starts_with("eyJ") && text.len() <= 8_192 && parts.len() == 3 && parts.iter().all(digits)
}

/// The user's own limit over the server's; none for no limit.
pub fn limit(own: &str, server: &str) -> Option<u32> {
    let said = [own, server].into_iter().find(|said| !["", "inherit"].contains(said));
    said.and_then(|said| said.parse().ok())
}

/// How rules see an address: `banned`, `trusted` or `neither`.
pub fn standing(banned: &[String], trusted: &[String], peer: Option<&str>) -> &'static str {
    let within = |rules: &[String]| peer.is_some_and(|peer| rules.iter().any(|rule| covers(rule, peer)));
    match (within(banned), within(trusted)) {
        (true, _) => "banned",
        (_, true) => "trusted",
        _ => "neither",
    }
}

/// Whether `rule` can be read and means `peer`. A rule for IPv6 means no IPv4 address.
pub fn covers(rule: &str, peer: &str) -> bool {
    let Some(((first, last), peer)) = range(rule).zip(number(peer)) else {
        return false;
    };
    first <= peer && peer <= last && (is_v4(first) && is_v4(last)) == is_v4(peer)
}

/// The first and the last address of a rule.
pub fn range(rule: &str) -> Option<(u128, u128)> {
    let rule = rule.trim();
    if let Some((base, prefix)) = rule.split_once('/') {
        let most = if base.contains(':') { 128 } else { 32 };
        let len: u32 = prefix.parse().ok().filter(|len| *len <= most)?;
        let (base, host) = (number(base)?, u128::MAX.checked_shr(128 - most + len).unwrap_or(0));
        return (len.to_string() == prefix).then_some((base & !host, base | host));
    }
    if let Some((first, last)) = rule.split_once('-') {
        let (text, last) = (first.trim_end(), last.trim_start());
        let first = number(text)?;
        let whole = match text.rsplit_once('.') {
            Some((three, _)) if is_v4(first) && !last.contains(['.', ':']) => format!("{three}.{last}"),
            _ => last.to_owned(),
        };
        let last = number(&whole)?;
        return (first <= last && is_v4(first) == is_v4(last)).then_some((first, last));
    }
    let stars = rule.split('.').rev().take_while(|part| *part == "*").count();
    let ends = number(&rule.replace('*', "0")).zip(number(&rule.replace('*', "255")));
    ends.filter(|_| stars == rule.matches('*').count() && stars < 4 && !(stars > 0 && rule.contains(':')))
}

/// Addresses in one line: IPv4 stands among IPv6 where it is mapped to.
fn number(text: &str) -> Option<u128> {
    match text.parse().ok()? {
        IpAddr::V4(address) => Some(0xffff_0000_0000 | u128::from(u32::from(address))),
        IpAddr::V6(address) => Some(u128::from(address)),
    }
}

fn is_v4(number: u128) -> bool {
    number >> 32 == 0xffff
}
