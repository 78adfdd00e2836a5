//! Answers judged, and each reason to deny brought about.

use tollgate::{
    ExpireToken, Field, IssueAuthtoken, OperationSet, PutRoute, RequestParts, RevokeToken, Route, SetUser, UserChanges,
    Verdict,
};

use super::{Answer, Ask, BEGIN, CLIENT, World, ask, issue, name};

pub(crate) const IDENTITY: [&str; 4] = [
    "x-tollgate-user",
    "x-tollgate-client",
    "x-tollgate-scope",
    "x-tollgate-token-id",
];

pub(crate) fn refused(answer: &Answer, status: u16, problem: &str) {
    assert_eq!((answer.status, answer.problem().as_str()), (status, problem));
    for field in IDENTITY {
        assert_eq!(answer.field(field), [""], "{field} is set, and empty");
    }
    assert_eq!(answer.field("cache-control"), ["no-store"]);
}

pub(crate) fn passed(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    for field in IDENTITY {
        assert_eq!(answer.field(field).len(), 1, "{field} is set");
    }
    assert_eq!(answer.field("cache-control"), ["no-store"]);
    assert!(answer.body.is_empty());
}

/// The world in which each reason comes about, by its label; none where a row cannot come about over this route.
pub(crate) fn provoked(label: &str) -> Option<Answer> {
    provoked_through(label, &World::send)
}

/// The same, where questions take another way.
pub(crate) fn provoked_through(label: &str, send: &dyn Fn(&World, Ask) -> Answer) -> Option<Answer> {
    let world = World::new();
    let (id, token) = (world.alice.record.id, world.token());
    let good = || ask("GET /check").bearer(token);
    let change = |changes: UserChanges| {
        world.run(SetUser {
            name: name("alice"),
            changes,
        })
    };
    let route = |scopes: &str, audience| {
        let route = Route {
            pattern: "/orders/**".parse().unwrap(),
            schemes: "bearer,basic".parse().unwrap(),
            scopes: scopes.parse().unwrap(),
            audience,
            anonymous: false,
        };
        world.run(PutRoute { route })
    };
    assert_eq!(send(&world, good()).status, 200);
    let question = match label {
        "network_refused" => good().from("198.51.100.1"),
        "missing_credential" => ask("GET /check"),
        "malformed_credential" => good().field("x-cdata-authtoken", token),
        "unknown_token" => ask("GET /check").bearer("tg_at_garbage"),
        "revoked" => {
            world.run(RevokeToken { id });
            good()
        }
        "suspended" => {
            change(UserChanges {
                active: Some(false),
                ..UserChanges::default()
            });
            good()
        }
        "not_yet_valid" => {
            let not_before = Some(BEGIN.plus_millis(1_000));
            let early = world.run(IssueAuthtoken {
                not_before,
                ..issue("alice")
            });
            ask("GET /check").bearer(early.token.expose())
        }
        "expired" => {
            world.run(ExpireToken { id, at: BEGIN });
            good()
        }
        "operation_refused" => {
            change(UserChanges {
                operations: Some(OperationSet::from_bits(2)),
                ..UserChanges::default()
            });
            good()
        }
        "ambiguous_path" => {
            route("", None);
            ask("GET /check/orders//7").bearer(token)
        }
        "insufficient_scope" => {
            // A user's own token carries no scope.
            route("orders", None);
            ask("GET /check/orders/7").bearer(token)
        }
        "wrong_audience" => {
            route("", "https://api.example".parse().ok());
            ask("GET /check/orders/7").bearer(token)
        }
        "stale_view" => {
            world.engine.clone().close();
            good()
        }
        "rate_exceeded" => {
            change(UserChanges {
                per_hour: "1".parse().ok(),
                ..UserChanges::default()
            });
            assert_eq!(send(&world, good()).status, 200);
            good()
        }
        "concurrency_exceeded" => {
            change(UserChanges {
                concurrent: "1".parse().ok(),
                ..UserChanges::default()
            });
            let bearer = format!("Bearer {token}");
            let parts = RequestParts {
                method: b"GET",
                peer: CLIENT.parse().ok(),
                authorization: Field::Once(bearer.as_bytes()),
                ..RequestParts::default()
            };
            let Verdict::Permit(held) = world.engine.check(&parts, BEGIN) else {
                panic!("a place is free")
            };
            let answer = send(&world, good());
            drop(held);
            assert_eq!(send(&world, good()).status, 200);
            return Some(answer);
        }
        other => panic!("a new row: {other}"),
    };
    Some(send(&world, question))
}

/// The base64 of `alice:TOKEN` is made by hand, so that no crate is needed for one line.
pub(crate) fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for group in format!("{user}:{password}").as_bytes().chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
            text.push(if at <= group.len() { digit } else { '=' });
        }
    }
    text
}
