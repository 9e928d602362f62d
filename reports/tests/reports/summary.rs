//! What a person reads.

use reports::run::Report;
use reports::summary;
use sim_core::reorder::Reorder;
use sim_core::spec::{Policy, Threads};

use crate::support::{array, nb_smt, report, run};

#[test]
fn summary_of_two_layers() {
    let text = summary::text(&report(nb_smt(Threads::Two, Policy::SA), 2));
    insta::assert_snapshot!(text);
}

#[test]
fn every_layer_has_a_row_and_rows_line_up() {
    let text = summary::text(&report(nb_smt(Threads::Four, Policy::SA), 53));
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    // Header, rule, layers, total.
    assert_eq!(rows.len(), 2 + 53 + 1);
    let length = rows[0].chars().count();
    assert!(rows.iter().all(|row| row.chars().count() == length));
    let bars = |row: &str| row.replace("\\|", "").matches('|').count();
    assert!(rows.iter().all(|row| bars(row) == bars(rows[0])));
}

#[test]
fn what_differs_from_the_array_is_said() {
    let mut record = run(nb_smt(Threads::Two, Policy::SA), 2);
    let plain = summary::text(&Report::new(record.clone()));
    assert!(!plain.contains("reordered") && !plain.contains("2 (S"), "{plain}");
    record.reorder = Reorder::Oracle;
    record.layers[1].product.array = array(nb_smt(Threads::Two, Policy::S));
    let text = summary::text(&Report::new(record));
    assert!(text.contains("\n- K reordered: oracle\n"), "{text}");
    assert!(text.contains(" 2 (S) |") && !text.contains("2 (S+A)"), "{text}");
}
