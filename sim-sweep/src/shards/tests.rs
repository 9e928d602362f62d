//! Lists, logs, and what is taken from them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use sim_config::sweep::SweepTexts;

use super::*;
use crate::plan::Plan;
use crate::run::pending;
use crate::store::{FILE_NAME, State};

/// A sweep of twelve points, the first two of which are the same.
fn texts(folder: &Path) -> SweepTexts {
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/data/fashion-resnet8.safetensors");
    fs::write(
        folder.join("run.toml"),
        format!(
            "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 2\n[workload]\ntrace = {:?}\n",
            trace.display().to_string()
        ),
    )
    .unwrap();
    let text = "base = \"run.toml\"\n[axes]\n\"array.rows\" = [4, 4, 5, 6]\n\"pe.threads\" = [1, 2, 4]\n";
    SweepTexts::of(&folder.join("s.toml"), text.to_owned()).unwrap()
}

fn plan(texts: &SweepTexts) -> Plan<'_> {
    Plan::new(texts, 1, &std::sync::atomic::AtomicBool::new(false)).unwrap()
}

fn store(folder: &Path, plan: &Plan<'_>) -> Store {
    let mut store = Store::create(&folder.join(FILE_NAME)).unwrap();
    store.plan(plan, "").unwrap();
    store
}

fn id(index: usize, of: usize) -> ShardId {
    ShardId::new(index, of).unwrap()
}

fn outcome(state: State, body: &str) -> Outcome {
    Outcome {
        state,
        body: body.to_owned(),
    }
}

/// Store a result for each point of a shard.
fn fill(shard: &mut Shard, state: State) {
    let points: Vec<Identity> = shard.points().iter().copied().collect();
    for point in points {
        shard
            .put(&[(point, outcome(state, "a \"body\"\nof two lines"))])
            .unwrap();
    }
}

#[test]
fn shards_are_named_by_what_can_be() {
    assert_eq!("3/8".parse(), Ok(id(3, 8)));
    assert_eq!(id(3, 8).to_string(), "3/8");
    for wrong in ["8/8", "0/0", "3", "", "/", "-1/4", "a/b", "1/2/3", "1/ 2"] {
        let error = wrong.parse::<ShardId>().unwrap_err();
        assert!(error.contains("write I/N, as in 0/8"), "{wrong}: {error}");
    }
}

