//! Records under their sequence count, and the runs of words that the count guards, in every order of events.

use std::sync::Arc;

use super::arena::Arena;
use super::extents::Extents;
use super::run::{ColdLine, Extent, Run};
use super::sequenced::Sequenced;
use crate::sync::{AtomicU64, Ordering};

/// Two words that change together, as a reader and the writer use them.
trait Pair: Default + Send + Sync + 'static {
    fn read_pair(&self) -> [u64; 2];
    fn write_pair(&self, words: [u64; 2]);
}

impl Pair for Sequenced<2> {
    fn read_pair(&self) -> [u64; 2] {
        self.read()
    }

    fn write_pair(&self, words: [u64; 2]) {
        self.write(words);
    }
}

/// The planted bug: a sequence count that the reader looks at once only.
#[derive(Default)]
struct LooksOnce {
    sequence: AtomicU64,
    words: [AtomicU64; 2],
}

impl Pair for LooksOnce {
    fn read_pair(&self) -> [u64; 2] {
        // Ordering: Acquire, as the real one; the second look is what is missing.
        while self.sequence.load(Ordering::Acquire) & 1 == 1 {
            crate::sync::spin_loop();
        }
        // Ordering: Relaxed, as the real one.
        self.words.each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    fn write_pair(&self, words: [u64; 2]) {
        // Ordering: AcqRel is more than the real one needs; the fault is not here.
        self.sequence.fetch_add(1, Ordering::AcqRel);
        for (place, word) in self.words.iter().zip(words) {
            // Ordering: Release is more than the real one needs; the fault is not here.
            place.store(word, Ordering::Release);
        }
        // Ordering: AcqRel is more than the real one needs; the fault is not here.
        self.sequence.fetch_add(1, Ordering::AcqRel);
    }
}

fn readers_see_pairs<P: Pair>() {
    loom::model(|| {
        let pair = Arc::new(P::default());
        let reader = {
            let pair = Arc::clone(&pair);
            loom::thread::spawn(move || pair.read_pair())
        };
        pair.write_pair([1, 1]);
        pair.write_pair([2, 2]);
        let [one, other] = reader.join().unwrap();
        assert_eq!(one, other, "a torn record");
        assert_eq!(pair.read_pair(), [2, 2]);
    });
}

#[test]
fn loom_a_record_is_never_torn() {
    readers_see_pairs::<Sequenced<2>>();
}

#[test]
#[should_panic(expected = "a torn record")]
fn loom_a_reader_that_looks_once_is_caught() {
    readers_see_pairs::<LooksOnce>();
}

/// A record moves to a new run, and its old run goes to somebody else while a reader may still walk it.
fn readers_see_their_own_run(let_go_first: bool) {
    loom::model(move || {
        let (lines, record, mut extents) = (
            Arc::new(Arena::<ColdLine>::new()),
            Arc::new(Sequenced::<1>::default()),
            Extents::default(),
        );
        let old = extents.write(&lines, &[1]).unwrap();
        record.write([old.pack()]);
        let reader = {
            let (lines, record) = (Arc::clone(&lines), Arc::clone(&record));
            loom::thread::spawn(move || {
                record.read_with(|[extent]| Run::new(&ColdLine::default(), &lines, Extent::unpack(extent)).word(0))
            })
        };
        if let_go_first {
            extents.release(old);
            extents.write(&lines, &[99]).unwrap();
        } else {
            let new = extents.write(&lines, &[2]).unwrap();
            record.write([new.pack()]);
            extents.release(old);
            extents.write(&lines, &[99]).unwrap();
        }
        assert_ne!(reader.join().unwrap(), 99, "another record's words");
    });
}

#[test]
fn loom_a_run_that_was_let_go_is_not_read_as_ones_own() {
    readers_see_their_own_run(false);
}

#[test]
#[should_panic(expected = "another record's words")]
fn loom_letting_a_run_go_too_early_is_caught() {
    readers_see_their_own_run(true);
}

/// A line beside a record changes in the same step as the record.
#[derive(Default)]
struct Beside {
    record: Sequenced<1>,
    line: ColdLine,
}

impl Pair for Beside {
    fn read_pair(&self) -> [u64; 2] {
        self.record
            .read_with(|[own]| [own, Run::new(&self.line, &Arena::new(), Extent::default()).word(0)])
    }

    fn write_pair(&self, [own, beside]: [u64; 2]) {
        self.record.write_with([own], || self.line.store(&[beside]));
    }
}

#[test]
fn loom_a_line_beside_a_record_is_never_torn_from_it() {
    readers_see_pairs::<Beside>();
}

/// The planted bug: the line is written before the record's count says so.
#[derive(Default)]
struct TooEarly(Beside);

impl Pair for TooEarly {
    fn read_pair(&self) -> [u64; 2] {
        self.0.read_pair()
    }

    fn write_pair(&self, [own, beside]: [u64; 2]) {
        self.0.line.store(&[beside]);
        self.0.record.write([own]);
    }
}

#[test]
#[should_panic(expected = "a torn record")]
fn loom_a_line_written_outside_its_count_is_caught() {
    readers_see_pairs::<TooEarly>();
}
