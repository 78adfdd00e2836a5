//! What becomes of a request whose credential no view can decide about: it waits until the engine was asked, once for all that
//! present the same one, and is then checked again. The engine's word is remembered in the view and lifts no gate: all of them, and
//! the limits, are asked here.

use tollgate_core::{DenyReason, TokenDigest, Unsettled};

use super::{Action, Plan, Stage, Vm, Waiting};
use crate::clock;
use crate::door;
use crate::following::Following;
use crate::head::Head;
use crate::peer;
use crate::proof::Answer;
use crate::settling::Heard;
use crate::verdict::{self, plain};

/// A credential that is being settled, as one request sees it.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    digest: TokenDigest,
    standing: Standing,
    until_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// As many others as may be are asked about before it.
    InLine,
    UnderWay,
    /// It is proven. Where it does not pass by the view for all that, one of the two is newer than the other: what the view was
    /// when that was seen.
    Proven {
        seen: Option<Seen>,
    },
    /// It is nobody's.
    Refused,
    /// Too many guesses were wrong before it: not before so many seconds have passed.
    Throttled {
        retry_after_s: u32,
    },
    /// Nobody knows.
    Unknown,
}

/// A view, as it was at a moment.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    revision: u64,
    at_ms: u64,
}

impl Seen {
    /// Whether the view has changed since, or is known to lack nothing of what was then.
    fn is_over(self, following: &Following) -> bool {
        following.revision() != self.revision
            || following
                .complete_ms()
                .is_some_and(|complete_ms| complete_ms > self.at_ms)
    }
}

