//! Stores that fill up, are of other versions, and take results over.

use super::*;

fn outcome(body: String) -> Outcome {
    Outcome {
        state: State::Done,
        body,
    }
}

fn identity(n: u8) -> Identity {
    Identity([n; 32])
}

#[test]
fn a_full_disk_keeps_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let mut store = Store::create(&path).unwrap();
    store.put(&[(identity(1), outcome("small".to_owned()))]).unwrap();
    store.limit(20);
    let large = outcome("x".repeat(1 << 20));
    let error = store.put(&[(identity(2), large.clone())]).unwrap_err();
    assert!(
        matches!(
            error,
            SweepError::At {
                fault: SweepFault::Full,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("the disk is full; all points stored so far are kept")
    );
    drop(store);
    // Room was made.
    let mut store = Store::create(&path).unwrap();
    assert_eq!(
        store.states().unwrap().into_keys().collect::<Vec<_>>(),
        [identity(1)]
    );
    store.put(&[(identity(2), large)]).unwrap();
    assert_eq!(store.n_results().unwrap(), 2);
}

#[test]
fn stores_of_other_versions_and_other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let store = Store::create(&path).unwrap();
    store
        .check(|connection| connection.pragma_update(None, "user_version", VERSION + 1))
        .unwrap();
    drop(store);
    for opened in [Store::open(&path), Store::create(&path)] {
        let error = opened.unwrap_err();
        assert!(
            matches!(
                error,
                SweepError::At {
                    fault: SweepFault::Version { found: 2 },
                    ..
                }
            ),
            "{error}"
        );
    }
    let other = folder.path().join("other.sqlite");
    let connection = Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(connection);
    for opened in [Store::open(&other), Store::create(&other)] {
        assert!(matches!(
            opened.unwrap_err(),
            SweepError::At {
                fault: SweepFault::Foreign,
                ..
            }
        ));
    }
    let missing = Store::open(&folder.path().join("none.sqlite")).unwrap_err();
    assert!(
        matches!(
            missing,
            SweepError::At {
                fault: SweepFault::Missing,
                ..
            }
        ),
        "{missing}"
    );
}

#[test]
fn merging_keeps_what_is_done_and_replaces_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(&folder.path().join(FILE_NAME)).unwrap();
    let failed = || Outcome {
        state: State::Failed,
        body: "why".to_owned(),
    };
    let done = outcome;
    store
        .put(&[(identity(1), done("mine".to_owned())), (identity(2), failed())])
        .unwrap();
    let theirs = [
        (identity(1), failed()),
        (identity(2), done("theirs".to_owned())),
        (identity(3), failed()),
    ];
    assert_eq!(store.merge(theirs.clone().map(Ok)).unwrap(), 2);
    let states = store.states().unwrap();
    assert_eq!(states[&identity(1)], State::Done);
    assert_eq!(states[&identity(2)], State::Done);
    assert_eq!(states[&identity(3)], State::Failed);
    // All or nothing.
    let stopped = [Ok((identity(4), failed())), Err(SweepError::Stopped)];
    assert!(matches!(store.merge(stopped), Err(SweepError::Stopped)));
    assert_eq!(store.n_results().unwrap(), 3);
}
