//! The shared vectors, asked of the compiled plugin as a proxy asks: facts come to it over a feed, requests as header maps, and
//! what it does with them must be what the check itself says.
#![allow(unreachable_pub, reason = "the support is another package's too")]

#[cfg(test)]
mod plugin;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors_in_plugin {
    pub(crate) mod judge;
    pub(crate) mod left;
    pub(crate) mod run;
}

use std::collections::BTreeSet;

use plugin::{compiled, program};
use support::facts::{Outcome, Step};
use support::vectors::files;
use tollgate_wasm::Program;
use vectors_in_plugin::judge::Left;
use vectors_in_plugin::left::LEFT;
use vectors_in_plugin::run::{Wrong, run};

/// How many vectors hold, and which were left out; those that fail are told.
fn hold_in(program: &Program) -> (u32, BTreeSet<(Left, String, String)>) {
    let (mut held, mut left, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for (name, file) in &files() {
        for vector in &file.vectors {
            match run(program, file, vector) {
                Ok(()) => held += 1,
                Err(Wrong::Left(why)) => drop(left.insert((why, name.clone(), vector.name.clone()))),
                Err(Wrong::Failed(what)) => wrong.push(format!("{name}: {}: {what}", vector.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} vectors fail\n{}", wrong.len(), wrong.join("\n"));
    (held, left)
}

#[test]
fn every_vector_that_a_proxy_can_ask_holds_in_the_plugin() {
    let (held, left) = hold_in(program());
    let expected: BTreeSet<(Left, String, String)> = LEFT
        .iter()
        .map(|(why, file, name)| (*why, (*file).to_owned(), (*name).to_owned()))
        .collect();
    assert_eq!(left, expected, "other vectors are left out than are named");
    assert!(held >= 490, "only {held} were asked");
}

/// Digests are computed by other code there.
#[test]
fn the_same_holds_in_the_build_without_simd() {
    let (held, _) = hold_in(&compiled("tollgate_proxy_plain.wasm"));
    assert!(held >= 490, "only {held} were asked");
}

/// A judge who agrees with everything would find every vector right.
#[test]
fn a_verdict_that_is_expected_wrongly_is_noticed() {
    let mut files = files();
    let file = files.get_mut("basic").unwrap();
    let (mut permits, mut denials) = (0, 0);
    for mut vector in std::mem::take(&mut file.vectors) {
        for step in &mut vector.steps {
            let Step::Ask(ask) = step else { continue };
            match &mut ask.expect {
                Outcome::Granted { permit } => {
                    let subject = permit.subject.as_mut().unwrap();
                    subject.token += 1;
                    permits += 1;
                }
                Outcome::Denied(denied) if denied.deny == "unknown_token" => {
                    // Another row with the same status, told apart by nothing but the count.
                    "expired".clone_into(&mut denied.deny);
                    denials += 1;
                }
                Outcome::Denied(denied) => {
                    "operation_refused".clone_into(&mut denied.deny);
                    denials += 1;
                }
            }
        }
        assert!(
            matches!(run(program(), file, &vector), Err(Wrong::Failed(_))),
            "{} holds with a wrong verdict",
            vector.name
        );
    }
    assert!(permits > 5 && denials > 5, "{permits} and {denials} were exchanged");
}
