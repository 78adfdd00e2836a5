//! Envoy's administration endpoint.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use crate::http::{Broken, Connection, Request, Response};
use crate::wait::{self, PATIENCE};

/// Counters and gauges by name.
#[derive(Clone, Debug)]
pub struct Stats(BTreeMap<String, u64>);

impl Stats {
    /// The value of `name`; nought where Envoy has never heard of it.
    pub fn value(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Names and values of all whose name contains `part`, for the words of a failure.
    pub fn containing(&self, part: &str) -> BTreeMap<&str, u64> {
        let all = self.0.iter().filter(|(name, _)| name.contains(part));
        all.map(|(name, value)| (name.as_str(), *value)).collect()
    }
}

/// The administration endpoint of a running Envoy.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    address: SocketAddr,
}

impl Admin {
    /// The administration endpoint at `address`.
    pub fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// The body of the page `target`, such as `/config_dump`; panics unless it is there.
    pub fn page(&self, target: &str) -> String {
        let answer = self
            .ask(&Request::get(target))
            .unwrap_or_else(|broken| panic!("{target}: {broken}"));
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{target}: {text}");
        text
    }

    /// Whether all is initialised and the workers run; not so either where nobody answers.
    pub fn is_ready(&self) -> bool {
        self.ask(&Request::get("/ready"))
            .is_ok_and(|answer| answer.status == 200)
    }

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        let page = self.page("/stats");
        let lines = page.lines().filter_map(|line| line.split_once(": "));
        let numbers = lines.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
        Stats(numbers.collect())
    }

    /// One counter or gauge.
    pub fn stat(&self, name: &str) -> u64 {
        self.stats().value(name)
    }

    /// Waits until the counters and gauges are as `wanted` says; `what` ends the sentence of a failure.
    pub fn wait_for(&self, what: &str, mut wanted: impl FnMut(&Stats) -> bool) -> Stats {
        wait::until(what, PATIENCE, || Some(self.stats()).filter(&mut wanted))
    }

    /// Where the listener `name` takes connections, once it does.
    pub fn listener(&self, name: &str) -> Option<SocketAddr> {
        let page: Value = serde_json::from_str(&self.page("/listeners?format=json")).ok()?;
        let listeners = page["listener_statuses"].as_array()?;
        let listener = listeners.iter().find(|listener| listener["name"] == name)?;
        let address = &listener["local_address"]["socket_address"];
        let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
        Some(SocketAddr::new(address["address"].as_str()?.parse().ok()?, port))
    }

    /// Asks Envoy to end in order.
    pub fn quit(&self) {
        // It may be gone before it has answered.
        let _ = self.ask(&Request::new("POST", "/quitquitquit").body(""));
    }

    fn ask(&self, request: &Request) -> Result<Response, Broken> {
        Connection::open(self.address)?.send(request)
    }
}