impl Vm {
    /// What is to be done about a request that was denied because its credential is not settled; none where the denial stands.
    pub(super) fn settle(
        &mut self,
        context: u32,
        plan: &Plan,
        unsettled: &Unsettled,
        (head, body): (&Head<'_>, Option<usize>),
    ) -> Option<Action> {
        let configuration = &plan.configuration;
        let before = self.pending(context).filter(|before| before.digest == unsettled.digest);
        if configuration.questions_most == 0 || before.is_some_and(|before| before.standing == Standing::Refused) {
            return None;
        }
        let is_full = before.is_none() && self.waiting.len() >= configuration.requests_waiting_most;
        let Some(now_ms) = clock::steady_ms().filter(|_| !is_full) else {
            return Some(self.give_up(context));
        };
        let until_ms = before.map_or_else(
            || now_ms.saturating_add(configuration.wait_for_proof_ms.into()),
            |before| before.until_ms,
        );
        let standing = match before.map(|before| before.standing) {
            _ if now_ms >= until_ms => Standing::Unknown,
            Some(Standing::Proven { seen: None }) => Standing::Proven {
                seen: Some(Seen {
                    revision: plan.following.borrow().revision(),
                    at_ms: now_ms,
                }),
            },
            None | Some(Standing::InLine | Standing::UnderWay | Standing::Proven { seen: Some(_) }) => {
                self.ask(context, plan, unsettled, head)
            }
            Some(stands @ (Standing::Refused | Standing::Throttled { .. } | Standing::Unknown)) => stands,
        };
        if let Standing::Throttled { retry_after_s } = standing {
            let done = verdict::throttle(retry_after_s);
            return Some(self.remember(context, done));
        }
        if standing == Standing::Unknown {
            return Some(self.give_up(context));
        }
        let stream = self.streams.entry(context).or_default();
        stream.body_len = body;
        stream.stage = Stage::Unsettled(Pending {
            digest: unsettled.digest,
            standing,
            until_ms,
        });
        // It may stand there from when it waited for its form.
        self.waiting.retain(|waiting| waiting.context != context);
        self.waiting.push_back(Waiting { context, until_ms });
        Some(Action::Pause)
    }

    fn pending(&self, context: u32) -> Option<Pending> {
        match self.streams.get(&context)?.stage {
            Stage::Unsettled(pending) => Some(pending),
            _ => None,
        }
    }

    fn give_up(&mut self, context: u32) -> Action {
        self.refuse(context, &plain(DenyReason::StaleView), None)
    }

    /// Asks the engine, unless somebody else has or too much is asked already.
    fn ask(&mut self, context: u32, plan: &Plan, unsettled: &Unsettled, head: &Head<'_>) -> Standing {
        let mut settling = plan.settling.borrow_mut();
        if settling.is_under_way(&unsettled.digest) {
            return Standing::UnderWay;
        }
        if !settling.has_room(&plan.configuration) {
            return Standing::InLine;
        }
        let Some((root, authorization)) = self.root_of(context).zip(head.authorization()) else {
            return Standing::Unknown;
        };
        let address = peer::address();
        // The answer comes to whoever asks, and this request may be gone by then while others wait.
        if door::act_for(root).is_err() {
            return Standing::Unknown;
        }
        let sent = settling.ask(root, &plan.configuration, unsettled, (authorization, address));
        let is_back = door::act_for(context).is_ok();
        drop(settling);
        match (sent, is_back) {
            (true, _) => {
                self.stats().questions.count();
                Standing::UnderWay
            }
            // Nothing may be said to this request in another's name: it is looked at again when its turn comes.
            (false, false) => Standing::InLine,
            (false, true) => Standing::Unknown,
        }
    }

    /// Takes what the engine has said, and lets those be decided who wait for it.
    pub(super) fn take_answer(&mut self, root: u32, plan: &Plan, heard: &Heard) {
        let Heard { unsettled, answer } = heard;
        let stats = self.stats();
        let standing = match *answer {
            Answer::Proven {
                settled,
                external_issuers,
            } => {
                stats.proven.count();
                let proven = Unsettled {
                    external_issuers,
                    ..*unsettled
                };
                plan.following.borrow_mut().remember(&proven, &settled);
                Standing::Proven { seen: None }
            }
            Answer::Refused => {
                stats.disproven.count();
                Standing::Refused
            }
            Answer::Throttled { retry_after_s } => {
                stats.disproven.count();
                Standing::Throttled { retry_after_s }
            }
            Answer::Unknown => {
                stats.unanswered.count();
                Standing::Unknown
            }
        };
        self.tell(plan, unsettled, standing);
        self.attend(root);
    }

    /// Takes note that some questions will never be answered.
    pub(super) fn give_up_questions(&mut self, plan: &Plan) {
        let gone = plan.settling.borrow_mut().give_up();
        for unsettled in gone {
            self.stats().unanswered.count();
            self.tell(plan, &unsettled, Standing::Unknown);
        }
    }

    /// A root context has gone with what it asked. Others may ask again.
    pub(super) fn lose_questions(&mut self, plan: &Plan, root: u32) {
        let gone = plan.settling.borrow_mut().lose(root);
        for unsettled in gone {
            self.tell(plan, &unsettled, Standing::InLine);
        }
    }

    fn tell(&mut self, plan: &Plan, unsettled: &Unsettled, standing: Standing) {
        let contexts: Vec<u32> = self.waiting.iter().map(|waiting| waiting.context).collect();
        for context in contexts {
            let waits = self
                .pending(context)
                .is_some_and(|pending| pending.digest == unsettled.digest);
            if waits
                && self.plan_of(context).is_some_and(|theirs| theirs.is_of_source(plan))
                && let Some(Stage::Unsettled(pending)) = self.streams.get_mut(&context).map(|stream| &mut stream.stage)
            {
                pending.standing = standing;
            }
        }
    }

    /// Whether something can be done now about a request that waits for its credential to be settled.
    pub(super) fn is_settled(&self, context: u32, pending: Pending, now_ms: u64) -> bool {
        let plan = self.plan_of(context);
        now_ms >= pending.until_ms
            || match pending.standing {
                Standing::Refused
                | Standing::Throttled { .. }
                | Standing::Unknown
                | Standing::Proven { seen: None } => true,
                Standing::UnderWay => false,
                Standing::InLine => plan.is_none_or(|plan| plan.settling.borrow().has_room(&plan.configuration)),
                Standing::Proven { seen: Some(seen) } => plan.is_none_or(|plan| seen.is_over(&plan.following.borrow())),
            }
    }
}
