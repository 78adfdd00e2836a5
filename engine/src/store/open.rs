//! Making and opening the file of a store, with every refusal in words.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Builder, DatabaseError, ReadableDatabase as _};

use super::backend::GivenBackend;
use super::fault::{Damage, StoreError};
use super::guard::guarded;
use super::read::Source;
use super::row::{Meta, Number, Row as _};
use super::tables::Table;
use super::transaction::{Ending, Wish};
use super::{Store, StoreNumbers};
use crate::key_file::{KeyError, sync_folder_of};
use crate::seal::Seal;

/// The layout that this version writes; older ones are brought to it when they are opened. It stands in the store without version
/// or seal.
pub(crate) const FORMAT: u64 = 3;
pub(super) const FORMAT_KEY: &[u8] = b"format";

/// Memory that pages may take, unless somebody says otherwise. The live index answers checks, so this only serves commands
/// and lists.
pub(crate) const CACHE_LEN: usize = 64 << 20;

/// Why a store could not be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A new store would overwrite a file.
    #[error("expected no file at {path}, but there is one: open it, or choose another path", path = .path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// There is no store.
    #[error("expected a store at {path}, but there is no such file: make one with `tollgate init`", path = .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is no folder to make the store in.
    #[error("expected a folder {folder} for the store, but there is none: make it, or choose another path", folder = .folder.display())]
    NoFolder {
        /// What is missing.
        folder: PathBuf,
    },
    /// The store's path is also that of its key file.
    #[error("expected {path} to be the store alone, but its key file has the same path: choose another path for one of them", path = .path.display())]
    IsItsKey {
        /// The path of both.
        path: PathBuf,
    },
    /// A store was begun and not finished.
    #[error(
        "making the store failed ({reason}): delete both {path} and {key_file}, and run `tollgate init` again",
        path = .path.display(),
        key_file = .key_file.display()
    )]
    HalfMade {
        /// The file that is no store yet.
        path: PathBuf,
        /// The key file that was made for it.
        key_file: PathBuf,
        /// What failed.
        reason: String,
    },
    /// Another process, or another engine in this one, has the store open.
    #[error("expected {path} to be free, but another process has it open: stop that process, or talk to it", path = .path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The file is no store of ours.
    #[error("expected {path} to be a Tollgate store, but it is something else: {found}", path = .path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The file ends early, or its structure is broken.
    #[error(
        "expected {path} to be a whole store, but it is truncated or damaged ({found}): restore a backup",
        path = .path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// A newer version made this store.
    #[error(
        "expected {path} to have store format {ours} or older, but it has format {found}: use the version of Tollgate that made it, or a newer one",
        path = .path.display()
    )]
    NewerFormat {
        /// The store.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format we know.
        ours: u64,
    },
    /// The store was made under another key.
    #[error(
        "expected the key that {path} was made under, whose fingerprint is {expected}, but was given the key {found}: put the store's own key file back",
        path = .path.display()
    )]
    OtherKey {
        /// The store.
        path: PathBuf,
        /// The fingerprint of the key it was made under.
        expected: String,
        /// The fingerprint of the key that was given.
        found: String,
    },
    /// There is no usable key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A row is not what was written there.
    #[error("{path} cannot be opened, because {damage}", path = .path.display())]
    Damaged {
        /// The store.
        path: PathBuf,
        /// Which row, and how.
        damage: Damage,
    },
    /// The disk or the system failed.
    #[error("expected to open {path}, but: {reason}", path = .path.display())]
    Storage {
        /// The store.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
}

/// Where the bytes of a store are.
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// Wherever a backend keeps them; the path only names it.
    Backend(PathBuf, GivenBackend),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Backend(path, _) => path,
        }
    }
}

/// Makes a store where there is none.
pub(crate) fn create(place: Place, seal: Seal, numbers: &StoreNumbers, cache_len: usize) -> Result<Store, OpenError> {
    let path = place.path().to_path_buf();
    let database = match place {
        Place::File(path) => {
            let opened = new_file(&path);
            let file = opened.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => OpenError::Exists { path: path.clone() },
                _ => OpenError::Storage {
                    path: path.clone(),
                    reason: error.to_string(),
                },
            })?;
            builder(cache_len).create_file(file)
        }
        Place::Backend(_, backend) if backend.is_empty() => builder(cache_len).create_with_backend(backend),
        Place::Backend(path, _) => return Err(OpenError::Exists { path }),
    };
    let store = Store::new(path.clone(), database.map_err(|error| opening(&path, error))?, seal);
    let made = store.transact(|rows| {
        rows.make_tables()?;
        rows.put_raw(Table::Meta, FORMAT_KEY, &FORMAT.to_be_bytes())?;
        for number in Number::ALL {
            rows.put::<Meta>(&number, &numbers.of(number, &store.seal))?;
        }
        Ok(Wish::Commit(()))
    });
    let storage = |reason: String| OpenError::Storage {
        path: path.clone(),
        reason,
    };
    match made {
        Ending::Done(()) => {}
        Ending::NotDone(fault) | Ending::InDoubt(fault) => return Err(storage(fault.to_string())),
    }
    sync_folder_of(&path).or_else(|error| {
        if path.exists() {
            Err(storage(error.to_string()))
        } else {
            Ok(())
        }
    })?;
    Ok(store)
}

