//! Network rules: from what a person writes to an inclusive range of addresses.
//!
//! IPv4 and IPv6 are two families that never overlap. An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) is its IPv4 address,
//! in rules as well as in peers, so `::/0` is every IPv6 address and no IPv4 one.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// Addresses from `first` to `last`, both included; `first` is never above `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressRange {
    /// IPv4 addresses as numbers.
    V4 {
        /// The lowest address.
        first: u32,
        /// The highest address.
        last: u32,
    },
    /// IPv6 addresses as numbers, none of them IPv4-mapped.
    V6 {
        /// The lowest address.
        first: u128,
        /// The highest address.
        last: u128,
    },
}

impl AddressRange {
    /// The range between two addresses of one family; none where the families differ or `first` is above `last`.
    pub fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        match (first.to_canonical(), last.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) if a <= b => Some(Self::V4 {
                first: a.to_bits(),
                last: b.to_bits(),
            }),
            (IpAddr::V6(a), IpAddr::V6(b)) if a <= b => Some(Self::V6 {
                first: a.to_bits(),
                last: b.to_bits(),
            }),
            _ => None,
        }
    }

    /// One range for two that overlap or touch, where `next` does not begin before this one.
    pub(crate) fn joined(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::V4 { first, last }, Self::V4 { first: from, last: to }) if from <= last.saturating_add(1) => {
                Some(Self::V4 {
                    first,
                    last: last.max(to),
                })
            }
            (Self::V6 { first, last }, Self::V6 { first: from, last: to }) if from <= last.saturating_add(1) => {
                Some(Self::V6 {
                    first,
                    last: last.max(to),
                })
            }
            _ => None,
        }
    }

    /// Whether `address` lies in this range; an IPv4-mapped address counts as IPv4.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4 { first, last }, IpAddr::V4(address)) => (first..=last).contains(&address.to_bits()),
            (Self::V6 { first, last }, IpAddr::V6(address)) => (first..=last).contains(&address.to_bits()),
            (Self::V4 { .. }, IpAddr::V6(_)) | (Self::V6 { .. }, IpAddr::V4(_)) => false,
        }
    }

    /// Puts this range where it belongs in an ascending list; one that stands there already stays alone.
    pub fn insert_into(self, ascending: &mut Vec<Self>) {
        if let Err(at) = ascending.binary_search(&self) {
            ascending.insert(at, self);
        }
    }

    /// Takes this range out of an ascending list, if it stands there.
    pub fn remove_from(self, ascending: &mut Vec<Self>) {
        if let Ok(at) = ascending.binary_search(&self) {
            ascending.remove(at);
        }
    }
}

/// One rule as a person wrote it, and the addresses it means. Two rules are equal when they mean the same addresses.
///
/// ```
/// use tollgate_core::NetworkRule;
///
/// let rule: NetworkRule = "203.0.113.*".parse()?;
/// assert!(rule.range().contains("203.0.113.77".parse().unwrap()));
/// assert_eq!(rule, "203.0.113.0/24".parse()?);
/// # Ok::<(), tollgate_core::ParseNetworkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NetworkRule {
    text: Box<str>,
    range: AddressRange,
}

impl NetworkRule {
    /// The rule as it was written, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The addresses it means.
    pub fn range(&self) -> AddressRange {
        self.range
    }
}

impl PartialEq for NetworkRule {
    fn eq(&self, other: &Self) -> bool {
        self.range == other.range
    }
}

impl Eq for NetworkRule {}

impl fmt::Display for NetworkRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is no network rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseNetworkError {
    /// No form fits.
    Form,
    /// A prefix length beyond 32 (IPv4) or 128 (IPv6).
    PrefixLength,
    /// The end of a dash range lies before its beginning, or in the other family.
    Backwards,
}

impl fmt::Display for ParseNetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => {
                "expected an address (203.0.113.7 or 2001:db8::7), a wildcard (203.0.113.*), \
                 a range (203.0.113.1-255 or 203.0.113.1-203.0.113.255) or a prefix (203.0.113.0/24)"
            }
            Self::PrefixLength => "expected a prefix length of at most 32 for IPv4 or 128 for IPv6",
            Self::Backwards => "expected a range that ends in the family it begins in, and not before its beginning",
        })
    }
}

