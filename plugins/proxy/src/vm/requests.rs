//! What becomes of one request: decided, parked until there is a view, or kept until its form or the engine's word has come.

use tollgate_core::{Denial, DenyReason, LiveView, Unsettled, Verdict, check};

use super::{Action, Plan, Stage, Vm, Waiting};
use crate::clock;
use crate::configuration::Configuration;
use crate::door;
use crate::following::is_young;
use crate::head::Head;
use crate::pairs::{self, Pairs};
use crate::peer::peer;
use crate::verdict::{Done, carry_out, deny, plain};

/// The longest form that is looked through for a credential.
const FORM_LEN_MAX: usize = 64 * 1024;
/// How long a form may take to come.
const FORM_WITHIN_MS: u64 = 10_000;
/// What the caller is told of a longer one, as every host tells it.
const FORM_TOO_LONG: &str = "The form is longer than 65536 bytes or did not arrive whole within 10 seconds.";

/// What is to be done about a request that waits.
enum Due {
    /// It has been answered, or has gone.
    Never,
    Later,
    /// It is to be decided, by its body too where that has come.
    Now(Option<usize>),
}

impl Vm {
    pub(super) fn headers(&mut self, context: u32, is_end: bool) -> Action {
        let Some(plan) = self.plan_of(context) else {
            return self.refuse(context, &plain(DenyReason::StaleView), None);
        };
        let following = plan.following.borrow();
        match following.view() {
            Some(view) => self.decide(context, &plan, view, if is_end { Some(0) } else { None }),
            None => self.park(context, &plan.configuration, is_end),
        }
    }

    /// Lets requests that wait be decided where that can be done now, and refuses those that have waited too long.
    pub(super) fn attend(&mut self, root: u32) {
        if self.waiting.is_empty() {
            return;
        }
        let now_ms = clock::steady_ms().unwrap_or(u64::MAX);
        for waiting in std::mem::take(&mut self.waiting) {
            match self.due(&waiting, now_ms) {
                Due::Later => self.waiting.push_back(waiting),
                Due::Never => {}
                Due::Now(body) => {
                    if door::act_for(waiting.context).is_ok()
                        && self.decide_with_body(waiting.context, body) == Action::Continue
                    {
                        let _ = door::go_on();
                    }
                }
            }
        }
        let _ = door::act_for(root);
    }

    fn due(&self, waiting: &Waiting, now_ms: u64) -> Due {
        let Some(stream) = self.streams.get(&waiting.context) else {
            return Due::Never;
        };
        let late = now_ms >= waiting.until_ms;
        match stream.stage {
            Stage::Elsewhere | Stage::Refused => Due::Never,
            Stage::AwaitsForm if late => Due::Now(Some(FORM_LEN_MAX + 1)),
            Stage::AwaitsForm => Due::Later,
            Stage::Unsettled(pending) if self.is_settled(waiting.context, pending, now_ms) => Due::Now(stream.body_len),
            Stage::Unsettled(_) => Due::Later,
            Stage::Parked => {
                let plan = self.plan_of(waiting.context);
                let waits = plan.is_some_and(|plan| plan.following.borrow().view().is_none());
                if waits && !late {
                    Due::Later
                } else {
                    Due::Now(stream.body_len)
                }
            }
        }
    }

    /// Decides a request whose body has come (with so many bytes), or has not.
    pub(super) fn decide(&mut self, context: u32, plan: &Plan, view: &LiveView, body: Option<usize>) -> Action {
        let configuration = &plan.configuration;
        let Ok(bytes) = door::request_headers() else {
            return self.refuse(context, &plain(DenyReason::StaleView), None);
        };
        let Some(head) = Pairs::read(&bytes).and_then(Head::read) else {
            return self.refuse(context, &plain(DenyReason::MalformedCredential), None);
        };
        #[cfg(all(feature = "trap", target_arch = "wasm32"))]
        crate::trap::trap_where_asked(&head);
        if configuration
            .readiness_path
            .as_ref()
            .is_some_and(|path| path.as_bytes() == head.path())
        {
            return self.say_whether_ready(context, view);
        }
        let reads_form = head.is_form && configuration.read_forms && view.reads_forms();
        let (form, too_long) = match (reads_form, body) {
            (false, _) => (None, false),
            (true, None) => return self.await_form(context),
            (true, Some(len)) if len > FORM_LEN_MAX => (None, true),
            (true, Some(0)) => (Some(Vec::new()), false),
            (true, Some(len)) => match door::request_body(len) {
                Ok(form) => (Some(form), false),
                Err(_) => return self.refuse(context, &plain(DenyReason::StaleView), None),
            },
        };
        let peer = peer(view);
        let parts = if too_long {
            Head::unreadable(peer)
        } else {
            head.parts(peer, form.as_deref())
        };
        let verdict = check(view, &parts, clock::now());
        let waits = unsettled(&verdict).and_then(|unsettled| self.settle(context, plan, &unsettled, (&head, body)));
        let action = waits.unwrap_or_else(|| {
            let detail = too_long.then_some(FORM_TOO_LONG);
            let done = carry_out(verdict, view, &head, detail);
            self.remember(context, done)
        });
        door::keep(bytes);
        action
    }