/// Opens the store that is there.
pub(crate) fn open(place: Place, seal: Seal, cache_len: usize) -> Result<Store, OpenError> {
    let path = place.path().to_path_buf();
    let opened = match place {
        Place::File(path) => match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Missing { path }),
            Ok(metadata) if metadata.len() == 0 => return Err(empty(path)),
            Err(_) | Ok(_) => guarded(|| Ok(builder(cache_len).open(&path))),
        },
        Place::Backend(path, backend) if backend.is_empty() => return Err(empty(path)),
        Place::Backend(_, backend) => guarded(|| Ok(builder(cache_len).create_with_backend(backend))),
    };
    let database = opened.map_err(|fault: StoreError| OpenError::Truncated {
        path: path.clone(),
        found: fault.to_string(),
    })?;
    let store = Store::new(path.clone(), database.map_err(|error| opening(&path, error))?, seal);
    recognise(&store)?;
    Ok(store)
}

/// Refuses what is no store, of a newer format, or under another key, in this order.
fn recognise(store: &Store) -> Result<(), OpenError> {
    let path = || store.path.clone();
    let not_a_store = |found: &str| OpenError::NotAStore {
        path: path(),
        found: found.to_owned(),
    };
    let storage = |fault: StoreError| store.fault(fault);
    let format = store.with_database(|database| {
        let transaction = database.begin_read()?;
        match transaction.open_table(Table::Meta.definition()) {
            Ok(table) => super::read::raw(&table, FORMAT_KEY),
            Err(redb::TableError::Storage(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    });
    let format = format
        .map_err(storage)?
        .ok_or_else(|| not_a_store("it has no format number"))?;
    let found = format
        .as_slice()
        .try_into()
        .map(u64::from_be_bytes)
        .map_err(|_| not_a_store("its format number is none"))?;
    if found > FORMAT {
        return Err(OpenError::NewerFormat {
            path: path(),
            found,
            ours: FORMAT,
        });
    }
    if found == 0 {
        return Err(not_a_store("its format number is 0"));
    }
    super::upgrade::refuse_missing_tables(store, found)?;
    if found < FORMAT {
        super::upgrade::upgrade(store, found)?;
    }
    let view = store.read().map_err(storage)?;
    refuse_other_key(store, &view)
}

/// The fingerprint stands in the store readably, so that a wrong key is told apart from a damaged row.
pub(super) fn refuse_other_key(store: &Store, view: &impl Source) -> Result<(), OpenError> {
    let fault = match view.row_that_must_be::<Meta>(&Number::Key) {
        Ok(fingerprint) if fingerprint == u64::from_be_bytes(store.seal.fingerprint()) => return Ok(()),
        Ok(_) => Damage::new(Table::Meta, &Meta::key(&Number::Key), "it names another key").into(),
        Err(fault) => fault,
    };
    let raw = view
        .raw(Table::Meta, &Meta::key(&Number::Key))
        .map_err(|fault| store.fault(fault))?;
    let payload = raw
        .as_deref()
        .and_then(|value| value.split_last_chunk::<{ crate::seal::MAC_LEN }>());
    let made_under = payload
        .and_then(|(payload, _)| Meta::read(&Number::Key, payload).ok())
        .map(u64::to_be_bytes);
    match made_under {
        Some(expected) if expected != store.seal.fingerprint() => Err(OpenError::OtherKey {
            path: store.path.clone(),
            expected: hex(expected),
            found: hex(store.seal.fingerprint()),
        }),
        Some(_) | None => Err(store.fault(fault)),
    }
}

/// A new file that its owner alone can read, never in the place of another.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn hex(fingerprint: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(fingerprint))
}

pub(super) fn builder(cache_len: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_len);
    builder
}

fn empty(path: PathBuf) -> OpenError {
    OpenError::Truncated {
        path,
        found: "it is empty, as an interrupted `tollgate init` leaves it".to_owned(),
    }
}

fn opening(path: &Path, error: DatabaseError) -> OpenError {
    let path = path.to_path_buf();
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::Locked { path },
        DatabaseError::UpgradeRequired(found) => OpenError::NotAStore {
            path,
            found: format!("its file format {found} is older than any store's"),
        },
        DatabaseError::Storage(redb::StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::InvalidData => OpenError::NotAStore {
                path,
                found: error.to_string(),
            },
            io::ErrorKind::UnexpectedEof => OpenError::Truncated {
                path,
                found: error.to_string(),
            },
            _ => OpenError::Storage {
                path,
                reason: error.to_string(),
            },
        },
        DatabaseError::Storage(redb::StorageError::Corrupted(found)) => OpenError::Truncated { path, found },
        other => OpenError::Storage {
            path,
            reason: other.to_string(),
        },
    }
}
