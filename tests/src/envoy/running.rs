//! Envoy as a process.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::admin::{Admin, Stats};
use super::setup::Setup;
use crate::http::{Broken, Connection};
use crate::process::Process;
use crate::proxy::program;
use crate::wait::{self, PATIENCE};

/// How long an old listener serves on beside the one that took its place.
const DRAIN_SECONDS: &str = "2";

/// A running Envoy. Everything it reads and writes lies in a folder that goes with it; dropping it kills it.
pub struct Envoy {
    setup: Setup,
    address: SocketAddr,
    admin: Admin,
    version: u64,
    process: Process,
    folder: TempDir,
}

/// Envoy did not take a configuration. Holds its log.
#[derive(Debug)]
pub struct Refused(pub String);

impl Envoy {
    /// Starts an Envoy and waits until its listener takes connections.
    pub fn start(setup: Setup) -> Self {
        Self::try_start(setup).unwrap_or_else(|Refused(log)| panic!("Envoy did not start:\n{log}"))
    }

    /// Starts an Envoy, which may end instead or go on without its listener.
    pub fn try_start(setup: Setup) -> Result<Self, Refused> {
        let mut begun = Self::begin(setup);
        if begun.listens() {
            return Ok(begun);
        }
        // All that it wrote is known only after its end.
        begun.process.terminate();
        begun.process.wait(PATIENCE);
        Err(Refused(begun.process.output()))
    }

    /// Starts the process and waits until it can be asked how it is.
    fn begin(setup: Setup) -> Self {
        let folder = TempDir::new().unwrap();
        let file = |name: &str| folder.path().join(name);
        let bootstrap = setup.bootstrap(&file("listeners.json"));
        fs::write(file("envoy.json"), bootstrap.to_string()).unwrap();
        fs::write(file("listeners.json"), setup.listeners(&setup.filters, 1).to_string()).unwrap();
        let mut command = command(&setup);
        command.arg("--config-path").arg(file("envoy.json"));
        command.arg("--admin-address-path").arg(file("admin"));
        let mut process = Process::start("envoy", &mut command);
        let address = wait::until("Envoy says where it can be asked, or has ended", PATIENCE, || {
            let written = fs::read_to_string(file("admin"))
                .ok()
                .and_then(|text| text.trim().parse().ok());
            written.or_else(|| process.ended().map(|_| SocketAddr::from(([127, 0, 0, 1], 0))))
        });
        Self {
            setup,
            address,
            admin: Admin::at(address),
            version: 1,
            process,
            folder,
        }
    }

    /// Waits until the listener is there, and answers whether it came.
    fn listens(&mut self) -> bool {
        wait::until("Envoy listens, has refused its listener or has ended", PATIENCE, || {
            if self.process.ended().is_some() {
                return Some(false);
            }
            if !self.admin.is_ready() {
                return None;
            }
            let stats = self.admin.stats();
            if refused(&stats) > 0 {
                return Some(false);
            }
            self.address = self.admin.listener("ingress")?;
            (stats.value("listener_manager.workers_started") == 1).then_some(true)
        })
    }

    /// Where clients reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The administration endpoint.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// A connection to each worker: they are dealt out in turn, so it matters that no other is open.
    pub fn connections(&self) -> Result<Vec<Connection>, Broken> {
        (0..self.setup.workers)
            .map(|_| Connection::open(self.address))
            .collect()
    }

    /// Has the listener run other filters, at once for new connections, and waits until they are in force or refused. In the
    /// latter case the old ones go on.
    pub fn reload(&mut self, filters: &[Value]) -> Result<(), Refused> {
        let counted = |admin: &Admin| {
            let stats = admin.stats();
            (stats.value("listener_manager.lds.update_success"), refused(&stats))
        };
        let before = counted(&self.admin);
        self.version += 1;
        // Envoy looks at the file when another one is moved to its place, so it never sees half of it.
        let (new, place) = (
            self.folder.path().join("new"),
            self.folder.path().join("listeners.json"),
        );
        fs::write(&new, self.setup.listeners(filters, self.version).to_string()).unwrap();
        fs::rename(new, place).unwrap();
        let rejected = wait::until("Envoy has taken or refused its new listener", PATIENCE, || {
            let now = counted(&self.admin);
            (now != before).then_some(now.1 > before.1)
        });
        if rejected { Err(Refused(self.log())) } else { Ok(()) }
    }

