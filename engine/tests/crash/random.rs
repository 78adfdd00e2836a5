//! Choices that follow from a seed, so that whatever fails can be run again.

/// A stream of numbers that all follow from its seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for each `number` under `seed`; neighbours have nothing in common.
    pub(crate) fn numbered(seed: u64, number: u64) -> Self {
        Self(Self(seed).word() ^ Self(number).word().rotate_left(32))
    }

    /// Any number. A counter with odd steps, whose bits are then mixed until each depends on all.
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
            word = (word ^ (word >> shift)).wrapping_mul(factor);
        }
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of `choices`, which are not empty.
    pub(crate) fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// Puts `items` into any order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[test]
fn a_seed_repeats_itself_and_shuffles_lose_nothing() {
    let draw = |seed| {
        let mut items: Vec<u32> = (0..50).collect();
        Random::new(seed).shuffle(&mut items);
        items
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let mut sorted = draw(3);
    sorted.sort_unstable();
    assert_eq!(sorted, (0..50).collect::<Vec<_>>());
}
