//! HAProxy, which asks by an action in Lua.

use std::fs;
use std::process::Command;

use super::kind::{Kind, Places, adapted, lines, program};

const SCRIPT: &str = include_str!("../../../hosts/http/proxies/tollgate.lua");

/// HAProxy. Its script hands on the whole answer of a refusal.
pub const HAPROXY: Kind = Kind {
    name: "haproxy",
    offered: include_str!("../../../hosts/http/proxies/haproxy.cfg"),
    command,
    without_answer: 503,
    hands_on_body: true,
    hands_on_challenges: true,
    hands_on_unavailable: true,
    unnamed_method: 403,
    readings: &[
        ("/orders/./../admin", Some("/orders/./../admin")),
        ("/orders/%2e%2e//admin", Some("/orders/%2e%2e//admin")),
        ("/orders%2f..;/admin", Some("/orders%2f..;/admin")),
        ("/orders\\..\\admin", Some("/orders\\..\\admin")),
        ("/orders/../../admin", Some("/orders/../../admin")),
        ("/orders%00", Some("/orders%00")),
    ],
    told: |heard| lines(heard, "x-forwarded-uri"),
};

fn command(places: &Places<'_>) -> Command {
    let program = program("haproxy", "apt-get install haproxy");
    let (configuration, script) = (places.folder.join("haproxy.cfg"), places.folder.join("tollgate.lua"));
    let listen = ("bind :8000", format!("bind {}", places.listen));
    let upstream = (
        "server upstream 127.0.0.1:9000",
        format!("server upstream {}", places.upstream),
    );
    let load = ("lua-load tollgate.lua", format!("lua-load {}", script.display()));
    fs::write(&configuration, adapted(HAPROXY.offered, &[listen, upstream, load])).unwrap();
    let tollgate = ("http://127.0.0.1:8480", format!("http://{}", places.tollgate));
    fs::write(&script, adapted(SCRIPT, &[tollgate])).unwrap();
    let mut command = Command::new(program);
    // In the foreground, in one process.
    command.arg("-db").arg("-f").arg(configuration);
    command
}
