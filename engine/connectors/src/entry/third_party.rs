//! URLs of third parties, and the names of their hosts.

use std::net::IpAddr;

use url::{Host, Url};

use super::EntryFault;
use crate::address;

const BYTES_MOST: usize = 2_000;

/// Reads a URL of a third party: https, or http for this machine where `near_hosts` names it.
pub(super) fn third_party_url(field: &'static str, text: &str, near_hosts: &[String]) -> Result<Url, EntryFault> {
    let fault = |expected| EntryFault { field, expected };
    if text.is_empty() || text.len() > BYTES_MOST {
        return Err(fault("expected a URL of 1 to 2,000 bytes"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(fault("expected a URL in ASCII, without blank and backslash"));
    }
    let url = Url::parse(text).map_err(|_| fault("expected a URL like https://login.example.org/token"))?;
    let (Some(host), Some(name)) = (url.host(), url.host_str()) else {
        return Err(fault("expected a URL with a host"));
    };
    // As it is written: readers drop an empty user, and slashes that are too many.
    let authority = text
        .split("//")
        .nth(1)
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    match authority {
        None | Some("") => return Err(fault("expected a URL with a host")),
        Some(authority) if authority.contains('@') => return Err(fault("expected a URL without a user")),
        Some(_) => {}
    }
    if url.fragment().is_some() {
        return Err(fault("expected a URL without a fragment"));
    }
    let is_allowed = near_hosts.iter().any(|near| near == name);
    let literal: Option<IpAddr> = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    };
    if literal.is_some_and(|address| address::admit(address, is_allowed).is_err()) {
        return Err(fault("expected a public host, or one that near_hosts names"));
    }
    let is_here = name == "localhost" || literal.is_some_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_allowed && is_here => Ok(url),
        _ => Err(fault(
            "expected https, or http for this machine where near_hosts names it",
        )),
    }
}

/// Reads the name of a host that may have an address of the house, in the spelling that URLs have it.
pub(super) fn near_host(text: &str) -> Result<String, EntryFault> {
    let fault = EntryFault {
        field: "near_hosts",
        expected: "expected names of hosts like auth.house.example or 127.0.0.1, in small letters and without a port",
    };
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| fault)?;
    match url.host_str() {
        Some(host) if is_plain && host == text => Ok(host.to_owned()),
        Some(_) | None => Err(fault),
    }
}
