//! Who runs where, and how long.

use std::fs;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The processor of Envoy's worker.
pub(crate) const FIRST: usize = 0;

/// The processor of everybody else.
pub(crate) fn last() -> usize {
    let cores = fs::read_to_string("/proc/cpuinfo").unwrap();
    cores.lines().filter(|line| line.starts_with("processor")).count() - 1
}

/// Puts every thread of a process on one processor.
pub(crate) fn put(process: u32, processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    for thread in threads(process) {
        sched_setaffinity(Pid::from_raw(thread as i32), &set).unwrap();
    }
}

/// Puts the calling thread on one processor.
pub(crate) fn stay_on(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).unwrap();
}

/// Lets the calling thread run anywhere, and what it starts from now on.
pub(crate) fn roam() {
    let mut set = CpuSet::new();
    (0..=last()).for_each(|processor| set.set(processor));
    sched_setaffinity(None, &set).unwrap();
}

/// The ids of the threads of a process.
pub(crate) fn threads(process: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_str().unwrap().parse().unwrap()).collect()
}

/// The thread of a process that runs Envoy's first worker.
pub(crate) fn worker(process: u32) -> u32 {
    let name = |thread: &u32| fs::read_to_string(format!("/proc/{process}/task/{thread}/comm")).unwrap();
    let found = threads(process)
        .into_iter()
        .find(|thread| name(thread).starts_with("wrk:worker_0"));
    found.expect("Envoy names its workers wrk:worker_N")
}

/// Nanoseconds for which a thread has run so far, its time in the kernel included.
pub(crate) fn ran(process: u32, thread: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/task/{thread}/schedstat")).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// KiB of memory that a process has.
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How busy the machine was over the last minutes, all included.
pub(crate) fn described() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    let minutes: Vec<_> = load.split(' ').take(3).collect();
    format!("{} processors, load {}", last() + 1, minutes.join(" "))
}
