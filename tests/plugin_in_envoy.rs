//! The plugin in the workers of a real Envoy.
//!
//! `plugins/proxy/build` makes the modules that run here.

mod support;
#[allow(dead_code, reason = "each story takes what it needs")]
mod plugin_in_envoy {
    pub(crate) mod world;
    pub(crate) mod feed;
    pub(crate) mod upstream;
    pub(crate) mod scene;
    pub(crate) mod answers;
    pub(crate) mod left;
    mod vectors;
    mod forms;
    mod places;
}
