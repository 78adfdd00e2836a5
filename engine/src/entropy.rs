//! Where random bits come from: the operating system, or a seed in tests.

use parking_lot::Mutex;

/// Supplies bits that nobody can guess.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `out`, or says why it cannot; a caller that gets an error makes no token.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError>;
}

/// Random bits could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected random bits from the operating system, which answered: {reason}")]
pub struct EntropyError {
    /// What the source said.
    pub reason: String,
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(out).map_err(|error| EntropyError {
            reason: error.to_string(),
        })
    }
}

/// The same bits for the same seed, so that a crash test can be run again. **Never in production: every token that is
/// made from it can be guessed.**
#[derive(Debug)]
pub struct SeededEntropy(Mutex<blake3::OutputReader>);

impl SeededEntropy {
    /// A source whose bits all follow from `seed`.
    pub fn new(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("tollgate 2026 seeded entropy for tests");
        hasher.update(&seed.to_be_bytes());
        Self(Mutex::new(hasher.finalize_xof()))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.lock().fill(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(source: &dyn Entropy) -> [u8; 32] {
        let mut out = [0; 32];
        source.fill(&mut out).unwrap();
        out
    }

    #[test]
    fn a_seed_repeats_itself_and_the_system_does_not() {
        let (one, same, other) = (SeededEntropy::new(1), SeededEntropy::new(1), SeededEntropy::new(2));
        let first = draw(&one);
        assert_eq!(first, draw(&same));
        assert_ne!(first, draw(&one), "a source goes on");
        assert_ne!(first, draw(&other));
        assert_ne!(draw(&SystemEntropy), draw(&SystemEntropy));
    }
}
