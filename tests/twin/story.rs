//! A script told to the code under test and to its twin, step by step.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tollgate_core::{HeldPermit, Permit, Verdict};

use super::fault::Fault;
use super::script::{Keep, Move};
use crate::support::facts::{Change, Proof, Request};
use crate::support::reference::{Answer, Held, Reference};
use crate::support::{native, said};

const DIGEST_KEY: &str = "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed";
/// Late enough for the clock to step back by hours.
pub(crate) const BEGINNING_MS: u64 = 1_700_000_000_000;

/// A permit of the code under test, as its caller keeps it.
enum Kept<'v> {
    Borrowed(Permit<'v>),
    Owned(HeldPermit),
}

/// Compares verdict, subject and quota after each request, and counts the verdicts.
///
/// With a fault, the twin is wrong in that way.
pub(crate) fn tell(
    script: &[Move],
    fault: Option<Fault>,
    seen: &mut BTreeMap<String, u32>,
) -> Result<(), TestCaseError> {
    let (view, mut writer) = native::view(DIGEST_KEY);
    let (mut twin, mut now_ms) = (Reference::default(), BEGINNING_MS);
    let mut held: Vec<(Kept<'_>, Held)> = Vec::new();
    for (at, step) in script.iter().enumerate() {
        match step {
            Move::Clock(millis) => now_ms = now_ms.saturating_add_signed(*millis),
            Move::Change(change) => {
                let change = &dated(change, now_ms);
                let mut told = change.clone();
                if let Some(fault) = fault {
                    fault.bend_change(&mut told);
                }
                let could = native::change(&mut writer, change);
                prop_assert_eq!(could, twin.change(&told), "step {}: {:?}", at, change);
                if let Some(fault) = fault {
                    fault.bend_after_change(&mut twin, change);
                }
            }
            Move::End { pick, undo } => {
                if let Some(pick) = pick.checked_rem(held.len()) {
                    let (kept, twins) = held.swap_remove(pick);
                    let undo = end(kept, *undo);
                    if fault != Some(Fault::PlacesStayTaken) {
                        twin.end(twins, undo);
                    }
                }
            }
            Move::Ask(request, keep) => {
                let verdict = native::ask(&view, request, now_ms);
                let answer = said(&native::outcome(&view, request, &verdict));
                let (twins_answer, twins_permit) = ask_twin(&mut twin, request, now_ms, fault);
                prop_assert_eq!(&answer, &twins_answer, "step {} at {}: {:?}", at, now_ms, request);
                *seen.entry(counted(&answer)).or_default() += 1;
                if let (Verdict::Permit(permit), Some(twins)) = (verdict, twins_permit) {
                    match keep {
                        Keep::No => {
                            drop(permit);
                            twin.end(twins, false);
                        }
                        Keep::Borrowed => held.push((Kept::Borrowed(permit), twins)),
                        Keep::Owned => held.push((Kept::Owned(permit.hold()), twins)),
                    }
                }
            }
        }
    }
    Ok(())
}

/// The change as it is made now: a script says of a proof how long it holds from then on.
fn dated(change: &Change, now_ms: u64) -> Change {
    match change {
        Change::Remember(proof) => Change::Remember(Proof {
            until_ms: now_ms.saturating_add(proof.until_ms),
            ..proof.clone()
        }),
        other => other.clone(),
    }
}

fn ask_twin(twin: &mut Reference, request: &Request, now_ms: u64, fault: Option<Fault>) -> (Answer, Option<Held>) {
    let mut told = request.clone();
    if let Some(fault) = fault {
        fault.bend_request(&mut told);
    }
    let (answer, permit) = twin.check(&told, now_ms);
    if let Some(fault) = fault {
        fault.bend_after_answer(twin, &answer, now_ms);
    }
    (answer, permit)
}

/// Ends a request, and answers whether it was undone: only a borrowed permit can be.
fn end(kept: Kept<'_>, undo: bool) -> bool {
    match kept {
        Kept::Borrowed(permit) if undo => permit.cancel(),
        Kept::Borrowed(permit) => drop(permit),
        Kept::Owned(permit) => {
            drop(permit);
            return false;
        }
    }
    undo
}

/// The verdict, for a permit with its place, what was proven, and who acts.
fn counted((verdict, subject, _): &Answer) -> String {
    let Some((.., place, acts)) = subject.as_ref().filter(|_| verdict.starts_with("permit")) else {
        return verdict.clone();
    };
    let mut words = acts.split('|');
    let mut said = |word: &str| match words.next().unwrap_or_default() {
        "" => String::new(),
        name => format!(" {word} {name}"),
    };
    format!("{verdict} {place}{}{}", said("by"), said("as"))
}
