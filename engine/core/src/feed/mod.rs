//! The feed: how a replica elsewhere, such as a plugin in a proxy, holds the same live view as the engine.
//!
//! Everything here is pure: bytes in, bytes out. A host carries them, by HTTP or otherwise.
//!
//! # Asking
//!
//! ```text
//! GET /feed/v1/snapshot?page=CURSOR&nonce=NONCE
//! GET /feed/v1/changes?after=REVISION&skip=COUNT&feed=IDENTITY&wait=SECONDS&nonce=NONCE
//! Authorization: Bearer tg_fd_…
//! ```
//!
//! | parameter | what it is |
//! |---|---|
//! | `page` | what the page before named as its `next`, in hex; without it the first page |
//! | `after` | the revision up to which the asker has everything |
//! | `skip` | how many changes of the next revision the asker has too; without it none |
//! | `feed` | the feed that was followed, 32 hex digits; without it any |
//! | `wait` | how long to wait for news, in seconds with up to three decimals, at most 30; without it not at all |
//! | `nonce` | 16 bytes that were never sent before, in hex; without it zeros, and then an old answer cannot be told from a new one |
//!
//! The answer to a valid feed token is exactly one [frame](Frame), as `application/vnd.tollgate.feed`, with the status 200; 410
//! where it is a reset, 503 where it is a doubt.
//!
//! # The frame
//!
//! All numbers are little-endian and unsigned.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `TGFEED02` |
//! | 8 | 1 | kind: 1 page of a snapshot, 2 changes, 3 reset, 4 doubt |
//! | 9 | 3 | zero |
//! | 12 | 4 | length of all records in bytes |
//! | 16 | 16 | identity of the feed |
//! | 32 | 16 | nonce of the question |
//! | 48 | 8 | `from`: the revision after which the changes begin; of a page, the revision that it was read at |
//! | 56 | 4 | `from_skip`: how many changes of the revision after `from` stand before this frame |
//! | 60 | 4 | `to_skip`: how many changes of the revision after `to` stand in this frame or before it |
//! | 64 | 8 | `to`: the revision up to which this frame leads, as `from` of a page |
//! | 72 | 8 | `newest`: the engine's own revision when it answered |
//! | 80 | 4 | `held_ms`: milliseconds that passed between the arrival of the question and this answer |
//! | 84 | 4 | number of records |
//! | 88 | 1 | of a page: length of `next`; none on the last page |
//! | 89 | 47 | `next`: where the next page begins, opaque; filled up with zeros |
//! | 136 | … | the records |
//! | end | 32 | MAC |
//!
//! The MAC is BLAKE3, keyed, over everything before it. Its key is BLAKE3 in its mode of key derivation, with the context
//! [`FrameKey::CONTEXT`] and the text of the feed token as key material. A frame is at most [`FRAME_LEN_MAX`] bytes long.
//!
//! # The records
//!
//! One byte kind, three bytes length, and then as many bytes:
//!
//! | kind | what | bytes |
//! |---|---|---|
//! | 1 | key of the digests | 32 |
//! | 2 | a user is as this says | id 8, flags 1 (1 active), operations 1 (1 GET, 2 POST, 4 PUT, 8 DELETE), password epoch 4, hourly limit 4, concurrent limit 4, length of the name 1, name, number of banned ranges 2, number of trusted ranges 2, the ranges in this order |
//! | 3 | a user is gone, with all tokens | id 8 |
//! | 4 | a token is as this says | id 8, user 8, digest 32, kind 1 (as [`TokenKind::number`]), flags 1 (1 revoked, 2 has a beginning, 4 has an end), beginning 4, end 4, both in seconds since 1970 and zero where there is none; authority 4, zero for none |
//! | 5 | a token's record is gone | id 8, digest 32 |
//! | 6 | the server's hourly limit | limit 4 |
//! | 7 | the server's concurrent limit | limit 4 |
//! | 8 | `@authtoken` counts in query and form | 1: 0 or 1 |
//! | 9 | CORS preflights pass | 1: 0 or 1 |
//! | 10 | forms of foreign tokens | 1: bits as [`ForeignForms::bits`](crate::ForeignForms::bits) |
//! | 11 | a rule for everybody is new | standing 1 (0 trusted, 1 banned), range |
//! | 12 | a rule for everybody is gone | standing 1, range |
//! | 13 | an authority is as this says | number 4, active 1, client (short text), scopes, how many audiences 2, each a short text |
//! | 14 | a route is as this says | pattern (length 2, bytes), schemes 1 (bits as [`SchemeSet::bits`](crate::SchemeSet::bits)), anonymous 1, audience (short text, empty for none), scopes |
//! | 15 | the route of a pattern is gone | pattern (length 2, bytes) |
//! | 16 | which external issuers are trusted | number 4 |
//!
//! A short text is its length, 1 byte, and its bytes. Scopes are how many there are, 1 byte, and each as a short text. A limit is 0 for "as the server says", the greatest number for "none", else the limit. A range is one byte 4 or 6, then the
//! first and the last address, of 4 or 16 bytes each, as numbers. Every record can be applied twice. The index of a token is
//! its digest: one that goes to another digest is put there first, and record 5 then takes the old one away.
//!
//! # Following
//!
//! 1. Ask for pages until one has no `next`. The first page brings the key and the server's settings, the others rules, users
//!    and tokens. Each page is of its own moment, so a token may come before its user: leave it out.
//! 2. Ask for changes after the revision of the *first* page, and apply them in order. From the greatest revision of any page
//!    on, the view is what the engine's was at that revision; no request may be decided before.
//! 3. Go on asking with `wait`. A frame that leads to `newest` says that the view was complete `held_ms` after the question was
//!    sent, by the follower's own clock: no clocks need to agree, and a network that delays answers makes the view older and
//!    never younger.
//! 4. On a reset begin again; the old view may serve while it is young enough. On a doubt deny from this moment, until a new
//!    snapshot is complete. Whatever else comes, a frame that does not open included, is no answer: ask again, and deny once
//!    the view is older than it may be.
//!
//! [`Follower`] does all of this and leaves to its host the sending, the clock and the choice of nonces.
//!
//! # What a feed token is worth
//!
//! Its holder receives the key of the digests and all digests. With them, guesses at tokens can be tested without asking
//! anybody: hopeless for tokens of ours, not for short ones that were made elsewhere. No token can be made from them. The
//! question carries the token as it is, so it must travel over TLS or stay on one machine.

mod bytes;
mod range;
mod access;
mod record;
mod frame;
mod question;
mod replica;
mod follower;

pub use follower::{Follower, FollowerFault, Heard, Worked};
pub use frame::{FRAME_LEN_MAX, Frame, FrameFault, FrameHead, FrameKey, FrameKind, FrameWriter, NEXT_LEN_MAX, Next};
pub use record::{FeedRecord, Rule};
pub use replica::Replica;

#[allow(unused_imports, reason = "named in the text above")]
use crate::token::TokenKind;
