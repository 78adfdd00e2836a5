//! Commands that nobody waits for yet.

use super::Engine;
use crate::audit::Author;
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
        self.by(Author::application()).submit(command)
    }

    /// This engine in somebody's hands: their commands stand under their name in the audit trail.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{AddUser, AuditOrder, Author};
    ///
    /// let author = Author::new("ann", "203.0.113.9");
    /// engine.by(author).execute(AddUser::named("alice".parse()?))?;
    /// let trail = engine.audit(AuditOrder::NewestFirst, None, 10)?;
    /// assert_eq!((trail.items[0].actor.as_str(), trail.items[0].action.as_str()), ("ann", "user.add"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by(&self, author: Author) -> Authored<'_> {
        Authored { engine: self, author }
    }
}

/// An engine in somebody's hands.
#[derive(Clone, Debug)]
pub struct Authored<'e> {
    engine: &'e Engine,
    author: Author,
}

impl Authored<'_> {
    /// As [`Engine::execute`].
    pub fn execute<C: Command>(&self, command: C) -> Result<<C as Command>::Outcome, ExecuteError> {
        self.submit(command)?.wait()
    }

    /// As [`Engine::submit`].
    pub fn submit<C: Command>(&self, command: C) -> Result<Submitted<C>, ExecuteError> {
        let author = self.author.clone();
        let message = |reply| Message::Command(Box::new(Pending::new(command, author, reply)));
        Ok(Submitted(self.engine.0.queue.ask(message)?))
    }
}
