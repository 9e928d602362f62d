//! A store that is full, foreign, newer, or two.

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
    assert!(matches!(error, SweepError::Full { .. }), "{error}");
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
        assert!(matches!(error, SweepError::Version { found: 2, .. }), "{error}");
    }
    let other = folder.path().join("other.sqlite");
    let connection = Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(connection);
    for opened in [Store::open(&other), Store::create(&other)] {
        assert!(matches!(opened.unwrap_err(), SweepError::Foreign { .. }));
    }
    let missing = Store::open(&folder.path().join("none.sqlite")).unwrap_err();
    assert!(matches!(missing, SweepError::Missing { .. }), "{missing}");
}

#[test]
fn merging_keeps_what_is_done_and_replaces_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = Store::create(&folder.path().join("one.sqlite")).unwrap();
    let mut other = Store::create(&folder.path().join("other.sqlite")).unwrap();
    let failed = || Outcome {
        state: State::Failed,
        body: "why".to_owned(),
    };
    one.put(&[(identity(1), outcome("mine".to_owned())), (identity(2), failed())])
        .unwrap();
    other
        .put(&[
            (identity(1), failed()),
            (identity(2), outcome("theirs".to_owned())),
            (identity(3), failed()),
        ])
        .unwrap();
    assert_eq!(one.merge(other.path()).unwrap(), 3);
    let states = one.states().unwrap();
    assert_eq!(states[&identity(1)], State::Done);
    assert_eq!(states[&identity(2)], State::Done);
    assert_eq!(states[&identity(3)], State::Failed);
}
