//! Databases in a file, read at every check. Counters cannot be on disk at this speed, so they are in maps.

use std::sync::atomic::AtomicU32;

use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable, TableDefinition};
use rusqlite::{Connection, OptionalExtension as _, params};
use tempfile::TempDir;
use tollgate_benches::Population;
use tollgate_core::{AddressRange, Networks, OperationSet, RequestParts, Timestamp, TokenStatus, Validity};

use crate::Rival;
use crate::gates::{Facts, Gates, Token, pass_through};
use crate::hashing::BuildSpread;

const TOKENS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("tokens");
const USERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("users");

/// Gates with the places of requests under way beside them.
#[derive(Default)]
struct Counted {
    gates: Gates,
    under_way: dashmap::DashMap<u64, AtomicU32, BuildSpread>,
}

impl Counted {
    fn charge_and_pass(&self, token: &Token, user: &Facts, request: &RequestParts<'_>, now: Timestamp) -> bool {
        if !(self.gates.admit(token, user, request, now) && self.gates.charge(token.user)) {
            return false;
        }
        let places = match self.under_way.get(&token.user) {
            Some(places) => places,
            None => self.under_way.entry(token.user).or_default().downgrade(),
        };
        pass_through(&places, user.concurrent)
    }
}

fn token_bytes(token: &Token) -> [u8; 17] {
    let mut bytes = [0; 17];
    bytes[..8].copy_from_slice(&token.user.to_le_bytes());
    bytes[8] = u8::from(token.status == TokenStatus::Revoked);
    bytes[9..13].copy_from_slice(&token.validity.not_before_s.unwrap_or(0).to_le_bytes());
    bytes[13..].copy_from_slice(&token.validity.expires_at_s.unwrap_or(u32::MAX).to_le_bytes());
    bytes
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().unwrap())
}

fn status(revoked: bool) -> TokenStatus {
    if revoked {
        TokenStatus::Revoked
    } else {
        TokenStatus::Active
    }
}

fn token_of(bytes: &[u8]) -> Token {
    Token {
        user: u64::from_le_bytes(bytes[..8].try_into().unwrap()),
        status: status(bytes[8] == 1),
        validity: Validity {
            not_before_s: Some(number(&bytes[9..13])),
            expires_at_s: Some(number(&bytes[13..17])),
        },
    }
}

fn user_bytes(user: &Facts) -> Vec<u8> {
    let mut bytes = vec![u8::from(user.active), user.operations.bits()];
    bytes.extend(user.concurrent.to_le_bytes());
    for set in [&user.networks.banned, &user.networks.trusted] {
        bytes.push(set.len() as u8);
        for range in set {
            if let AddressRange::V4 { first, last } = range {
                bytes.extend([first.to_le_bytes(), last.to_le_bytes()].concat());
            }
        }
    }
    bytes
}

fn user_of(bytes: &[u8]) -> Facts {
    let (banned, rest) = ranges_of(&bytes[6..]);
    Facts {
        active: bytes[0] == 1,
        operations: OperationSet::from_bits(bytes[1]),
        concurrent: number(&bytes[2..6]),
        networks: Networks {
            banned,
            trusted: ranges_of(rest).0,
        },
    }
}

fn ranges_of(bytes: &[u8]) -> (Vec<AddressRange>, &[u8]) {
    let (own, rest) = bytes[1..].split_at(usize::from(bytes[0]) * 8);
    let range = |pair: &[u8]| AddressRange::V4 {
        first: number(&pair[..4]),
        last: number(&pair[4..]),
    };
    (own.chunks_exact(8).map(range).collect(), rest)
}

/// `redb`, a read transaction for each check: it sees every change.
pub struct RedbStore {
    counted: Counted,
    database: Database,
    _folder: TempDir,
}

impl RedbStore {
    /// Keeps what a population holds in a file of its own.
    pub fn new(population: &Population) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path().join("rival.redb")).unwrap();
        let mut rows = Vec::new();
        population
            .view
            .for_each_token(|record| rows.push((*record.digest.as_bytes(), token_bytes(&Token::from(&record)))));
        rows.sort_unstable();
        let writing = database.begin_write().unwrap();
        {
            let (mut tokens, mut users) = (writing.open_table(TOKENS).unwrap(), writing.open_table(USERS).unwrap());
            for (digest, row) in &rows {
                tokens.insert(digest, row.as_slice()).unwrap();
            }
            population.view.for_each_user(|record| {
                let row = user_bytes(&Facts::from(&record));
                users.insert(record.id.0, row.as_slice()).unwrap();
            });
        }
        writing.commit().unwrap();
        Self {
            counted: Counted::default(),
            database,
            _folder: folder,
        }
    }
}

