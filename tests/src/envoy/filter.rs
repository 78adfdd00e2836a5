//! A Wasm module as an HTTP filter, in the words of Envoy's configuration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// A module that Envoy's V8 runs in each worker, in the way the plugin's documentation asks for.
#[derive(Clone, Debug)]
pub struct WasmFilter {
    /// The file of the module.
    pub module: PathBuf,
    /// Plugins with the same one share data, and are one VM where their module is the same.
    pub vm_id: String,
    /// What `proxy_on_configure` can read; any text, so that a test can give garbage.
    pub configuration: String,
    /// The backoff of `FAIL_RELOAD`; none for `FAIL_CLOSED`.
    pub reloads_after: Option<Duration>,
    /// Whether a filter that holds a request's headers still gets its body.
    pub allow_on_headers_stop_iteration: bool,
}

impl WasmFilter {
    /// The module in a VM of its own, without configuration, made anew a second after it trapped.
    pub fn new(module: &Path, vm_id: &str) -> Self {
        Self {
            module: module.to_owned(),
            vm_id: vm_id.to_owned(),
            configuration: String::new(),
            reloads_after: Some(Duration::from_secs(1)),
            allow_on_headers_stop_iteration: false,
        }
    }

    /// The same with this configuration.
    #[must_use]
    pub fn configured(mut self, configuration: &Value) -> Self {
        self.configuration = configuration.to_string();
        self
    }

    /// The entry for the list of HTTP filters.
    pub fn entry(&self) -> Value {
        let mut plugin = json!({
            "name": self.vm_id,
            "vm_config": {
                "vm_id": self.vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": { "local": { "filename": self.module } },
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": self.configuration,
            },
            "failure_policy": "FAIL_CLOSED",
            "allow_on_headers_stop_iteration": self.allow_on_headers_stop_iteration,
        });
        if let Some(interval) = self.reloads_after {
            plugin["failure_policy"] = "FAIL_RELOAD".into();
            let interval = format!("{}s", interval.as_secs_f64());
            plugin["reload_config"] = json!({ "backoff": { "base_interval": interval } });
        }
        json!({
            "name": "envoy.filters.http.wasm",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": plugin,
            },
        })
    }
}
