//! What a follower asks, as text, and which frames answer it.

use alloc::string::String;
use core::fmt::Write as _;

use crate::feed::frame::{FrameFault, FrameHead, FrameKind, Next};
use crate::record::Revision;

/// What is asked for next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    FirstPage,
    Page(Next),
    Changes { feed: [u8; 16], after: Revision, skip: u32 },
}

/// Whether a frame begins where the question said, and does not lead backwards.
pub(super) fn answers(head: &FrameHead, question: &Question) -> Result<(), FrameFault> {
    let forwards = head.newest >= head.to;
    let fits = match (head.kind, question) {
        (FrameKind::Page, Question::FirstPage | Question::Page(_)) => head.to == head.from,
        (FrameKind::Changes, Question::Changes { feed, after, skip }) => {
            if head.feed != *feed {
                return Err(FrameFault::Feed);
            }
            let from = (head.from, head.from_skip);
            from == (*after, *skip) && (head.to, head.to_skip) >= from && head.next.is_none()
        }
        _ => false,
    };
    if fits && forwards {
        Ok(())
    } else {
        Err(FrameFault::Order)
    }
}

pub(super) fn spelt(question: &Question, nonce: &[u8; 16], wait_ms: u32) -> String {
    let mut text = String::new();
    match question {
        Question::FirstPage => text.push_str("/feed/v1/snapshot?"),
        Question::Page(next) => {
            text.push_str("/feed/v1/snapshot?page=");
            push_hex(&mut text, next.as_bytes());
            text.push('&');
        }
        Question::Changes { feed, after, skip } => {
            // Writing to a string cannot fail.
            let _ = write!(text, "/feed/v1/changes?after={}&skip={skip}&feed=", after.0);
            push_hex(&mut text, feed);
            let _ = write!(text, "&wait={}.{:03}&", wait_ms / 1_000, wait_ms % 1_000);
        }
    }
    text.push_str("nonce=");
    push_hex(&mut text, nonce);
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
}
