//! Passwords of people: Argon2id, on memory that is used again, a few at a time.
//!
//! A password is checked in about the time of twenty thousand token checks, and in 19 MiB. So no more are checked at once than the
//! machine can spare cores for, each in memory that was touched before (fresh memory costs three times as much), and whoever finds too many
//! others waiting is told to come back. Whether a name exists cannot be told from the time: where there is nothing to compare
//! with, a password that nobody has is compared with.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::{Condvar, Mutex};
use tollgate::{Entropy, EntropyError};
use zeroize::Zeroizing;

/// Memory of one check in KiB: OWASP's and the crate's own first choice.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const OUTPUT_BYTES: usize = 32;
/// NIST SP 800-63B asks for 4 bytes, RFC 9106 for 16.
const SALT_BYTES: usize = 16;
/// What a stored password may ask for at most: a store that says four gigabytes would otherwise be obeyed.
const MEMORY_KIB_MOST: u32 = 64 * 1_024;
const PASSES_MOST: u32 = 10;
const LANES_MOST: u32 = 4;
/// The longest password that is looked at. The work before Argon2 proper grows with its length.
pub const PASSWORD_BYTES_MOST: usize = 1_024;

/// A password cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectError {
    /// It is empty or too long.
    #[error("expected a password of 1 to 1,024 bytes, got {length}")]
    Length {
        /// How long it is.
        length: usize,
    },
    /// No salt could be had.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The arithmetic was refused.
    #[error("expected 19 MiB of memory for Argon2, which answered: {0}")]
    Argon2(String),
}

/// What a store may keep of `password`: a PHC string of Argon2id (19 MiB, 2 passes, 1 lane) with a salt of its own.
pub fn protect(password: &[u8], entropy: &dyn Entropy) -> Result<String, ProtectError> {
    protect_at((MEMORY_KIB, PASSES), password, entropy, &mut Vec::new())
}

/// Whether what is stored costs less to guess at than what [`protect`] makes today. False for what cannot be read.
pub fn is_outdated(phc: &str) -> bool {
    Stored::parse(phc).is_some_and(|stored| {
        let price = u64::from(stored.params.m_cost()) * u64::from(stored.params.t_cost());
        price < u64::from(MEMORY_KIB) * u64::from(PASSES) || stored.output.len() < OUTPUT_BYTES
    })
}

/// [`protect`] at another price, in memory that is used again.
fn protect_at(
    (memory, passes): (u32, u32),
    password: &[u8],
    entropy: &dyn Entropy,
    blocks: &mut Vec<Block>,
) -> Result<String, ProtectError> {
    if password.is_empty() || password.len() > PASSWORD_BYTES_MOST {
        return Err(ProtectError::Length { length: password.len() });
    }
    let mut salt = [0; SALT_BYTES];
    entropy.fill(&mut salt)?;
    let fault = |error: &dyn std::fmt::Display| ProtectError::Argon2(error.to_string());
    let params = Params::new(memory, passes, 1, Some(OUTPUT_BYTES)).map_err(|error| fault(&error))?;
    let stored = Stored {
        salt: salt.to_vec(),
        output: Zeroizing::new(vec![0; OUTPUT_BYTES]),
        params,
    };
    let output = stored.derive(password, blocks).map_err(|error| fault(&error))?;
    let written = PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&stored.params).map_err(|error| fault(&error))?,
        salt: Some(Salt::new(&salt).map_err(|error| fault(&error))?),
        hash: Some(Output::new(&output).map_err(|error| fault(&error))?),
    };
    Ok(written.to_string())
}

/// What a PHC string says.
struct Stored {
    params: Params,
    salt: Vec<u8>,
    output: Zeroizing<Vec<u8>>,
}

