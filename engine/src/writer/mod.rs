//! The writer: one thread that takes batches of commands, runs one transaction for each batch, applies what it changed and
//! only then answers.

mod job;
mod queue;
mod standing;
mod checkpoint;
mod turn;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, bounded, never, select, tick};
use tollgate_core::{DigestKey, LiveView, Settled, Timestamp, Unsettled, Upgrade, UserId};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::execute::{GrantCursors, Swept};
use crate::feed::{Feed, Lagged};
use crate::granting::Derivation;
use crate::live::{Applier, LiveUses};
use crate::sealed::Vault;
use crate::store::Store;

use checkpoint::Checkpoints;
pub use job::{ExecuteError, Unavailable};
pub(crate) use job::{Job, Pending};
pub(crate) use queue::{Answer, Queue};
pub(crate) use standing::Standing;

/// Commands that wait before callers do.
const QUEUE_MOST: usize = 8_192;
/// Commands that share one transaction at most.
const BATCH_MOST: usize = 1_024;

/// What the writer is asked for.
pub(crate) enum Message {
    /// Carry out a command.
    Command(Box<dyn Job>),
    /// Write all counters that have changed.
    Checkpoint(Sender<Result<(), Unavailable>>),
    /// Take away one batch of rows that are of no use.
    Sweep(Sender<Result<Swept, Unavailable>>),
    /// Look at the live view while nothing changes it.
    Inspect(Box<dyn FnOnce(&LiveView) + Send>),
    /// Remember a proof.
    Remember {
        unsettled: Unsettled,
        settled: Settled,
        reply: Sender<()>,
    },
    /// Give a token a better digest.
    Upgrade(Upgrade),
    /// Write all counters, and end.
    Stop,
}

/// What a writer needs.
pub(crate) struct Tools {
    pub(crate) store: Arc<Store>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) digest_key: DigestKey,
    pub(crate) derivation: Arc<Derivation>,
    pub(crate) vault: Vault,
    pub(crate) policy: Policy,
    pub(crate) standing: Standing,
    pub(crate) uses: LiveUses,
}

/// What a writer does of itself, and its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// How often counters are written; never where there is none.
    pub(crate) checkpoint_every: Option<Duration>,
    /// How often useless rows are taken away; never where there is none.
    pub(crate) sweep_every: Option<Duration>,
    /// Seconds for which an ended token's row stays, so that refusals can be explained.
    pub(crate) retention_s: u64,
    /// Most rows in the tail of the feed.
    pub(crate) tail_most: u64,
    /// Seconds after which a refresh token that lies unused has ended.
    pub(crate) refresh_idle_s: u64,
}

/// The state of the writer's thread.
struct Writer {
    tools: Tools,
    applier: Applier,
    checkpoints: Checkpoints,
    /// What the clock said when the writer last looked whether there is something to sweep, or at the start.
    last_look: Timestamp,
    /// Up to where idempotency keys were last looked at.
    swept_repeats: Option<[u8; 32]>,
    /// Up to where grants were last looked at.
    swept_grants: GrantCursors,
    /// Why nothing is written any more, once a commit or the storage has failed.
    poison: Option<Arc<str>>,
}

impl Drop for Writer {
    /// However the thread ends: checks end first, and only then does anybody learn of it.
    fn drop(&mut self) {
        self.applier.stop_checks();
        self.tools.feed.end(Lagged::Closed);
    }
}

/// Starts the thread. It ends after [`Message::Stop`], or when the queue is gone.
pub(crate) fn start(
    tools: Tools,
    applier: Applier,
    counters: Vec<(UserId, u64)>,
) -> std::io::Result<(Queue, JoinHandle<()>)> {
    let (messages, queue) = bounded(QUEUE_MOST);
    let (alive, gone) = bounded(0);
    let writer = Writer {
        last_look: tools.clock.now(),
        tools,
        applier,
        checkpoints: Checkpoints::new(counters),
        swept_repeats: None,
        swept_grants: GrantCursors::default(),
        poison: None,
    };
    let thread = move || {
        // Outlives the writer even where that unwinds: whoever learns of the end finds checks stopped.
        let _alive = alive;
        writer.run(&queue);
    };
    let thread = std::thread::Builder::new()
        .name("tollgate-writer".to_owned())
        .spawn(thread)?;
    Ok((Queue::new(messages, gone), thread))
}

impl Writer {
    fn run(mut self, queue: &Receiver<Message>) {
        let ticks = |every: Option<Duration>| every.map_or_else(never, tick);
        let (checkpoint_due, sweep_due) = (
            ticks(self.tools.policy.checkpoint_every),
            ticks(self.tools.policy.sweep_every),
        );
        let mut sweeping = false;
        loop {
            // What is left of a checkpoint or a sweep is done between batches, so that neither holds commands up for long.
            let more = self.checkpoints.is_behind() || sweeping;
            let idle = if more { after(Duration::ZERO) } else { never() };
            let message = select! {
                recv(queue) -> message => message,
                recv(checkpoint_due) -> _ => { self.checkpoints.begin(self.applier.view(), &self.tools.uses); continue }
                recv(sweep_due) -> _ => { sweeping = true; continue }
                recv(idle) -> _ => {
                    if self.checkpoints.is_behind() {
                        let _ = self.checkpoint_some();
                    } else {
                        sweeping = self.sweep_some().is_ok_and(|swept| swept.more);
                    }
                    continue
                }
            };
            // A queue without senders asks for nothing but to stop.
            let mut next = Some(message.unwrap_or(Message::Stop));
            while let Some(message) = next.take() {
                if matches!(message, Message::Stop) {
                    let _ = self.checkpoint_all();
                    return refuse_all(queue);
                }
                next = self.serve(message, queue);
            }
        }
    }

    /// Serves one message, and with a command all commands that wait behind it. Answers the message after them.
    fn serve(&mut self, message: Message, queue: &Receiver<Message>) -> Option<Message> {
        match message {
            Message::Command(job) => {
                let mut batch = vec![job];
                let mut next = None;
                while batch.len() < BATCH_MOST {
                    match queue.try_recv() {
                        Ok(Message::Command(job)) => batch.push(job),
                        Ok(other) => {
                            next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                self.turn(batch);
                return next;
            }
            Message::Checkpoint(reply) => drop(reply.send(self.checkpoint_all())),
            Message::Sweep(reply) => drop(reply.send(self.sweep_some())),
            Message::Upgrade(first) => {
                let mut offered = vec![first];
                let mut next = None;
                while offered.len() < BATCH_MOST && next.is_none() {
                    match queue.try_recv() {
                        Ok(Message::Upgrade(another)) => offered.push(another),
                        Ok(other) => next = Some(other),
                        Err(_) => break,
                    }
                }
                self.upgrade(&offered);
                return next;
            }
            Message::Remember {
                unsettled,
                settled,
                reply,
            } => {
                self.applier.remember(&unsettled, &settled);
                // A caller who has stopped waiting is told nothing.
                let _ = reply.send(());
            }
            Message::Inspect(look) => look(self.applier.view()),
            Message::Stop => {}
        }
        None
    }
}

/// Answers the commands that came too late.
fn refuse_all(queue: &Receiver<Message>) {
    while let Ok(message) = queue.try_recv() {
        if let Message::Command(job) = message {
            job.answer(Err(Unavailable::Closed));
        }
    }
}
