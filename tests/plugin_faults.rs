//! The compiled plugin, while everything around it goes wrong: no request passes that the engine would not have let pass a
//! moment ago, nothing that comes from outside traps the module, and what was wrong is over once its cause is.
#![allow(unreachable_pub, reason = "the support is another package's too")]

#[cfg(test)]
mod plugin;
#[cfg(test)]
mod plugin_faults {
    pub(crate) mod world;

    mod answers;
    mod calls;
    mod configurations;
    mod credentials;
    mod interface;
    mod memory;
    mod random;
    mod requests;
    mod time;
    mod trailers;
    mod traps;
}
#[cfg(test)]
mod support;
