//! How an engine is, for whoever watches over it.

use std::sync::Arc;

use tollgate_core::{Freshness, Revision};

use super::Engine;

/// How an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// The revision that checks see.
    pub revision: Revision,
    /// Users that checks know.
    pub users: u64,
    /// Tokens that checks know.
    pub tokens: u64,
    /// Commands that wait for the writer.
    pub queued: usize,
    /// Whether commands are taken, or why they are not any more before a restart.
    pub writes: Result<(), Arc<str>>,
    /// Whether checks can pass. They cannot once the view may have missed a change.
    pub checks: bool,
}

impl Engine {
    /// How this engine is, from memory.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// engine.execute(tollgate::AddUser::named("alice".parse()?))?;
    /// let condition = engine.condition();
    /// assert_eq!((condition.users, condition.writes, condition.checks), (1, Ok(()), true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn condition(&self) -> Condition {
        let (users, tokens, ended) = self.0.standing.read();
        let checks = self.0.view.freshness() != Freshness::Never;
        let gone = (!checks).then(|| Arc::from("the engine is closed, or its writer has ended"));
        Condition {
            revision: self.revision(),
            users,
            tokens,
            queued: self.0.queue.len(),
            writes: ended.or(gone).map_or(Ok(()), Err),
            checks,
        }
    }
}
