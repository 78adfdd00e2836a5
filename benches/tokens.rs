//! What does a token cost to get, beside what cannot be done without, and what does the check of a signed one cost?
//!
//! `cargo bench --bench tokens`; about two minutes. Each grant is asked of the authorization server in the process, each answer durable; the
//! floors are the signature, the password and the commit by themselves. All cases take turns, and the best turn of each counts.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tollgate::{
    AccessForm, AddClient, AddNetwork, AddUser, Engine, Field, OpenOptions, PasswordPhc, PepperKey, RequestParts,
    SetPassword, SpendIdentifier, Standing, SystemEntropy, Verdict,
};
use tollgate_benches::{Footprint, Table, bare_digest, ratio};
use tollgate_oauth::jose::{Algorithm, SigningPair};
use tollgate_oauth::{
    Answer, AuthorizationCall, AuthorizationServer, AuthorizationStep, Call, Configuration, Login, Profile, form,
    password,
};

const TURNS: usize = 15;
const CALLERS: usize = 64;
const TOGETHER: usize = 64 * 32;
const PASSWORD: &str = "correct horse battery staple";
const CALLBACK: &str = "https://app.example/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// How long a signed token is whose check is timed.
const JWT_BYTES: usize = 800;
const JWTS: usize = 1_000;
const CHECKS: usize = 1_000_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::new().key(PepperKey::from_bytes([1; 32]));
    let options = options.checkpoint_every(None).sweep_every(None).create(true);
    let engine = options.open(folder.path().join("store.redb")).unwrap();
    let world = World::new(engine);
    alone(&world);
    together(&world);
    checks(&world);
    flood(&world);
}

struct World {
    engine: Engine,
    server: AuthorizationServer,
    clients: Vec<(String, String)>,
    session: String,
}

impl World {
    fn new(engine: Engine) -> Self {
        let rule = "127.0.0.0/8".parse().unwrap();
        let standing = Standing::Trusted;
        engine
            .execute(AddNetwork {
                rule,
                standing,
                user: None,
            })
            .unwrap();
        let user = engine.execute(AddUser::named("admin".parse().unwrap())).unwrap().name;
        let phc = password::protect(PASSWORD.as_bytes(), &SystemEntropy).unwrap();
        let password = Some(PasswordPhc::parse(&phc).unwrap());
        engine.execute(SetPassword { user, password }).unwrap();
        let configuration = Configuration::at("https://auth.example".parse().unwrap());
        let server = AuthorizationServer::new(engine.clone(), configuration).unwrap();
        server.ensure_keys(engine.now()).unwrap();
        let forms = [
            ("opaque", AccessForm::Opaque),
            ("rs256", AccessForm::Rs256),
            ("es256", AccessForm::Es256),
        ];
        let clients = forms.map(|(name, access)| {
            let grants = "password client_credentials authorization_code refresh_token"
                .parse()
                .unwrap();
            let padding: Vec<String> = (0..7)
                .map(|at| format!("https://api.example/scopes/number-{at}"))
                .collect();
            let add = AddClient {
                access,
                scopes: format!("js_api {}", padding.join(" ")).parse().unwrap(),
                login_urls: vec![CALLBACK.to_owned()],
                consent: false,
                user: Some("admin".parse().unwrap()),
                ..AddClient::named(name.parse().unwrap(), grants)
            };
            let secret = engine.execute(add).unwrap().secret.unwrap();
            (name.to_owned(), secret.expose().to_owned())
        });
        let session = match server.log_in(b"admin", PASSWORD.as_bytes(), Some(PEER), engine.now()) {
            Login::Begun { session, .. } => session.expose().to_owned(),
            other => panic!("expected a session, but got {other:?}"),
        };
        Self {
            engine,
            server,
            clients: clients.to_vec(),
            session,
        }
    }

    fn token(&self, client: usize, profile: Profile, pairs: &[(&str, &str)]) -> Answer {
        let (name, secret) = &self.clients[client];
        let own = [("client_id", name.as_str()), ("client_secret", secret.as_str())];
        let body = form::write(own.into_iter().chain(pairs.iter().copied()));
        let call = Call {
            method: b"POST",
            content_type: Some(b"application/x-www-form-urlencoded"),
            body: body.as_bytes(),
            peer: Some(PEER),
            ..Call::default()
        };
        let answer = self.server.token(profile, &call, self.engine.now());
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer
    }

    fn credentials(&self, client: usize) -> Answer {
        self.token(
            client,
            Profile::Standard,
            &[("grant_type", "client_credentials"), ("scope", "js_api")],
        )
    }

