//! One way to let requests through, as Envoys that run.

use std::time::Duration;

use tollgate_tests::envoy::{Envoy, Setup};

use super::client::Client;
use super::processors;

/// Envoys that run the same, which take turns among themselves: where the system happens to put a process in memory makes up
/// to a microsecond.
pub(crate) struct Variant {
    instances: Vec<Instance>,
}

/// An Envoy and the clients of it.
struct Instance {
    envoy: Envoy,
    worker: u32,
    one: Client,
    many: Client,
}

/// Connections at saturation.
const MANY: usize = 16;

/// What one turn of a variant cost, in nanoseconds for a request.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// From a request to its answer.
    pub(crate) latency: f64,
    /// Between one answer and the next.
    pub(crate) interval: f64,
    /// What the worker worked for it.
    pub(crate) worked: f64,
}

impl Variant {
    /// Starts so many Envoys with these filters, and makes sure that requests are answered with `expected`.
    pub(crate) fn start(instances: usize, setup: &Setup, requests: &[Vec<u8>], expected: u16) -> Self {
        let setup = Setup {
            processors: Some(processors::FIRST.to_string()),
            ..setup.clone()
        };
        let start = |_| Instance::start(setup.clone(), requests, expected);
        Self {
            instances: (0..instances).map(start).collect(),
        }
    }

    /// The Envoys.
    pub(crate) fn envoys(&self) -> impl Iterator<Item = &Envoy> {
        self.instances.iter().map(|instance| &instance.envoy)
    }

    /// A turn with one connection.
    pub(crate) fn alone(&mut self, round: usize, time: Duration) -> Cost {
        let instance = self.whose_turn(round);
        cost(&instance.envoy, instance.worker, &mut instance.one, time)
    }

    /// A turn with as many connections as keep the worker busy.
    pub(crate) fn saturated(&mut self, round: usize, time: Duration) -> Cost {
        let instance = self.whose_turn(round);
        cost(&instance.envoy, instance.worker, &mut instance.many, time)
    }

    fn whose_turn(&mut self, round: usize) -> &mut Instance {
        let count = self.instances.len();
        &mut self.instances[round % count]
    }
}

impl Instance {
    fn start(setup: Setup, requests: &[Vec<u8>], expected: u16) -> Self {
        let envoy = Envoy::start(setup);
        let worker = processors::worker(envoy.id());
        let open = |count| Client::open(envoy.address(), count, requests, expected);
        let (one, many) = (open(1), open(MANY));
        Self {
            worker,
            one,
            many,
            envoy,
        }
    }
}

fn cost(envoy: &Envoy, worker: u32, client: &mut Client, time: Duration) -> Cost {
    let before = processors::ran(envoy.id(), worker);
    let turn = client.run(time);
    let worked = processors::ran(envoy.id(), worker) - before;
    let each = |nanos: f64| nanos / turn.answers as f64;
    Cost {
        latency: turn.median as f64,
        interval: each(turn.took.as_nanos() as f64),
        worked: each(worked as f64),
    }
}
