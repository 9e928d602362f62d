//! Every signal in every cycle, read back by a reader of waveforms, beside what the engine's registers held and what the
//! definitions say.

use std::collections::BTreeMap;

use sim_array::engine::{Engine as _, Measures};
use sim_array::stepped::Stepped;
use sim_core::ids::TileId;
use sim_core::spec::Tiles;
use sim_core::units::Cycles;
use sim_wave::{Mode, Request};

use crate::support::case::{Case, cases};
use crate::support::expected::Expected;
use crate::support::read::Wave;

/// Ranges of a case: all of it, tiles, parts.
fn requests(case: &Case) -> Vec<Request> {
    let whole = Request {
        from: Some(Cycles(0)),
        ..Request::default()
    };
    let mut requests = vec![whole.clone(), Request::default()];
    let last_tile = TileId(case.n_tiles() - 1);
    requests.push(Request {
        tile: Some(last_tile),
        ..Request::default()
    });
    let n_cycles = case.outcome().cycles.0;
    for (from, to) in [
        (n_cycles / 2, n_cycles / 2 + 1),
        (n_cycles / 3, n_cycles - 1),
        (n_cycles - 1, n_cycles),
    ] {
        requests.push(Request {
            from: Some(Cycles(from)),
            to: Some(Cycles(to)),
            ..Request::default()
        });
    }
    requests.push(Request {
        tile: Some(last_tile),
        to: Some(Cycles(n_cycles - 2)),
        pes: format!("{}..{},0..1", case.array.rows() - 1, case.array.rows())
            .parse()
            .ok(),
        ..Request::default()
    });
    requests.push(Request {
        pes: format!("0..1,{}..{}", case.array.cols() / 2, case.array.cols())
            .parse()
            .ok(),
        ..whole
    });
    requests
}

#[test]
fn every_signal_of_a_waveform_is_the_engines() {
    for case in cases() {
        let expected = Expected::of(&case);
        for request in requests(&case) {
            let wave = Wave::of(&case, &request);
            expected.check(&case, &wave, &format!("{case:?}, {request:?}"));
        }
    }
}

#[test]
fn modes_of_a_whole_run_are_the_cycle_accounting() {
    let mut seen = BTreeMap::new();
    for case in cases() {
        let request = Request {
            from: Some(Cycles(0)),
            ..Request::default()
        };
        let wave = Wave::of(&case, &request);
        let mut counts = BTreeMap::from(Mode::ALL.map(|mode| (mode.name(), 0)));
        for row in 0..case.array.rows() {
            for col in 0..case.array.cols() {
                for name in wave.names(&wave.pe_path(&case, row, col, "mode")) {
                    *counts.get_mut(name.as_str()).expect("a mode") += 1;
                }
            }
        }
        let accounting = Stepped::default()
            .run(&case.array, &case.operands(), Measures::NONE)
            .expect("runs")
            .counters
            .pe_cycles;
        let active = accounting.active.counts();
        let active = |n: usize| active.get(n).copied().unwrap_or(0);
        let want = BTreeMap::from([
            ("fill", accounting.fill),
            ("idle", active(0)),
            ("one", active(1)),
            ("two", active(2)),
            ("three", active(3)),
            ("four", active(4)),
            ("masked", accounting.masked),
            ("stall", accounting.stall),
            ("drain", accounting.drain),
        ]);
        assert_eq!(counts, want, "{case:?}");
        for (name, count) in want {
            *seen.entry(name).or_insert(0) += count;
        }
    }
    // Every mode was there to be shown.
    assert!(seen.values().all(|&count| 0 < count), "{seen:?}");
}

#[test]
fn bytes_repeat() {
    for case in cases() {
        let request = Request::default();
        assert!(
            Wave::bytes_of(&case, &request) == Wave::bytes_of(&case, &request),
            "{case:?}"
        );
    }
}

#[test]
fn long_waveforms_are_written_in_parts_and_come_back() {
    // More changes than are kept in memory.
    let case = Case::random(
        0,
        (4, 4),
        crate::support::case::nb_smt(1),
        1,
        Tiles::Pipelined,
        (4, 4, 14_000),
    );
    let expected = Expected::of(&case);
    let wave = Wave::of(&case, &Request::default());
    assert!(1 < wave.n_parts(), "{}", wave.n_parts());
    expected.check(&case, &wave, "long");
}

#[test]
fn the_file_says_what_a_viewer_needs() {
    let case = &cases()[0];
    let wave = Wave::of(case, &Request::default());
    assert_eq!(wave.timescale(), "1 ns");
    assert_eq!(wave.date(), "undated");
    let want: Vec<(String, String)> = Mode::ALL
        .iter()
        .zip(0..)
        .map(|(mode, code)| (format!("{code:04b}"), mode.name().to_owned()))
        .collect();
    assert_eq!(wave.names_of_values(&wave.pe_path(case, 0, 0, "mode")), want);
}