impl core::error::Error for ParseNetworkError {}

impl FromStr for NetworkRule {
    type Err = ParseNetworkError;

    /// Reads a single address, `a.b.c.*` (any number of trailing `*`), `a.b.c.1-255`, `first-last` or `address/prefix`.
    /// Bits below a prefix are ignored. Octets have no leading zeros, and IPv6 zones are refused.
    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let text = text.trim();
        let range = if let Some((address, prefix)) = text.split_once('/') {
            cidr(address, prefix)?
        } else if let Some((first, last)) = text.split_once('-') {
            dash(first.trim_end(), last.trim_start())?
        } else if text.contains('*') {
            wildcard(text)?
        } else {
            let address = address(text)?;
            AddressRange::between(address, address).ok_or(ParseNetworkError::Form)?
        };
        Ok(Self {
            text: text.to_owned().into_boxed_str(),
            range,
        })
    }
}

fn address(text: &str) -> Result<IpAddr, ParseNetworkError> {
    text.parse::<IpAddr>()
        .map(|address| address.to_canonical())
        .map_err(|_| ParseNetworkError::Form)
}

fn cidr(address: &str, prefix: &str) -> Result<AddressRange, ParseNetworkError> {
    let address: IpAddr = address.parse().map_err(|_| ParseNetworkError::Form)?;
    let prefix = u32::from(number(prefix)?);
    match address {
        IpAddr::V4(v4) => cidr_v4(v4, prefix),
        IpAddr::V6(v6) => match (v6.to_ipv4_mapped(), prefix.checked_sub(96)) {
            (Some(v4), Some(prefix)) => cidr_v4(v4, prefix),
            (None, _) | (_, None) => cidr_v6(v6, prefix),
        },
    }
}

fn cidr_v4(address: Ipv4Addr, prefix: u32) -> Result<AddressRange, ParseNetworkError> {
    let host_len = 32_u32.checked_sub(prefix).ok_or(ParseNetworkError::PrefixLength)?;
    let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
    debug_assert_eq!(host.count_ones(), host_len);
    let bits = address.to_bits();
    Ok(AddressRange::V4 {
        first: bits & !host,
        last: bits | host,
    })
}

fn cidr_v6(address: Ipv6Addr, prefix: u32) -> Result<AddressRange, ParseNetworkError> {
    if prefix > 128 {
        return Err(ParseNetworkError::PrefixLength);
    }
    let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
    let bits = address.to_bits();
    Ok(AddressRange::V6 {
        first: bits & !host,
        last: bits | host,
    })
}

/// `a.b.c.1-255` or two whole addresses.
fn dash(first: &str, last: &str) -> Result<AddressRange, ParseNetworkError> {
    let first = address(first)?;
    let last = match (first, number(last)) {
        (IpAddr::V4(v4), Ok(octet)) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, octet))
        }
        _ => address(last)?,
    };
    AddressRange::between(first, last).ok_or(ParseNetworkError::Backwards)
}

/// Four parts of which the last ones are `*`; at least one octet stands before them.
fn wildcard(text: &str) -> Result<AddressRange, ParseNetworkError> {
    let (mut low, mut high) = ([0_u8; 4], [255_u8; 4]);
    let mut parts = text.split('.');
    let mut open = false;
    for (at, (low, high)) in low.iter_mut().zip(high.iter_mut()).enumerate() {
        let part = parts.next().ok_or(ParseNetworkError::Form)?;
        if part == "*" && at > 0 {
            open = true;
        } else if open {
            return Err(ParseNetworkError::Form);
        } else {
            let octet = number(part)?;
            (*low, *high) = (octet, octet);
        }
    }
    if !open || parts.next().is_some() {
        return Err(ParseNetworkError::Form);
    }
    Ok(AddressRange::V4 {
        first: u32::from_be_bytes(low),
        last: u32::from_be_bytes(high),
    })
}

