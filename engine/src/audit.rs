//! The audit trail: who changed what, from where, when, in a chain in which a removed or changed entry shows.
//!
//! Each entry's digest covers the digest of the one before it, so whoever knows the newest digest knows all entries. The chain is
//! not keyed: an exported trail can be verified by whoever holds it. Inside the store every entry is sealed besides, so that
//! there nobody can make a new chain without the key.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tollgate_core::Timestamp;

/// Who makes a change, and from where. It is written down beside the change, never judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    actor: Arc<str>,
    origin: Arc<str>,
}

impl Author {
    /// Most characters of either part.
    pub const LEN_MAX: usize = 256;

    /// Somebody, and where they are, in words such as `admin token 7 (deploy)` and `203.0.113.9`. Control characters become
    /// U+FFFD, and what is longer than [`Author::LEN_MAX`] is cut off: an author is never a reason to refuse.
    ///
    /// ```
    /// assert_eq!(tollgate::Author::new("me\n", "here").actor(), "me\u{fffd}");
    /// ```
    pub fn new(actor: &str, origin: &str) -> Self {
        Self {
            actor: plain(actor),
            origin: plain(origin),
        }
    }

    /// The program that links the engine, where it names nobody.
    pub fn application() -> Self {
        Self::new("application", "process")
    }

    /// Who.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// From where.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// A text that stands on one line of a terminal and of a log: what somebody chose must not look like another entry.
pub(crate) fn plain(text: &str) -> Arc<str> {
    let plain = text.chars().take(Author::LEN_MAX);
    let plain: String = plain.map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    plain.into()
}

/// What is known of a thing, by the names of its fields. There are no secrets among them.
pub type AuditFacts = BTreeMap<String, String>;

/// One administrative change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its place in the trail; the first is 1.
    pub sequence: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// What was done, such as `user.set`.
    pub action: String,
    /// To what: a name, an id, a rule or a key.
    pub subject: String,
    /// What was there before; none where there was nothing.
    pub before: Option<AuditFacts>,
    /// What is there now; none where there is nothing any more.
    pub after: Option<AuditFacts>,
    /// The digest of the entry before this one; zeros before the first.
    pub previous: AuditDigest,
    /// The digest of this entry, the previous digest included.
    pub digest: AuditDigest,
}

impl AuditEntry {
    /// Puts a change at the end of a chain.
    #[allow(clippy::too_many_arguments, reason = "the fields of an entry but for its digest")]
    pub(crate) fn new(
        sequence: u64,
        at: Timestamp,
        author: &Author,
        action: &str,
        subject: String,
        before: Option<AuditFacts>,
        after: Option<AuditFacts>,
        previous: AuditDigest,
    ) -> Self {
        let mut entry = Self {
            sequence,
            at,
            actor: author.actor().to_owned(),
            origin: author.origin().to_owned(),
            action: action.to_owned(),
            subject,
            before,
            after,
            previous,
            digest: AuditDigest::default(),
        };
        entry.digest = entry.own_digest();
        entry
    }

    /// An entry as it was read from somewhere; whether it fits, [`AuditChain::follow`] says.
    #[allow(clippy::too_many_arguments, reason = "the fields of an entry")]
    pub fn from_parts(
        sequence: u64,
        at: Timestamp,
        author: (String, String),
        action: String,
        subject: String,
        before: Option<AuditFacts>,
        after: Option<AuditFacts>,
        chained: (AuditDigest, AuditDigest),
    ) -> Self {
        let ((actor, origin), (previous, digest)) = (author, chained);
        Self {
            sequence,
            at,
            actor,
            origin,
            action,
            subject,
            before,
            after,
            previous,
            digest,
        }
    }

    /// BLAKE3 over the previous digest and every field, each with its length before it, so that no two entries give one input.
    fn own_digest(&self) -> AuditDigest {
        let mut hasher = blake3::Hasher::new_derive_key("tollgate 2026 audit entry, version 1");
        hasher.update(&self.previous.0);
        hasher.update(&self.sequence.to_be_bytes());
        hasher.update(&self.at.as_millis().to_be_bytes());
        let mut text = |text: &str| {
            hasher.update(&(text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        text(&self.actor);
        text(&self.origin);
        text(&self.action);
        text(&self.subject);
        for facts in [&self.before, &self.after] {
            text(if facts.is_some() { "some" } else { "none" });
            let facts = facts.iter().flatten();
            text(&facts.clone().count().to_string());
            for (name, value) in facts {
                text(name);
                text(value);
            }
        }
        AuditDigest(*hasher.finalize().as_bytes())
    }
}

/// The digest of an entry. It is no secret; as text it is 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditDigest(pub [u8; 32]);

impl fmt::Display for AuditDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditDigest({self})")
    }
}

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct ParseDigestError;

impl FromStr for AuditDigest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(ParseDigestError);
        };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(ParseDigestError);
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let digits = pair.iter().all(u8::is_ascii_hexdigit).then_some(pair);
            let digits = digits.and_then(|pair| std::str::from_utf8(pair).ok());
            *byte = digits
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or(ParseDigestError)?;
        }
        Ok(Self(bytes))
    }
}

