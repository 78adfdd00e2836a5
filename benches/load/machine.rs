//! What the machine is asked for, and what it does meanwhile.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

/// Descriptors for ten thousand connections and their reconnections, on each side.
const DESCRIPTORS: u64 = 65_536;

/// Puts this process on the last processor, where the server is not, and lets it and its children open enough files.
pub(crate) fn prepare() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.map_or(DESCRIPTORS, |most| most.min(DESCRIPTORS));
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(most),
            maximum: limit.maximum,
        },
    )
    .unwrap();
    assert!(
        most >= 12_000,
        "this needs `ulimit -Hn` of at least 12,000, and here it is {most}"
    );
    let mut last = CpuSet::new();
    last.set(processors() - 1);
    sched_setaffinity(None, &last).unwrap();
}

fn processors() -> usize {
    let cores = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    cores.lines().filter(|line| line.starts_with("processor")).count()
}

/// How busy the machine was over the last minute, all included.
pub(crate) fn described() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    format!(
        "{} processors, load {}",
        processors(),
        load.split(' ').take(3).collect::<Vec<_>>().join(" ")
    )
}