    pub(super) fn remember(&mut self, context: u32, done: Done) -> Action {
        match done {
            Done::Permitted(held) => {
                self.stats().permitted();
                if held.is_some() {
                    self.streams.entry(context).or_default().held = held;
                }
                if let Some(stream) = self.streams.get_mut(&context) {
                    stream.stage = Stage::Elsewhere;
                }
                Action::Continue
            }
            Done::Denied(reason) => {
                self.stats().denied(reason);
                self.streams.entry(context).or_default().stage = Stage::Refused;
                Action::Pause
            }
        }
    }

    pub(super) fn refuse(&mut self, context: u32, denial: &Denial, detail: Option<&str>) -> Action {
        let done = deny(denial, detail);
        self.remember(context, done)
    }

    fn say_whether_ready(&mut self, context: u32, view: &LiveView) -> Action {
        if !is_young(view, clock::now()) {
            return self.refuse(context, &plain(DenyReason::StaleView), None);
        }
        self.streams.entry(context).or_default().stage = Stage::Refused;
        let fields = pairs::write(&[("content-type", "text/plain"), ("cache-control", "no-store")]);
        let _ = door::respond(200, &fields, b"ready\n", b"tollgate_ready");
        Action::Pause
    }

    fn park(&mut self, context: u32, configuration: &Configuration, is_end: bool) -> Action {
        let full = self.waiting.len() >= configuration.requests_waiting_most || configuration.wait_for_snapshot_ms == 0;
        // Whoever asks whether this worker is ready shall not have to wait for the answer.
        let asks = configuration.readiness_path.as_ref().is_some_and(|path| asks_for(path));
        let Some(now_ms) = clock::steady_ms().filter(|_| !full && !asks) else {
            return self.refuse(context, &plain(DenyReason::StaleView), None);
        };
        self.waiting.push_back(Waiting {
            context,
            until_ms: now_ms.saturating_add(configuration.wait_for_snapshot_ms),
        });
        self.stats().waited.count();
        let stream = self.streams.entry(context).or_default();
        stream.stage = Stage::Parked;
        stream.body_len = is_end.then_some(0);
        Action::Pause
    }

    pub(super) fn body(&mut self, context: u32, len: usize, is_end: bool) -> Action {
        let Some(stream) = self.streams.get_mut(&context) else {
            return Action::Continue;
        };
        stream.body_so_far = len;
        match stream.stage {
            Stage::Elsewhere => Action::Continue,
            Stage::Refused => Action::Pause,
            Stage::Parked | Stage::Unsettled(_) => {
                if is_end || len > FORM_LEN_MAX {
                    stream.body_len = Some(len);
                }
                Action::Pause
            }
            Stage::AwaitsForm if is_end || len > FORM_LEN_MAX => self.decide_with_body(context, Some(len)),
            Stage::AwaitsForm => Action::Pause,
        }
    }

    /// The end of a body that did not say so itself.
    pub(super) fn trailers(&mut self, context: u32) -> Action {
        let Some(stream) = self.streams.get_mut(&context) else {
            return Action::Continue;
        };
        let len = stream.body_so_far;
        match stream.stage {
            Stage::Elsewhere => Action::Continue,
            Stage::Refused => Action::Pause,
            Stage::Parked | Stage::Unsettled(_) => {
                stream.body_len = Some(len);
                Action::Pause
            }
            Stage::AwaitsForm => self.decide_with_body(context, Some(len)),
        }
    }

    /// Decides a request by its body (of so many bytes) as well, if that has come.
    fn decide_with_body(&mut self, context: u32, body: Option<usize>) -> Action {
        let plan = self.plan_of(context);
        let decided = plan.as_ref().and_then(|plan| {
            let following = plan.following.borrow();
            let view = following.view()?;
            Some(self.decide(context, plan, view, body))
        });
        decided.unwrap_or_else(|| self.refuse(context, &plain(DenyReason::StaleView), None))
    }

    /// Keeps a request until its form has come, but no longer than a while.
    fn await_form(&mut self, context: u32) -> Action {
        self.waiting.push_back(Waiting {
            context,
            until_ms: clock::steady_ms().unwrap_or(0).saturating_add(FORM_WITHIN_MS),
        });
        self.streams.entry(context).or_default().stage = Stage::AwaitsForm;
        Action::Pause
    }
}

/// What a check leaves open, and the engine may know.
fn unsettled(verdict: &Verdict<'_>) -> Option<Unsettled> {
    match verdict {
        Verdict::Permit(_) => None,
        Verdict::Denial(denial) => denial.unsettled,
    }
}

/// Whether the request in whose name this runs is for `path`.
fn asks_for(path: &str) -> bool {
    let Ok(bytes) = door::request_headers() else {
        return false;
    };
    let head = Pairs::read(&bytes).and_then(Head::read);
    head.is_some_and(|head| head.path() == path.as_bytes())
}
