//! What comes from outside: time, and answers to callouts.

use super::{ContextId, Vm, is_due, length};
use crate::callout::{Callout, Response};

impl Vm {
    /// Calls a root context's tick, whether it is due or not.
    pub fn tick(&mut self, root: ContextId) {
        self.call(root, |callbacks| &callbacks.tick, (root,));
        // The wait for the next begins after the callback.
        let state = self.store.data_mut();
        let now = state.process.monotonic();
        if let Some(tick) = state.roots.get_mut(&root).and_then(|root| root.tick.as_mut()) {
            tick.next = now.saturating_add(tick.period);
        }
    }

    /// Lets happen what is due by the process's clock: ticks, and callouts that the proxy no longer waits for.
    pub fn run_due(&mut self) {
        let state = self.store.data();
        let now = state.process.monotonic();
        let over = |callout: &&Callout| callout.timeout.is_some_and(|wait| is_due(callout.sent_at, wait, now));
        let over: Vec<u32> = state
            .callouts
            .values()
            .filter(over)
            .map(|callout| callout.token)
            .collect();
        let due = state
            .roots
            .iter()
            .filter(|(_, root)| root.tick.is_some_and(|tick| tick.next <= now));
        let due: Vec<ContextId> = due.map(|(id, _)| *id).collect();
        for token in over {
            self.refuse(token);
        }
        for root in due {
            self.tick(root);
        }
    }

    /// How long a root context waits from tick to tick; none where it wants none.
    pub fn tick_period(&self, root: ContextId) -> Option<std::time::Duration> {
        self.store.data().roots.get(&root)?.tick.map(|tick| tick.period)
    }

    /// The callouts that wait for an answer, in the order in which they were sent.
    pub fn callouts(&self) -> Vec<Callout> {
        self.store.data().callouts.values().cloned().collect()
    }

    /// Answers a callout. Answers whether it was still waited for.
    pub fn answer(&mut self, token: u32, response: Response) -> bool {
        let Some(callout) = self.store.data_mut().callouts.remove(&token) else {
            return false;
        };
        let lengths = [response.headers.len(), response.body.len(), response.trailers.len()].map(length);
        let [headers, body, trailers] = lengths;
        self.store.data_mut().answer = Some(response);
        let arguments = (callout.root, token, headers, body, trailers);
        self.call(callout.root, |callbacks| &callbacks.http_call_response, arguments);
        self.store.data_mut().answer = None;
        true
    }

    /// Fails a callout, as a proxy does that had no connection, or no answer in time. Answers whether it was still waited for.
    pub fn refuse(&mut self, token: u32) -> bool {
        let Some(callout) = self.store.data_mut().callouts.remove(&token) else {
            return false;
        };
        let arguments = (callout.root, token, 0, 0, 0);
        self.call(callout.root, |callbacks| &callbacks.http_call_response, arguments);
        true
    }

    /// Drops a callout without a word, as no proxy should.
    pub fn lose(&mut self, token: u32) -> bool {
        self.store.data_mut().callouts.remove(&token).is_some()
    }
}
