//! The shared vectors, asked over HTTP: a real engine behind a real socket must say what the check itself says.
//!
//! What an engine has no command for, or JSON and a URI cannot carry, is left out; the test says how many that leaves.

mod support;
mod vectors_over_http {
    pub(crate) mod judge;
    pub(crate) mod question;
    pub(crate) mod world;
}

use support::facts::{Change, Step, Vector, VectorFile};
use support::vectors::files;
use vectors_over_http::judge::Judge;
use vectors_over_http::question;
use vectors_over_http::world::Left;

/// Why a vector does not hold, or what left it out.
enum Wrong {
    Left(Left),
    Failed(String),
}

impl From<Left> for Wrong {
    fn from(left: Left) -> Self {
        Self::Left(left)
    }
}

fn run(file: &VectorFile, vector: &Vector) -> Result<(), Wrong> {
    for step in &vector.steps {
        if let Step::Ask(ask) = step {
            question::carried(&ask.request)?;
        }
    }
    let mut judge = Judge::new(
        vector.server.as_ref().unwrap_or(&file.world.server),
        vector.users.as_ref().unwrap_or(&file.world.users),
        vector.tokens.as_ref().unwrap_or(&file.world.tokens),
    )?;
    for (at, step) in vector.steps.iter().enumerate() {
        let wrong = match step {
            Step::Ask(ask) => judge.ask(ask)?,
            Step::Change(amend) => judge.change(&amend.change).map(|()| None)?,
            Step::Release(held) => judge.release(&held.release),
        };
        wrong.map_or(Ok(()), |wrong| Err(Wrong::Failed(format!("step {}: {wrong}", at + 1))))?;
    }
    Ok(())
}

#[test]
fn every_vector_that_can_be_asked_over_http_holds() {
    let (mut held, mut left, mut wrong) = (0, Vec::new(), Vec::new());
    for (name, file) in &files() {
        for vector in &file.vectors {
            match run(file, vector) {
                Ok(()) => held += 1,
                Err(Wrong::Left(Left(why))) => left.push(format!("{name}: {}: {why}", vector.name)),
                Err(Wrong::Failed(what)) => wrong.push(format!("{name}: {}: {what}", vector.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} vectors fail\n{}", wrong.len(), wrong.join("\n"));
    println!("{held} held, {} left out:\n{}", left.len(), left.join("\n"));
    assert!(held >= 400, "only {held} were asked:\n{}", left.join("\n"));
}

/// A judge who agrees with everything would find every vector right.
#[test]
fn a_verdict_that_is_expected_wrongly_is_noticed() {
    let text = include_str!("vectors/operations.json");
    let exchanged = text.replace("\"deny\": \"operation_refused\"", "\"deny\": \"insufficient_scope\"");
    let file: VectorFile = serde_json::from_str(&exchanged).unwrap();
    let noticed = file
        .vectors
        .iter()
        .filter(|vector| matches!(run(&file, vector), Err(Wrong::Failed(_))));
    assert!(noticed.count() > 5);
    assert!(file.vectors.iter().all(|vector| {
        !vector
            .steps
            .iter()
            .any(|step| matches!(step, Step::Change(amend) if matches!(amend.change, Change::RemoveToken(_))))
    }));
}
