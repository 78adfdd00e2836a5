//! The real server, with a store of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tollgate::{AddNetwork, AddUser, Engine, IssueAuthtoken, Standing, UserName};

/// Users, each with a token.
const USERS: usize = 256;

/// A server that runs until this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// One token for each user.
    pub(crate) tokens: Vec<String>,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Served {
    /// Starts a server with `arguments` besides its store and its address.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("load.redb");
        let tokens = fill(&Engine::create(&store).unwrap());
        let mut process = Command::new("taskset")
            .args(["-c", "0"])
            .arg(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&store)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("taskset starts the server (apt-get install util-linux)");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit([' ', '/']).next().unwrap();
        Self {
            address: address.parse().unwrap_or_else(|_| panic!("an address in {line:?}")),
            tokens,
            process,
            _folder: folder,
        }
    }

    /// KiB of memory that the server has.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn fill(engine: &Engine) -> Vec<String> {
    let rule = "127.0.0.0/8".parse().unwrap();
    let standing = Standing::Trusted;
    engine
        .execute(AddNetwork {
            rule,
            standing,
            user: None,
        })
        .unwrap();
    let users = (0..USERS).map(|at| {
        let user: UserName = format!("user{at}").parse().unwrap();
        engine.execute(AddUser::named(user.clone())).unwrap();
        let issue = IssueAuthtoken {
            user,
            expires_at: None,
            not_before: None,
        };
        engine.execute(issue).unwrap().token.expose().to_owned()
    });
    users.collect()
}

fn binary() -> PathBuf {
    let built = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/tollgate"));
    let binary = std::env::var_os("TOLLGATE_BIN").map_or_else(built, PathBuf::from);
    assert!(
        binary.exists(),
        "there is no {}: cargo build --release -p tollgate-cli",
        binary.display()
    );
    binary
}