impl Stored {
    /// Reads what [`protect`] has written, or another program at a price that we are ready to pay. None for anything else.
    fn parse(phc: &str) -> Option<Self> {
        let read = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&read).ok()?;
        let affordable =
            params.m_cost() <= MEMORY_KIB_MOST && params.t_cost() <= PASSES_MOST && params.p_cost() <= LANES_MOST;
        let is_ours = read.algorithm == argon2::ARGON2ID_IDENT && read.version == Some(Version::V0x13.into());
        let output = Zeroizing::new(read.hash?.as_ref().to_vec());
        (affordable && is_ours && output.len() >= 16).then_some(Self {
            params,
            salt: read.salt?.as_ref().to_vec(),
            output,
        })
    }

    /// A password that nobody has, at the price of all others.
    fn nobody() -> Option<Self> {
        Some(Self {
            params: Params::new(MEMORY_KIB, PASSES, 1, Some(OUTPUT_BYTES)).ok()?,
            salt: vec![0; SALT_BYTES],
            output: Zeroizing::new(vec![0; OUTPUT_BYTES]),
        })
    }

    fn derive(&self, password: &[u8], blocks: &mut Vec<Block>) -> Result<Zeroizing<Vec<u8>>, argon2::Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let wanted = self.params.block_count();
        if blocks.len() < wanted {
            blocks.resize(wanted, Block::new());
        }
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        let room = blocks.get_mut(..wanted).ok_or(argon2::Error::OutOfMemory)?;
        argon2.hash_password_into_with_memory(password, &self.salt, &mut output, room)?;
        Ok(output)
    }

    fn is(&self, password: &[u8], blocks: &mut Vec<Block>) -> bool {
        let derived = self.derive(password, blocks);
        derived.is_ok_and(|derived| aws_lc_rs::constant_time::verify_slices_are_equal(&derived, &self.output).is_ok())
    }
}

/// Too many passwords are waiting already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked: come back in a second")]
pub struct Busy;

/// The places at which passwords are checked, each with its memory.
pub struct PasswordPool {
    state: Mutex<Places>,
    freed: Condvar,
    waiting_most: usize,
}

struct Places {
    /// The memory of the places that are free. It grows to its size at the first check, and stays.
    free: Vec<Vec<Block>>,
    waiting: usize,
}

/// A place at which one password is checked. It is free again when this is dropped.
pub struct Place<'a> {
    pool: &'a PasswordPool,
    blocks: Vec<Block>,
}

impl Place<'_> {
    /// Whether `password` is the one in `phc`. Does the same work where there is no `phc`, or one that cannot be read; then the answer
    /// is no.
    pub fn is(&mut self, phc: Option<&str>, password: &[u8]) -> bool {
        let stored = phc.and_then(Stored::parse);
        let known = stored.is_some() && !password.is_empty() && password.len() <= PASSWORD_BYTES_MOST;
        let password = password.get(..PASSWORD_BYTES_MOST).unwrap_or(password);
        let stored = stored.or_else(Stored::nobody);
        stored.is_some_and(|stored| stored.is(password, &mut self.blocks)) && known
    }
}

impl Place<'_> {
    /// [`protect`] at this place.
    pub fn protect(&mut self, password: &[u8], entropy: &dyn Entropy) -> Result<String, ProtectError> {
        protect_at((MEMORY_KIB, PASSES), password, entropy, &mut self.blocks)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pool.state.lock().free.push(std::mem::take(&mut self.blocks));
        self.pool.freed.notify_one();
    }
}

impl PasswordPool {
    /// A pool that checks `at_once` passwords at a time (one at least) while `waiting_most` others wait.
    pub fn new(at_once: usize, waiting_most: usize) -> Self {
        let free = std::iter::repeat_with(Vec::new).take(at_once.max(1)).collect();
        Self {
            state: Mutex::new(Places { free, waiting: 0 }),
            freed: Condvar::new(),
            waiting_most,
        }
    }

    /// [`Place::is`] at the next place that is free.
    pub fn is(&self, phc: Option<&str>, password: &[u8]) -> Result<bool, Busy> {
        Ok(self.place()?.is(phc, password))
    }

