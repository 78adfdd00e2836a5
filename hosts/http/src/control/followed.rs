//! The audit trail: listed by what was done, and followed from its beginning, in a store or in an exported file.

use std::io::{self, BufRead, Read as _};

use tollgate::{AuditChain, AuditDigest, AuditEntry, AuditFault, AuditOrder, Engine, Timestamp};

use super::audited::TrailShown;
use super::fault::Stop;
use super::moment::parse_moment;
use super::request::AuditAsked;
use super::shown::PageShown;
use super::trail::AuditEntryShown;

/// Entries that are read at a time. One may have long values, so they are fewer than those of other lists.
const READ_ITEMS: usize = 100;

/// Entries of one page, and about how many bytes: whichever comes first ends it.
const PAGE_ITEMS: usize = 1_000;
const PAGE_LEN: usize = 1 << 20;

/// Most reads for one page, however few entries are wanted of them, so that every reply comes soon.
const READS_MOST: usize = 100;

/// Longest line of an exported trail.
const LINE_LEN_MAX: u64 = 4 << 20;

/// Entries that are asked for. The page may be empty and yet lead to another.
pub(super) fn entries(engine: &Engine, asked: &AuditAsked) -> Result<PageShown<AuditEntryShown>, Stop> {
    let AuditAsked {
        oldest_first,
        action,
        subject,
        since,
        cursor,
    } = asked;
    let order = if *oldest_first {
        AuditOrder::OldestFirst
    } else {
        AuditOrder::NewestFirst
    };
    let since = since
        .as_deref()
        .map(parse_moment)
        .transpose()?
        .unwrap_or(Timestamp::from_millis(0));
    let is_wanted = |entry: &AuditEntry| {
        let done = action.as_deref().is_none_or(|action| is_of(&entry.action, action));
        let about = subject.as_deref().is_none_or(|subject| entry.subject == subject);
        done && about && entry.at >= since
    };
    let (mut items, mut next, mut len) = (Vec::new(), cursor.clone(), 0);
    for _ in 0..READS_MOST {
        let page = engine.audit(order, next.as_deref(), READ_ITEMS)?;
        for entry in page.items.into_iter().filter(is_wanted) {
            len += len_of(&entry);
            items.push((&entry).into());
        }
        next = page.next;
        if next.is_none() || items.len() >= PAGE_ITEMS || len >= PAGE_LEN {
            break;
        }
    }
    Ok(PageShown { items, next })
}

/// Whether `action` is the one asked for, or one of its noun.
fn is_of(action: &str, asked: &str) -> bool {
    action
        .strip_prefix(asked)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// About how many bytes an entry has in a reply.
fn len_of(entry: &AuditEntry) -> usize {
    const NAMES_AND_DIGESTS: usize = 300;
    let facts = [&entry.before, &entry.after].into_iter().flatten().flatten();
    let facts = facts.map(|(name, value)| name.len() + value.len()).sum::<usize>();
    NAMES_AND_DIGESTS + entry.actor.len() + entry.origin.len() + entry.subject.len() + facts
}

/// Follows the trail of a store.
pub(super) fn follow_store(engine: &Engine, head: Option<&str>) -> Result<TrailShown, Stop> {
    let head = head.map(str::parse).transpose();
    let head = head.map_err(|error: tollgate::ParseDigestError| Stop::malformed(error.to_string()))?;
    let mut followed = Followed::seeking(head);
    let mut cursor = None;
    loop {
        let page = engine.audit(AuditOrder::OldestFirst, cursor.as_deref(), READ_ITEMS)?;
        for entry in &page.items {
            if !followed.take(entry) {
                return Ok(followed.shown());
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(followed.shown());
        }
    }
}

/// Follows the trail in the lines of an export, without the store and without its key. `head` is the digest of an entry that
/// was kept elsewhere: where the trail no longer holds it, its end was cut off.
///
/// # Errors
///
/// Where the lines cannot be read. A trail that is not whole is no error; the answer says so.
pub fn follow_lines(mut lines: impl BufRead, head: Option<AuditDigest>) -> io::Result<TrailShown> {
    let mut followed = Followed::seeking(head);
    let mut line = Vec::new();
    loop {
        line.clear();
        (&mut lines).take(LINE_LEN_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(followed.shown());
        }
        let taken = match line.strip_suffix(b"\n").map(AuditEntryShown::read) {
            Some(Ok(entry)) => followed.take(&entry),
            Some(Err(error)) => followed.breaks(error.to_string()),
            None => followed.breaks("the line has no end: the file was cut off within it".to_owned()),
        };
        if !taken {
            return Ok(followed.shown());
        }
    }
}

/// A trail as far as it was followed.
struct Followed {
    chain: AuditChain,
    newest_at: Option<Timestamp>,
    sought: Option<AuditDigest>,
    kept_at: Option<u64>,
    broken: Option<(u64, String)>,
}

impl Followed {
    fn seeking(sought: Option<AuditDigest>) -> Self {
        let chain = AuditChain::default();
        Self {
            chain,
            newest_at: None,
            // The digest of a trail that was empty is in every one.
            kept_at: (sought == Some(chain.head())).then_some(0),
            sought,
            broken: None,
        }
    }

    /// Whether the trail goes on with `entry`.
    fn take(&mut self, entry: &AuditEntry) -> bool {
        match self.chain.follow(entry) {
            Ok(()) => {
                self.newest_at = Some(entry.at);
                if self.sought == Some(entry.digest) {
                    self.kept_at = Some(entry.sequence);
                }
                true
            }
            Err(fault) => {
                let at = match fault {
                    AuditFault::Missing { expected, .. } => expected,
                    _ => entry.sequence,
                };
                self.broken = Some((at, fault.to_string()));
                false
            }
        }
    }

    /// Ends the trail before the next entry; always false.
    fn breaks(&mut self, words: String) -> bool {
        self.broken = Some((self.chain.entries() + 1, words));
        false
    }

    fn shown(self) -> TrailShown {
        let (broken_at, fault) = match (self.broken, self.sought, self.kept_at) {
            (Some((at, fault)), _, _) => (Some(at), Some(fault)),
            (None, Some(sought), None) => {
                let words = format!(
                    "no entry has the digest {sought}: entries were cut off at the end, or it is of another trail"
                );
                (None, Some(words))
            }
            (None, _, _) => (None, None),
        };
        TrailShown {
            sound: fault.is_none(),
            entries: self.chain.entries(),
            head: self.chain.head().to_string(),
            newest_at: self.newest_at.map(super::moment::write_moment),
            broken_at: broken_at.map(|at| at.to_string()),
            fault,
            kept_at: self.kept_at.map(|at| at.to_string()),
        }
    }
}
