//! Rows that give rules of a PE, rows that leave them open, and provenance.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Window, WindowRounding};
use sim_cost::file::{AreaRow, HashedFile, Provenance, TableFile, TimingRow};
use sim_cost::key::{Part, PeKey};
use sim_cost::table::{Quantity, Table};

use crate::{array, assert_close, nb_smt, windows};

fn row(rules: &str, value: u32) -> String {
    format!(
        "[[area]]\nkind = 'nb-smt'\nthreads = 2\npipeline-depth = 1\n{rules}\npart = 'pe'\nvalue = {value}\n\
         unit = 'um2'\nnode = 'n'\nsource = 's'\ndelay-model = 'none'\nuncertainty = 1\n"
    )
}

fn parse(rows: &[String]) -> Result<Table, String> {
    Table::parse("own", &format!("version = 1\n{}", rows.concat())).map_err(|error| error.to_string())
}

fn pe_area(table: &Table, pe: Pe) -> f64 {
    table.area_of(&PeKey::of(&array(pe)), Part::Pe).unwrap().value
}

#[test]
fn an_exact_row_wins_over_a_general_one_wherever_it_stands() {
    let exact = row("policy = 'S+A'\nrounding = 'half-even'\noverflow = 'saturate'", 3);
    let rows = [exact, row("", 1), row("policy = 'S+A'", 2)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let table = parse(&order.map(|n: usize| rows[n].clone())).unwrap();
        assert_close(pe_area(&table, nb_smt(Threads::Two, Policy::SA)), 3.0);
        assert_close(pe_area(&table, nb_smt(Threads::Two, Policy::S)), 1.0);
        let floor = Pe::NbSmt(NbSmt {
            threads: Threads::Two,
            policy: Policy::SA,
            rounding: Rounding::Floor,
            overflow: Overflow::Saturate,
        });
        assert_close(pe_area(&table, floor), 2.0);
    }
}

#[test]
fn two_rows_of_which_neither_is_more_exact_are_an_error() {
    let error = parse(&[row("policy = 'S+A'", 1), row("rounding = 'floor'", 2)]).unwrap_err();
    assert!(
        error.starts_with("technology table `own`, line 14: the row with"),
        "{error}"
    );
    assert!(error.contains("neither is more exact"), "{error}");
    // No PE has two policies.
    assert!(parse(&[row("policy = 'S+A'", 1), row("policy = 'S'", 2)]).is_ok());
    let error = parse(&[row("policy = 'S'", 1), row("policy = 'S'", 2)]).unwrap_err();
    assert!(error.contains("a second row with kind = \"nb-smt\", threads = 2, policy = \"S\""));
}

#[test]
fn rules_that_a_pe_does_not_have_are_an_error() {
    #[track_caller]
    fn check(rules: &str, want: &str) {
        let error = parse(&[row(rules, 1)]).unwrap_err();
        assert!(error.contains(want), "{error}");
        assert!(error.starts_with("technology table `own`, line 2: "), "{error}");
    }
    check("policy = 'S+B'", "policy = \"S+B\" is unknown; allowed: S, A, W");
    check(
        "rounding = 'trim'",
        "rounding = \"trim\" is unknown; allowed: half-even, floor",
    );
    check("overflow = 'wrap'", "overflow = \"wrap\" is unknown");
    check("pairs = true", "there is no PE with kind = \"nb-smt\"");
    let one_thread = row("policy = 'S'", 1).replace("threads = 2", "threads = 1");
    assert!(parse(&[one_thread]).unwrap_err().contains("there is no PE"));
}

fn quantity(value: f64) -> Quantity {
    Quantity {
        value,
        node: "45 nm".to_owned(),
        source: "a test".to_owned(),
        delay_model: "none".to_owned(),
        uncertainty: 7.0,
    }
}

fn stc(window: Window) -> ArraySpec {
    array(Pe::SparqStc(Sparq {
        window,
        rounding: WindowRounding::Trim,
        pairs: Pairs::Off,
    }))
}

fn written() -> TableFile {
    let pe = PeKey::of(&stc(Window::Opt6));
    TableFile {
        note: "a \"note\"".to_owned(),
        provenance: Some(Provenance {
            command: "cargo xtask synth".to_owned(),
            clock_ns: Some(10.0),
            rtl: "abc".to_owned(),
            tools: [("yosys".to_owned(), "0.23".to_owned())].into(),
            liberty: HashedFile {
                name: "cells.lib".to_owned(),
                blake3: "def".to_owned(),
            },
        }),
        energy: Vec::new(),
        area: vec![AreaRow {
            pe: pe.clone(),
            part: Part::Pe,
            quantity: quantity(20.5),
            gate_equivalents: Some(2.5),
        }],
        timing: vec![TimingRow {
            pe,
            quantity: quantity(4.0),
        }],
        leakage: Vec::new(),
    }
}

#[test]
fn a_written_table_reads_back() {
    let file = written();
    let table = Table::parse("own", &file.to_toml()).unwrap();
    assert_eq!(table.clone().into_file(), file);
    assert_eq!(table.provenance(), file.provenance.as_ref());
    assert_eq!(table.note(), file.note);
    let pe = PeKey::of(&stc(Window::Opt6));
    assert_eq!(table.area_of(&pe, Part::Pe).unwrap(), &quantity(20.5));
    assert_eq!(table.gate_equivalents_of(&pe, Part::Pe), Some(2.5));
    assert_eq!(table.critical_path_of(&pe).unwrap(), &quantity(4.0));
    // The PE of sparq-stc is whole: nothing is missing.
    let area = sim_cost::area(&table, &stc(Window::Opt6)).unwrap();
    assert_close(area.square_micrometres, 15.0 * 20.5);
    assert!(sim_cost::area(&table, &array(Pe::SparqStc(windows(Window::Opt6)))).is_err());
}

#[test]
fn errors_in_the_new_sections_have_lines() {
    #[track_caller]
    fn check(from: &str, to: &str, want: &str) {
        let text = written().to_toml();
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed, "{text}");
        let error = Table::parse("own", &changed).unwrap_err();
        assert!(1 < error.line);
        assert!(error.message.contains(want), "{error}");
    }
    check("clock-ns = 10.0", "clock-ns = -1.0", "provenance.clock-ns = -1");
    check("rtl = \"abc\"", "rtl = \"\"", "provenance.rtl is empty");
    check("blake3", "md5", "unknown field `md5`");
    check(
        "gate-equivalents = 2.5",
        "gate-equivalents = nan",
        "gate-equivalents = NaN",
    );
    check(
        "\"critical-path\"",
        "\"pe\"",
        "part = \"pe\" is unknown; allowed: critical-path",
    );
    check("\"ns\"", "\"ps\"", "unit = \"ps\" is not converted; write \"ns\"");
}
