//! What does durability cost, and how long does opening take?
//!
//! `cargo bench --bench store`; about a minute. Issues tokens one by one and from 256 callers at once, each answered only
//! when it is on disk; fills the store to a million tokens, and opens it after a clean stop and as a crash would leave it.

use std::path::Path;
use std::time::{Duration, Instant};

use tollgate::{AddUser, Engine, IssueAuthtoken, OpenOptions, PepperKey, UserName};
use tollgate_benches::Table;

const USERS: usize = 100;
const ALONE: u32 = 300;
const CALLERS: usize = 256;
const TOGETHER: usize = 25_600;
const FULL: usize = 1_000_000;
const OPENINGS: usize = 5;

fn options() -> OpenOptions {
    let key = PepperKey::from_bytes([1; 32]);
    OpenOptions::new().key(key).checkpoint_every(None).sweep_every(None)
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let engine = options().create(true).open(&path).unwrap();
    let users: Vec<UserName> = (0..USERS).map(|id| format!("user{id}").parse().unwrap()).collect();
    for user in &users {
        engine.execute(AddUser::named(user.clone())).unwrap();
    }

    let mut table = Table::new(&["", "goal", "here", ""]);
    let alone = issue(&engine, &users, 1, ALONE as usize) / ALONE;
    let before = engine.revision();
    let together = issue(&engine, &users, CALLERS, TOGETHER) / TOGETHER as u32;
    let commits = engine.revision().0 - before.0;
    let gain = alone.as_secs_f64() / together.as_secs_f64();
    let shown =
        |what: &str, duration: Duration| [what.to_owned(), String::new(), format!("{duration:.1?}"), String::new()];
    table.row(shown("one caller, a token", alone));
    table.row(shown(
        &format!("{CALLERS} callers, a token ({commits} commits for {TOGETHER})"),
        together,
    ));
    table.row(judged(
        "a commit per token / 256 callers",
        "≥ 20",
        format!("{gain:.0}"),
        gain >= 20.0,
    ));

    issue(&engine, &users, 1_024, FULL - TOGETHER - ALONE as usize);
    // A copy taken while the engine has the file open is what a crash at this moment would leave.
    let crashed = folder.path().join("crashed.redb");
    std::fs::copy(&path, &crashed).unwrap();
    let size = std::fs::metadata(&path).unwrap().len() >> 20;
    engine.close();

    let clean = best_opening(|_| path.clone());
    let unclean = best_opening(|round| {
        let copy = folder.path().join(format!("crashed-{round}.redb"));
        std::fs::copy(&crashed, &copy).unwrap();
        copy
    });
    for (what, opening) in [("clean", clean), ("unclean", unclean)] {
        let what = format!("opening 1M tokens ({size} MiB) after a {what} stop, best of {OPENINGS}");
        table.row(judged(
            &what,
            "≤ 1 s",
            format!("{opening:.2?}"),
            opening <= Duration::from_secs(1),
        ));
    }
    println!("{table}");
}

fn judged(what: &str, goal: &str, here: String, met: bool) -> [String; 4] {
    [
        what.to_owned(),
        goal.to_owned(),
        here,
        if met { "met" } else { "missed" }.to_owned(),
    ]
}

/// How long `callers` take for `count` tokens among them.
fn issue(engine: &Engine, users: &[UserName], callers: usize, count: usize) -> Duration {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..callers {
            let (user, own) = (&users[caller % users.len()], count / callers);
            let issue_own = move || {
                for _ in 0..own {
                    let command = IssueAuthtoken {
                        user: user.clone(),
                        expires_at: None,
                        not_before: None,
                    };
                    engine.execute(command).unwrap();
                }
            };
            let thread = std::thread::Builder::new().stack_size(256 << 10);
            thread.spawn_scoped(scope, issue_own).unwrap();
        }
    });
    begin.elapsed()
}

/// The shortest of some openings of the store at `place`, each followed by a proper close.
fn best_opening(place: impl Fn(usize) -> std::path::PathBuf) -> Duration {
    let open = |path: &Path| {
        let begin = Instant::now();
        let engine = options().open(path).unwrap();
        let took = begin.elapsed();
        engine.close();
        took
    };
    (0..OPENINGS).map(|round| open(&place(round))).min().unwrap()
}
