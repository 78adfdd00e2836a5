//! A check explained: which gates let a request through, which one refused, why, and what to do next.
//!
//! The decision itself is the engine's; here it is only put in words, with the facts that it went by.

mod facts;
mod words;

use serde::{Deserialize, Serialize};
use tollgate::{Denial, Engine, Gate, Verdict};

use super::fault::Stop;
use super::request::CheckRequest;
use crate::parts::request_parts;
use facts::{Asked, Facts};

/// A check, gate by gate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explained {
    /// Whether the request may pass.
    pub permitted: bool,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The label of the deny reason, where there is one.
    pub reason: Option<String>,
    /// The name of the user whose token it is, where one was recognised.
    pub user: Option<String>,
    /// The id of that token.
    pub token_id: Option<String>,
    /// What to do about a refusal.
    pub next: Option<String>,
    /// Every gate, in the order in which they are asked.
    pub gates: Vec<GateShown>,
}

/// One gate of a check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GateShown {
    /// The gate's name in snake case.
    pub id: String,
    /// How it went.
    pub outcome: Outcome,
    /// Why; empty where the gate was not asked.
    pub why: String,
}

/// How a gate went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It let the request through.
    Passed,
    /// It refused, and was the last to be asked.
    Refused,
    /// A gate before it had refused, or the request needed no answer of it.
    NotAsked,
}

/// Explains the check of `request`, charging nothing.
///
/// # Errors
///
/// [`Stop`] where the request makes no sense, or the facts cannot be read from the store.
pub(super) fn explain(engine: &Engine, request: &CheckRequest) -> Result<Explained, Stop> {
    let asked = Asked::read(request)?;
    let parts = request_parts(asked.target, &asked.headers, Some(asked.ip), None);
    let (denial, subject, quota) = match engine.check(&parts, engine.now()) {
        Verdict::Permit(permit) => {
            let granted = (None, permit.subject(), permit.quota());
            permit.cancel();
            granted
        }
        Verdict::Denial(denial) => (Some(denial), denial.subject, denial.quota),
    };
    let facts = Facts::read(engine, &asked, subject, quota)?;
    let is_unasked = parts.preflight && facts.settings.allow_preflight || denial.is_none() && subject.is_none();
    let sequence = sequence(&facts, is_unasked);
    let refused_at = denial.and_then(|denial| sequence.iter().position(|gate| *gate == denial.gate));
    let mut gates: Vec<GateShown> = Vec::with_capacity(Gate::ALL.len());
    for (at, gate) in sequence.iter().enumerate() {
        gates.push(match (&denial, refused_at) {
            (Some(denial), Some(end)) if at == end => shown(*gate, Outcome::Refused, words::refused(&facts, denial)),
            (Some(_), Some(end)) if at > end => shown(*gate, Outcome::NotAsked, String::new()),
            _ => shown(*gate, Outcome::Passed, words::passed(&facts, *gate)),
        });
    }
    let never = Gate::ALL.iter().filter(|gate| !sequence.contains(gate));
    gates.extend(never.map(|gate| shown(*gate, Outcome::NotAsked, String::new())));
    Ok(Explained {
        permitted: denial.is_none(),
        status: denial.map_or(200, |denial| denial.reason.row().status),
        reason: denial.map(|denial| denial.reason.row().label.to_owned()),
        user: facts.user.as_ref().map(|user| user.name.to_string()),
        token_id: subject
            .filter(|subject| subject.settled.is_none())
            .map(|subject| subject.token.0.to_string()),
        next: denial.map(|denial: Denial| words::next(&facts, &denial)),
        gates,
    })
}

fn shown(gate: Gate, outcome: Outcome, why: String) -> GateShown {
    GateShown {
        id: words::id(gate).to_owned(),
        outcome,
        why,
    }
}

/// The gates in the order in which this request meets them. A token that came from an address which not everybody trusts
/// must first be one whose user trusts it; a request that no credential is asked of meets three gates only.
fn sequence(facts: &Facts, is_unasked: bool) -> Vec<Gate> {
    if is_unasked {
        return vec![Gate::NetworkGlobal, Gate::Route, Gate::Freshness];
    }
    let mut gates = Gate::ALL.to_vec();
    if !facts.is_trusted_by_all() {
        gates.sort_by_key(|gate| match gate {
            Gate::NetworkGlobal | Gate::Route | Gate::Extract | Gate::LookUp => 0,
            Gate::NetworkUser => 1,
            _ => 2,
        });
    }
    gates
}
