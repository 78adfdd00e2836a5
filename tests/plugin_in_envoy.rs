//! The plugin in the workers of a real Envoy.
//!
//! `plugins/proxy/build` makes the modules that run here. Most stories are told with a feed that the test makes up, which can
//! say anything at any moment; `engine` has a real one.
//!
//! - `vectors`: every shared vector that a proxy can express.
//! - `hostile`: requests that nobody would send in good faith.
//! - `forms`: credentials in bodies.
//! - `places`: requests at a time.
//! - `faults`: of the module, its configuration and its feed.
//! - `traps`: requests that are under way in a module that traps.
//! - `reload`: other configurations and modules while clients ask.
//! - `engine`: a real server, its changes, its absence and its successor.
//! - `grants`: passwords, signed tokens and routes of a real server.

mod support;
mod plugin_in_envoy {
    pub(crate) mod world;
    pub(crate) mod feed;
    pub(crate) mod upstream;
    pub(crate) mod scene;
    pub(crate) mod answers;
    pub(crate) mod left;
    mod vectors;
    mod hostile;
    mod forms;
    mod places;
    mod faults;
    mod traps;
    mod reload;
    mod engine;
    mod grants;
}
