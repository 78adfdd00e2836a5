//! The way to the writer, and back.

use std::convert::Infallible;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use tollgate_core::Upgrade;

use super::{Message, Unavailable};

/// Where callers put what they ask the writer for.
pub(crate) struct Queue {
    messages: Sender<Message>,
    /// Disconnected once the writer's thread has ended. A bounded channel keeps what was sent to a receiver that has gone
    /// since, so without this a caller could wait for ever.
    gone: Receiver<Infallible>,
}

impl Queue {
    pub(super) fn new(messages: Sender<Message>, gone: Receiver<Infallible>) -> Self {
        Self { messages, gone }
    }

    /// Puts the message that `make` makes around the way back; blocks only while the queue is full.
    pub(crate) fn ask<T>(&self, make: impl FnOnce(Sender<T>) -> Message) -> Result<Answer<T>, Unavailable> {
        let (reply, answer) = bounded(1);
        self.messages.send(make(reply)).map_err(|_| Unavailable::Closed)?;
        Ok(Answer {
            answer,
            gone: self.gone.clone(),
        })
    }

    /// Offers a token a better digest; where half of the queue is taken the offer falls, because checks could otherwise keep
    /// commands out for as long as tokens come that nobody has used yet. Allocates nothing.
    pub(crate) fn offer(&self, upgrade: Upgrade) {
        let most = self.messages.capacity().map_or(usize::MAX, |most| most / 2);
        if self.messages.len() < most {
            let _ = self.messages.try_send(Message::Upgrade(upgrade));
        }
    }

    /// Messages that wait.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Tells the writer to end. One that is gone already needs no telling.
    pub(crate) fn stop(&self) {
        let _ = self.messages.send(Message::Stop);
    }
}

/// What the writer will say.
pub(crate) struct Answer<T> {
    answer: Receiver<T>,
    gone: Receiver<Infallible>,
}

impl<T> Answer<T> {
    /// Blocks until the writer has answered, or has ended without.
    pub(crate) fn wait(self) -> Result<T, Unavailable> {
        let answered = select! {
            recv(self.answer) -> answer => answer.ok(),
            // What was answered before the thread ended is there by now.
            recv(self.gone) -> _ => self.answer.try_recv().ok(),
        };
        answered.ok_or_else(|| Unavailable::InDoubt {
            reason: "the writer ended before it answered".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> (Queue, Receiver<Message>, Sender<Infallible>) {
        let (messages, receiver) = bounded(4);
        let (alive, gone) = bounded(0);
        (Queue::new(messages, gone), receiver, alive)
    }

    /// A command that came between the writer's last look into the queue and its end waited for ever.
    #[test]
    fn nobody_waits_for_a_writer_that_is_gone() {
        let (queue, receiver, alive) = queue();
        let answer = queue.ask::<Result<(), Unavailable>>(Message::Checkpoint).unwrap();
        drop(receiver);
        drop(alive);
        assert!(matches!(answer.wait(), Err(Unavailable::InDoubt { .. })));
        let late = queue.ask::<Result<(), Unavailable>>(Message::Checkpoint);
        assert_eq!(late.err(), Some(Unavailable::Closed));
    }

    #[test]
    fn offers_leave_room_for_commands() {
        let (queue, _receiver, _alive) = queue();
        let digest = tollgate_core::TokenDigest::from_bytes([1; 32]);
        for _ in 0..4 {
            queue.offer(Upgrade {
                token: tollgate_core::TokenId(1),
                from: digest,
                to: digest,
            });
        }
        assert_eq!(queue.len(), 2, "half of four");
        queue.ask::<Result<(), Unavailable>>(Message::Checkpoint).unwrap();
        assert_eq!(queue.len(), 3, "the twin");
    }

    #[test]
    fn what_was_answered_before_the_end_is_not_lost() {
        let (queue, receiver, alive) = queue();
        let answer = queue.ask(Message::Checkpoint).unwrap();
        let Ok(Message::Checkpoint(reply)) = receiver.recv() else {
            panic!("another message")
        };
        reply.send(Ok(())).unwrap();
        drop(receiver);
        drop(alive);
        assert_eq!(answer.wait(), Ok(Ok(())));
    }
}
