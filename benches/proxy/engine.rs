//! The real server with tokens in its store, and what a plugin needs to follow it.

use std::path::PathBuf;

use serde_json::{Value, json};
use tollgate::{AddNetwork, AddUser, Engine, IssueAuthtoken, OpenOptions, Standing, UserName};
use tollgate_tests::control::Control;
use tollgate_tests::envoy::{Setup, WasmFilter, built};
use tollgate_tests::tollgate::{Server, Store};

/// Users among whom the tokens are shared out.
const USERS: usize = 1_000;
/// Callers that issue at the same time, each for some users of its own.
const CALLERS: usize = 500;

/// A server, its store and the tokens in it.
pub(crate) struct Served {
    store: Store,
    pub(crate) server: Server,
    /// Up to a thousand of the tokens, each of another user.
    pub(crate) tokens: Vec<String>,
    feed_token: String,
}

impl Served {
    /// A server with so many tokens, at least a thousand, that trusts these addresses.
    pub(crate) fn start(tokens: usize, trusted: &[&str]) -> Self {
        let store = Store::init();
        let open = OpenOptions::new().checkpoint_every(None).sweep_every(None);
        let engine = open.open(store.path()).unwrap();
        for rule in trusted {
            let rule = rule.parse().unwrap();
            let (standing, user) = (Standing::Trusted, None);
            engine.execute(AddNetwork { rule, standing, user }).unwrap();
        }
        let tokens = filled(&engine, tokens);
        engine.close();
        let server = store.serve_with(&["--log-level", "warn"]);
        let issued = store.run(&["feed-token", "issue", "bench"]);
        let feed_token = issued["token"].as_str().unwrap().to_owned();
        Self {
            store,
            server,
            tokens,
            feed_token,
        }
    }

    /// The plugin as it is offered, following this server.
    pub(crate) fn plugin(&self, vm_id: &str) -> WasmFilter {
        let filter = WasmFilter::new(&module(), vm_id);
        filter.configured(&json!({
            "cluster": "tollgate",
            "authority": "tollgate",
            "feed_token": self.feed_token,
        }))
    }

    /// An Envoy with the plugin alone.
    pub(crate) fn setup(&self, vm_id: &str) -> Setup {
        self.reachable(Setup::of(vec![self.plugin(vm_id).entry()]))
    }

    /// Gives the server its name in Envoy's configuration.
    pub(crate) fn reachable(&self, setup: Setup) -> Setup {
        setup.with_cluster("tollgate", self.server.address())
    }

    /// A connection to its control socket.
    pub(crate) fn control(&self) -> Control {
        Control::open(&self.store.path()).unwrap()
    }
}

/// Issues a token to the first user: its id and its text.
pub(crate) fn issue(control: &mut Control) -> (String, String) {
    let issued = control.ask("authtoken_issue", json!({ "user": "user0" })).unwrap();
    let text = |key: &str| issued[key].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// Revokes a token.
pub(crate) fn revoke(control: &mut Control, id: &str) -> Value {
    control.ask("authtoken_revoke", json!({ "id": id })).unwrap()
}

/// Issues so many tokens, and answers the first of each user.
fn filled(engine: &Engine, tokens: usize) -> Vec<String> {
    let names: Vec<UserName> = (0..USERS).map(|at| format!("user{at}").parse().unwrap()).collect();
    let each = tokens / USERS;
    std::thread::scope(|scope| {
        let spawn = |names: &'_ [UserName]| {
            let names = names.to_vec();
            let thread = std::thread::Builder::new().stack_size(256 << 10);
            let own = move || names.iter().map(|name| user(engine, name, each)).collect::<Vec<_>>();
            thread.spawn_scoped(scope, own).unwrap()
        };
        let threads: Vec<_> = names.chunks(USERS / CALLERS).map(spawn).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// Adds a user with so many tokens, and answers the first.
fn user(engine: &Engine, name: &UserName, tokens: usize) -> String {
    engine.execute(AddUser::named(name.clone())).unwrap();
    let issue = |_| {
        let command = IssueAuthtoken {
            user: name.clone(),
            expires_at: None,
            not_before: None,
        };
        engine.execute(command).unwrap().token.expose().to_owned()
    };
    let issued = (0..tokens).map(issue);
    issued.fold(None, |first, token| first.or(Some(token))).unwrap()
}

/// The plugin as `plugins/proxy/build` leaves it.
fn module() -> PathBuf {
    std::env::var_os("TOLLGATE_PLUGIN").map_or_else(|| built("tollgate_proxy.wasm"), PathBuf::from)
}
