//! How the writer stands, for whoever watches it.

use std::sync::Arc;

use parking_lot::Mutex;

/// What the writer says of itself after each transaction.
#[derive(Clone, Default)]
pub(crate) struct Standing(Arc<Mutex<Figures>>);

#[derive(Default)]
struct Figures {
    users: u64,
    tokens: u64,
    ended: Option<Arc<str>>,
}

impl Standing {
    pub(crate) fn new((users, tokens): (u64, u64)) -> Self {
        let ended = None;
        Self(Arc::new(Mutex::new(Figures { users, tokens, ended })))
    }

    pub(super) fn count(&self, (users, tokens): (u64, u64)) {
        let mut figures = self.0.lock();
        (figures.users, figures.tokens) = (users, tokens);
    }

    pub(super) fn end_writes(&self, reason: &Arc<str>) {
        self.0.lock().ended = Some(Arc::clone(reason));
    }

    /// Users, tokens, and why nothing is written any more, if that is so.
    pub(crate) fn read(&self) -> (u64, u64, Option<Arc<str>>) {
        let figures = self.0.lock();
        (figures.users, figures.tokens, figures.ended.clone())
    }
}
