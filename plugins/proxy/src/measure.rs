//! What only benchmarks ask for: the check by itself, as often as they like, without the calls to the proxy around it.

#![allow(unsafe_code, reason = "exported symbols")]

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};

use tollgate_core::{Field, LiveView, RequestParts, TokenKind, TokenText, Verdict, WellFormed, check};

use crate::clock;
use crate::vm;

const SCHEME: &[u8] = b"Bearer ";
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 200, 3, 4));

/// The values that are presented in turn.
#[derive(Default)]
struct Presented {
    values: Vec<Vec<u8>>,
    at: usize,
}

thread_local! {
    static PRESENTED: RefCell<Presented> = RefCell::default();
}

/// Makes the tokens that a benchmark has put into the view, of which every `step`th is presented. Answers how many those are.
#[unsafe(no_mangle)]
extern "C" fn tollgate_measure_present(tokens: u32, step: u32) -> u32 {
    let mut state = 1;
    let mut values = Vec::new();
    for number in 0..tokens {
        let entropy = entropy(&mut state);
        if number.is_multiple_of(step.max(1)) {
            let text = TokenText::from_entropy(TokenKind::Authtoken, &entropy);
            values.push([SCHEME, text.expose().as_bytes()].concat());
        }
    }
    let count = values.len() as u32;
    PRESENTED.set(Presented { values, at: 0 });
    count
}

/// Checks a request for each of the next values. Answers how many passed.
#[unsafe(no_mangle)]
extern "C" fn tollgate_measure_checks(times: u32, _: u32) -> u32 {
    let now = clock::now();
    each(times, |view, value| {
        let parts = RequestParts {
            method: b"GET",
            path: b"/api/orders",
            peer: Some(PEER),
            authorization: Field::Once(value),
            ..RequestParts::default()
        };
        matches!(check(view, &parts, now), Verdict::Permit(_))
    })
}

/// The digest of each of the next values, and the record under it. Answers how many there were.
#[unsafe(no_mangle)]
extern "C" fn tollgate_measure_look_ups(times: u32, _: u32) -> u32 {
    each(times, |view, value| {
        let token = value.strip_prefix(SCHEME).unwrap_or_default();
        WellFormed::parse(token).is_ok_and(|token| view.token(&view.digest(token)).is_some())
    })
}

/// The digest of each of the next values, and nothing else.
#[unsafe(no_mangle)]
extern "C" fn tollgate_measure_digests(times: u32, _: u32) -> u32 {
    const KEY: [u8; 32] = [7; 32];
    each(times, |_, value| {
        let token = value.strip_prefix(SCHEME).unwrap_or_default();
        blake3::keyed_hash(&KEY, token).as_bytes()[0] != 0
    })
}

fn each(times: u32, mut one: impl FnMut(&LiveView, &[u8]) -> bool) -> u32 {
    PRESENTED.with_borrow_mut(|presented| {
        let Presented { values, at } = presented;
        vm::with_view(0, |view| {
            let mut counted = 0;
            for _ in 0..times {
                *at = if *at + 1 < values.len() { *at + 1 } else { 0 };
                counted += values.get(*at).map_or(0, |value| u32::from(one(view, value)));
            }
            counted
        })
    })
}

/// Numbers that look random and are the same in every run (Steele, Lea and Flood 2014).
fn entropy(state: &mut u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_exact_mut(8) {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes
}
