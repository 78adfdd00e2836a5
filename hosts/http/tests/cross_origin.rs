//! Pages of other origins: the JSON interfaces answer those that were named, everything else and everybody else goes without.

#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

#[cfg(test)]
mod support;

use support::{Answer, World, ask};
use tollgate_http::{CrossOrigin, Host, HostOptions};

const NAMED: &str = "https://app.example";

fn host(world: &World, named: bool) -> Host {
    let options = HostOptions {
        cross_origin: named.then(|| CrossOrigin::new(&[NAMED], false).unwrap()),
        ..HostOptions::default()
    };
    Host::new(world.engine.clone(), options)
}

/// The answer to a browser that asks whether a page may ask.
fn preflight(world: &World, host: &Host, path: &str, origin: &str) -> Answer {
    let request = ask(&format!("OPTIONS {path}"))
        .field("origin", origin)
        .field("access-control-request-method", "POST");
    world.send_to(host, request)
}

#[test]
fn only_named_origins_may_ask_and_the_json_interfaces_alone() {
    let world = World::new();
    let (on, off) = (host(&world, true), host(&world, false));
    for path in ["/v1/check", "/admin/v1/users"] {
        let allowed = preflight(&world, &on, path, NAMED);
        assert_eq!(allowed.field("access-control-allow-origin"), [NAMED], "{path}");
        for (host, origin) in [(&on, "https://evil.example"), (&off, NAMED)] {
            let refused = preflight(&world, host, path, origin);
            assert_eq!(refused.field("access-control-allow-origin"), [""; 0], "{path} {origin}");
        }
    }
    for path in ["/check", "/metrics", "/healthz"] {
        let answer = preflight(&world, &on, path, NAMED);
        assert_eq!(answer.field("access-control-allow-origin"), [""; 0], "{path}");
    }
}