/// A decimal number up to 255 without sign or leading zero.
fn number(text: &str) -> Result<u8, ParseNetworkError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain {
        text.parse().map_err(|_| ParseNetworkError::Form)
    } else {
        Err(ParseNetworkError::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(rule: &str, address: &str) -> bool {
        rule.parse::<NetworkRule>()
            .unwrap()
            .range()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn each_form_covers_its_edges_and_not_one_more() {
        for (rule, inside, outside) in [
            (
                "203.0.113.7",
                vec!["203.0.113.7", "::ffff:203.0.113.7"],
                vec!["203.0.113.6", "203.0.113.8"],
            ),
            (
                "203.0.113.*",
                vec!["203.0.113.0", "203.0.113.255"],
                vec!["203.0.112.255", "203.0.114.0"],
            ),
            (
                "203.*.*.*",
                vec!["203.0.0.0", "203.255.255.255"],
                vec!["202.255.255.255", "204.0.0.0"],
            ),
            (
                "203.0.113.1-255",
                vec!["203.0.113.1", "203.0.113.255"],
                vec!["203.0.113.0", "203.0.114.0"],
            ),
            (
                "10.0.0.9-10.0.1.2",
                vec!["10.0.0.9", "10.0.1.2"],
                vec!["10.0.0.8", "10.0.1.3"],
            ),
            (
                "10.0.0.0/8",
                vec!["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
                vec!["9.255.255.255", "11.0.0.0"],
            ),
            ("10.1.2.3/8", vec!["10.0.0.0"], vec!["11.0.0.0"]),
            ("0.0.0.0/0", vec!["0.0.0.0", "255.255.255.255"], vec!["::1"]),
            ("1.2.3.4/32", vec!["1.2.3.4"], vec!["1.2.3.5"]),
            (
                "2001:db8::/32",
                vec!["2001:db8::", "2001:db8:ffff::1"],
                vec!["2001:db9::", "32.1.13.184"],
            ),
            ("::/0", vec!["::", "::1"], vec!["1.2.3.4", "::ffff:1.2.3.4"]),
            ("::1", vec!["::1"], vec!["::2", "127.0.0.1"]),
            ("::1-::9", vec!["::1", "::9"], vec!["::a"]),
            ("::ffff:10.0.0.0/104", vec!["10.9.9.9"], vec!["11.0.0.0"]),
            ("::ffff:10.0.0.1", vec!["10.0.0.1"], vec!["10.0.0.2"]),
        ] {
            for address in inside {
                assert!(covers(rule, address), "{rule} should cover {address}");
            }
            for address in outside {
                assert!(!covers(rule, address), "{rule} should not cover {address}");
            }
        }
    }

    #[test]
    fn other_texts_are_refused_with_their_reason() {
        for text in [
            "",
            "*",
            "*.*.*.*",
            "10.*.1.*",
            "10.0.0",
            "10.0.0.*.*",
            "010.0.0.1",
            "10.0.0.+1/8",
            "10.0.0.0/08",
            "10.0.0.0/",
            "fe80::1%eth0",
            "2001:db8:*",
            "host",
            "10.0.0.1 10.0.0.2",
            "1.2.3.4-",
            "-1.2.3.4",
            "10.0.0.*/24",
        ] {
            assert_eq!(text.parse::<NetworkRule>(), Err(ParseNetworkError::Form), "{text:?}");
        }
        assert_eq!(
            "10.0.0.0/33".parse::<NetworkRule>(),
            Err(ParseNetworkError::PrefixLength)
        );
        assert_eq!("::/129".parse::<NetworkRule>(), Err(ParseNetworkError::PrefixLength));
        assert_eq!("10.0.0.9-8".parse::<NetworkRule>(), Err(ParseNetworkError::Backwards));
        assert_eq!("10.0.0.9-::1".parse::<NetworkRule>(), Err(ParseNetworkError::Backwards));
        assert_eq!(
            " 10.0.0.8-9 ".parse::<NetworkRule>().unwrap().as_str(),
            "10.0.0.8-9",
            "the twin"
        );
    }
}
