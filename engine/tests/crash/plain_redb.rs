//! The simulated disk against plain redb, before anything is built on it: it is a disk that redb can work with, that
//! keeps what redb committed through every loss, and that only one opening at a time can write.

use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::disk::SimDisk;
use super::fault::{Fault, Kind};
use super::image::Image;
use super::journal::{Journal, Loss};
use super::random::Random;

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");

fn open(disk: &SimDisk) -> Result<Database, DatabaseError> {
    Builder::new().set_cache_size(1 << 20).create_with_backend(disk.open())
}

/// Writes rows of any length under the number of the transaction, and takes some older ones away.
fn commit(database: &Database, number: u64) -> Result<(), redb::Error> {
    let mut random = Random::numbered(1, number);
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    {
        let mut table = transaction.open_table(TABLE)?;
        table.insert(0, number.to_be_bytes().as_slice())?;
        for _ in 0..4 {
            table.insert(
                1 + random.word() % 200,
                vec![number as u8; random.below(3_000)].as_slice(),
            )?;
            table.remove(1 + random.word() % 200)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// The number of the last transaction, and all rows.
fn rows(disk: &SimDisk) -> (u64, Vec<(u64, Vec<u8>)>) {
    let database = open(disk).expect("what power left behind can be opened");
    let transaction = database.begin_read().unwrap();
    let Ok(table) = transaction.open_table(TABLE) else {
        return (0, Vec::new());
    };
    let rows = table.iter().unwrap().map(|row| {
        let (key, value) = row.unwrap();
        (key.value(), value.value().to_vec())
    });
    let rows: Vec<_> = rows.collect();
    let number = rows
        .first()
        .map(|(_, value)| u64::from_be_bytes(value.as_slice().try_into().unwrap()));
    (number.unwrap_or(0), rows)
}

#[test]
fn redb_keeps_what_it_committed_through_every_loss() {
    const COMMITS: u64 = 25;
    let disk = SimDisk::new(Image::default());
    let database = open(&disk).unwrap();
    let mut states = vec![(disk.operations(), Vec::new())];
    for number in 1..=COMMITS {
        commit(&database, number).unwrap();
        let here = SimDisk::new(disk.live());
        states.push((disk.operations(), rows(&here).1));
    }
    let history = disk.history();
    let first = states[0].0 as usize;
    let mut journal = Journal::default();
    history[..first]
        .iter()
        .for_each(|operation| journal.note(operation.clone()));
    let mut images = 0;
    for (at, operation) in history.iter().enumerate().skip(first) {
        let confirmed = states
            .iter()
            .rposition(|(operations, _)| *operations <= at as u64)
            .unwrap();
        let mut random = Random::numbered(2, at as u64);
        for loss in Loss::CHANCY.into_iter().chain([Loss::Everything, Loss::Nothing]) {
            let (number, rows) = rows(&SimDisk::new(journal.image(loss, &mut random)));
            let found = number as usize;
            assert!(
                found == confirmed || found == confirmed + 1,
                "{loss:?} before {at}: {found}, not {confirmed}"
            );
            assert_eq!(rows, states[found].1, "{loss:?} before {at}, a {}", operation.word());
            images += 1;
        }
        journal.note(operation.clone());
    }
    assert!(images > 1_000, "only {images} images");
}

#[test]
fn a_sync_that_lies_is_caught() {
    let disk = SimDisk::new(Image::default());
    let database = open(&disk).unwrap();
    disk.lie_about_syncs();
    commit(&database, 1).unwrap();
    let (number, _) = rows(&SimDisk::new(disk.image(Loss::Everything, &mut Random::new(0))));
    assert_eq!(number, 0, "confirmed, but gone");
    assert_eq!(
        rows(&SimDisk::new(disk.live())).0,
        1,
        "a program that goes on would not notice"
    );
}

#[test]
fn a_disk_is_written_by_one_opening_at_a_time() {
    let disk = SimDisk::new(Image::default());
    let first = open(&disk).unwrap();
    assert!(matches!(open(&disk), Err(DatabaseError::DatabaseAlreadyOpen)));
    drop(first);
    let again = open(&disk);
    assert_eq!(
        again.err().map(|error| error.to_string()),
        None,
        "the lock went with its holder"
    );
}

#[test]
fn faults_reach_redb_as_errors() {
    for kind in [
        Kind::Io,
        Kind::NoSpace,
        Kind::ShortWrite,
        Kind::FailedSync(Loss::Everything),
        Kind::PowerLoss,
    ] {
        let disk = SimDisk::new(Image::default());
        let database = open(&disk).unwrap();
        commit(&database, 1).unwrap();
        disk.set_fault(Some(Fault::lasting(kind, disk.operations() + 3)));
        let failed = commit(&database, 2).unwrap_err();
        assert!(disk.struck(), "{failed}");
        drop(database);
        disk.set_fault(None);
        let (number, _) = rows(&disk);
        assert!(number == 1 || number == 2, "{kind:?}: {number}");
    }
}

#[test]
fn reads_fail_when_they_are_told_to() {
    let disk = SimDisk::new(Image::default());
    commit(&open(&disk).unwrap(), 1).unwrap();
    disk.set_read_fault(Some(Fault::once(Kind::Io, disk.reads())));
    assert!(matches!(
        open(&disk),
        Err(DatabaseError::Storage(redb::StorageError::Io(_)))
    ));
    disk.set_read_fault(None);
    assert_eq!(rows(&disk).0, 1);
}

#[test]
fn a_full_disk_lets_through_what_has_room_already() {
    let disk = SimDisk::new(Image::default());
    let database = open(&disk).unwrap();
    commit(&database, 1).unwrap();
    disk.set_fault(Some(Fault::lasting(Kind::Full, 0)));
    let filled = (2..200).find_map(|number| commit(&database, number).err().map(|error| (number, error)));
    let (number, error) = filled.expect("the disk was full at last");
    assert!(error.to_string().contains("No space"), "{error}");
    drop(database);
    assert!((number - 1..=number).contains(&rows(&SimDisk::new(disk.live())).0));
}