    fn code(&self) -> String {
        let query = form::write([
            ("response_type", "code"),
            ("client_id", "opaque"),
            ("redirect_uri", CALLBACK),
            ("scope", "js_api"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let call = AuthorizationCall {
            call: Call {
                method: b"GET",
                query: Some(&query),
                peer: Some(PEER),
                ..Call::default()
            },
            session: Some(self.session.as_bytes()),
            decision: None,
        };
        match self.server.authorize(Profile::Standard, &call, self.engine.now()) {
            AuthorizationStep::Redirect { url, .. } => {
                url.split(['=', '&']).nth(1).expect("a code stands first").to_owned()
            }
            other => panic!("expected a code, but got {other:?}"),
        }
    }

    fn redeem(&self, code: &str) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(0, Profile::Standard, &pairs)
    }
}

fn member(answer: &Answer, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    body[name].as_str().unwrap().to_owned()
}

/// Something to time, as often as `times` says in one turn.
struct Work<'a> {
    name: &'static str,
    /// Of which works before this one its floor consists.
    floor: &'static [usize],
    times: u32,
    run: Box<dyn FnMut() + 'a>,
}

fn work<'a>(name: &'static str, floor: &'static [usize], times: u32, run: impl FnMut() + 'a) -> Work<'a> {
    let run = Box::new(run);
    Work {
        name,
        floor,
        times,
        run,
    }
}

/// One caller who waits for each answer.
fn alone(world: &World) {
    let signing = |algorithm| {
        let pkcs8 = SigningPair::generate(algorithm).unwrap();
        SigningPair::from_pkcs8(algorithm, &pkcs8, "bench", None).unwrap()
    };
    let (rsa, ec) = (signing(Algorithm::Rs256), signing(Algorithm::Es256));
    let payload = "x".repeat(400);
    let pool = password::PasswordPool::new(1, 0);
    let phc = password::protect(PASSWORD.as_bytes(), &SystemEntropy).unwrap();
    let number = Cell::new(0_u64);
    let refresh = Cell::new(member(&world.redeem(&world.code()), "refresh_token"));
    let asks = [
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", PASSWORD),
        ("scope", "js_api"),
    ];
    let mut works = vec![
        work("a durable commit", &[], 100, || {
            number.set(number.get() + 1);
            let (issuer, identifier) = ("bench".to_owned(), number.get().to_string());
            let until = world.engine.now().plus_millis(60_000);
            world
                .engine
                .execute(SpendIdentifier {
                    issuer,
                    identifier,
                    until,
                })
                .unwrap();
        }),
        work("an RS256 signature", &[], 100, || {
            drop(rsa.sign("JWT", &payload).unwrap())
        }),
        work("an ES256 signature", &[], 500, || {
            drop(ec.sign("JWT", &payload).unwrap())
        }),
        work("a password", &[], 5, || {
            assert_eq!(pool.is(Some(&phc), PASSWORD.as_bytes()), Ok(true))
        }),
        work("client credentials, opaque", &[0], 100, || drop(world.credentials(0))),
        work("client credentials, RS256", &[0, 1], 100, || drop(world.credentials(1))),
        work("client credentials, ES256", &[0, 2], 100, || drop(world.credentials(2))),
        work("password, Cinchy's RS256", &[0, 1, 3], 5, || {
            drop(world.token(1, Profile::Cinchy, &asks))
        }),
        work("a code, redeemed with PKCE, opaque", &[0, 0], 50, || {
            drop(world.redeem(&world.code()))
        }),
        work("refresh, opaque", &[0], 100, || {
            let token = refresh.take();
            let answer = world.token(
                0,
                Profile::Standard,
                &[("grant_type", "refresh_token"), ("refresh_token", &token)],
            );
            refresh.set(member(&answer, "refresh_token"));
        }),
    ];
    let mut best = vec![Duration::MAX; works.len()];
    for _ in 0..TURNS {
        for (work, best) in works.iter_mut().zip(&mut best) {
            let start = Instant::now();
            (0..work.times).for_each(|_| (work.run)());
            *best = (*best).min(start.elapsed() / work.times);
        }
    }
    let mut table = Table::new(&["one caller", "µs", "a second", "/ its floor"]);
    for (work, took) in works.iter().zip(&best) {
        let floor: f64 = work.floor.iter().map(|at| best[*at].as_secs_f64()).sum();
        let beside = if floor > 0.0 {
            ratio(took.as_secs_f64(), floor)
        } else {
            String::new()
        };
        let micros = format!("{:.1}", took.as_secs_f64() * 1e6);
        table.row([
            work.name.to_owned(),
            micros,
            format!("{:.0}", 1.0 / took.as_secs_f64()),
            beside,
        ]);
    }
    println!("{table}");
}

/// Many callers, whose commands share commits.
fn together(world: &World) {
    let mut table = Table::new(&["64 callers", "a second"]);
    for (client, name) in [
        (0, "client credentials, opaque"),
        (1, "client credentials, RS256"),
        (2, "client credentials, ES256"),
    ] {
        let once = || {
            let start = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..CALLERS {
                    scope.spawn(|| (0..TOGETHER / CALLERS).for_each(|_| drop(world.credentials(client))));
                }
            });
            start.elapsed()
        };
        let best = (0..5).map(|_| once()).min().unwrap();
        table.row([name.to_owned(), format!("{:.0}", TOGETHER as f64 / best.as_secs_f64())]);
    }
    println!("{table}");
}

