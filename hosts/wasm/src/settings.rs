//! How a proxy was told to run the plugin.

use std::time::Duration;

/// What a proxy's configuration says of the plugin, and how much a test lets it have.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration of the VM.
    pub vm_configuration: Vec<u8>,
    /// The most bytes of memory; a guest that wants more is refused, as by Envoy at 1 GiB.
    pub memory_most: usize,
    /// Whether a stop at the headers lets the body come (`allow_on_headers_stop_iteration`).
    pub stop_at_headers: bool,
    /// The clusters that the proxy knows; a callout to another is refused at once.
    pub clusters: Vec<String>,
    /// The longest that one callback may run; without one an endless loop never ends.
    pub callback_most: Option<Duration>,
    /// Environment variables of the VM, as `NAME=value`.
    pub environment: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            vm_configuration: Vec::new(),
            memory_most: 1024 * 1024 * 1024,
            stop_at_headers: false,
            clusters: vec!["tollgate".to_owned()],
            callback_most: Some(Duration::from_secs(20)),
            environment: Vec::new(),
        }
    }
}
