//! What plugins/proxy/README.md offers for copying runs in a real Envoy as it stands, with both locks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says where it failed by panicking"
)]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use tollgate_tests::envoy::{Admin, built};
use tollgate_tests::http::{Request, exchange};
use tollgate_tests::process::Process;
use tollgate_tests::proxy::program;
use tollgate_tests::tollgate::Store;
use tollgate_tests::wait::{self, PATIENCE};

const README: &str = include_str!("../plugins/proxy/README.md");

/// The blocks of YAML, in order.
fn blocks() -> Vec<&'static str> {
    let after = README.split("```yaml\n").skip(1);
    after.filter_map(|rest| rest.split("```").next()).collect()
}

fn indented(block: &str, by: usize) -> String {
    block.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

/// The README's filters and cluster in the smallest configuration that runs them.
fn bootstrap(module: &Path, engine: SocketAddr, without: Option<&str>) -> String {
    let mut filters = blocks()[0].replace("/etc/envoy/tollgate_proxy.wasm", module.to_str().unwrap());
    if let Some(name) = without {
        let begin = filters.find(&format!("- name: {name}\n")).unwrap();
        let end = filters[begin + 1..].find("\n- name: ").unwrap() + begin + 2;
        filters.replace_range(begin..end, "");
    }
    let clusters = blocks()[1].replace("port_value: 8480", &format!("port_value: {}", engine.port()));
    format!(
        r#"admin: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: 0 }} }} }}
static_resources:
  listeners:
  - name: ingress
    address: {{ socket_address: {{ address: 127.0.0.1, port_value: 0 }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ingress
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{ match: {{ prefix: / }}, direct_response: {{ status: 200, body: {{ inline_string: passed }} }} }}]
{}
{}"#,
        indented(&filters, 10),
        indented(&clusters, 2)
    )
}

struct Running {
    address: SocketAddr,
    admin: Admin,
    _process: Process,
    _folder: tempfile::TempDir,
}

fn run(bootstrap: &str, feed_token: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("envoy.yaml"), bootstrap).unwrap();
    let mut command = Command::new(program("envoy", "tests/run setup"));
    command.args(["--disable-hot-restart", "--concurrency", "2", "--log-level", "warning"]);
    command.arg("--config-path").arg(file("envoy.yaml"));
    command.arg("--admin-address-path").arg(file("admin"));
    command.env("TOLLGATE_FEED_TOKEN", feed_token);
    let mut process = Process::start("envoy", &mut command);
    let (admin, address) = wait::until("Envoy listens", PATIENCE, || {
        assert!(process.ended().is_none(), "Envoy has ended:\n{}", process.output());
        let admin = Admin::at(fs::read_to_string(file("admin")).ok()?.trim().parse().ok()?);
        let address = admin.is_ready().then(|| admin.listener("ingress")).flatten()?;
        Some((admin, address))
    });
    Running {
        address,
        admin,
        _process: process,
        _folder: folder,
    }
}

#[test]
fn the_configuration_for_envoy_runs_as_it_is_printed() {
    let store = Store::init();
    for rule in ["0.0.0.0/0", "::/0"] {
        store.run(&["network", "trust", rule]);
    }
    store.run(&["settings", "set", "allow_preflight", "true"]);
    store.run(&["user", "add", "ann"]);
    let (_, token) = store.issue("ann", &[]);
    let feed_token = store.run(&["feed-token", "issue", "edge"])["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = store.serve();
    let module = built("tollgate_proxy.wasm");

    let envoy = run(&bootstrap(&module, server.address(), None), &feed_token);
    envoy.admin.wait_for("the workers have the view", |stats| {
        stats.value("wasmcustom.tollgate.workers_ready") == 3
    });
    let forged = || Request::get("/").field("x-tollgate-user", "ann");
    let preflight = Request::new("OPTIONS", "/")
        .field("origin", "https://example.com")
        .field("access-control-request-method", "GET");
    for (request, status) in [
        (Request::get("/").bearer(&token), 200),
        (forged().bearer(&token), 200),
        (preflight, 200),
        (Request::get("/"), 401),
        (forged(), 401),
    ] {
        assert_eq!(exchange(envoy.address, &request).status, status);
    }
    assert!(
        !envoy.admin.page("/config_dump").contains(&feed_token),
        "the token stands in the environment alone"
    );

    // Where the plugin is not there, as on a worker that could not start it, the second lock holds.
    let envoy = run(&bootstrap(&module, server.address(), Some("tollgate")), &feed_token);
    for request in [Request::get("/").bearer(&token), forged(), forged().bearer(&token)] {
        assert_eq!(exchange(envoy.address, &request).status, 403);
    }
}
