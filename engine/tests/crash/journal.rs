//! What a disk was told and may not have done yet, and the images that a loss of power can leave behind.
//!
//! Until a sync returns, a disk may have kept any of what it was told since the last one: nothing, all, some of it, in any
//! order, and of each write only some sectors. What it may **not** do is forget what a sync confirmed. A disk whose sync
//! lies is out of scope: no store on it can keep a promise; the one in these tests exists to be caught.

use std::sync::Arc;

use super::image::Image;
use super::random::Random;

/// One thing that a disk is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Write { offset: u64, bytes: Arc<[u8]> },
    SetLen(u64),
    Sync,
}

impl Operation {
    /// Does it to `image`; a sync changes no byte.
    pub(crate) fn apply(&self, image: &mut Image) {
        match self {
            Self::Write { offset, bytes } => image.write(*offset, bytes),
            Self::SetLen(len) => image.set_len(*len),
            Self::Sync => {}
        }
    }

    /// A word for reports.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Write { offset, bytes } => format!("write of {} bytes at {offset}", bytes.len()),
            Self::SetLen(len) => format!("set_len to {len}"),
            Self::Sync => "sync".to_owned(),
        }
    }
}

/// What becomes of the operations that no sync has confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All of them are lost.
    Everything,
    /// None is.
    Nothing,
    /// The disk had come this far, in order; any number past the last is the last.
    After(usize),
    /// Each is done or lost by itself; those that are done are done in order.
    Some,
    /// Each is done or lost by itself, in any order: a new length before or after the bytes it makes room for, and an
    /// older write over a newer one.
    Reordered,
    /// Each sector of so many bytes is as it was before or after any of the writes to it; so is the length.
    Sectors(usize),
    /// Each write is done, lost, or cut off at any byte.
    Bytes,
}

impl Loss {
    /// Every kind that leaves something to chance.
    pub(crate) const CHANCY: [Self; 5] = [
        Self::Some,
        Self::Reordered,
        Self::Sectors(512),
        Self::Sectors(4096),
        Self::Bytes,
    ];
}

/// The bytes that a sync confirmed, and what came after.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    durable: Image,
    unsynced: Vec<Operation>,
}

impl Journal {
    /// A disk that has nothing left to do.
    pub(crate) fn new(durable: Image) -> Self {
        Self {
            durable,
            unsynced: Vec::new(),
        }
    }

    /// Notes that the disk was told `operation`, and that it answered.
    pub(crate) fn note(&mut self, operation: Operation) {
        match operation {
            Operation::Sync => self.settle(Loss::Nothing, &mut Random::new(0)),
            operation @ (Operation::Write { .. } | Operation::SetLen(_)) => self.unsynced.push(operation),
        }
    }

    /// Notes `operation`, but takes a sync at its word only where the disk is honest.
    pub(crate) fn note_unless_lying(&mut self, operation: Operation, lying: bool) {
        if !(lying && operation == Operation::Sync) {
            self.note(operation);
        }
    }

    /// How many operations no sync has confirmed.
    pub(crate) fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Lets go of what no sync has confirmed: `loss` says what of it reached the disk for good. What a failed sync dropped is
    /// not written by the next one, on Linux and elsewhere.
    pub(crate) fn settle(&mut self, loss: Loss, random: &mut Random) {
        self.durable = self.image(loss, random);
        self.unsynced.clear();
    }

    /// What stands on the disk when power comes back.
    pub(crate) fn image(&self, loss: Loss, random: &mut Random) -> Image {
        let mut image = self.durable.clone();
        match loss {
            Loss::Everything => {}
            Loss::Nothing => self.unsynced.iter().for_each(|operation| operation.apply(&mut image)),
            Loss::After(done) => self
                .unsynced
                .iter()
                .take(done)
                .for_each(|operation| operation.apply(&mut image)),
            Loss::Some => self
                .survivors(random)
                .into_iter()
                .for_each(|operation| operation.apply(&mut image)),
            Loss::Reordered => {
                let mut survivors = self.survivors(random);
                random.shuffle(&mut survivors);
                survivors.into_iter().for_each(|operation| operation.apply(&mut image));
            }
            Loss::Sectors(len) => self.tear_sectors(&mut image, len, random),
            Loss::Bytes => self.tear_bytes(&mut image, random),
        }
        image
    }

    fn survivors(&self, random: &mut Random) -> Vec<&Operation> {
        self.unsynced.iter().filter(|_| random.one_in(2)).collect()
    }

    fn tear_sectors(&self, image: &mut Image, len: usize, random: &mut Random) {
        let mut states = vec![self.durable.clone()];
        for operation in &self.unsynced {
            let mut next = states[states.len() - 1].clone();
            operation.apply(&mut next);
            states.push(next);
        }
        image.set_len(random.pick(&states).len());
        let mut sector = vec![0; len];
        for (number, touched_by) in self.sectors(len) {
            let version = random.below(touched_by.len() + 1);
            let Some(after) = version.checked_sub(1).map(|at| touched_by[at] + 1) else {
                continue;
            };
            let offset = number * len as u64;
            let room = image.len().saturating_sub(offset).min(len as u64) as usize;
            states[after].read_padded(offset, &mut sector);
            image.write(offset.min(image.len()), &sector[..room]);
        }
    }

