//! Requests through the filter.

use super::{ContextId, Vm, length};
use crate::stream::{Outcome, Request, Stream};

/// What a callback at the headers or the body answers.
const CONTINUE: u32 = 0;
const STOP_ITERATION: u32 = 1;

impl Vm {
    /// Sends a whole request through a root context's filter. [`Vm::end`] ends its stream.
    pub fn request(&mut self, root: ContextId, request: Request) -> ContextId {
        let body = request.body.clone();
        let id = self.begin(root, request);
        if let Some(body) = body {
            self.body(id, &body, true);
        }
        id
    }

    /// Sends its headers alone; what stands in [`Request::body`] only says that a body follows.
    pub fn begin(&mut self, root: ContextId, request: Request) -> ContextId {
        let id = self.new_context();
        let (count, ends) = (length(request.headers.len()), u32::from(request.body.is_none()));
        let mut stream = Stream::new(root, request);
        if self.failed.is_some() {
            (stream.open, stream.outcome) = (false, Outcome::Failed);
            self.store.data_mut().streams.insert(id, stream);
            return id;
        }
        self.store.data_mut().streams.insert(id, stream);
        self.call(id, |callbacks| &callbacks.context_create, (id, root));
        let answer = self.call_without_effects(id, |callbacks| &callbacks.request_headers, (id, count, ends));
        let skipped = self.callbacks.request_headers.is_none();
        self.settle(id, answer.or(skipped.then_some(CONTINUE)));
        self.apply_effects();
        id
    }

    /// Sends a part of the body. It waits as long as the stream stands still, unless the guest wants to see it.
    pub fn body(&mut self, id: ContextId, part: &[u8], ends: bool) {
        if let Some(stream) = self.store.data_mut().streams.get_mut(&id) {
            stream.arrived.push_back((part.to_vec(), ends));
        }
        self.flow(id);
    }

    /// Ends the body with so many trailers instead of a last part. They come to a guest that would be shown a part.
    pub fn trailers(&mut self, id: ContextId, count: u32) {
        let Some(passed) = self.shows_body(id) else { return };
        let answer = self.call_without_effects(id, |callbacks| &callbacks.request_trailers, (id, count));
        let skipped = self.callbacks.request_trailers.is_none();
        self.settle_part(id, passed, answer.or(skipped.then_some(CONTINUE)));
        self.apply_effects();
    }

    /// What has become of a request; a stream that is no more has failed.
    pub fn outcome(&self, id: ContextId) -> &Outcome {
        let stream = self.store.data().streams.get(&id);
        stream.map_or(&Outcome::Failed, |stream| &stream.outcome)
    }

    /// How many streams have begun and not ended.
    pub fn streams(&self) -> usize {
        self.store.data().streams.len()
    }

    /// Ends a stream, whether it was decided or its client has gone, and answers what had become of it.
    pub fn end(&mut self, id: ContextId) -> Outcome {
        if let Some(stream) = self.store.data_mut().streams.get_mut(&id) {
            stream.open = false;
        }
        self.call(id, |callbacks| &callbacks.log, (id,));
        self.call(id, |callbacks| &callbacks.done, (id,));
        self.call(id, |callbacks| &callbacks.delete, (id,));
        let stream = self.store.data_mut().streams.remove(&id);
        stream.map_or(Outcome::Failed, |stream| stream.outcome)
    }

    /// Takes what a callback at the headers answered.
    fn settle(&mut self, id: ContextId, answer: Option<u32>) {
        let state = self.store.data_mut();
        let (stopped, stop_at_headers) = (state.stopped, state.settings.stop_at_headers);
        let Some(stream) = state.streams.get_mut(&id) else {
            return;
        };
        match answer {
            None => (stream.open, stream.outcome) = (false, Outcome::Failed),
            Some(CONTINUE) if !stopped => stream.pass(),
            // All else is a full stop.
            Some(answer) => stream.reads_body = answer == STOP_ITERATION && stop_at_headers && !stopped,
        }
    }

    /// Lets what has come of a body flow on, as far as it may.
    pub(super) fn flow(&mut self, id: ContextId) {
        while let Some((passed, size, ends)) = self.next_part(id) {
            let arguments = (id, size, u32::from(ends));
            let answer = self.call_without_effects(id, |callbacks| &callbacks.request_body, arguments);
            let skipped = self.callbacks.request_body.is_none();
            let answer = answer.or(skipped.then_some(CONTINUE));
            self.settle_part(id, passed, answer);
            self.apply_effects();
        }
    }

    /// Takes what a callback at a part of the body answered.
    fn settle_part(&mut self, id: ContextId, passed: bool, answer: Option<u32>) {
        let state = self.store.data_mut();
        let stopped = state.stopped;
        let Some(stream) = state.streams.get_mut(&id) else {
            return;
        };
        match answer {
            None if passed => {}
            None => (stream.open, stream.outcome) = (false, Outcome::Failed),
            Some(CONTINUE) if !stopped && passed => stream.buffered.clear(),
            Some(CONTINUE) if !stopped => {
                stream.pass();
                stream.buffered.clear();
            }
            // The headers are at the upstream already.
            Some(_) if passed => state.violations.push(format!("stream {id} went on without its body")),
            Some(_) => {}
        }
    }

    /// Whether a part of the body may be shown to the guest now; and then, whether the headers went on.
    fn shows_body(&self, id: ContextId) -> Option<bool> {
        let stream = self.store.data().streams.get(&id)?;
        let passed = matches!(stream.outcome, Outcome::Passed(_));
        let reads = stream.outcome == Outcome::Waiting && stream.reads_body && stream.open;
        (self.failed.is_none() && (passed || reads)).then_some(passed)
    }

    /// The next part of a body that may be shown to the guest: whether its headers went on, the size of what is held with
    /// it, and whether it is the last.
    fn next_part(&mut self, id: ContextId) -> Option<(bool, u32, bool)> {
        let passed = self.shows_body(id)?;
        let stream = self.store.data_mut().streams.get_mut(&id)?;
        let (part, ends) = stream.arrived.pop_front()?;
        stream.buffered.extend(part);
        Some((passed, length(stream.buffered.len()), ends))
    }
}
