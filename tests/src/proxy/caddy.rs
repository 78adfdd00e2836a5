//! Caddy, which asks by `forward_auth`.

use std::fs;
use std::process::Command;

use super::kind::{Kind, Places, adapted, lines, program};

/// Caddy. It hands on the whole answer of a refusal.
pub const CADDY: Kind = Kind {
    name: "caddy",
    command: |places| command("caddy", places),
    ..OLDEST_CADDY
};

/// The oldest version that the configuration is offered for. It lets fields with underscores through, which newer ones do
/// not.
pub const OLDEST_CADDY: Kind = Kind {
    name: "the oldest caddy",
    offered: include_str!("../../../hosts/http/proxies/Caddyfile"),
    command: |places| command("caddy-oldest", places),
    without_answer: 502,
    hands_on_body: true,
    hands_on_challenges: true,
    hands_on_unavailable: true,
    unnamed_method: 403,
    readings: &[
        ("/orders/./../admin", Some("/orders/./../admin")),
        ("/orders/%2e%2e//admin", Some("/orders/%2e%2e//admin")),
        ("/orders%2f..;/admin", Some("/orders%2f..;/admin")),
        ("/orders\\..\\admin", Some("/orders%5C..%5Cadmin")),
        ("/orders/../../admin", Some("/orders/../../admin")),
        ("/orders%00", Some("/orders%00")),
    ],
    told: |heard| lines(heard, "X-Forwarded-Uri"),
};

/// Its listener for changes while it runs would be shared by all tests.
const OPTIONS: &str = "{\n\tadmin off\n}\n";

fn command(program_name: &str, places: &Places<'_>) -> Command {
    let program = program(program_name, "tests/run setup");
    let configuration = places.folder.join("Caddyfile");
    let offered = adapted(
        CADDY.offered,
        &[
            (
                "\n:8000 {",
                format!("\nhttp://:{} {{\n\tbind 127.0.0.1", places.listen.port()),
            ),
            (
                "forward_auth 127.0.0.1:8480",
                format!("forward_auth {}", places.tollgate),
            ),
            (
                "reverse_proxy 127.0.0.1:9000",
                format!("reverse_proxy {}", places.upstream),
            ),
        ],
    );
    fs::write(&configuration, format!("{OPTIONS}{offered}")).unwrap();
    let mut command = Command::new(program);
    command
        .arg("run")
        .arg("--config")
        .arg(configuration)
        .args(["--adapter", "caddyfile"]);
    command
        .env("HOME", places.folder)
        .env("XDG_DATA_HOME", places.folder)
        .env("XDG_CONFIG_HOME", places.folder);
    command
}
