//! The live index: complete in memory, read without a lock, written by one writer.
//!
//! Records are cache lines of atomic words under a sequence count, in chunks that are never moved or freed while the
//! index lives; that is why no reader can meet freed memory and no `unsafe` is needed. Tokens are found by linear hashing:
//! the table grows one bucket at a time, so growth neither stops readers nor doubles memory.

mod arena;
mod run;
mod extents;
mod sequenced;
mod shape;
mod tokens;
mod users;

pub(crate) use arena::Arena;
pub(crate) use extents::Extents;
pub(crate) use run::{ColdLine, Run};
pub(crate) use tokens::{Found, TokenIndex, TokenInserter, TokenWords};
pub(crate) use users::{UserFacts, UserSlot, UserWords, Users};

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