    /// Each sector that is written to, with the places of the operations that do.
    fn sectors(&self, len: usize) -> std::collections::BTreeMap<u64, Vec<usize>> {
        let mut sectors = std::collections::BTreeMap::<u64, Vec<usize>>::new();
        for (at, operation) in self.unsynced.iter().enumerate() {
            if let Operation::Write { offset, bytes } = operation
                && !bytes.is_empty()
            {
                let last = offset + bytes.len() as u64 - 1;
                for number in offset / len as u64..=last / len as u64 {
                    sectors.entry(number).or_default().push(at);
                }
            }
        }
        sectors
    }

    fn tear_bytes(&self, image: &mut Image, random: &mut Random) {
        for operation in &self.unsynced {
            match (operation, random.below(3)) {
                (_, 0) => {}
                (Operation::Write { offset, bytes }, 1) if !bytes.is_empty() => {
                    image.write(*offset, &bytes[..random.below(bytes.len())]);
                }
                (operation, _) => operation.apply(image),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(offset: u64, byte: u8, len: usize) -> Operation {
        Operation::Write {
            offset,
            bytes: vec![byte; len].into(),
        }
    }

    /// Three confirmed sectors of `a`, then two longer writes and a new length that nothing confirms.
    fn journal() -> Journal {
        let mut journal = Journal::default();
        for operation in [
            write(0, b'a', 1536),
            Operation::Sync,
            write(0, b'b', 1024),
            Operation::SetLen(4096),
            write(512, b'c', 2048),
        ] {
            journal.note(operation);
        }
        journal
    }

    fn bytes(image: &Image) -> Vec<u8> {
        let mut out = vec![0; image.len() as usize];
        image.read(0, &mut out).unwrap();
        out
    }

    #[test]
    fn what_a_sync_confirmed_is_never_lost() {
        let mut journal = journal();
        journal.note(Operation::Sync);
        let confirmed = bytes(&journal.image(Loss::Everything, &mut Random::new(0)));
        assert_eq!(confirmed, [vec![b'b'; 512], vec![b'c'; 2048], vec![0; 1536]].concat());
        for loss in Loss::CHANCY {
            assert_eq!(bytes(&journal.image(loss, &mut Random::new(1))), confirmed, "{loss:?}");
        }
    }

    #[test]
    fn prefixes_run_from_everything_lost_to_nothing_lost() {
        let journal = journal();
        let image = |loss| journal.image(loss, &mut Random::new(0));
        assert_eq!(image(Loss::After(0)), image(Loss::Everything));
        assert_eq!(
            bytes(&image(Loss::After(1))),
            [vec![b'b'; 1024], vec![b'a'; 512]].concat()
        );
        assert_eq!(image(Loss::After(2)).len(), 4096);
        assert_eq!(image(Loss::After(3)), image(Loss::Nothing));
        assert_eq!(journal.unsynced(), 3);
    }

    /// Over many seeds, each chancy loss leaves every outcome it can, and no sector that was never written.
    #[test]
    fn every_outcome_of_a_torn_write_occurs() {
        let journal = journal();
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..400 {
            let image = bytes(&journal.image(Loss::Sectors(512), &mut Random::new(seed)));
            let (first, second) = (image[0], image[512]);
            assert!(
                image[..512].iter().all(|byte| *byte == first),
                "a sector is never torn itself"
            );
            seen.insert((first, second, image.len()));
        }
        for first in [b'a', b'b'] {
            for second in [b'a', b'b', b'c'] {
                for len in [1536, 4096] {
                    assert!(seen.contains(&(first, second, len)), "never {first} {second} {len}");
                }
            }
        }
    }

    #[test]
    fn an_older_write_may_come_to_stand_over_a_newer_one() {
        let journal = journal();
        let stands = |seed| {
            let image = journal.image(Loss::Reordered, &mut Random::new(seed));
            let image = bytes(&image);
            image[512] == b'b' && image.get(1536) == Some(&b'c')
        };
        assert!((0..100).any(stands));
        let cut_mid_sector = |seed| bytes(&journal.image(Loss::Bytes, &mut Random::new(seed)))[..512].contains(&b'a');
        assert!((0..100).any(cut_mid_sector));
    }

    #[test]
    fn what_a_failed_sync_dropped_is_not_written_later() {
        let mut journal = journal();
        journal.settle(Loss::Everything, &mut Random::new(0));
        journal.note(Operation::Sync);
        assert_eq!(
            bytes(&journal.image(Loss::Nothing, &mut Random::new(0))),
            vec![b'a'; 1536]
        );
    }
}
