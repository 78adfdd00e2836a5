//! Client, proxy, Tollgate and upstream, put together.

use std::net::{IpAddr, Ipv4Addr};

use tollgate_tests::http::{Broken, Connection, Request, Response, exchange_from};
use tollgate_tests::proxy::{Kind, Proxy};
use tollgate_tests::tap::Tap;
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::upstream::{Arrival, Upstream};

/// The address that clients come from unless a test says otherwise: the only one that is trusted, and no proxy's.
pub(crate) const TRUSTED: &str = "127.0.0.2";
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// The address of the proxy, the only one that may speak for others.
pub(crate) const PROXY: &str = "127.0.0.1";

/// Everything between a client and an upstream, with nobody but [`TRUSTED`] allowed to call and no user yet.
pub(crate) struct World {
    pub(crate) kind: &'static Kind,
    pub(crate) store: Store,
    pub(crate) server: Server,
    pub(crate) upstream: Upstream,
    pub(crate) proxy: Proxy,
}

impl World {
    /// A world around a proxy of this kind.
    pub(crate) fn start(kind: &'static Kind) -> Self {
        let store = Store::init();
        store.run(&["network", "trust", TRUSTED]);
        store.run(&["settings", "set", "trusted_proxies", PROXY]);
        let server = store.serve();
        let upstream = Upstream::start();
        let proxy = Proxy::start(kind, server.address(), upstream.address());
        Self {
            kind,
            store,
            server,
            upstream,
            proxy,
        }
    }

    /// Puts a tap on the line from the proxy to Tollgate, for which the proxy is started again.
    pub(crate) fn tap(&mut self) -> Tap {
        let tap = Tap::before(self.server.address());
        self.proxy = Proxy::start(self.kind, tap.address(), self.upstream.address());
        tap
    }

    /// A new user with an authtoken: its id and its secret. `arguments` are those of `user add`.
    pub(crate) fn user(&self, name: &str, arguments: &[&str]) -> (String, String) {
        self.store.run(&[&["user", "add", name], arguments].concat());
        self.store.issue(name, &[])
    }

    /// The answer to `request`, which must pass, and how it reached the upstream.
    pub(crate) fn passes(&self, what: &str, request: &Request) -> Arrival {
        self.passes_from(CLIENT, what, request)
    }

    /// The same from another address.
    pub(crate) fn passes_from(&self, source: IpAddr, what: &str, request: &Request) -> Arrival {
        let (answer, arrival) = self.send_from(source, request);
        assert_eq!(
            answer.status,
            200,
            "{what} should pass: {request:?}\n{}",
            self.server.log()
        );
        arrival.unwrap()
    }

    /// The answer to `request`, which must not be 200, nor may it reach the upstream.
    pub(crate) fn refuses_at_all(&self, what: &str, request: &Request) -> Response {
        let (answer, arrival) = self.send(request);
        assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
        assert!(arrival.is_none(), "{what} reached the upstream");
        answer
    }

    /// The answer to `request`, and how it reached the upstream where it did.
    pub(crate) fn send(&self, request: &Request) -> (Response, Option<Arrival>) {
        self.send_from(CLIENT, request)
    }

    /// The same from another address.
    pub(crate) fn send_from(&self, source: IpAddr, request: &Request) -> (Response, Option<Arrival>) {
        let answer = exchange_from(source, self.proxy.address(), request);
        // A request that was let through arrives before it is answered.
        let mut arrivals = self.upstream.take();
        assert!(arrivals.len() < 2, "{request:?} arrived more than once");
        assert_eq!(
            answer.field("x-upstream").is_some(),
            !arrivals.is_empty(),
            "{request:?}"
        );
        (answer, arrivals.pop())
    }

    /// Like [`World::passes`] for a request that names other fields in `Connection`, which some proxies turn away whatever
    /// Tollgate says: how it reached the upstream, where it was let through.
    pub(crate) fn passes_or_is_turned_away(&self, what: &str, request: &Request) -> Option<Arrival> {
        let (answer, arrival) = self.send(request);
        let turned_away = request.nominates() && answer.status == 400;
        assert!(
            arrival.is_some() != turned_away,
            "{what}: {request:?} {answer:?}\n{}",
            self.server.log()
        );
        arrival
    }

    /// The answer to `request`, which must be refused with `status` and not reach the upstream.
    pub(crate) fn refuses(&self, what: &str, status: u16, request: &Request) -> Response {
        self.refuses_from(CLIENT, what, status, request)
    }

    /// The same from another address.
    pub(crate) fn refuses_from(&self, source: IpAddr, what: &str, status: u16, request: &Request) -> Response {
        let (answer, arrival) = self.send_from(source, request);
        assert_eq!(answer.status, status, "{what}: {request:?}\n{}", self.server.log());
        assert!(arrival.is_none(), "{what} reached the upstream");
        answer
    }

    /// A connection of a client to the proxy.
    pub(crate) fn connect(&self) -> Result<Connection, Broken> {
        Connection::open_from(CLIENT, self.proxy.address())
    }

    /// A connection of a client to Tollgate itself, past the proxy.
    pub(crate) fn connect_to_tollgate(&self) -> Result<Connection, Broken> {
        Connection::open_from(CLIENT, self.server.address())
    }

    /// The answer to a question that a client asks Tollgate itself, past the proxy.
    pub(crate) fn ask_tollgate(&self, request: &Request) -> Response {
        exchange_from(CLIENT, self.server.address(), request)
    }
}
