//! Figures that cannot be drawn, and what is said of them.

use reports::stored::Stored;
use sim_figures::build::{Only, Trouble, build};
use sim_figures::set;
use sim_figures::spec::read;

use crate::stored_data::{THREADS, ZEROS, evaluation, run, sweep, without_column};
use crate::stored_figures::{names, one, rows};

fn trouble(stored: &Stored, text: &str) -> Trouble {
    let spec = read(text).unwrap().remove(0);
    build(stored, &spec, &[]).err().expect("cannot be drawn")
}

#[test]
fn rows_that_fall_on_one_place_are_an_error_that_names_the_axes() {
    let line = "[[figure]]\nname = 'mine'\nmark = 'line'\nx = 'workload.activation-zeros'\ny = 'speedup'\nseries = 'pe.threads'\n";
    let Trouble::Wrong(complaint) = trouble(&sweep(), line) else {
        panic!("it is wrong");
    };
    assert!(
        complaint
            .why
            .contains("2 rows fall on one place of `mine`: they differ in pe.policy")
    );
    assert!(complaint.remedy.contains("aggregate = \"mean\""));
    let spec = read(&format!("{line}aggregate = 'mean'\n")).unwrap().remove(0);
    let mean = build(&sweep(), &spec, &[]).unwrap().remove(0);
    assert_eq!(rows(&mean).len(), THREADS.len() * ZEROS.len());
    assert!(rows(&mean)[0]["y_axis"].ends_with(", mean"));
    let spec = read(&format!("{line}where = {{ 'pe.policy' = 'A' }}\n"))
        .unwrap()
        .remove(0);
    let part = build(&sweep(), &spec, &[]).unwrap().remove(0);
    assert_eq!(rows(&part).len(), THREADS.len() * ZEROS.len() - 1);
}

#[test]
fn the_command_line_holds_axes_too() {
    let only = [Only {
        column: "pe.policy".to_owned(),
        values: vec!["A".to_owned()],
    }];
    let maps = set::of_kind(&sweep(), "threads-by-sparsity-speedup", &only).unwrap();
    assert_eq!(names(&maps), ["threads-by-sparsity-speedup"]);
}

#[test]
fn what_cannot_be_drawn_says_why() {
    #[track_caller]
    fn check(stored: &Stored, kind: &str, want: &str) {
        let reason = set::of_kind(stored, kind, &[]).err().expect("no figure").reason();
        assert!(reason.contains(want), "{reason}");
    }
    check(&sweep(), "throttling", "sysmt eval --throttle auto");
    check(
        &run(),
        "threads-by-sparsity-speedup",
        "no column `workload.activation-zeros`",
    );
    check(
        &run(),
        "threads-by-sparsity-speedup",
        "; or else these results have no column `workload.prune`",
    );
    check(
        &sweep(),
        "speedup",
        "the table `layers` is empty; or else `speedup` would have 30 names",
    );
    check(
        &run(),
        "energy-area",
        "it is for several designs, and there is one",
    );
    check(
        &without_column(evaluation(), "area_um2"),
        "energy-area",
        "no row has a value in both area_um2",
    );
    check(&without_column(run(), "mse"), "mse", "no row has a value in mse");
}

#[test]
fn titles_hold_values_of_columns() {
    let figure = one(&run(), "energy");
    assert!(rows(&figure)[0]["y_axis"].starts_with("Energy; prices with unknown delay"));
    let text =
        "[[figure]]\nmark = 'bar'\nx = 'axes'\ny = 'speedup'\ntitle = '{pe.policy}, {pe.threads}, {x}'\n";
    let spec = read(text).unwrap().remove(0);
    let drawn = build(&evaluation(), &spec, &[]).unwrap();
    assert_eq!(drawn[0].title, "S+A, several, {x}");
}

#[test]
fn wrong_figure_files_are_complained_about_all_at_once() {
    let text = "[[figure]]\nname = 'a/b'\nmark = 'bars'\ny = 3\nserie = 'x'\n\n[[figure]]\nx = 'speedup'\ny = 'top1'\nvalue = 'x'\n";
    let complaints = read(text).unwrap_err();
    let whys: Vec<&str> = complaints
        .iter()
        .map(|complaint| complaint.why.as_str())
        .collect();
    for want in [
        "a figure cannot be called \"a/b\"",
        "mark = \"bars\" is not allowed",
        "`y` is an integer",
        "unknown key `serie`",
        "`x` is missing",
        "`value` is for heat maps, and mark is \"scatter\"",
    ] {
        assert!(whys.contains(&want), "{want} of {whys:?}");
    }
    assert!(read("figure = 3").is_err() && read("").is_err() && read("[[figure]").is_err());
}
