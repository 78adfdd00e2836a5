//! nginx, which asks by `auth_request`.

use std::fs;
use std::process::Command;

use super::kind::{Kind, Places, adapted, lines, program};

/// nginx. It understands 2xx, 401 and 403 from whom it asks, and hands on no body.
pub const NGINX: Kind = Kind {
    name: "nginx",
    offered: include_str!("../../../hosts/http/proxies/nginx.conf"),
    command,
    without_answer: 500,
    hands_on_body: false,
    hands_on_challenges: false,
    hands_on_unavailable: true,
    unnamed_method: 403,
    readings: &[
        ("/orders/./../admin", Some("/orders/./../admin")),
        ("/orders/%2e%2e//admin", Some("/orders/%2e%2e//admin")),
        ("/orders%2f..;/admin", Some("/orders%2f..;/admin")),
        ("/orders\\..\\admin", Some("/orders\\..\\admin")),
        ("/orders/../../admin", None),
        ("/orders%00", None),
    ],
    told: |heard| lines(heard, "X-Original-URI"),
};

fn command(places: &Places<'_>) -> Command {
    let program = program("nginx", "apt-get install nginx");
    let locations = adapted(
        NGINX.offered,
        &[
            ("http://127.0.0.1:8480", format!("http://{}", places.tollgate)),
            ("http://127.0.0.1:9000", format!("http://{}", places.upstream)),
        ],
    );
    let configuration = places.folder.join("nginx.conf");
    fs::write(&configuration, surrounding(places, &locations)).unwrap();
    let mut command = Command::new(program);
    command.arg("-c").arg(configuration).args(["-e", "stderr"]);
    command
}

/// One process in the foreground, so that killing it by its id leaves nothing behind.
fn surrounding(places: &Places<'_>, locations: &str) -> String {
    let (folder, listen) = (places.folder.display(), places.listen);
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr info;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {listen};
{locations}
    }}
}}
"
    )
}
