//! The check of a JWT of ours: its digest and two look-ups, however long it is.

use std::time::Duration;

use tollgate::{
    AccessText, AddClient, AddNetwork, AddUser, ClientName, Engine, Field, Grant, GrantSet, GrantedTo, IssueAccess,
    RequestParts, Standing, UserName, Verdict,
};
use tollgate_benches::{Case, Footprint, PEER, Rounds, Table, compare};

const TOKENS: usize = 1_000;
/// As long as what Cinchy's claims come to.
const BYTES: usize = 800;
const ROUNDS: Rounds = Rounds {
    count: 400,
    slice: Duration::from_millis(1),
};

/// A text of the right shape that no two tokens share.
fn text(at: usize) -> String {
    let payload = format!("{:b<width$}", format!("eyJzdWIiOi{at}x"), width = BYTES - 400);
    let rest = BYTES - payload.len() - 22;
    format!("eyJhbGciOiJSUzI1NiJ9.{payload}.{}", "c".repeat(rest))
}

pub(crate) fn table() -> Table {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::create(folder.path().join("jwt.redb")).unwrap();
    let trusted = AddNetwork {
        rule: "0.0.0.0/0".parse().unwrap(),
        standing: Standing::Trusted,
        user: None,
    };
    engine.execute(trusted).unwrap();
    let name: ClientName = "app".parse().unwrap();
    let client = AddClient {
        user: None,
        ..AddClient::named(name.clone(), GrantSet::NONE.with(Grant::Password))
    };
    let number = engine.execute(client).unwrap().client.number;
    let lines: Vec<String> = std::thread::scope(|scope| {
        let made: Vec<_> = (0..TOKENS)
            .map(|at| {
                let (engine, name) = (&engine, &name);
                let issue = move || {
                    let user: UserName = format!("user{at}").parse().unwrap();
                    engine.execute(AddUser::named(user.clone())).unwrap();
                    let text = text(at);
                    let issued = engine.execute(IssueAccess {
                        to: GrantedTo {
                            client: name.clone(),
                            client_number: number,
                            user,
                            scopes: tollgate::ScopeSet::NONE,
                            audiences: Vec::new(),
                        },
                        text: AccessText::Jwt(engine.jwt_digest(&text).unwrap()),
                        lifetime_s: 3_600,
                        grant: Grant::Password,
                        refresh: None,
                    });
                    issued.unwrap();
                    format!("Bearer {text}")
                };
                std::thread::Builder::new()
                    .stack_size(256 << 10)
                    .spawn_scoped(scope, issue)
                    .unwrap()
            })
            .collect();
        made.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let now = engine.now();
    let check = |line: &String| {
        let request = RequestParts {
            method: b"GET",
            path: b"/orders",
            peer: Some(PEER),
            authorization: Field::Once(line.as_bytes()),
            ..RequestParts::default()
        };
        match engine.check(&request, now) {
            Verdict::Permit(permit) => permit.subject().map(|subject| subject.user),
            Verdict::Denial(denial) => panic!("{denial:?}"),
        }
    };
    let footprint = Footprint::new(TOKENS as u64, TOKENS as u64);
    let figures = compare(
        &mut [
            Case::over("its digest and two dependent reads", &lines, |line| {
                footprint.digest_and_read(&line.as_bytes()[7..])
            }),
            Case::over("check", &lines, check),
        ],
        ROUNDS,
    );
    let mut table = Table::new(&["a JWT of 800 bytes, 1,000 of them", ""]);
    let nanoseconds: Vec<f64> = figures.iter().map(|figure| figure.best).collect();
    for (figure, ns) in figures.iter().zip(&nanoseconds) {
        table.row([figure.name.clone(), format!("{ns:.0} ns")]);
    }
    let ratio = nanoseconds[1] / nanoseconds[0];
    let word = if ratio <= 1.3 { "met" } else { "missed" };
    table.row([
        "check / digest and reads, goal ≤ 1.3".to_owned(),
        format!("{ratio:.2}, {word}"),
    ]);
    table
}
