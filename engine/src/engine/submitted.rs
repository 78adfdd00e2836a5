//! Commands that nobody waits for yet.

use super::Engine;
use crate::execute::Command;
use crate::writer::{Answer, ExecuteError, Message, Pending};

/// A command in the writer's queue. It is carried out whether anybody waits for it or not.
#[must_use = "whether the command was carried out is said nowhere else"]
pub struct Submitted<C: Command>(Answer<Result<C::Answer, ExecuteError>>);

impl<C: Command> Submitted<C> {
    /// Blocks until the command is durable and visible, or was not carried out; answers what [`Engine::execute`] answers.
    pub fn wait(self) -> Result<<C as Command>::Outcome, ExecuteError> {
        Ok(self.0.wait()??.into())
    }
}

impl Engine {
    /// Hands a command to the writer and returns; blocks only while the queue is full.
    ///
    /// The commands of one thread are carried out in the order in which they were submitted. Many that wait share one
    /// commit, so that a thread which submits all before it waits for the first pays for few.
    ///
    /// # Errors
    ///
    /// [`ExecuteError::Unavailable`] where the engine is closed: the command was not carried out.
    pub fn submit<C: Command>(&self, command: C) -> Result<Submitted<C>, ExecuteError> {
        let message = |reply| Message::Command(Box::new(Pending::new(command, reply)));
        Ok(Submitted(self.0.queue.ask(message)?))
    }
}