/// Signed tokens of about [`JWT_BYTES`].
fn signed(world: &World) -> Vec<String> {
    let issue = || {
        let pairs = [("grant_type", "client_credentials")];
        let token = member(&world.token(2, Profile::Standard, &pairs), "access_token");
        assert!(
            token.len().abs_diff(JWT_BYTES) <= 80,
            "a token has {} bytes",
            token.len()
        );
        format!("Bearer {token}")
    };
    (0..JWTS).map(|_| issue()).collect()
}

fn permitted(world: &World, line: &str, now: tollgate::Timestamp) {
    let request = RequestParts {
        method: b"GET",
        path: b"/orders",
        peer: Some(PEER),
        authorization: Field::Once(line.as_bytes()),
        ..RequestParts::default()
    };
    assert!(matches!(world.engine.check(&request, now), Verdict::Permit(_)));
}

/// A check of a signed token beside its digest and two reads.
fn checks(world: &World) {
    let lines = signed(world);
    let footprint = Footprint::new(JWTS as u64, 1);
    let now = world.engine.now();
    let mut best = [f64::MAX; 3];
    for _ in 0..200 {
        let mut turn = |at: usize, one: &mut dyn FnMut(&str)| {
            let start = Instant::now();
            lines.iter().for_each(|line| one(line));
            best[at] = best[at].min(start.elapsed().as_nanos() as f64 / lines.len() as f64);
        };
        turn(0, &mut |line| {
            std::hint::black_box(bare_digest(&line.as_bytes()[7..]));
        });
        turn(1, &mut |line| {
            std::hint::black_box(footprint.digest_and_read(&line.as_bytes()[7..]));
        });
        turn(2, &mut |line| permitted(world, line, now));
    }
    let mut table = Table::new(&["a signed token of 800 bytes", "ns", "/ digest and reads", "goal", ""]);
    for (name, took) in ["bare digest", "digest and two reads", "check"].into_iter().zip(best) {
        let beside = took / best[1];
        let (goal, met) = if name == "check" {
            ("≤ 1.3", if beside <= 1.3 { "met" } else { "missed" })
        } else {
            ("", "")
        };
        table.row([
            name.to_owned(),
            format!("{took:.0}"),
            format!("{beside:.2}"),
            goal.to_owned(),
            met.to_owned(),
        ]);
    }
    println!("{table}");
}

/// Checks while somebody floods the server with passwords.
fn flood(world: &World) {
    let lines = signed(world);
    let singly = || {
        let mut times = Histogram::<u64>::new(3).unwrap();
        for line in lines.iter().cycle().take(CHECKS) {
            let now = world.engine.now();
            let start = Instant::now();
            permitted(world, line, now);
            times.record(start.elapsed().as_nanos() as u64).unwrap();
        }
        times
    };
    singly();
    let calm = singly();
    let over = AtomicBool::new(false);
    let flooded = std::thread::scope(|scope| {
        for thread in 0..16_u32 {
            let over = &over;
            scope.spawn(move || {
                for guess in 0_u32.. {
                    // Ordering: Relaxed; a flag that ends the flood and publishes nothing.
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    // Other names from other networks, or nobody would get as far as the pool.
                    let name = format!("{thread}-{guess}");
                    let peer = IpAddr::from((thread << 24 | guess).to_be_bytes());
                    world
                        .server
                        .prove_password(name.as_bytes(), b"guess", Some(peer), world.engine.now());
                }
            });
        }
        let flooded = singly();
        // Ordering: Relaxed, as above.
        over.store(true, Ordering::Relaxed);
        flooded
    });
    let mut table = Table::new(&["checks, ns", "p50", "p99", "p99 / without", "goal", ""]);
    let mut row = |name: &str, times: &Histogram<u64>, goal: &str| {
        let p99 = |times: &Histogram<u64>| times.value_at_quantile(0.99) as f64;
        let beside = p99(times) / p99(&calm);
        let met = if goal.is_empty() {
            ""
        } else if beside <= 2.0 {
            "met"
        } else {
            "missed"
        };
        let figures = [
            times.value_at_quantile(0.5).to_string(),
            times.value_at_quantile(0.99).to_string(),
            format!("{beside:.2}"),
        ];
        table.row(
            [name.to_owned()]
                .into_iter()
                .chain(figures)
                .chain([goal.to_owned(), met.to_owned()]),
        );
    };
    row("without", &calm, "");
    row("under a flood of passwords", &flooded, "≤ 2");
    println!("{table}");
}
