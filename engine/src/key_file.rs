//! The pepper: 256 secret bits that stand beside the store, never in it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use zeroize::{Zeroize as _, Zeroizing};

use crate::entropy::{Entropy, EntropyError};

/// The environment variable that may stand for the key file: 64 hexadecimal digits.
pub const KEY_VARIABLE: &str = "TOLLGATE_KEY";

/// A key file is one line of comment and one of digits; anything much longer is another file.
const FILE_LEN_MAX: u64 = 4_096;

/// What a key file begins with.
const COMMENT: &str = "# Tollgate key: without it the store beside it cannot be read.\n";

/// The secret that token digests and record seals are derived from. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct PepperKey([u8; 32]);

impl PepperKey {
    /// Takes 256 bits that nobody can guess.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a new key.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The key in the variable `TOLLGATE_KEY`, if that is set.
    pub fn from_environment() -> Result<Option<Self>, KeyError> {
        let Some(text) = std::env::var_os(KEY_VARIABLE) else {
            return Ok(None);
        };
        let parsed = text.to_str().map_or(Err(MalformedKey), str::parse);
        parsed.map(Some).map_err(|_| KeyError::MalformedVariable)
    }

    /// Reads the key file at `path`.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let fault = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => KeyError::Missing { path: path.into() },
            _ => KeyError::Io {
                path: path.into(),
                reason: source.to_string(),
            },
        };
        let mut file = File::open(path).map_err(fault)?;
        refuse_other_readers(&file, path)?;
        // Room for all of it at once: text that grows leaves a copy of the key behind.
        let mut text = Zeroizing::new(String::with_capacity(2 * FILE_LEN_MAX as usize));
        (&mut file)
            .take(FILE_LEN_MAX)
            .read_to_string(&mut text)
            .map_err(|_| KeyError::Malformed { path: path.into() })?;
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (lines.next().map(str::parse), lines.next()) {
            (Some(Ok(key)), None) => Ok(key),
            _ => Err(KeyError::Malformed { path: path.into() }),
        }
    }

    /// Writes this key to a new file at `path` that its owner alone can read, durably; never over an existing one.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        let fault = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.into() },
            _ => match missing_folder(path) {
                Some(folder) => KeyError::NoFolder { folder },
                None => KeyError::Io {
                    path: path.into(),
                    reason: source.to_string(),
                },
            },
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fault)?;
        let written = file
            .write_all(self.written().as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder_of(path));
        written.map_err(|error| {
            // Part of a key is none, and would be in the way of the next try.
            let _ = fs::remove_file(path);
            fault(error)
        })
    }

    /// The text of a key file, in room that it never outgrows.
    fn written(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(COMMENT.len() + 65));
        text.push_str(COMMENT);
        for byte in self.0 {
            text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
        }
        text.push('\n');
        text
    }

    /// 256 bits for one purpose; knowing them gives away neither the pepper nor those of another purpose.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }
}

/// Makes the creation or renaming of the file at `path` durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that the file at `path` would stand in, if it is not there.
pub(crate) fn missing_folder(path: &Path) -> Option<PathBuf> {
    let folder = folder_of(path);
    (!folder.is_dir()).then(|| folder.into())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Drop for PepperKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PepperKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PepperKey(hidden)")
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a key of 64 hexadecimal digits")]
pub struct MalformedKey;

impl FromStr for PepperKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let digits = text.trim().as_bytes();
        let mut key = Self([0; 32]);
        if digits.len() != 64 {
            return Err(MalformedKey);
        }
        for (byte, [high, low]) in key.0.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = hex(*high)
                .zip(hex(*low))
                .map(|(high, low)| high << 4 | low)
                .ok_or(MalformedKey)?;
        }
        Ok(key)
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(unix)]
fn refuse_other_readers(file: &File, path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata: io::Result<fs::Metadata> = file.metadata();
    let mode = metadata
        .map_err(|error| KeyError::Io {
            path: path.into(),
            reason: error.to_string(),
        })?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyError::ReadableByOthers {
            path: path.into(),
            mode: mode & 0o777,
        })
    }
}

#[cfg(not(unix))]
fn refuse_other_readers(_: &File, _: &Path) -> Result<(), KeyError> {
    Ok(())
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No file where the key should be.
    #[error(
        "expected the key of this store in {path}, but there is no such file: put the key file back, or give its 64 hexadecimal digits in {KEY_VARIABLE}",
        path = path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is no folder to make the key file in.
    #[error("expected a folder {folder} for the key file, but there is none: make it, or choose another path", folder = folder.display())]
    NoFolder {
        /// What is missing.
        folder: PathBuf,
    },
    /// A new key would overwrite another.
    #[error("expected no key file at {path}, but there is one: move it away, or open with it", path = path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// Group or others can read the file.
    #[error(
        "expected {path} to be readable by its owner alone, but its mode is {mode:03o}: run `chmod 600` on it, and replace the key if others may have read it",
        path = path.display()
    )]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("expected 64 hexadecimal digits on one line of {path} (lines with # are comments): restore the key file from its copy", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The variable holds something else.
    #[error("expected 64 hexadecimal digits in the environment variable {KEY_VARIABLE}")]
    MalformedVariable,
    /// The file system refused.
    #[error("expected to read or write the key file {path}, but: {reason}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No random bits for a new key.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F";

    #[test]
    fn keys_read_what_they_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.key");
        let key = PepperKey::from_bytes([0xa7; 32]);
        key.write_new(&path).unwrap();
        assert_eq!(PepperKey::read(&path).unwrap().0, key.0);
        assert_eq!(key.write_new(&path), Err(KeyError::Exists { path: path.clone() }));
        assert_eq!(format!("{key:?}"), "PepperKey(hidden)");
        let (text, room) = (key.written(), COMMENT.len() + 65);
        assert_eq!((text.len(), text.capacity()), (room, room), "it never grew");
    }

    #[test]
    fn only_64_digits_on_one_line_are_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.key");
        for (text, fits) in [
            (format!("# comment\n\n {DIGITS} \n"), true),
            (DIGITS.to_owned(), true),
            (DIGITS[1..].to_owned(), false),
            (format!("{DIGITS}\n{DIGITS}\n"), false),
            (DIGITS.replace("1F", "1G"), false),
            ("# comment\n".to_owned(), false),
            (String::new(), false),
        ] {
            fs::write(&path, &text).unwrap();
            restrict(&path, 0o600);
            let read = PepperKey::read(&path).map(|key| key.0[31]);
            assert_eq!(
                read,
                if fits {
                    Ok(0x1f)
                } else {
                    Err(KeyError::Malformed { path: path.clone() })
                },
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.key");
        PepperKey::from_bytes([1; 32]).write_new(&path).unwrap();
        for (mode, fits) in [
            (0o600, true),
            (0o400, true),
            (0o640, false),
            (0o604, false),
            (0o660, false),
        ] {
            restrict(&path, mode);
            let expected = if fits {
                None
            } else {
                Some(KeyError::ReadableByOthers {
                    path: path.clone(),
                    mode,
                })
            };
            assert_eq!(PepperKey::read(&path).err(), expected, "{mode:o}");
        }
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        let key = PepperKey::from_bytes([1; 32]);
        assert_ne!(key.derive("one purpose"), key.derive("another purpose"));
        assert_ne!(
            key.derive("one purpose"),
            PepperKey::from_bytes([2; 32]).derive("one purpose")
        );
    }

    fn restrict(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}