#[test]
fn every_point_is_in_one_shard() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = texts(folder);
    let plan = plan(&texts);
    let points = pending(&plan, &store(folder, &plan)).unwrap().points;
    assert_eq!((plan.points().len(), points.len()), (12, 9));
    for n_shards in [1, 2, 4, 9, 20] {
        hand_out(folder, &points, n_shards).unwrap();
        let mut all = Vec::new();
        for index in 0..n_shards {
            all.extend(Shard::open(folder, id(index, n_shards), &plan).unwrap().points());
        }
        let distinct: HashSet<Identity> = all.iter().copied().collect();
        let want: HashSet<Identity> = points.iter().map(|point| point.identity).collect();
        assert_eq!((all.len(), distinct), (points.len(), want), "{n_shards}");
        let error = Shard::open(folder, id(0, n_shards + 1), &plan).unwrap_err();
        assert!(
            matches!(
                error,
                SweepError::At {
                    fault: SweepFault::OtherShards { .. },
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_shard_is_that_of_the_list_whatever_was_stored_since() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = texts(folder);
    let plan = plan(&texts);
    let mut store = store(folder, &plan);
    hand_out(folder, &pending(&plan, &store).unwrap().points, 3).unwrap();
    let mut first = Shard::open(folder, id(0, 3), &plan).unwrap();
    let points = first.points().clone();
    fill(&mut first, State::Done);
    first.finish().unwrap();
    let taken = collect(folder, &mut store).unwrap();
    assert_eq!(
        (taken.logs, taken.results, taken.cut, taken.running),
        (1, 3, 0, 0)
    );
    let again = Shard::open(folder, id(0, 3), &plan).unwrap();
    assert_eq!(again.points(), &points);
    assert_eq!(again.states().unwrap().len(), 3);
    // What is in the store comes no second time.
    let taken = collect(folder, &mut store).unwrap();
    assert_eq!((taken.results, taken.running), (0, 1));
}

#[test]
fn one_process_runs_a_shard_and_nobody_takes_it_back_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = texts(folder);
    let plan = plan(&texts);
    let mut store = store(folder, &plan);
    let error = Shard::open(folder, id(0, 2), &plan).unwrap_err();
    assert!(
        matches!(
            error,
            SweepError::At {
                fault: SweepFault::NotShared,
                ..
            }
        ),
        "{error}"
    );
    assert!(!folder.join(FOLDER).exists());
    hand_out(folder, &pending(&plan, &store).unwrap().points, 2).unwrap();
    let mut shard = Shard::open(folder, id(0, 2), &plan).unwrap();
    let error = Shard::open(folder, id(0, 2), &plan).unwrap_err();
    assert!(
        matches!(
            error,
            SweepError::At {
                fault: SweepFault::ShardLocked,
                ..
            }
        ),
        "{error}"
    );
    fill(&mut shard, State::Failed);
    let error = take_back(folder, &mut store).unwrap_err();
    assert!(
        matches!(
            error,
            SweepError::At {
                fault: SweepFault::ShardLocked,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(store.n_results().unwrap(), 0);
    drop(shard);
    assert_eq!(take_back(folder, &mut store).unwrap().results, 5);
    assert!(!folder.join(FOLDER).exists());
    assert_eq!(take_back(folder, &mut store).unwrap(), Taken::default());
    // Failed points are left to run.
    assert_eq!(pending(&plan, &store).unwrap().points.len(), 9);
}

#[test]
fn what_is_done_is_removed_once_all_of_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = texts(folder);
    let plan = plan(&texts);
    let mut store = store(folder, &plan);
    hand_out(folder, &pending(&plan, &store).unwrap().points, 2).unwrap();
    let [mut first, mut second] = [0, 1].map(|index| Shard::open(folder, id(index, 2), &plan).unwrap());
    fill(&mut first, State::Done);
    fill(&mut second, State::Done);
    drop(first);
    assert_eq!(collect(folder, &mut store).unwrap().running, 1);
    assert!(are_out(folder));
    drop(second);
    // Somebody's own.
    let note = folder.join(FOLDER).join("mine.log");
    fs::write(&note, "notes").unwrap();
    let taken = collect(folder, &mut store).unwrap();
    assert_eq!((taken.logs, taken.results, taken.running), (2, 0, 0));
    let left: Vec<PathBuf> = fs::read_dir(folder.join(FOLDER))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(left, [note]);
    let tally = store.tally().unwrap();
    assert_eq!(
        (tally.done, tally.failed, tally.faults, tally.missing),
        (9, 0, 0, 0)
    );
    let error = collect(folder, &mut store).unwrap_err();
    assert!(
        matches!(
            error,
            SweepError::At {
                fault: SweepFault::NotShared,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_log_that_was_cut_anywhere_keeps_the_records_before_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = texts(folder);
    let plan = plan(&texts);
    let store_path = folder.join("taken.sqlite");
    let points = pending(&plan, &store(folder, &plan)).unwrap().points;
    hand_out(folder, &points[..2], 1).unwrap();
    let mut shard = Shard::open(folder, id(0, 1), &plan).unwrap();
    for point in &points[..2] {
        shard
            .put(&[(point.identity, outcome(State::Done, "a \"body\"\nof two lines"))])
            .unwrap();
    }
    shard.finish().unwrap();
    let log = id(0, 1).file(folder, "log");
    let whole = fs::read(&log).unwrap();
    let first_end = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for end in 0..whole.len() {
        fs::write(&log, &whole[..end]).unwrap();
        let mut shard = Shard::open(folder, id(0, 1), &plan).unwrap();
        // A record is whole without the end of its line.
        let n_kept = usize::from(first_end <= end + 1) + usize::from(whole.len() <= end + 1);
        assert_eq!(shard.states().unwrap().len(), n_kept, "{end}");
        shard
            .put(&[(points[1].identity, outcome(State::Done, "anew"))])
            .unwrap();
        drop(shard);
        let _ = fs::remove_file(&store_path);
        let mut store = Store::create(&store_path).unwrap();
        let taken = merge(folder, &mut store).unwrap();
        let is_cut = ![0, first_end - 1, first_end, whole.len() - 1].contains(&end);
        assert_eq!(taken.cut, usize::from(is_cut), "{end}");
        assert_eq!(
            store.n_results().unwrap(),
            if first_end <= end + 1 { 2 } else { 1 },
            "{end}"
        );
    }
    // A hole, as a file system leaves that lost a block.
    let mut broken = whole.clone();
    broken[first_end / 2] ^= 1;
    fs::write(&log, &broken).unwrap();
    let shard = Shard::open(folder, id(0, 1), &plan).unwrap();
    assert_eq!(
        shard.states().unwrap().into_keys().collect::<Vec<_>>(),
        [points[1].identity]
    );
}

#[test]
fn lists_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let texts = texts(folder);
    let plan = plan(&texts);
    hand_out(folder, plan.points(), 2).unwrap();
    let good = fs::read_to_string(List::path(folder)).unwrap();
    for (text, want) in [
        (String::new(), 1),
        ("something else\n".to_owned(), 1),
        (good.replace("shards: 2", "shards: 0"), 1),
        (good.replace("version 1", "version 2"), 1),
        (format!("{good}abc\n"), 14),
        (format!("{good}\n"), 14),
    ] {
        fs::write(List::path(folder), text).unwrap();
        let error = Shard::open(folder, id(0, 2), &plan).unwrap_err();
        assert!(
            matches!(error, SweepError::List { line, .. } if line == want),
            "{error}"
        );
    }
    // Points of another sweep.
    fs::write(List::path(folder), good).unwrap();
    let other = "base = \"run.toml\"\n[axes]\n\"array.rows\" = [4]\n\"pe.threads\" = [1, 2]\n";
    let other = SweepTexts::of(&folder.join("other.toml"), other.to_owned()).unwrap();
    let error = Shard::open(folder, id(0, 2), &self::plan(&other)).unwrap_err();
    assert!(
        matches!(
            error,
            SweepError::At {
                fault: SweepFault::Changed { n_gone: 4 },
                ..
            }
        ),
        "{error}"
    );
}