    /// Waits for a place, unless too many others do.
    pub fn place(&self) -> Result<Place<'_>, Busy> {
        let mut state = self.state.lock();
        if state.free.is_empty() && state.waiting >= self.waiting_most {
            return Err(Busy);
        }
        state.waiting += 1;
        let blocks = loop {
            match state.free.pop() {
                Some(blocks) => break blocks,
                None => self.freed.wait(&mut state),
            }
        };
        state.waiting -= 1;
        Ok(Place { pool: self, blocks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use tollgate::{SeededEntropy, SystemEntropy};

    fn cheap(password: &[u8]) -> String {
        protect_at((64, 1), password, &SystemEntropy, &mut Vec::new()).unwrap()
    }

    #[test]
    fn a_password_is_kept_at_the_stated_price() {
        let phc = protect(b"correct horse", &SeededEntropy::new(1)).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        let pool = PasswordPool::new(1, 0);
        assert_eq!(pool.is(Some(&phc), b"correct horse"), Ok(true));
        assert_eq!(pool.is(Some(&phc), b"correct horsf"), Ok(false));
        assert_ne!(
            phc,
            protect(b"correct horse", &SeededEntropy::new(2)).unwrap(),
            "each has a salt of its own"
        );
    }

    #[test]
    fn what_is_cheaper_than_today_is_outdated_and_what_is_dearer_is_not() {
        let at = |memory, passes| protect_at((memory, passes), b"x", &SystemEntropy, &mut Vec::new()).unwrap();
        assert!(is_outdated(&cheap(b"x")) && is_outdated(&at(MEMORY_KIB, 1)));
        assert!(!is_outdated(&at(MEMORY_KIB, 2)) && !is_outdated(&at(MEMORY_KIB * 2, 1)));
        assert!(
            !is_outdated("$2b$12$no.argon"),
            "it never matches, so nothing is known to digest"
        );
        let pool = PasswordPool::new(1, 0);
        let anew = pool.place().unwrap().protect(b"x", &SystemEntropy).unwrap();
        assert_eq!((pool.is(Some(&anew), b"x"), is_outdated(&anew)), (Ok(true), false));
    }

    /// Written by the reference implementation: `echo -n password | argon2 somesalt1234567 -id -k 64 -t 1 -p 1 -l 32 -e` has the
    /// same shape; the crate's own one-shot reading is the judge here.
    #[test]
    fn what_we_keep_others_read() {
        use argon2::PasswordVerifier as _;
        let phc = cheap(b"pa\xffss");
        let read = PasswordHash::new(&phc).unwrap();
        assert_eq!(Argon2::default().verify_password(b"pa\xffss", &read), Ok(()));
        assert!(
            Argon2::default()
                .verify_password(b"pass", &read)
                .is_err_and(|error| !error.to_string().is_empty())
        );
    }

    #[test]
    fn what_costs_too_much_or_is_another_scheme_never_matches() {
        let pool = PasswordPool::new(1, 0);
        let good = cheap(b"x");
        assert_eq!(pool.is(Some(&good), b"x"), Ok(true));
        for bad in [
            good.replace("m=64", "m=4194304"),
            good.replace("t=1", "t=11"),
            good.replace("p=1", "p=5"),
            good.replace("argon2id", "argon2i"),
            good.replace("v=19", "v=16"),
            good.replace("$v=19", ""),
            good.rsplit_once('$').unwrap().0.to_owned(),
            String::new(),
        ] {
            assert!(Stored::parse(&bad).is_none(), "{bad}");
            assert_eq!(pool.is(Some(&bad), b"x"), Ok(false), "{bad}");
        }
    }

    /// Else the time would tell who exists.
    #[test]
    fn nobody_costs_what_everybody_costs() {
        let somebody = Stored::parse(&protect(b"x", &SystemEntropy).unwrap()).unwrap();
        let nobody = Stored::nobody().unwrap();
        assert_eq!(somebody.params, nobody.params);
        assert_eq!(
            (somebody.salt.len(), somebody.output.len()),
            (nobody.salt.len(), nobody.output.len())
        );
    }

    #[test]
    fn nobody_has_no_password() {
        let pool = PasswordPool::new(1, 0);
        assert_eq!(pool.is(None, b""), Ok(false));
        assert_eq!(pool.is(None, b"x"), Ok(false));
        let long = vec![b'x'; PASSWORD_BYTES_MOST + 1];
        let cut = cheap(&long[1..]);
        assert_eq!(pool.is(Some(&cut), &long[1..]), Ok(true));
        assert_eq!(pool.is(Some(&cut), &long), Ok(false), "a password is not cut off");
        assert_eq!(pool.is(Some(&cut), b""), Ok(false));
        assert_eq!(protect(b"", &SystemEntropy), Err(ProtectError::Length { length: 0 }));
        assert_eq!(
            protect(&long, &SystemEntropy),
            Err(ProtectError::Length { length: 1_025 })
        );
    }

    #[test]
    fn too_many_are_told_to_come_back() {
        let pool = PasswordPool::new(1, 1);
        let phc = cheap(b"x");
        let held = pool.place().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| pool.is(Some(&phc), b"x"));
            while pool.state.lock().waiting == 0 {
                thread::yield_now();
            }
            assert_eq!(pool.is(Some(&phc), b"x"), Err(Busy));
            drop(held);
            assert_eq!(waiting.join().unwrap(), Ok(true));
        });
        assert_eq!(pool.is(Some(&phc), b"x"), Ok(true), "every place came back");
    }

    #[test]
    fn many_at_once_use_the_memory_of_few() {
        let pool = PasswordPool::new(2, 64);
        let phc = cheap(b"x");
        thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| assert_eq!(pool.is(Some(&phc), b"x"), Ok(true)));
            }
        });
        let state = pool.state.lock();
        assert_eq!((state.free.len(), state.waiting), (2, 0));
    }
}
