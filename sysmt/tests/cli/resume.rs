//! `sysmt sweep --resume`: nothing there means start, and what is somebody else's stays.

use std::fs;
use std::time::Duration;

use crate::support::Folder;

const SWEEP: &str = "version = 1\nbase = \"run.toml\"\n[axes]\n\"pe.threads\" = [1, 2]\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("s.toml", SWEEP);
    folder
}

fn whole(folder: &Folder) -> String {
    folder.good(&["sweep", "s.toml", "--out", "whole"]);
    folder.exports("whole")
}

/// Files of a folder, or no folder.
type Left = Option<&'static [(&'static str, &'static [u8])]>;

/// What a run that was killed before it had a plan leaves.
const UNFINISHED: [(&str, Left); 5] = [
    ("nothing", None),
    ("a folder", Some(&[])),
    ("a lock", Some(&[("sweep.lock", b"")])),
    (
        "an empty store",
        Some(&[("sweep.lock", b""), ("sweep.sqlite", b"")]),
    ),
    (
        "an empty store with a journal",
        Some(&[
            ("sweep.lock", b""),
            ("sweep.sqlite", b""),
            ("sweep.sqlite-journal", &[0; 512]),
        ]),
    ),
];

/// Put it into the folder `s`.
fn leave(folder: &Folder, left: Left) {
    let Some(files) = left else { return };
    fs::create_dir(folder.path("s")).unwrap_or_else(|error| panic!("{error}"));
    for (name, bytes) in files {
        folder.write(&format!("s/{name}"), bytes);
    }
}

fn remove(folder: &Folder, name: &str) {
    if folder.path(name).exists() {
        fs::remove_dir_all(folder.path(name)).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn where_there_is_no_sweep_it_starts() {
    let folder = folder();
    let want = whole(&folder);
    for (state, left) in UNFINISHED {
        leave(&folder, left);
        let told = folder.good(&["sweep", "s.toml", "--out", "s", "--resume"]);
        assert_eq!(told, "s: 2 points; 2 ran\n", "{state}");
        assert_eq!(folder.exports("s"), want, "{state}");
        remove(&folder, "s");
    }
    folder.good(&["sweep", "s.toml", "--out", "deep/down/s", "--resume"]);
    assert_eq!(folder.exports("deep/down/s"), want);
}

#[test]
fn where_there_is_no_sweep_its_points_are_shared() {
    let folder = folder();
    let want = whole(&folder);
    for (state, left) in UNFINISHED {
        leave(&folder, left);
        let told = folder.good(&["sweep", "s.toml", "--out", "s", "--shards", "2", "--resume"]);
        assert!(
            told.starts_with("s: 2 points; 2 in 2 shards\n"),
            "{state}: {told}"
        );
        for shard in ["0/2", "1/2"] {
            folder.good(&["sweep", "s.toml", "--out", "s", "--shard", shard]);
        }
        folder.good(&["sweep", "s.toml", "--out", "s", "--collect"]);
        assert_eq!(folder.exports("s"), want, "{state}");
        remove(&folder, "s");
    }
}

/// But for a journal that undoes nothing, which SQLite itself takes away.
#[track_caller]
fn unchanged(folder: &Folder, before: &[String], state: &str) {
    let kept = |names: &[String]| -> Vec<String> {
        let names = names.iter().filter(|name| !name.ends_with("-journal"));
        names.cloned().collect()
    };
    assert_eq!(kept(&folder.listing()), kept(before), "{state}");
}

#[test]
fn what_reads_a_sweep_needs_one() {
    let folder = folder();
    for (state, left) in UNFINISHED {
        leave(&folder, left);
        let before = folder.listing();
        let dry = folder.sysmt(&["sweep", "s.toml", "--out", "s", "--resume", "--dry-run"]);
        assert_eq!(dry.code, Some(0), "{state}: {}", dry.stderr);
        assert!(
            dry.stderr.contains("2 have no results in s"),
            "{state}: {}",
            dry.stderr
        );
        unchanged(&folder, &before, state);
        for args in [
            &["sweep", "s.toml", "--out", "s", "--collect"][..],
            &["export", "s", "--format", "csv"],
            &["plot", "s"],
            &["report", "s"],
        ] {
            let ran = folder.sysmt(args);
            assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{state}: {args:?}");
            if args[0] == "sweep" || state.contains("store") {
                assert!(
                    ran.stderr.contains("s: holds no sweep; run the sweep first"),
                    "{state}: {args:?}: {}",
                    ran.stderr
                );
            }
            unchanged(&folder, &before, state);
        }
        remove(&folder, "s");
    }
}

#[test]
fn what_is_somebody_elses_is_refused() {
    let folder = folder();
    for name in ["notes.txt", "sweep.sqlite-wal", "shards/points.txt"] {
        let name = format!("other/{name}");
        folder.write(&name, "mine");
        let before = folder.listing();
        for args in [&["--resume"][..], &["--resume", "--shards", "2"], &["--collect"]] {
            let ran = folder.sysmt(&[&["sweep", "s.toml", "--out", "other"], args].concat());
            assert_eq!(ran.code, Some(2), "{name}: {}", ran.stderr);
            assert!(
                ran.stderr.contains("is not a folder of a sweep"),
                "{name}: {}",
                ran.stderr
            );
            assert_eq!(folder.listing(), before);
            assert_eq!(folder.read(&name), b"mine");
        }
        remove(&folder, "other");
    }
}

#[test]
fn a_kill_in_the_first_milliseconds_leaves_what_goes_on() {
    let folder = folder();
    let want = whole(&folder);
    let args = ["sweep", "s.toml", "--out", "s", "--resume"];
    for step in 0..60 {
        let mut child = folder.start(&args);
        std::thread::sleep(Duration::from_micros(step * 500));
        // SIGKILL.
        child.kill().unwrap_or_else(|error| panic!("{error}"));
        child.wait().unwrap_or_else(|error| panic!("{error}"));
        folder.good(&args);
        assert_eq!(folder.exports("s"), want, "{step}");
        remove(&folder, "s");
    }
}
