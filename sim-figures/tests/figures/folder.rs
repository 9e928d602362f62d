//! Results folders are whole or absent.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reports::pe_map;
use reports::run::Report;
use sim_core::busy::BusyMap;
use sim_core::spec::{Policy, Threads};
use sim_figures::folder::{self, FolderError};

use crate::support::{nb_smt, report, run, sparq};

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_folder_holds_everything_and_nothing_else_is_left() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("new/results");
    let report = report(nb_smt(Threads::Two, Policy::SA), 9);
    folder::write(&target, &report).unwrap();
    assert_eq!(names(&place.path().join("new")), set(&["results"]));
    assert_eq!(
        names(&target),
        set(&["layers.csv", "plots", "result.json", "summary.md"])
    );
    assert_eq!(names(&target.join("plots")).len(), 18);
    assert_eq!(
        fs::read_to_string(target.join("result.json")).unwrap(),
        report.json()
    );
}

#[test]
fn an_older_results_folder_is_replaced_whole() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    folder::write(&target, &report(nb_smt(Threads::Two, Policy::SA), 9)).unwrap();
    let new = report(sparq(), 2);
    folder::write(&target, &new).unwrap();
    assert_eq!(
        fs::read_to_string(target.join("result.json")).unwrap(),
        new.json()
    );
    assert!(!target.join("plots/energy.svg").exists());
    assert_eq!(names(place.path()), set(&["results"]));
}

#[test]
fn what_is_no_results_folder_stays_as_it_was() {
    #[track_caller]
    fn refuses(target: &Path) {
        let error = folder::write(target, &report(sparq(), 1)).unwrap_err();
        assert!(matches!(error, FolderError::NotResults { .. }), "{error}");
    }
    let place = tempfile::tempdir().unwrap();
    let mine = place.path().join("mine");
    fs::create_dir(&mine).unwrap();
    refuses(&mine);
    fs::write(mine.join("thesis.tex"), "years").unwrap();
    refuses(&mine);
    refuses(&mine.join("thesis.tex"));
    assert_eq!(names(&mine), set(&["thesis.tex"]));
    assert_eq!(names(place.path()), set(&["mine"]));
}

#[test]
fn a_target_needs_a_name() {
    assert!(matches!(
        folder::check(Path::new("/")),
        Err(FolderError::Nameless { .. })
    ));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let error = folder::write(&place.path().join("file/sub/results"), &report(sparq(), 1)).unwrap_err();
    assert!(matches!(error, FolderError::Io { .. }), "{error}");
    assert!(error.to_string().contains("file"), "{error}");
    assert_eq!(names(place.path()), set(&["file"]));
}

#[test]
fn a_run_without_a_map_of_pes_takes_the_older_one_away() {
    let mut run = run(nb_smt(Threads::Two, Policy::SA), 2);
    for layer in &mut run.layers {
        layer.product.busy = Some(BusyMap::zero(2, 3));
    }
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    folder::write(&target, &Report::new(run.clone())).unwrap();
    let written = fs::read_to_string(target.join(pe_map::FILE_NAME)).unwrap();
    assert_eq!(Some(written), pe_map::render(&run.layers));
    folder::write(&target, &report(nb_smt(Threads::Two, Policy::SA), 2)).unwrap();
    assert!(!target.join(pe_map::FILE_NAME).exists());
}