fn admits_by_tables(
    counted: &Counted,
    tokens: &impl ReadableTable<&'static [u8; 32], &'static [u8]>,
    users: &impl ReadableTable<u64, &'static [u8]>,
    request: &RequestParts<'_>,
    now: Timestamp,
) -> bool {
    let Some(digest) = counted.gates.digest(request) else {
        return false;
    };
    let Some(token) = tokens.get(&digest).unwrap().map(|row| token_of(row.value())) else {
        return false;
    };
    let Some(user) = users.get(token.user).unwrap().map(|row| user_of(row.value())) else {
        return false;
    };
    counted.charge_and_pass(&token, &user, request, now)
}

impl Rival for RedbStore {
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let reading: ReadTransaction = self.database.begin_read().unwrap();
        let (tokens, users) = (reading.open_table(TOKENS).unwrap(), reading.open_table(USERS).unwrap());
        admits_by_tables(&self.counted, &tokens, &users, request, now)
    }
}

/// `redb`, one read transaction for all checks: it never sees a revocation, and shows what a look-up alone costs.
pub struct RedbHeld<'a> {
    counted: &'a Counted,
    tokens: redb::ReadOnlyTable<&'static [u8; 32], &'static [u8]>,
    users: redb::ReadOnlyTable<u64, &'static [u8]>,
}

impl<'a> RedbHeld<'a> {
    /// Reads a store as it is now.
    pub fn new(store: &'a RedbStore) -> Self {
        let reading = store.database.begin_read().unwrap();
        Self {
            counted: &store.counted,
            tokens: reading.open_table(TOKENS).unwrap(),
            users: reading.open_table(USERS).unwrap(),
        }
    }
}

impl Rival for RedbHeld<'_> {
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool {
        admits_by_tables(self.counted, &self.tokens, &self.users, request, now)
    }
}

/// SQLite, one prepared statement that joins token and user.
pub struct SqliteStore {
    counted: Counted,
    connection: Connection,
    _folder: TempDir,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA mmap_size = 1073741824;
    PRAGMA cache_size = -262144;
    CREATE TABLE users (id INTEGER PRIMARY KEY, record BLOB NOT NULL);
    CREATE TABLE tokens (digest BLOB PRIMARY KEY, record BLOB NOT NULL, user INTEGER NOT NULL) WITHOUT ROWID;
";
const FIND: &str =
    "SELECT tokens.record, users.record FROM tokens JOIN users ON users.id = tokens.user WHERE digest = ?1";

impl SqliteStore {
    /// Keeps what a population holds in a file of its own.
    pub fn new(population: &Population) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("rival.sqlite")).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let mut rows = Vec::new();
        population
            .view
            .for_each_token(|record| rows.push((*record.digest.as_bytes(), Token::from(&record))));
        rows.sort_unstable_by_key(|(digest, _)| *digest);
        connection.execute_batch("BEGIN").unwrap();
        {
            let mut token = connection.prepare("INSERT INTO tokens VALUES (?1, ?2, ?3)").unwrap();
            for (digest, row) in &rows {
                token
                    .execute(params![digest, token_bytes(row), row.user.cast_signed()])
                    .unwrap();
            }
            let mut user = connection.prepare("INSERT INTO users VALUES (?1, ?2)").unwrap();
            population.view.for_each_user(|record| {
                let row = user_bytes(&Facts::from(&record));
                user.execute(params![record.id.0.cast_signed(), row]).unwrap();
            });
        }
        connection
            .execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")
            .unwrap();
        Self {
            counted: Counted::default(),
            connection,
            _folder: folder,
        }
    }
}

impl Rival for SqliteStore {
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let Some(digest) = self.counted.gates.digest(request) else {
            return false;
        };
        let mut statement = self.connection.prepare_cached(FIND).unwrap();
        let found = statement
            .query_row([digest], |row| {
                let (token, user) = (row.get_ref(0)?, row.get_ref(1)?);
                Ok((token_of(token.as_blob().unwrap()), user_of(user.as_blob().unwrap())))
            })
            .optional()
            .unwrap();
        found.is_some_and(|(token, user)| self.counted.charge_and_pass(&token, &user, request, now))
    }
}
