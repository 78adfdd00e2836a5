//! A record's run of words: name and merged network rules, read in place.
//!
//! Layout in words: four counts of 16 bits (banned IPv4, trusted IPv4, banned IPv6, trusted IPv6); the length of the name
//! in bytes; the ranges in the order of the counts, sorted, an IPv4 range in one word and an IPv6 range in four; the name.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::Range;

use crate::index::{Arena, ColdLine, Run};
use crate::live::routes;
use crate::network::AddressRange;
use crate::record::{Networks, ServerRecord, UserName};

pub(crate) type ColdLines = Arena<ColdLine>;

/// How a set of rules sees an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Banned,
    Trusted,
    Neither,
}

const RANGES_AT: u32 = 2;
const V4_WORDS: u32 = 1;
const V6_WORDS: u32 = 4;

/// The words of a run; none where there are more ranges of one sort than a count can say.
pub(crate) fn encode(name: &str, networks: &Networks) -> Option<Vec<u64>> {
    let networks = networks.normalised();
    let mut words = Vec::from([0, name.len() as u64]);
    let mut counts = 0_u64;
    for (sort, (set, v6)) in [
        (&networks.banned, false),
        (&networks.trusted, false),
        (&networks.banned, true),
        (&networks.trusted, true),
    ]
    .into_iter()
    .enumerate()
    {
        let mut count = 0_u16;
        for range in set {
            match (*range, v6) {
                (AddressRange::V4 { first, last }, false) => words.push(u64::from(first) << 32 | u64::from(last)),
                (AddressRange::V6 { first, last }, true) => {
                    words.extend([(first >> 64) as u64, first as u64, (last >> 64) as u64, last as u64]);
                }
                (AddressRange::V4 { .. }, true) | (AddressRange::V6 { .. }, false) => continue,
            }
            count = count.checked_add(1)?;
        }
        counts |= u64::from(count) << (16 * sort);
    }
    if let Some(first) = words.first_mut() {
        *first = counts;
    }
    for bytes in name.as_bytes().chunks(8) {
        words.push(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    Some(words)
}

/// Where the four sorts of ranges begin and how many there are of each, and where the name begins.
fn sorts(run: Run<'_>) -> ([(u32, u32); 4], u32) {
    let counts = run.word(0);
    let (mut at, mut sort) = (RANGES_AT, 0);
    let sorts = [V4_WORDS, V4_WORDS, V6_WORDS, V6_WORDS].map(|width| {
        let count = (counts >> (16 * sort)) as u32 & 0xffff;
        let begin = at;
        at += count * width;
        sort += 1;
        (begin, count)
    });
    (sorts, at)
}

/// How the rules of a run see `peer`. Costs nothing where there are no rules.
#[inline]
pub(crate) fn standing(run: Run<'_>, peer: Option<IpAddr>) -> Standing {
    match (run.near(), peer) {
        (Some(line), Some(IpAddr::V4(address))) => standing_near(line, address.to_bits()),
        _ => standing_anywhere(run, peer),
    }
}

/// The same for what most checks ask: a line has room for so few ranges that all are looked at.
#[inline]
fn standing_near(line: &ColdLine, address: u32) -> Standing {
    let counts = line.word(0);
    let banned_at = RANGES_AT..RANGES_AT + (counts as u32 & 0xffff);
    let trusted_at = banned_at.end..banned_at.end + ((counts >> 16) as u32 & 0xffff);
    let within = |places: Range<u32>| {
        // A torn read may count more than a line has.
        (places.start..places.end.min(ColdLine::LEN)).any(|at| {
            let range = line.word(at);
            (range >> 32) as u32 <= address && address <= range as u32
        })
    };
    if within(banned_at) {
        Standing::Banned
    } else if within(trusted_at) {
        Standing::Trusted
    } else {
        Standing::Neither
    }
}

/// The same for every run and every address. Costs a binary search in each of two sorted lists.
#[inline(never)]
fn standing_anywhere(run: Run<'_>, peer: Option<IpAddr>) -> Standing {
    let Some(peer) = peer else { return Standing::Neither };
    if run.word(0) == 0 {
        return Standing::Neither;
    }
    let ([banned_v4, trusted_v4, banned_v6, trusted_v6], _) = sorts(run);
    let (banned, trusted) = match peer.to_canonical() {
        IpAddr::V4(address) => {
            let within = |sort| within_v4(run, sort, address.to_bits());
            (within(banned_v4), within(trusted_v4))
        }
        IpAddr::V6(address) => {
            let within = |sort| within_v6(run, sort, address.to_bits());
            (within(banned_v6), within(trusted_v6))
        }
    };
    match (banned, trusted) {
        (true, _) => Standing::Banned,
        (false, true) => Standing::Trusted,
        (false, false) => Standing::Neither,
    }
}

fn within_v4(run: Run<'_>, (begin, count): (u32, u32), address: u32) -> bool {
    let range = |at: u32| run.word(begin + at);
    let nearest = range(last_not_above(count, |at| (range(at) >> 32) as u32 <= address));
    count > 0 && (nearest >> 32) as u32 <= address && nearest as u32 >= address
}

fn within_v6(run: Run<'_>, (begin, count): (u32, u32), address: u128) -> bool {
    let number = |at: u32| u128::from(run.word(at)) << 64 | u128::from(run.word(at + 1));
    let first = |at: u32| number(begin + at * V6_WORDS);
    let last = |at: u32| number(begin + at * V6_WORDS + 2);
    let nearest = last_not_above(count, |at| first(at) <= address);
    count > 0 && first(nearest) <= address && last(nearest) >= address
}

/// The last of `count` sorted items for which `holds`, or the first where there is none such; one item alone is not asked.
#[inline]
fn last_not_above(count: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut at, mut len) = (0, count);
    while len > 1 {
        let half = len / 2;
        if holds(at + half) {
            at += half;
        }
        len -= half;
    }
    at
}

/// The ranges of a run.
pub(crate) fn networks(run: Run<'_>) -> Networks {
    let ([banned_v4, trusted_v4, banned_v6, trusted_v6], _) = sorts(run);
    let v4 = |(begin, count): (u32, u32)| {
        (begin..begin + count)
            .map(|at| run.word(at))
            .map(|range| AddressRange::V4 {
                first: (range >> 32) as u32,
                last: range as u32,
            })
    };
    let v6 = |(begin, count): (u32, u32)| {
        (0..count).map(move |at| {
            let at = begin + at * V6_WORDS;
            let number = |at| u128::from(run.word(at)) << 64 | u128::from(run.word(at + 1));
            AddressRange::V6 {
                first: number(at),
                last: number(at + 2),
            }
        })
    };
    Networks {
        banned: v4(banned_v4).chain(v6(banned_v6)).collect(),
        trusted: v4(trusted_v4).chain(v6(trusted_v6)).collect(),
    }
}

pub(crate) fn name_len(run: Run<'_>) -> usize {
    (run.word(1) as usize).min(UserName::LEN_MAX)
}

/// The words of the server's run: its rules, and behind them its routes, if there are any.
pub(crate) fn encode_server(server: &ServerRecord) -> Option<Vec<u64>> {
    let mut words = encode("", &server.networks)?;
    if !server.routes.is_empty() {
        words.extend(routes::plan(&server.routes)?);
    }
    Some(words)
}

/// Where the server's routes begin in its run, which has no name.
pub(crate) fn routes_at(run: Run<'_>) -> u32 {
    sorts(run).1
}

/// The name's bytes, and zeros after them.
pub(crate) fn name_bytes(run: Run<'_>) -> [u8; UserName::LEN_MAX] {
    let mut bytes = [0; UserName::LEN_MAX];
    let words = name_len(run).div_ceil(8);
    for (at, chunk) in (sorts(run).1..).zip(bytes.chunks_mut(8)).take(words) {
        for (place, byte) in chunk.iter_mut().zip(run.word(at).to_le_bytes()) {
            *place = byte;
        }
    }
    bytes
}

/// What `f` makes of the name, which is empty where a torn read left no UTF-8.
pub(crate) fn with_name<R>(run: Run<'_>, f: impl Fn(&str) -> R) -> R {
    let bytes = name_bytes(run);
    let name = bytes.get(..name_len(run)).unwrap_or_default();
    f(core::str::from_utf8(name).unwrap_or_default())
}

/// Whether the name is `name`.
#[inline(never)]
pub(crate) fn is_named(run: Run<'_>, name: &[u8]) -> bool {
    with_name(run, |own| own.as_bytes() == name)
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::index::{Extents, UserFacts, UserSlot};
    use crate::network::NetworkRule;
    use crate::operation::OperationSet;
    use crate::record::{Limit, UserId};
    use proptest::prelude::*;

    fn ranges(rules: &[&str]) -> Vec<AddressRange> {
        rules
            .iter()
            .map(|rule| rule.parse::<NetworkRule>().unwrap().range())
            .collect()
    }

    /// What `f` makes of a record's run, which stands beside it or far away according to its length.
    fn with_run<R>(name: &str, networks: &Networks, f: impl Fn(Run<'_>) -> R) -> R {
        let (lines, mut extents, slot) = (ColdLines::new(), Extents::default(), UserSlot::default());
        let words = encode(name, networks).unwrap();
        let facts = UserFacts {
            id: UserId(1),
            active: true,
            in_doubt: false,
            operations: OperationSet::NONE,
            epoch: 0,
            generation: 0,
            per_hour: Limit::Inherit,
            concurrent: Limit::Inherit,
            has_routes: false,
            has_networks: true,
            extent: extents.place(&lines, &words).unwrap(),
        };
        slot.write_with_run(facts, &words);
        slot.read_with(&lines, |_, run| f(run)).unwrap()
    }

    #[test]
    fn a_run_reads_as_it_was_written_and_banned_beats_trusted() {
        let networks = Networks {
            banned: ranges(&["10.0.0.5", "2001:db8::5", "10.0.0.5-7"]),
            trusted: ranges(&["10.0.0.0/8", "2001:db8::/32", "192.0.2.0/25", "192.0.2.128/25"]),
        };
        with_run("Zoë", &networks, |run| {
            assert!(with_name(run, |name| name == "Zoë"));
            assert_eq!(super::networks(run), networks.normalised());
            for (address, expected) in [
                ("10.0.0.4", Standing::Trusted),
                ("10.0.0.5", Standing::Banned),
                ("::ffff:10.0.0.7", Standing::Banned),
                ("10.0.0.8", Standing::Trusted),
                ("192.0.2.255", Standing::Trusted),
                ("192.0.3.0", Standing::Neither),
                ("2001:db8::5", Standing::Banned),
                ("2001:db8::6", Standing::Trusted),
                ("2001:db9::", Standing::Neither),
            ] {
                assert_eq!(standing(run, address.parse().ok()), expected, "{address}");
            }
            assert_eq!(standing(run, None), Standing::Neither);
        });
    }

    /// From the longest run that fits beside its record to the shortest that does not, and far beyond.
    #[test]
    fn names_of_every_length_come_back() {
        let networks = Networks {
            banned: ranges(&["10.0.0.5"]),
            trusted: ranges(&["10.0.0.0/8"]),
        };
        for len in 0..=UserName::LEN_MAX {
            let name = "n".repeat(len);
            with_run(&name, &networks, |run| {
                assert!(with_name(run, |read| read == name), "{len}");
                assert_eq!(
                    name_bytes(run).get(len..).unwrap().iter().max().unwrap_or(&0),
                    &0,
                    "{len}"
                );
                assert_eq!(super::networks(run), networks, "{len}");
            });
        }
    }

    proptest! {
        /// Merged, sorted and searched ranges decide as the plain list does.
        #[test]
        fn searching_merged_ranges_decides_as_the_list_does(
            list in prop::collection::vec((0_u32..40, 0_u32..6), 0..12),
            wide in prop::collection::vec((0_u128..40, 0_u128..6), 0..12),
            address in 0_u32..50,
        ) {
            let trusted = list.iter().map(|(first, len)| AddressRange::V4 { first: *first, last: first + len });
            let trusted: Vec<_> = trusted
                .chain(wide.iter().map(|(first, len)| AddressRange::V6 { first: *first, last: first + len }))
                .collect();
            let networks = Networks { banned: Vec::new(), trusted: trusted.clone() };
            for peer in [
                IpAddr::V4(core::net::Ipv4Addr::from_bits(address)),
                IpAddr::V6(core::net::Ipv6Addr::from_bits(u128::from(address))),
            ] {
                let expected = trusted.iter().any(|range| range.contains(peer));
                let found = with_run("n", &networks, |run| standing(run, Some(peer)) == Standing::Trusted);
                prop_assert_eq!(found, expected);
            }
        }
    }
}
