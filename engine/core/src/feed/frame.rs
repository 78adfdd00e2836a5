//! The envelope of an answer: what it is about, between which revisions it leads, and the MAC that says who made it. The
//! layout is in the documentation of [`feed`](crate::feed).

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::feed::bytes::Bytes;
use crate::feed::record::FeedRecord;
use crate::record::Revision;

/// No frame is longer, MAC included.
pub const FRAME_LEN_MAX: usize = 256 * 1024;
/// No place where a page begins takes more bytes.
pub const NEXT_LEN_MAX: usize = 47;

const MAGIC: [u8; 8] = *b"TGFEED02";
const HEAD_LEN: usize = 136;
const MAC_LEN: usize = 32;
/// Where the length and the number of the records stand.
const RECORDS_LEN_AT: Range<usize> = 12..16;
const COUNT_AT: Range<usize> = 84..88;
/// Where the head says how the frame ends, for a writer who learns it last.
const TO_SKIP_AT: Range<usize> = 60..64;
const TO_AT: Range<usize> = 64..72;
const NEXT_AT: Range<usize> = 88..HEAD_LEN;

/// What frames are sealed with: derived from a feed token, which both ends know and nobody else.
#[derive(Clone)]
pub struct FrameKey([u8; 32]);

impl FrameKey {
    /// The context of the derivation.
    pub const CONTEXT: &str = "Tollgate 2026-11-21 feed frame, version 1";

    /// The key of a feed token's text.
    pub fn of_token(text: &[u8]) -> Self {
        Self(blake3::derive_key(Self::CONTEXT, text))
    }

    /// The seal of an answer that is no frame, to the question that bore this nonce.
    pub fn seal(&self, nonce: &[u8; 16], answer: &[u8]) -> [u8; MAC_LEN] {
        let mut sealed = blake3::Hasher::new_keyed(&self.0);
        // No frame begins like this.
        sealed.update(b"answer, ").update(nonce).update(answer);
        *sealed.finalize().as_bytes()
    }

    /// Whether `seal` is that of this answer. Takes as long for one seal as for another.
    pub fn is_sealed(&self, nonce: &[u8; 16], answer: &[u8], seal: &[u8; MAC_LEN]) -> bool {
        self.seal(nonce, answer).ct_eq(seal).into()
    }
}

impl Drop for FrameKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for FrameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameKey(hidden)")
    }
}

/// What a frame brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A page of a snapshot.
    Page,
    /// Changes, or the word that there are none.
    Changes,
    /// What was followed can no longer be had: take a snapshot.
    Reset,
    /// A commit failed, and nobody knows its outcome: believe nothing.
    Doubt,
}

impl FrameKind {
    fn number(self) -> u8 {
        match self {
            Self::Page => 1,
            Self::Changes => 2,
            Self::Reset => 3,
            Self::Doubt => 4,
        }
    }

    fn of_number(number: u8) -> Option<Self> {
        [Self::Page, Self::Changes, Self::Reset, Self::Doubt]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// Where the next page begins: bytes that mean something to the engine alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Next {
    len: u8,
    bytes: [u8; NEXT_LEN_MAX],
}

impl Next {
    /// None where `bytes` is empty or longer than [`NEXT_LEN_MAX`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let len = u8::try_from(bytes.len()).ok().filter(|len| *len > 0)?;
        let mut next = Self {
            len,
            bytes: [0; NEXT_LEN_MAX],
        };
        next.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(next)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Next").field(&self.as_bytes()).finish()
    }
}

/// Everything in a frame but its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// What this is.
    pub kind: FrameKind,
    /// Which feed it is of.
    pub feed: [u8; 16],
    /// The nonce of the question.
    pub nonce: [u8; 16],
    /// The revision after which the changes begin; of a page, the revision that it was read at.
    pub from: Revision,
    /// How many changes of the revision after `from` stand before this frame.
    pub from_skip: u32,
    /// The revision up to which this leads, as `from` of a page.
    pub to: Revision,
    /// How many changes of the revision after `to` stand in this frame or before it.
    pub to_skip: u32,
    /// The engine's revision when it answered.
    pub newest: Revision,
    /// Milliseconds between the arrival of the question and this answer.
    pub held_ms: u32,
    /// Where the next page begins; none on the last page.
    pub next: Option<Next>,
}

impl FrameHead {
    fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[self.kind.number(), 0, 0, 0]);
        out.extend_from_slice(&[0; RECORDS_LEN_AT.end - RECORDS_LEN_AT.start]);
        out.extend_from_slice(&self.feed);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.from.0.to_le_bytes());
        out.extend_from_slice(&self.from_skip.to_le_bytes());
        out.extend_from_slice(&self.to_skip.to_le_bytes());
        out.extend_from_slice(&self.to.0.to_le_bytes());
        out.extend_from_slice(&self.newest.0.to_le_bytes());
        out.extend_from_slice(&self.held_ms.to_le_bytes());
        out.extend_from_slice(&[0; COUNT_AT.end - COUNT_AT.start]);
        out.extend_from_slice(&next_field(self.next));
        out
    }
}

