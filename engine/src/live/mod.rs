//! The live view: filled when a store is opened, changed by committed changes alone.

mod operators;
mod uses;
mod apply;
mod load;

pub(crate) use apply::{Applier, TrustedProxies};
pub(crate) use load::{Loaded, load};
pub(crate) use operators::{LiveOperators, NotAdmitted};
pub(crate) use uses::LiveUses;
