//! Envoy, which asks by `ext_authz`, over HTTP or gRPC.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use super::kind::{Kind, Places, adapted, program};

/// Envoy that puts `/check` before the path of the request that it holds.
pub const ENVOY_HTTP: Kind = Kind {
    name: "envoy",
    offered: include_str!("../../../hosts/http/proxies/envoy-http.yaml"),
    command: |places| command(ENVOY_HTTP.offered, places),
    without_answer: 503,
    hands_on_body: true,
    hands_on_challenges: true,
    hands_on_unavailable: false,
    unnamed_method: 403,
    readings: &[
        ("/orders/./../admin", Some("/admin")),
        ("/orders/%2e%2e//admin", Some("/admin")),
        ("/orders%2f..;/admin", None),
        ("/orders\\..\\admin", Some("/admin")),
        ("/orders/../../admin", Some("/admin")),
        ("/orders%00", None),
    ],
    told: targets_below_check,
};

/// Envoy that sends every attribute of the request that it holds.
pub const ENVOY_GRPC: Kind = Kind {
    name: "envoy over gRPC",
    offered: include_str!("../../../hosts/http/proxies/envoy-grpc.yaml"),
    command: |places| command(ENVOY_GRPC.offered, places),
    hands_on_unavailable: true,
    told: paths_in_messages,
    ..ENVOY_HTTP
};

fn command(offered: &str, places: &Places<'_>) -> Command {
    let program = program("envoy", "tests/run setup");
    let configuration = places.folder.join("envoy.yaml");
    let adapted = adapted(
        offered,
        &[
            ("address: 0.0.0.0, port_value: 8000", at(places.listen)),
            ("address: 127.0.0.1, port_value: 8480", at(places.tollgate)),
            ("address: 127.0.0.1, port_value: 9000", at(places.upstream)),
        ],
    );
    fs::write(&configuration, adapted).unwrap();
    let mut command = Command::new(program);
    command.arg("--config-path").arg(configuration);
    command.args(["--concurrency", "1", "--log-level", "warning"]);
    // What old and new processes share for a restart would be shared by all tests.
    command.arg("--disable-hot-restart");
    command
}

fn at(address: SocketAddr) -> String {
    format!("address: {}, port_value: {}", address.ip(), address.port())
}

/// What follows `/check` in the request lines.
fn targets_below_check(heard: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(heard);
    let lines = text.lines().filter_map(|line| line.strip_suffix(" HTTP/1.1"));
    let targets = lines.filter_map(|line| line.split_once(" /check"));
    targets.map(|(_, target)| target.to_owned()).collect()
}

/// The field `path` of `AttributeContext.HttpRequest`, found by what stands around it: it has the number 4, and the
/// next one is the host of these tests.
fn paths_in_messages(heard: &[u8]) -> Vec<String> {
    const HOST: &[u8] = b"\x2a\x10upstream.example";
    let hosts = heard
        .windows(HOST.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == HOST);
    let paths = hosts.filter_map(|(host, _)| {
        let begins = (0..host)
            .rev()
            .find(|at| heard[*at] == 0x22 && usize::from(heard[at + 1]) == host - at - 2);
        begins.map(|begin| String::from_utf8_lossy(&heard[begin + 2..host]).into_owned())
    });
    paths.collect()
}