    /// Waits until no listener and no filters that were replaced are left.
    pub fn wait_until_drained(&self) {
        self.admin.wait_for("what was replaced is gone", |stats| {
            let left = [
                "total_filter_chains_draining",
                "total_listeners_draining",
                "total_listeners_warming",
            ];
            left.iter()
                .all(|name| stats.value(&format!("listener_manager.{name}")) == 0)
        });
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.ended().is_none()
    }

    /// What it has logged so far: warnings, and what a Wasm module says.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Ends it in order and answers its whole log.
    pub fn quit(mut self) -> String {
        self.admin.quit();
        self.process.wait(PATIENCE);
        self.process.output()
    }
}

/// How often a listener was not taken: one that made no sense, and one that could not be had.
fn refused(stats: &Stats) -> u64 {
    let of = |name: &str| stats.value(&format!("listener_manager.lds.{name}"));
    of("update_rejected") + of("update_failure")
}

fn command(setup: &Setup) -> Command {
    let envoy = program("envoy", "tests/run setup");
    let mut command = match &setup.processors {
        None => Command::new(envoy),
        Some(processors) => {
            let mut command = Command::new("taskset");
            command.args(["-c", processors]).arg(envoy);
            command
        }
    };
    command.args(["--concurrency", &setup.workers.to_string()]);
    command.args(["--log-level", "warning", "--component-log-level", "wasm:info"]);
    command.args(["--drain-time-s", DRAIN_SECONDS]);
    // What old and new processes share for a restart would be shared by all tests.
    command.arg("--disable-hot-restart");
    command
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::envoy::{EMPTY, WasmFilter, assembled};
    use crate::http::{Request, exchange};
    use crate::upstream::Upstream;

    fn refusing(status: u16) -> Value {
        json!({
            "name": "envoy.filters.http.fault",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                "abort": { "http_status": status, "percentage": { "numerator": 100 } },
            },
        })
    }

    #[test]
    fn each_worker_runs_the_module_and_hands_on_to_the_upstream() {
        let upstream = Upstream::start();
        let filter = WasmFilter::new(&assembled("empty", EMPTY), "empty").entry();
        let envoy = Envoy::start(Setup::of(vec![filter]).with_workers(2).before(upstream.address()));
        for mut connection in envoy.connections().unwrap() {
            assert_eq!(connection.send(&Request::get("/a")).unwrap().body, b"upstream");
        }
        assert_eq!(upstream.take().len(), 2);
        let stats = envoy.admin().stats();
        for worker in 0..2 {
            let name = format!("listener.127.0.0.1_0.worker_{worker}.downstream_cx_total");
            assert_eq!(stats.value(&name), 1, "{:?}", stats.containing("worker_"));
        }
        // The base, and a clone for each worker and for the main thread, which takes no requests.
        assert_eq!(
            stats.value("wasm.envoy.wasm.runtime.v8.active"),
            4,
            "{:?}",
            stats.containing("wasm")
        );
        assert!(envoy.admin().page("/config_dump").contains("\"vm_id\": \"empty\""));
        envoy.quit();
    }

    #[test]
    fn other_filters_take_effect_while_it_runs_and_refused_ones_do_not() {
        let mut envoy = Envoy::start(Setup::of(vec![]));
        let status = |envoy: &Envoy| exchange(envoy.address(), &Request::get("/")).status;
        let address = envoy.address();
        assert_eq!(status(&envoy), 200);
        envoy.reload(&[refusing(418)]).unwrap();
        wait::until("new connections are refused", PATIENCE, || {
            (status(&envoy) == 418).then_some(())
        });
        envoy.wait_until_drained();
        let garbage = assembled("garbage", "(module)");
        let Refused(log) = envoy
            .reload(&[WasmFilter::new(&garbage, "garbage").entry()])
            .unwrap_err();
        assert!(log.contains("Unable to create Wasm"), "{log}");
        assert_eq!(status(&envoy), 418);
        assert_eq!(envoy.admin().listener("ingress"), Some(address));
    }

    #[test]
    fn a_module_that_cannot_start_is_refused_at_the_start_too() {
        let garbage = assembled("no_abi", "(module)");
        let filter = WasmFilter::new(&garbage, "garbage").entry();
        let Err(Refused(log)) = Envoy::try_start(Setup::of(vec![filter])) else {
            panic!("Envoy listens");
        };
        assert!(log.contains("Unable to create Wasm"), "{log}");
    }
}
