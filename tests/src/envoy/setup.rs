//! What an Envoy runs, and the configuration that says so.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

/// What an Envoy is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Worker threads. Connections are dealt out to them in turn.
    pub workers: u32,
    /// The HTTP filters before the router, in order.
    pub filters: Vec<Value>,
    /// The application behind it. Without one Envoy itself answers 200 where the filters let a request pass.
    pub upstream: Option<SocketAddr>,
    /// Servers that the filters call.
    pub clusters: Vec<Cluster>,
    /// Fields of the HTTP connection manager besides those that every test wants.
    pub http: Value,
    /// Fields of the bootstrap besides those that every test wants.
    pub bootstrap: Value,
    /// The processors that it may use; all without.
    pub processors: Option<String>,
}

/// A server under the name by which filters call it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Envoy's name for it.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Setup {
    /// One worker that answers by itself, with these filters.
    pub fn of(filters: Vec<Value>) -> Self {
        Self {
            workers: 1,
            filters,
            upstream: None,
            clusters: Vec::new(),
            http: json!({}),
            bootstrap: json!({}),
            processors: None,
        }
    }

    /// The same with another server that filters can call.
    #[must_use]
    pub fn with_cluster(mut self, name: &str, address: SocketAddr) -> Self {
        let name = name.to_owned();
        self.clusters.push(Cluster { name, address });
        self
    }

    /// The same with so many workers.
    #[must_use]
    pub fn with_workers(self, workers: u32) -> Self {
        Self { workers, ..self }
    }

    /// The same in front of an application.
    #[must_use]
    pub fn before(self, upstream: SocketAddr) -> Self {
        Self {
            upstream: Some(upstream),
            ..self
        }
    }

    /// The bootstrap, which has the listener read from the file `listeners`.
    pub(super) fn bootstrap(&self, listeners: &Path) -> Value {
        let upstream = self.upstream.iter().map(|address| ("upstream", *address));
        let named = self.clusters.iter().map(|cluster| (&*cluster.name, cluster.address));
        let clusters: Vec<Value> = upstream.chain(named).map(|(name, at)| cluster(name, at)).collect();
        let mut bootstrap = json!({
            "node": { "id": "tests", "cluster": "tests" },
            "admin": { "address": address("127.0.0.1:0".parse().unwrap()) },
            "static_resources": { "clusters": clusters },
            "dynamic_resources": { "lds_config": { "path_config_source": { "path": listeners } } },
        });
        merge(&mut bootstrap, &self.bootstrap);
        bootstrap
    }

    /// The answer of discovery with the one listener, as its file holds it.
    pub(super) fn listeners(&self, filters: &[Value], version: u64) -> Value {
        let mut http = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "ingress",
            "use_remote_address": true,
            "normalize_path": true,
            "merge_slashes": true,
            "path_with_escaped_slashes_action": "REJECT_REQUEST",
            "common_http_protocol_options": { "headers_with_underscores_action": "DROP_HEADER" },
            "http_protocol_options": { "allow_custom_methods": true },
            "generate_request_id": false,
            "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [self.route()] }] },
        });
        merge(&mut http, &self.http);
        let mut filters = filters.to_vec();
        filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
        }));
        http["http_filters"] = filters.into();
        let listener = json!({
            "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
            "name": "ingress",
            "address": address("127.0.0.1:0".parse().unwrap()),
            "connection_balance_config": { "exact_balance": {} },
            "filter_chains": [{ "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": http,
            }] }],
        });
        json!({ "version_info": version.to_string(), "resources": [listener] })
    }

    fn route(&self) -> Value {
        let every = json!({ "prefix": "/" });
        match self.upstream {
            Some(_) => json!({ "match": every, "route": { "cluster": "upstream" } }),
            None => json!({
                "match": every,
                "direct_response": { "status": 200, "body": { "inline_string": "passed" } },
            }),
        }
    }
}

fn cluster(name: &str, at: SocketAddr) -> Value {
    json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(at) } }] }],
        },
        // Tollgate closes a connection that was idle for 15 s; Envoy must not be about to use it.
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "common_http_protocol_options": { "idle_timeout": "10s" },
            "explicit_http_config": { "http_protocol_options": {} },
        } },
    })
}

fn address(at: SocketAddr) -> Value {
    json!({ "socket_address": { "address": at.ip(), "port_value": at.port() } })
}

/// Puts the members of `more` into `object`, objects into objects; anything else takes the place of what stood there.
fn merge(object: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        match object.get_mut(name) {
            Some(inner) if inner.is_object() && value.is_object() => merge(inner, value),
            _ => object[name] = value.clone(),
        }
    }
}
