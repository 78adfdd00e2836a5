//! A vector from its facts to its last step.

use tollgate_wasm::Program;

use super::judge::{Judge, Left};
use crate::support::facts::{Change, Step, Vector, VectorFile};

/// Why a vector does not hold, or what left it out.
#[derive(Debug)]
pub(crate) enum Wrong {
    Left(Left),
    Failed(String),
}

impl From<Left> for Wrong {
    fn from(left: Left) -> Self {
        Self::Left(left)
    }
}

pub(crate) fn run(program: &Program, file: &VectorFile, vector: &Vector) -> Result<(), Wrong> {
    let server = vector.server.as_ref().unwrap_or(&file.world.server);
    let authorities = vector.authorities.as_ref().unwrap_or(&file.world.authorities);
    let users = vector.users.as_ref().unwrap_or(&file.world.users);
    let tokens = vector.tokens.as_ref().unwrap_or(&file.world.tokens);
    let mut judge = Judge::new(program, &file.digest_key);
    judge.state(&Change::SetServer(server.clone()))?;
    for authority in authorities {
        judge.state(&Change::PutAuthority(authority.clone()))?;
    }
    for user in users {
        judge.state(&Change::PutUser(user.clone()))?;
    }
    for token in tokens {
        judge.state(&Change::PutToken(token.clone()))?;
    }
    for (at, step) in vector.steps.iter().enumerate() {
        let wrong = match step {
            Step::Ask(ask) => judge.ask(ask)?,
            Step::Change(amend) => judge.change(&amend.change).map(|()| None)?,
            Step::Release(held) => {
                (!judge.release(&held.release)).then(|| "nothing is held under this label".to_owned())
            }
        };
        wrong.map_or(Ok(()), |wrong| Err(Wrong::Failed(format!("step {}: {wrong}", at + 1))))?;
    }
    Ok(())
}
