//! Permits that are held over `/v1/check`: exactly as many requests under way as the limit says.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::json::{decide, release};
use support::running::{Running, until};
use support::{CLIENT, World, ask, name};
use tollgate::{SetUser, UserChanges};
use tollgate_http::Bounds;

/// A world in which alice may have `most` requests under way.
#[cfg(test)]
fn world(most: &str) -> World {
    let world = World::new();
    let changes = UserChanges {
        concurrent: most.parse().ok(),
        per_hour: "1000".parse().ok(),
        ..UserChanges::default()
    };
    world.run(SetUser {
        name: name("alice"),
        changes,
    });
    world
}

#[cfg(test)]
fn check(world: &World) -> Value {
    json!({"method": "GET", "path": "/", "ip": CLIENT, "authtoken": world.token()})
}

#[cfg(test)]
fn held(world: &World, seconds: u64) -> Value {
    let mut check = check(world);
    check["hold"] = true.into();
    check["hold_seconds"] = seconds.into();
    check
}

#[test]
fn four_holds_of_three_leave_one_denied_until_a_permit_is_released() {
    let world = world("3");
    let server = Running::start(&world, Bounds::default());
    let hold = || decide(&server, &held(&world, 60));
    let permits = [hold(), hold(), hold()];
    for permit in &permits {
        assert_eq!(
            (&permit["status"], &permit["expires_in"]),
            (&json!(200), &json!(60)),
            "{permit}"
        );
        assert_eq!(permit["permit"].as_str().unwrap().len(), 35);
    }
    let denied = hold();
    assert_eq!((&denied["status"], &denied["retry_after"]), (&json!(429), &json!(1)));
    assert_eq!(denied["problem"]["type"], "urn:tollgate:problem:concurrency-exceeded");
    assert_eq!(denied.get("permit"), None);
    assert_eq!(
        decide(&server, &check(&world))["status"],
        429,
        "one that is not held finds no place either"
    );
    assert_eq!(world.send(ask("GET /check").bearer(world.token())).status, 429);

    assert_eq!(release(&server, &permits[1]["permit"]), 204);
    assert_eq!(release(&server, &permits[1]["permit"]), 404, "it is released once");
    let again = hold();
    assert_eq!(again["status"], 200);
    assert_eq!(hold()["status"], 429);
    for permit in [&permits[0], &permits[2], &again] {
        assert_eq!(release(&server, &permit["permit"]), 204);
    }
    let passed = decide(&server, &check(&world));
    assert_eq!((&passed["status"], passed.get("permit")), (&json!(200), None));
    // Five that passed; refusals were not charged.
    assert_eq!(passed["quota"]["remaining"], 1_000 - 5);
}

#[test]
fn nobody_releases_what_was_never_held() {
    let world = world("1");
    let server = Running::start(&world, Bounds::default());
    let permit = decide(&server, &held(&world, 60))["permit"].clone();
    for other in ["tp_", "x", "tp_00000000000000000000000000000000", "%FF", "..%2Fcheck"] {
        assert_eq!(release(&server, &json!(other)), 404, "{other}");
    }
    let upper = permit.as_str().unwrap().to_uppercase();
    assert_eq!(release(&server, &json!(upper)), 404);
    assert_eq!(decide(&server, &check(&world))["status"], 429);
    assert_eq!(release(&server, &permit), 204);
    assert_eq!(decide(&server, &check(&world))["status"], 200);
}

#[test]
fn each_check_of_a_batch_holds_a_place_of_its_own() {
    let world = world("3");
    let server = Running::start(&world, Bounds::default());
    let ask = |holds: [bool; 5]| {
        let checks = holds.map(|hold| if hold { held(&world, 60) } else { check(&world) });
        decide(&server, &json!({"checks": checks}))["results"]
            .as_array()
            .unwrap()
            .clone()
    };
    let statuses =
        |results: &[Value]| -> Vec<u64> { results.iter().map(|one| one["status"].as_u64().unwrap()).collect() };
    assert_eq!(
        statuses(&ask([false; 5])),
        [200; 5],
        "none is under way when the next is asked about"
    );
    let results = ask([true, false, true, true, true]);
    assert_eq!(statuses(&results), [200, 200, 200, 200, 429]);
    assert_eq!(statuses(&ask([false; 5])), [429; 5]);
    let permits: Vec<&Value> = results.iter().filter_map(|one| one.get("permit")).collect();
    assert_eq!(permits.len(), 3);
    for permit in permits {
        assert_eq!(release(&server, permit), 204);
    }
    assert_eq!(statuses(&ask([false; 5])), [200; 5]);
}

#[test]
fn a_permit_frees_itself_when_its_time_is_over() {
    let world = world("1");
    let server = Running::start(&world, Bounds::default());
    let passed = decide(&server, &held(&world, 1));
    assert_eq!(passed["expires_in"], 1);
    assert_eq!(decide(&server, &check(&world))["status"], 429);
    assert!(
        until(|| decide(&server, &check(&world))["status"] == 200),
        "its place is free by itself"
    );
    assert_eq!(release(&server, &passed["permit"]), 404);
}

#[test]
fn a_stop_frees_every_permit() {
    let world = world("1");
    let mut server = Running::start(&world, Bounds::default());
    assert_eq!(decide(&server, &held(&world, 3_600))["status"], 200);
    assert_eq!(world.send(ask("GET /check").bearer(world.token())).status, 429);
    server.tell_to_stop();
    server.wait();
    assert_eq!(world.send(ask("GET /check").bearer(world.token())).status, 200);
}

#[test]
fn a_full_table_holds_no_more_and_charges_nothing() {
    let world = world("unlimited");
    let bounds = Bounds {
        permits_most: 2,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let hold = || decide(&server, &held(&world, 60));
    let [first, _second] = [hold(), hold()];
    let denied = hold();
    assert_eq!(
        (&denied["permitted"], &denied["status"], &denied["retry_after"]),
        (&json!(false), &json!(503), &json!(1))
    );
    assert_eq!(denied["problem"]["type"], "urn:tollgate:problem:permits-exhausted");
    let mut stranger = held(&world, 60);
    stranger["authtoken"] = "tg_at_garbage".into();
    assert_eq!(
        decide(&server, &stranger)["status"],
        401,
        "who may not pass learns nothing of it"
    );
    let passed = decide(&server, &check(&world));
    assert_eq!(
        (&passed["status"], &passed["quota"]["remaining"]),
        (&json!(200), &json!(997))
    );
    assert_eq!(release(&server, &first["permit"]), 204);
    assert_eq!(hold()["status"], 200);
}
