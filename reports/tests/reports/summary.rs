//! What a person reads.

use reports::summary;
use sim_core::spec::{Policy, Threads};

use crate::support::{nb_smt, report};

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
