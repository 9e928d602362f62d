//! Results folders are whole or absent, and what somebody else keeps in them stays.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reports::pe_map;
use reports::place::{PlaceFault, Replace};
use reports::run::Report;
use sim_core::busy::BusyMap;
use sim_core::spec::{Policy, Threads};
use sim_figures::folder::{self, FolderError, Results, Unlisted};

use crate::support::{nb_smt, report, run, sparq};

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Write a run to a folder, in place of what this program wrote.
fn write(target: &Path, report: &Report) -> Result<(), FolderError> {
    folder::write(target, report, Replace::Own)
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_folder_holds_everything_and_nothing_else_is_left() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("new/results");
    let report = report(nb_smt(Threads::Two, Policy::SA), 9);
    write(&target, &report).unwrap();
    assert_eq!(names(&place.path().join("new")), set(&["results"]));
    assert_eq!(
        names(&target),
        set(&[".sysmt-files", "layers.csv", "plots", "result.json", "summary.md"])
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
    write(&target, &report(nb_smt(Threads::Two, Policy::SA), 9)).unwrap();
    let new = report(sparq(), 2);
    write(&target, &new).unwrap();
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
    fn refuses(target: &Path, found: &str) {
        for replace in Replace::ALL {
            let error = folder::write(target, &report(sparq(), 1), replace).unwrap_err();
            assert!(matches!(error, FolderError::NotResults { .. }), "{error}");
            assert!(error.to_string().contains(found), "{error}");
        }
    }
    let place = tempfile::tempdir().unwrap();
    let mine = place.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("thesis.tex"), "years").unwrap();
    refuses(&mine, "it holds thesis.tex");
    // Another program's result is none of ours.
    fs::write(mine.join("result.json"), "{\"version\": 1}").unwrap();
    refuses(&mine, "result.json");
    let error = write(&mine.join("thesis.tex"), &report(sparq(), 1)).unwrap_err();
    assert!(
        error.to_string().contains("it is a file; name a folder"),
        "{error}"
    );
    assert_eq!(names(&mine), set(&["result.json", "thesis.tex"]));
    assert_eq!(names(place.path()), set(&["mine"]));
    // Figures alone are not results.
    let plots = place.path().join("figures");
    let figure = [("a.svg".to_owned(), b"drawn".to_vec())];
    folder::add(&plots, &figure, Unlisted::Foreign, Replace::Own).unwrap();
    refuses(&plots, "a.svg");
}

#[test]
fn an_empty_folder_is_filled_and_stays_the_same_folder() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("made");
    fs::create_dir(&target).unwrap();
    // Of a process that was ended.
    fs::create_dir(target.join(".sysmt-results-x")).unwrap();
    let old = fs::metadata(&target).unwrap();
    write(&target, &report(sparq(), 1)).unwrap();
    assert!(target.join("result.json").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(fs::metadata(&target).unwrap().ino(), old.ino());
        // Through a link as well.
        let link = place.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let new = report(sparq(), 2);
        write(&link, &new).unwrap();
        assert_eq!(
            fs::read_to_string(target.join("result.json")).unwrap(),
            new.json()
        );
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

/// Files of somebody else in a results folder.
const NOTES: [&str; 4] = ["notes.md", "mine/a.txt", "plots/own.svg", "plots/deep/b.txt"];

fn take_notes(target: &Path) {
    for name in NOTES {
        let path = target.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
}

#[track_caller]
fn has_notes(target: &Path) {
    for name in NOTES {
        assert_eq!(fs::read_to_string(target.join(name)).unwrap(), name);
    }
}

#[test]
fn what_somebody_keeps_among_results_stays() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    write(&target, &report(nb_smt(Threads::Two, Policy::SA), 9)).unwrap();
    let old = names(&target.join("plots"));
    take_notes(&target);
    write(&target, &report(sparq(), 2)).unwrap();
    has_notes(&target);
    let gone = |name: &&String| !target.join("plots").join(name).exists();
    assert!(old.iter().any(|name| gone(&name)), "older figures go");
    // The same in a folder of a version that wrote no list.
    fs::remove_file(target.join(".sysmt-files")).unwrap();
    let new = report(nb_smt(Threads::Two, Policy::SA), 9);
    write(&target, &new).unwrap();
    has_notes(&target);
    assert_eq!(
        fs::read_to_string(target.join("result.json")).unwrap(),
        new.json()
    );
    let left: BTreeSet<String> = names(&target)
        .into_iter()
        .filter(|name| name.starts_with(".sysmt-"))
        .collect();
    assert_eq!(left, set(&[".sysmt-files"]));
}

#[test]
fn what_somebody_has_changed_is_named_and_replaced_only_by_force() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    write(&target, &report(sparq(), 2)).unwrap();
    fs::write(target.join("summary.md"), "my words").unwrap();
    fs::remove_file(target.join("plots/speedup.svg")).unwrap();
    fs::create_dir(target.join("plots/speedup.svg")).unwrap();
    let before = names(&target);
    let error = folder::check(&target, Results::Run, Replace::Own).unwrap_err();
    assert!(matches!(error, FolderError::Taken { .. }), "{error}");
    let told = error.to_string();
    assert!(
        told.contains("did not write plots/speedup.svg, summary.md"),
        "{told}"
    );
    assert!(told.contains("add --force"), "{told}");
    write(&target, &report(sparq(), 3)).unwrap_err();
    assert_eq!(fs::read_to_string(target.join("summary.md")).unwrap(), "my words");
    assert_eq!(names(&target), before);
    folder::write(&target, &report(sparq(), 3), Replace::Any).unwrap();
    assert_ne!(fs::read_to_string(target.join("summary.md")).unwrap(), "my words");
    assert!(target.join("plots/speedup.svg").is_file());
}

#[test]
fn files_that_are_added_to_a_folder_are_on_its_list() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    write(&target, &report(sparq(), 2)).unwrap();
    let page = |text: &str| [("report.html".to_owned(), text.as_bytes().to_vec())];
    let add = |text: &str, replace| folder::add(&target, &page(text), Unlisted::Results, replace);
    add("one", Replace::Own).unwrap();
    add("two", Replace::Own).unwrap();
    fs::write(target.join("report.html"), "mine").unwrap();
    let error = add("three", Replace::Own).unwrap_err();
    assert!(error.to_string().contains("did not write report.html"), "{error}");
    assert_eq!(fs::read_to_string(target.join("report.html")).unwrap(), "mine");
    // New results do not need the page's place.
    write(&target, &report(sparq(), 3)).unwrap();
    assert_eq!(fs::read_to_string(target.join("report.html")).unwrap(), "mine");
    add("three", Replace::Any).unwrap();
    write(&target, &report(sparq(), 2)).unwrap();
    assert!(!target.join("report.html").exists());
}

#[test]
fn a_target_needs_a_name() {
    let error = folder::check(Path::new("/"), Results::Run, Replace::Own);
    assert!(matches!(
        error,
        Err(FolderError::Place(error)) if matches!(error.fault, PlaceFault::Nameless)
    ));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let error = write(&place.path().join("file/sub/results"), &report(sparq(), 1)).unwrap_err();
    assert!(error.to_string().contains("file is not a folder"), "{error}");
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
    write(&target, &Report::new(run.clone())).unwrap();
    let written = fs::read_to_string(target.join(pe_map::FILE_NAME)).unwrap();
    assert_eq!(Some(written), pe_map::render(&run.layers));
    write(&target, &report(nb_smt(Threads::Two, Policy::SA), 2)).unwrap();
    assert!(!target.join(pe_map::FILE_NAME).exists());
}
