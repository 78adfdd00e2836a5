//! What does a token request cost, grant by grant, against what it cannot do without: a signature, Argon2, a durable commit?
//!
//! `cargo bench -p tollgate-benches --bench grants`; about a minute and a half. In process, over a store on disk: one caller, then 64.
//! Then: what does the check of a JWT cost, and what do checks over HTTP suffer from a flood of wrong passwords? The latter asks the
//! binary of the same profile, so build that first: `cargo build --release -p tollgate-cli`.

#[path = "grants/flood.rs"]
mod flood;
#[path = "grants/jwt.rs"]
mod jwt;
#[path = "grants/world.rs"]
mod world;

use std::time::{Duration, Instant};

use tollgate::{AccessForm, Grant, IssueAuthtoken};
use tollgate_benches::Table;
use tollgate_oauth::jose::{Algorithm, SigningPair};
use tollgate_oauth::password::PasswordPool;

use world::{PASSWORD, Presented, World};

/// Requests of one caller.
const ALONE: usize = 200;
const CALLERS: usize = 64;
/// Requests of all of them.
const TOGETHER: usize = 6_400;

fn main() {
    let world = World::new();
    let floors = Floors::measure(&world);
    println!("{}", floors.table());
    let mut table = Table::new(&[
        "grant",
        "token",
        "one caller",
        "against its floor",
        "64 callers",
        "a second",
    ]);
    for grant in [
        Grant::ClientCredentials,
        Grant::AuthorizationCode,
        Grant::RefreshToken,
        Grant::Password,
    ] {
        for access in [AccessForm::Opaque, AccessForm::Es256, AccessForm::Rs256] {
            let is_password = grant == Grant::Password;
            // Argon2 takes most of a second for a hundred of them.
            let few = if is_password { 8 } else { 1 };
            let alone = answered(&world, &world.presented(grant, access, ALONE / few), 1);
            let together = answered(&world, &world.presented(grant, access, TOGETHER / few / 2), CALLERS);
            let floor = floors.of(access, is_password);
            table.row([
                grant.name().to_owned(),
                access.name().to_owned(),
                format!("{alone:.0?}"),
                format!("{:.2}", alone.as_secs_f64() / floor.as_secs_f64()),
                format!("{together:.0?}"),
                format!("{:.0}", 1.0 / together.as_secs_f64()),
            ]);
        }
    }
    println!("{table}");
    println!("{}", jwt::table());
    println!("{}", flood::table());
}

/// How long each of these requests takes, if so many callers share them.
fn answered(world: &World, presented: &[Presented], callers: usize) -> Duration {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for own in presented.chunks(presented.len().div_ceil(callers)) {
            scope.spawn(move || own.iter().for_each(|one| world.redeem(one)));
        }
    });
    begin.elapsed() / u32::try_from(presented.len()).unwrap()
}

/// What nothing can do without.
struct Floors {
    commit: Duration,
    rs256: Duration,
    es256: Duration,
    argon2: Duration,
}

impl Floors {
    fn measure(world: &World) -> Self {
        let pool = PasswordPool::new(1, 1);
        let phc = world.phc();
        Self {
            commit: each(ALONE, || {
                let user = "person0".parse().unwrap();
                let (expires_at, not_before) = (None, None);
                world
                    .engine()
                    .execute(IssueAuthtoken {
                        user,
                        expires_at,
                        not_before,
                    })
                    .unwrap();
            }),
            rs256: signing(Algorithm::Rs256),
            es256: signing(Algorithm::Es256),
            argon2: each(20, || {
                assert!(pool.is(Some(&phc), PASSWORD.as_bytes()).unwrap_or_default())
            }),
        }
    }

    /// What a request of this sort cannot do without.
    fn of(&self, access: AccessForm, is_password: bool) -> Duration {
        let signature = match access {
            AccessForm::Opaque => Duration::ZERO,
            AccessForm::Es256 => self.es256,
            AccessForm::Rs256 => self.rs256,
        };
        let password = if is_password { self.argon2 } else { Duration::ZERO };
        self.commit + signature + password
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&["by itself", ""]);
        for (what, took) in [
            ("a durable commit of one token", self.commit),
            ("a signature, ES256", self.es256),
            ("a signature, RS256", self.rs256),
            ("Argon2id, 19 MiB, 2 passes", self.argon2),
        ] {
            table.row([what.to_owned(), format!("{took:.0?}")]);
        }
        table
    }
}

fn signing(algorithm: Algorithm) -> Duration {
    let private = SigningPair::generate(algorithm).unwrap();
    let pair = SigningPair::from_pkcs8(algorithm, &private, "kid", None).unwrap();
    let payload = format!("{{\"sub\":\"{}\"}}", "x".repeat(400));
    each(ALONE, || {
        pair.sign("JWT", &payload).unwrap();
    })
}

fn each(times: usize, mut one: impl FnMut()) -> Duration {
    one();
    let begin = Instant::now();
    (0..times).for_each(|_| one());
    begin.elapsed() / u32::try_from(times).unwrap()
}