/// A trail that is being read from its beginning.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
/// engine.execute(tollgate::AddUser::named("alice".parse()?))?;
/// let mut chain = tollgate::AuditChain::default();
/// for entry in engine.audit(tollgate::AuditOrder::OldestFirst, None, 100)?.items {
///     chain.follow(&entry)?;
/// }
/// assert_eq!(chain.entries(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditChain {
    entries: u64,
    head: AuditDigest,
}

impl AuditChain {
    /// Takes the next entry, if it is the one that follows, unchanged.
    pub fn follow(&mut self, entry: &AuditEntry) -> Result<(), AuditFault> {
        let expected = self.entries + 1;
        if entry.sequence != expected {
            return Err(AuditFault::Missing {
                expected,
                found: entry.sequence,
            });
        }
        let sequence = entry.sequence;
        if entry.previous != self.head {
            return Err(AuditFault::Unlinked { sequence });
        }
        if entry.digest != entry.own_digest() {
            return Err(AuditFault::Changed { sequence });
        }
        *self = Self {
            entries: sequence,
            head: entry.digest,
        };
        Ok(())
    }

    /// How many entries were taken.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The digest of the newest; zeros where there is none. Kept elsewhere, it shows later whether the end was cut off.
    pub fn head(&self) -> AuditDigest {
        self.head
    }
}

/// Why a trail is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// An entry is missing, or stands elsewhere.
    #[error("expected entry {expected}, but found entry {found}: entries were removed or moved")]
    Missing {
        /// The entry that should follow.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// An entry does not follow the one before it.
    #[error("entry {sequence} does not follow the entry before it: one of the two was changed")]
    Unlinked {
        /// Which entry.
        sequence: u64,
    },
    /// An entry is not what it was when it was written.
    #[error("entry {sequence} was changed: its digest is not that of its fields")]
    Changed {
        /// Which entry.
        sequence: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Vec<AuditEntry> {
        let mut previous = AuditDigest::default();
        let facts = |value: &str| Some(AuditFacts::from([("active".to_owned(), value.to_owned())]));
        let steps = [
            ("user.add", None, facts("true")),
            ("user.set", facts("true"), facts("false")),
            ("user.remove", facts("false"), None),
        ];
        (1..)
            .zip(steps)
            .map(|(sequence, (action, before, after))| {
                let author = Author::new("me", "here");
                let at = Timestamp::from_millis(sequence);
                let entry = AuditEntry::new(sequence, at, &author, action, "ann".into(), before, after, previous);
                previous = entry.digest;
                entry
            })
            .collect()
    }

    fn follow(trail: &[AuditEntry]) -> Result<u64, AuditFault> {
        let mut chain = AuditChain::default();
        trail.iter().try_for_each(|entry| chain.follow(entry))?;
        Ok(chain.entries())
    }

    #[test]
    fn a_whole_trail_is_followed_to_its_end() {
        assert_eq!(follow(&trail()), Ok(3));
        assert_eq!(follow(&[]), Ok(0));
    }

    #[test]
    fn a_removed_or_moved_entry_shows() {
        for (removed, found) in [(0, 2), (1, 3)] {
            let mut trail = trail();
            trail.remove(removed);
            let expected = removed as u64 + 1;
            assert_eq!(follow(&trail), Err(AuditFault::Missing { expected, found }));
        }
        let mut renumbered = trail();
        renumbered.remove(0);
        renumbered[0].sequence = 1;
        assert_eq!(follow(&renumbered), Err(AuditFault::Unlinked { sequence: 1 }));
    }

    #[test]
    fn a_change_of_any_field_shows() {
        let changes: [fn(&mut AuditEntry); 8] = [
            |entry| entry.at = Timestamp::from_millis(9),
            |entry| entry.actor.push('x'),
            |entry| entry.origin.clear(),
            |entry| entry.action = "user.add".into(),
            |entry| entry.subject = "bob".into(),
            |entry| entry.before = None,
            |entry| entry.after = Some(AuditFacts::new()),
            |entry| entry.digest = AuditDigest([1; 32]),
        ];
        for change in changes {
            let mut trail = trail();
            change(&mut trail[1]);
            assert_eq!(follow(&trail), Err(AuditFault::Changed { sequence: 2 }));
        }
        let mut redone = trail();
        redone[1].subject = "bob".into();
        redone[1].digest = redone[1].own_digest();
        assert_eq!(
            follow(&redone),
            Err(AuditFault::Unlinked { sequence: 3 }),
            "the chain goes on elsewhere"
        );
    }

    #[test]
    fn digests_read_what_they_write() {
        let digest = trail()[0].digest;
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "00", &"g".repeat(64), &"0".repeat(66), &"+1".repeat(32)] {
            assert_eq!(text.parse::<AuditDigest>(), Err(ParseDigestError), "{text}");
        }
    }
}
