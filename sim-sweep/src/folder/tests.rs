//! What a killed run can leave, and folders that are somebody else's.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::run::Results as _;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    (folder, path)
}

fn listing(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(&path).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

/// SQLite's files as they are in the middle of `sql`, which is as a killed process leaves them.
fn killed_in(folder: &Path, sql: &str) {
    let made = tempfile::tempdir().unwrap();
    let connection = Connection::open(made.path().join(FILE_NAME)).unwrap();
    connection.execute_batch(sql).unwrap();
    for (path, bytes) in listing(made.path()) {
        fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap();
    }
}

type Leave = fn(&Path);

/// Before there is a plan, in order.
const STATES: [(&str, Leave); 9] = [
    ("no folder", |folder| fs::remove_dir(folder).unwrap()),
    ("an empty folder", |_| {}),
    ("the lock", |folder| drop(Lock::take(folder).unwrap())),
    ("an empty store", |folder| {
        fs::write(folder.join(FILE_NAME), "").unwrap();
    }),
    ("an empty store, and its journal", |folder| {
        fs::write(folder.join(FILE_NAME), "").unwrap();
        fs::write(folder.join("sweep.sqlite-journal"), [0; 512]).unwrap();
    }),
    ("a store being written for the first time", |folder| {
        killed_in(
            folder,
            "PRAGMA cache_spill = 1; BEGIN IMMEDIATE; CREATE TABLE meta (x);",
        );
    }),
    ("a store with a head", |folder| {
        killed_in(folder, "PRAGMA journal_mode = WAL");
    }),
    ("a store with a head, and a log without its end", |folder| {
        killed_in(
            folder,
            "PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; BEGIN; CREATE TABLE meta (x);
             INSERT INTO meta WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
             SELECT randomblob(1000) FROM n",
        );
        assert!(fs::metadata(folder.join("sweep.sqlite-wal")).unwrap().len() > 4096);
    }),
    ("tables without a plan", |folder| {
        drop(Store::create(&folder.join(FILE_NAME)).unwrap());
    }),
];

#[test]
fn a_run_goes_on_from_whatever_a_killed_one_left() {
    for (state, leave) in STATES {
        for begin in [Begin::New, Begin::Resume] {
            let (_temporary, path) = folder();
            fs::create_dir(&path).unwrap();
            leave(&path);
            assert!(look(&path).unwrap().is_none(), "{state}");
            let (lock, store) = open(&path, begin).unwrap_or_else(|error| panic!("{state}: {error}"));
            assert_eq!(store.states().unwrap().len(), 0, "{state}");
            assert_eq!(store.page(0).unwrap(), [], "{state}");
            store.settle().unwrap();
            drop(lock);
            let names: Vec<_> = listing(&path).into_iter().map(|(path, _)| path).collect();
            assert_eq!(
                names,
                ["sweep.lock", FILE_NAME].map(|name| path.join(name)),
                "{state}"
            );
        }
    }
}

#[test]
fn a_sweep_that_has_to_be_there_is_not_made() {
    for (state, leave) in STATES {
        let (_temporary, path) = folder();
        fs::create_dir(&path).unwrap();
        leave(&path);
        let had_lock = path.join("sweep.lock").exists();
        let error = open(&path, Begin::Existing).unwrap_err();
        assert!(
            matches!(
                error,
                SweepError::At {
                    fault: SweepFault::Missing,
                    ..
                }
            ),
            "{state}: {error}"
        );
        assert_eq!(path.join("sweep.lock").exists(), had_lock, "{state}");
        assert_eq!(path.exists(), state != "no folder");
    }
}

#[test]
fn what_is_somebody_elses_stays_as_it_is() {
    let states: [(&str, Leave); 8] = [
        ("notes", |folder| fs::write(folder.join("notes.txt"), "").unwrap()),
        ("a folder", |folder| fs::create_dir(folder.join("mine")).unwrap()),
        ("a folder with the name of the store", |folder| {
            fs::create_dir(folder.join(FILE_NAME)).unwrap();
        }),
        ("a folder with the name of the lock", |folder| {
            fs::create_dir(folder.join("sweep.lock")).unwrap();
        }),
        ("a file with the name of the lock", |folder| {
            fs::write(folder.join("sweep.lock"), "mine").unwrap();
        }),
        ("the log of a store that was moved away", |folder| {
            fs::write(folder.join("sweep.sqlite-wal"), "points").unwrap();
        }),
        ("a database", |folder| {
            let connection = Connection::open(folder.join(FILE_NAME)).unwrap();
            connection.execute_batch("CREATE TABLE mine (x)").unwrap();
        }),
        ("a database without tables", |folder| {
            let connection = Connection::open(folder.join(FILE_NAME)).unwrap();
            connection.execute_batch("PRAGMA user_version = 7").unwrap();
        }),
    ];
    for (state, leave) in states {
        let (_temporary, path) = folder();
        fs::create_dir(&path).unwrap();
        leave(&path);
        let before = listing(&path);
        for begin in [Begin::New, Begin::Resume, Begin::Existing] {
            let error = open(&path, begin).unwrap_err();
            assert!(
                matches!(
                    error,
                    SweepError::At {
                        fault: SweepFault::NotSweep,
                        ..
                    } | SweepError::At {
                        fault: SweepFault::Foreign,
                        ..
                    }
                ),
                "{state}: {error}"
            );
            let mut after = listing(&path);
            // One that is refused only once it was looked into has a lock beside it.
            after.retain(|file| before.contains(file) || !file.0.ends_with("sweep.lock"));
            assert_eq!(after, before, "{state}");
        }
    }
}