fn next_field(next: Option<Next>) -> [u8; NEXT_LEN_MAX + 1] {
    let mut field = [0; NEXT_LEN_MAX + 1];
    if let (Some(next), [len, bytes @ ..]) = (next, &mut field) {
        *len = next.len;
        *bytes = next.bytes;
    }
    field
}

/// Why bytes are no frame of the feed that is followed. None of it says more to a follower than "this is no answer".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameFault {
    /// They do not begin like a frame of this version, or are longer than one may be.
    NoFrame,
    /// They end early, late or hold what no frame holds.
    Layout,
    /// The MAC is not the one that the feed token gives: another token, another engine, or not an engine at all.
    Mac,
    /// It answers another question.
    Nonce,
    /// It does not begin where the follower is, or ends before it begins.
    Order,
    /// It is of another feed.
    Feed,
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFrame => "expected a frame of the feed, but what came is something else",
            Self::Layout => {
                "expected a whole frame of the feed, but it ends early or late, or holds what no frame holds"
            }
            Self::Mac => "expected a frame sealed under this feed token, but the MAC is another",
            Self::Nonce => "expected the answer to this question, but it answers another one",
            Self::Order => "expected changes that go on from here, but they begin or end elsewhere",
            Self::Feed => "expected the feed that is followed, but this is another",
        })
    }
}

impl core::error::Error for FrameFault {}

/// A frame whose MAC is right, with its records still as bytes.
pub struct Frame {
    head: FrameHead,
    count: u32,
    bytes: Vec<u8>,
}

impl Frame {
    /// Opens what came. Costs one pass of BLAKE3; the bytes stay where they are.
    pub fn open(bytes: Vec<u8>, key: &FrameKey) -> Result<Self, FrameFault> {
        if bytes.len() > FRAME_LEN_MAX || !bytes.starts_with(&MAGIC) {
            return Err(FrameFault::NoFrame);
        }
        let (sealed, mac) = bytes.split_last_chunk::<MAC_LEN>().ok_or(FrameFault::Layout)?;
        let ours = blake3::keyed_hash(&key.0, sealed);
        if !bool::from(ours.as_bytes().ct_eq(mac)) {
            return Err(FrameFault::Mac);
        }
        let (head, count) = read_head(sealed).ok_or(FrameFault::Layout)?;
        Ok(Self { head, count, bytes })
    }

    /// Everything but the records.
    pub fn head(&self) -> &FrameHead {
        &self.head
    }

    /// How many records there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// All records, until one cannot be read.
    pub fn records(&self) -> impl Iterator<Item = Result<FeedRecord, FrameFault>> {
        let mut at = 0;
        (0..self.count).map(move |_| self.record_at(&mut at))
    }

    /// The record `at` so many bytes behind the head, and moves `at` behind it.
    pub(super) fn record_at(&self, at: &mut usize) -> Result<FeedRecord, FrameFault> {
        let end = self.bytes.len().saturating_sub(MAC_LEN);
        let records = self.bytes.get(HEAD_LEN + *at..end).ok_or(FrameFault::Layout)?;
        let mut bytes = Bytes(records);
        let record = FeedRecord::read(&mut bytes).ok_or(FrameFault::Layout)?;
        *at += records.len() - bytes.0.len();
        Ok(record)
    }
}

/// Reads a head whose records are as long as it says.
fn read_head(sealed: &[u8]) -> Option<(FrameHead, u32)> {
    let mut bytes = Bytes(sealed.strip_prefix(&MAGIC)?);
    let kind = FrameKind::of_number(bytes.u8()?)?;
    let zeros = bytes.array::<3>()?;
    let len = usize::try_from(bytes.u32()?).ok()?;
    let (feed, nonce) = (bytes.array()?, bytes.array()?);
    let (from, from_skip, to_skip) = (Revision(bytes.u64()?), bytes.u32()?, bytes.u32()?);
    let (to, newest) = (Revision(bytes.u64()?), Revision(bytes.u64()?));
    let (held_ms, count) = (bytes.u32()?, bytes.u32()?);
    let (next_len, next) = (bytes.u8()?, bytes.array::<NEXT_LEN_MAX>()?);
    let (next, filling) = next.split_at_checked(usize::from(next_len))?;
    let plain = zeros == [0; 3] && filling.iter().all(|byte| *byte == 0) && bytes.0.len() == len;
    let head = FrameHead {
        kind,
        feed,
        nonce,
        from,
        from_skip,
        to,
        to_skip,
        newest,
        held_ms,
        next: Next::new(next),
    };
    plain.then_some((head, count))
}

/// Makes a frame, record by record, until it is full.
pub struct FrameWriter {
    bytes: Vec<u8>,
    count: u32,
}

impl FrameWriter {
    /// A frame without records yet. How it ends may be said later by [`FrameWriter::lead_to`] and
    /// [`FrameWriter::go_on_at`].
    pub fn new(head: &FrameHead) -> Self {
        Self {
            bytes: head.write(),
            count: 0,
        }
    }

