//! What the authorization server was asked for, by whom, and how that ended.

use std::collections::HashSet;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Clients that have series of their own; all beyond are told of as one.
const CLIENTS_MOST: usize = 1_000;

/// Their name, which no client can have.
const OTHERS: &str = ":others";

/// The client, what was asked for, the outcome.
type Labels = [(&'static str, String); 3];

/// One counter for each client that is known, each grant or endpoint, and each outcome.
pub(super) struct Activities {
    counts: Family<Labels, Counter>,
    clients: Mutex<HashSet<String>>,
}

impl Activities {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let counts = Family::default();
        registry.register(
            "authorization_requests",
            "Requests to the authorization server by client (empty where none is known), grant or endpoint, and outcome",
            counts.clone(),
        );
        Self {
            counts,
            clients: Mutex::new(HashSet::new()),
        }
    }

    /// Counts one answer. Only a client that exists may be named: what a caller made up would be a series for ever.
    pub(super) fn count(&self, client: Option<&str>, asked: &'static str, outcome: &'static str) {
        let client = client.map_or("", |client| self.named(client));
        let labels = [
            ("client", client.to_owned()),
            ("asked", asked.to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        self.counts.get_or_create_owned(&labels).inc();
    }

    fn named<'a>(&self, client: &'a str) -> &'a str {
        let mut clients = self.clients.lock();
        if clients.contains(client) {
            return client;
        }
        if clients.len() >= CLIENTS_MOST {
            return OTHERS;
        }
        clients.insert(client.to_owned());
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_beyond_the_bound_are_told_of_as_one_and_earlier_ones_by_name() {
        let mut registry = Registry::default();
        let activities = Activities::register(&mut registry);
        for number in 0..CLIENTS_MOST + 5 {
            activities.count(Some(&format!("c{number}")), "password", "granted");
        }
        activities.count(Some("c7"), "password", "granted");
        activities.count(None, "password", "invalid_client");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            r#"{client="c7",asked="password",outcome="granted"} 2"#,
            r#"{client=":others",asked="password",outcome="granted"} 5"#,
            r#"{client="",asked="password",outcome="invalid_client"} 1"#,
        ] {
            assert!(text.contains(line), "{line}");
        }
        assert_eq!(text.matches("outcome=").count(), CLIENTS_MOST + 2);
    }
}
