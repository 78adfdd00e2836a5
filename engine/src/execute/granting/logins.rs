//! Writing down logins.

use super::super::{Batch, Execute, Fault};
use super::described;
use crate::granting::{LoginOutcome, RecordLogin};

impl Execute for RecordLogin {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let action = match self.outcome {
            LoginOutcome::Succeeded => "login.success",
            LoginOutcome::Failed | LoginOutcome::Throttled => "login.failure",
        };
        let after = described::login(self.outcome, self.count);
        batch.did(action, &self.who, None, Some(after));
        Ok(())
    }
}
