//! What the comparisons of the check share: the plain facts, the code under test behind them, and its twin.
#![allow(dead_code, reason = "each test binary takes what it needs")]

pub mod facts;
pub mod vectors;
pub mod native;
pub mod paths;
pub mod reading;
pub mod reference;

use facts::Outcome;
use reference::Answer;

/// A verdict as the twin would say it.
pub fn said(outcome: &Outcome) -> Answer {
    let (verdict, subject, quota) = match outcome {
        Outcome::Granted { permit } => {
            let verdict = if permit.upgrade { "permit upgrade" } else { "permit" };
            (verdict.to_owned(), &permit.subject, &permit.quota)
        }
        Outcome::Denied(denied) => {
            let mut verdict = format!("{} {}", denied.gate, denied.deny);
            for (word, more) in [
                (" unsettled ", &denied.unsettled),
                (" of ", &denied.schemes),
                (" wants ", &denied.wants),
            ] {
                verdict.extend(more.iter().flat_map(|more| [word, more.as_str()]));
            }
            (verdict, &denied.subject, &denied.quota)
        }
    };
    let subject = subject.as_ref().map(|it| {
        let acts = [&it.settled, &it.client, &it.scopes].map(|word| word.clone().unwrap_or_default());
        (it.user, it.token, it.place.clone(), acts.join("|"))
    });
    let quota = quota.as_ref().map(|it| (it.limit, it.remaining, it.reset_after_ms));
    (verdict, subject, quota)
}
