//! Grants: what is good once is good once, what is taken back stays taken back, and what ends ends by itself.
//!
//! Each test that refuses has a twin beside it that is accepted. Every moment is set by hand, and the sweeper is off unless a test
//! runs it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

mod grants {
    pub(crate) mod scene;
    mod codes;
    mod refreshes;
    mod unusable;
    mod consents;
    mod sessions;
    mod taken_back;
    mod identifiers;
    mod signing_keys;
    mod trail;
    mod sweeping;
    mod memory;
    mod model;
    mod protocol;
    mod at_once;
}