    /// Adds a record. Answers false, and adds nothing, where the frame would become too long.
    pub fn push(&mut self, record: &FeedRecord) -> bool {
        let before = self.bytes.len();
        if !record.write(&mut self.bytes) {
            return false;
        }
        if self.bytes.len() > FRAME_LEN_MAX - MAC_LEN {
            self.bytes.truncate(before);
            return false;
        }
        self.count += 1;
        true
    }

    /// How many records were added.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Says up to where the frame leads.
    pub fn lead_to(&mut self, to: Revision, to_skip: u32) {
        self.fill(TO_AT, &to.0.to_le_bytes());
        self.fill(TO_SKIP_AT, &to_skip.to_le_bytes());
    }

    /// Says where the next page begins.
    pub fn go_on_at(&mut self, next: Option<Next>) {
        self.fill(NEXT_AT, &next_field(next));
    }

    /// The frame, sealed.
    pub fn finish(mut self, key: &FrameKey) -> Vec<u8> {
        // Invariant: a frame is far shorter than 2^32 bytes.
        let len = u32::try_from(self.bytes.len().saturating_sub(HEAD_LEN)).unwrap_or(0);
        self.fill(RECORDS_LEN_AT, &len.to_le_bytes());
        let count = self.count;
        self.fill(COUNT_AT, &count.to_le_bytes());
        let mac = blake3::keyed_hash(&key.0, &self.bytes);
        self.bytes.extend_from_slice(mac.as_bytes());
        self.bytes
    }

    fn fill(&mut self, at: Range<usize>, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at)
            && place.len() == bytes.len()
        {
            place.copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> FrameHead {
        FrameHead {
            kind: FrameKind::Page,
            feed: [0xf0; 16],
            nonce: [0x0e; 16],
            from: Revision(0x0102),
            from_skip: 3,
            to: Revision(0x0102),
            to_skip: 4,
            newest: Revision(0x0203),
            held_ms: 5,
            next: Next::new(&[7, 8]),
        }
    }

    /// Followers of other makes go by these bytes.
    #[test]
    fn a_frame_is_these_bytes_for_ever() {
        let mut writer = FrameWriter::new(&head());
        assert!(writer.push(&FeedRecord::AllowPreflight(true)));
        let bytes = writer.finish(&FrameKey::of_token(b"a feed token"));
        let mut expected = b"TGFEED02\x01\0\0\0\x05\0\0\0".to_vec();
        expected.extend([0xf0; 16]);
        expected.extend([0x0e; 16]);
        expected.extend(
            *b"\x02\x01\0\0\0\0\0\0\x03\0\0\0\x04\0\0\0\x02\x01\0\0\0\0\0\0\x03\x02\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0",
        );
        expected.extend(*b"\x02\x07\x08");
        expected.extend([0; 45]);
        expected.extend([9, 1, 0, 0, 1]);
        let key = blake3::derive_key("Tollgate 2026-11-21 feed frame, version 1", b"a feed token");
        let mac = *blake3::keyed_hash(&key, &expected).as_bytes();
        expected.extend(mac);
        assert_eq!(bytes, expected);
        let frame = Frame::open(bytes, &FrameKey::of_token(b"a feed token")).unwrap();
        assert_eq!((frame.head(), frame.count()), (&head(), 1));
    }

    #[test]
    fn a_frame_takes_records_until_it_is_full() {
        let mut writer = FrameWriter::new(&head());
        let record = FeedRecord::Key([1; 32]);
        while writer.push(&record) {}
        writer.lead_to(Revision(9), 1);
        writer.go_on_at(None);
        let count = writer.count();
        let bytes = writer.finish(&FrameKey::of_token(b"t"));
        assert!(
            bytes.len() <= FRAME_LEN_MAX && bytes.len() + 36 > FRAME_LEN_MAX,
            "{}",
            bytes.len()
        );
        let frame = Frame::open(bytes, &FrameKey::of_token(b"t")).unwrap();
        assert_eq!(frame.records().filter(Result::is_ok).count(), count as usize);
        let head = frame.head();
        assert_eq!((head.to, head.to_skip, head.next), (Revision(9), 1, None));
    }

    /// A head that is rightly sealed and still says what cannot be.
    #[test]
    fn a_head_that_does_not_fit_its_records_is_refused() {
        let key = FrameKey::of_token(b"t");
        let sealed = |bytes: &[u8]| [bytes, blake3::keyed_hash(&key.0, bytes).as_bytes()].concat();
        let whole = FrameWriter::new(&head()).finish(&key);
        let plain = whole.strip_suffix(&whole[whole.len() - MAC_LEN..]).unwrap();
        assert!(Frame::open(sealed(plain), &key).is_ok(), "the twin");
        for (at, byte) in [(8, 0), (8, 5), (9, 1), (12, 1), (88, 48), (88, 1), (100, 1)] {
            let mut bytes = plain.to_vec();
            bytes[at] = byte;
            assert_eq!(
                Frame::open(sealed(&bytes), &key).err(),
                Some(FrameFault::Layout),
                "{at}: {byte}"
            );
        }
        let mut counts_more = plain.to_vec();
        counts_more[84] = 1;
        let frame = Frame::open(sealed(&counts_more), &key).unwrap();
        assert!(frame.records().any(|record| record.is_err()));
    }
}
