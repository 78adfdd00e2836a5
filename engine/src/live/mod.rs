//! The live view: filled when a store is opened, changed by committed changes alone.

mod admins;
mod apply;
mod load;

pub(crate) use admins::LiveAdminTokens;
pub(crate) use apply::{Applier, TrustedProxies};
pub(crate) use load::{Loaded, load};
