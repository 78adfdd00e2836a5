//! One worker of a proxy, with the plugin and a feed for it.

use std::time::Duration;

use tollgate_core::{TokenKind, TokenText};
use tollgate_wasm::{ContextId, Feed, Process, Program, Settings, Vm};

/// The feed token of the plugin, and of the feed that it follows.
pub(crate) fn feed_token() -> String {
    TokenText::from_entropy(TokenKind::Feed, &[9; 32]).expose().to_owned()
}

pub(crate) const MAX_STALENESS: Duration = Duration::from_millis(5_000);
/// The same on the wall, at the beginning of each test.
pub(crate) const BEGINNING: Duration = Duration::from_secs(1_700_000_000);

/// A worker, and the feed that its plugin follows.
pub(crate) struct Worker {
    pub(crate) vm: Vm,
    pub(crate) root: ContextId,
    pub(crate) feed: Feed,
}

/// The plugin's configuration, with more members where `more` says so.
pub(crate) fn configuration(more: &str) -> String {
    let (token, staleness) = (feed_token(), MAX_STALENESS.as_millis());
    let names = r#""cluster": "tollgate", "authority": "engine.example""#;
    format!(r#"{{{names}, "feed_token": "{token}", "max_staleness_ms": {staleness}{more}}}"#)
}

impl Worker {
    /// Starts the plugin; nothing has been asked yet.
    pub(crate) fn new(program: &Program, feed: Feed, configuration: &str) -> Self {
        let process = Process::new(BEGINNING);
        Self::in_process(program, &process, feed, configuration, Settings::default())
    }

    pub(crate) fn in_process(
        program: &Program,
        process: &Process,
        feed: Feed,
        configuration: &str,
        settings: Settings,
    ) -> Self {
        let settings = Settings {
            stop_at_headers: true,
            ..settings
        };
        let mut vm = Vm::new(program, process, settings).unwrap();
        let (root, taken) = vm.start_root(configuration);
        assert!(taken, "the plugin refused to start: {:?}", vm.lines());
        Self { vm, root, feed }
    }

    /// Lets time pass in steps of at most 50 milliseconds, without an answer from the feed.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.wait_serving(time, false);
    }

    /// Lets time pass at once, as seen by a plugin that hears nothing from anybody meanwhile.
    pub(crate) fn silence(&mut self, time: Duration) {
        self.vm.process().clone().advance(time);
        self.vm.tick(self.root);
    }

    fn wait_serving(&mut self, mut time: Duration, serving: bool) {
        while !time.is_zero() {
            let step = time.min(Duration::from_millis(50));
            time -= step;
            self.vm.process().clone().advance(step);
            self.vm.run_due();
            if serving {
                self.feed.serve(&mut self.vm);
            }
        }
    }

    /// Lets the feed answer for a while.
    pub(crate) fn run(&mut self, time: Duration) {
        self.wait_serving(time, true);
    }

    /// Lets the feed answer until the plugin has everything. Answers what is wrong where it never has.
    pub(crate) fn follow(&mut self) -> Result<(), String> {
        for _ in 0..400 {
            self.vm.process().clone().advance(Duration::from_millis(1));
            self.vm.tick(self.root);
            self.feed.serve(&mut self.vm);
            self.vm.tick(self.root);
            if self.is_complete() {
                return Ok(());
            }
        }
        let lines = self.vm.lines();
        Err(format!("the plugin does not follow: {:?} {lines:?}", self.vm.failure()))
    }

    /// Whether the plugin says that it has the newest revision, and nothing is under way but a question for more.
    pub(crate) fn is_complete(&self) -> bool {
        let newest = i128::from(self.feed.newest().0);
        let metric = |name: &str| self.vm.process().metric(name);
        metric("tollgate.revision") == Some(newest) && metric("tollgate.view_age_ms").is_some_and(|age| age < 10)
    }

    /// What the guest did that no proxy allows.
    pub(crate) fn violations(&self) -> &[String] {
        self.vm.violations()
    }
}
