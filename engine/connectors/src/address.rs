//! Which addresses may be asked on behalf of an account.
//!
//! Whoever writes a URL into a connector makes this machine connect to it, from inside the house. So a name is resolved, every address
//! that it has is judged here, and the connection is made to an address that was judged. What is not plainly an address of one
//! machine on the public internet is refused, also where it merely wraps another: IPv4 inside of IPv6 in any of its forms.
//!
//! The tables follow the IANA registries of special-purpose addresses (RFC 6890 and its successors). What no table can know is a
//! network's own prefix for NAT64 (RFC 6052) and public addresses that a house uses inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far away an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One machine on the public internet.
    Public,
    /// This machine or this house: only for hosts that an entry allows by name.
    Near(&'static str),
    /// Never asked, whoever allows it.
    Never(&'static str),
}

/// An address that must not be asked. It does not say which, since names of the house are nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a host on the public internet, or one that the connector's entry allows by name, but an address of it is {0}"
)]
pub struct AddressFault(pub &'static str);

use Reach::{Near, Never};

const V4: [(Ipv4Addr, u32, Reach); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, Never("of this network")),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Near("private")),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Near("of a provider's own network")),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Near("this machine's own")),
    // Where clouds answer with the machine's own credentials.
    (Ipv4Addr::new(100, 100, 100, 200), 32, Never("of a cloud's metadata")),
    (Ipv4Addr::new(168, 63, 129, 16), 32, Never("of a cloud's metadata")),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Never("link-local")),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Near("private")),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Never("reserved for protocols")),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Never("for documentation")),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Never("a relay's")),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Near("private")),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Never("for measurements")),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Never("for documentation")),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Never("for documentation")),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Never("for many machines")),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Never("reserved")),
];

/// What is special within and beside `2000::/3`, where public addresses are.
const V6: [(Ipv6Addr, u32, Reach); 10] = [
    (Ipv6Addr::LOCALHOST, 128, Near("this machine's own")),
    (
        Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254),
        128,
        Never("of a cloud's metadata"),
    ),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Near("private")),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Never("link-local")),
    (
        Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0),
        8,
        Never("for many machines"),
    ),
    // Teredo, ORCHID, benchmarking and the like.
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        Never("reserved for protocols"),
    ),
    (
        Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0),
        32,
        Never("for documentation"),
    ),
    // 6to4: the address of an IPv4 machine inside.
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        Never("an IPv4 address in disguise"),
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        Never("for documentation"),
    ),
    // Mapped, compatible, translated and NAT64 addresses begin with a byte of zeros.
    (
        Ipv6Addr::UNSPECIFIED,
        8,
        Never("an IPv4 address in disguise, or reserved"),
    ),
];

/// How far away `address` is.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let within = |(network, length, _): &&(Ipv4Addr, u32, Reach)| {
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length
    };
    // The longest rule that holds: metadata stands inside of a provider's network.
    let rule = V4.iter().filter(within).max_by_key(|(_, length, _)| *length);
    rule.map_or(Reach::Public, |(_, _, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let within = |(network, length, _): &&(Ipv6Addr, u32, Reach)| {
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length
    };
    let is_assigned = address.to_bits() >> 125 == 1;
    match V6.iter().filter(within).max_by_key(|(_, length, _)| *length) {
        Some((_, _, reach)) => *reach,
        None if is_assigned => Reach::Public,
        None => Never("reserved"),
    }
}

/// Whether `address` may be asked; `near` says that its host is allowed by name.
pub fn admit(address: IpAddr, near: bool) -> Result<(), AddressFault> {
    match reach(address) {
        Reach::Public => Ok(()),
        Near(_) if near => Ok(()),
        Near(what) | Never(what) => Err(AddressFault(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Reach {
        reach(text.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_asked() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "3ffe:ffff::1",
        ] {
            assert_eq!(of(text), Reach::Public, "{text}");
            assert_eq!(admit(text.parse().unwrap(), false), Ok(()), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_house_are_asked_by_name_alone() {
        for text in [
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "::1",
            "fc00::",
            "fdff::1",
        ] {
            let address = text.parse().unwrap();
            assert_eq!(admit(address, true), Ok(()), "{text}");
            assert!(admit(address, false).is_err_and(|fault| !fault.0.is_empty()), "{text}");
        }
    }

    #[test]
    fn what_nobody_may_allow() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::2",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            let address = text.parse().unwrap();
            assert!(admit(address, true).is_err_and(|fault| !fault.0.is_empty()), "{text}");
        }
        assert_eq!(
            admit("fd00:ec2::253".parse().unwrap(), true),
            Ok(()),
            "its neighbours may be a house's"
        );
    }

    proptest! {
        /// The library's own words for some of these ranges, as a second opinion.
        #[test]
        fn nothing_that_is_plainly_special_is_public(bits: u32, six: u128) {
            let four = Ipv4Addr::from_bits(bits);
            let special = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_multicast()
                || four.is_broadcast() || four.is_documentation() || four.is_unspecified();
            prop_assert!(!(special && reach(four.into()) == Reach::Public));
            let six = Ipv6Addr::from_bits(six);
            let special = six.is_multicast() || six.is_unique_local() || six.is_unicast_link_local() || six.is_loopback();
            prop_assert!(!(special && reach(six.into()) == Reach::Public));
            // However IPv4 is wrapped, it is not asked.
            prop_assert!(admit(four.to_ipv6_mapped().into(), true).is_err());
            prop_assert!(admit(four.to_ipv6_compatible().into(), four != Ipv4Addr::new(0, 0, 0, 1)).is_err());
        }

        #[test]
        fn what_is_public_needs_no_permission(bits: u32) {
            let address = IpAddr::from(Ipv4Addr::from_bits(bits));
            prop_assert!(admit(address, false).is_err() || admit(address, true).is_ok());
        }
    }
}
