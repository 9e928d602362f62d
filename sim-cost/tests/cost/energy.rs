//! Energies and areas of arrays.

use sim_core::counters::{ActiveSteps, OperandWidths, PeCycles, Switching};
use sim_core::spec::{Pe, Policy, Threads, Window};
use sim_cost::mode::Mode;
use sim_cost::table::Table;
use sim_cost::{Work, area, energy, energy_as_run};

use crate::{array, assert_close, nb_smt, prototype, windows};

/// Every count differs, so that no two can be exchanged.
fn pe_cycles(active: &[u64]) -> PeCycles {
    PeCycles {
        fill: 100,
        active: ActiveSteps::from_counts(active),
        masked: 1_000,
        stall: 10_000,
        drain: 100_000,
        skipped: 0,
        waiting: 0,
    }
}

/// The work of so many PE-cycles alone.
fn work(pe_cycles: PeCycles) -> Work {
    Work {
        pe_cycles,
        operand_widths: OperandWidths::default(),
        switching: Switching::default(),
        n_tiles: 0,
        predictor_macs: 0,
    }
}

#[test]
fn every_bucket_is_priced_in_order() {
    let energy = energy(
        &prototype(),
        &array(nb_smt(Threads::Two, Policy::SA)),
        &work(pe_cycles(&[1, 2, 3])),
    )
    .unwrap();
    let modes: Vec<Mode> = energy.parts.iter().map(|part| part.mode).collect();
    assert_eq!(
        modes,
        [
            Mode::Fill,
            Mode::Active(0),
            Mode::Active(1),
            Mode::Active(2),
            Mode::Masked,
            Mode::Stall,
            Mode::Drain
        ]
    );
    assert_close(energy.picojoules, 0.61 * 111_101.0 + 2.0 * 2.0 + 3.0 * 1.71);
    let sum: f64 = energy.parts.iter().map(|part| part.picojoules).sum();
    assert_eq!(energy.picojoules.to_bits(), sum.to_bits());
    assert_eq!(energy.delay_model, "zero");
}

#[test]
fn energies_of_every_measured_pe() {
    #[track_caller]
    fn check(pe: Pe, active: &[u64], want: f64) {
        let energy = energy(&prototype(), &array(pe), &work(pe_cycles(active))).unwrap();
        assert_close(energy.picojoules, want);
    }
    let one = 0.58 * 111_103.0 + 5.0 * 1.21;
    check(Pe::Conventional, &[3, 5], one);
    check(nb_smt(Threads::One, Policy::SA), &[3, 5], one);
    // One thread is always a full collision with itself, whatever the policy says of zeros.
    check(
        nb_smt(Threads::One, Policy::A),
        &[3, 5],
        0.58 * 111_100.0 + 8.0 * 1.21,
    );
    check(
        nb_smt(Threads::Four, Policy::SA),
        &[3, 5, 7, 11, 13],
        1.21 * 111_103.0 + 5.0 * 3.38 + 7.0 * 3.63 + 24.0 * 3.0,
    );
}

#[test]
fn with_sparsity_off_every_step_costs_all_threads() {
    let dense = energy(
        &prototype(),
        &array(nb_smt(Threads::Two, Policy::A)),
        &work(pe_cycles(&[1, 2, 3])),
    )
    .unwrap();
    assert_close(dense.picojoules, 0.61 * 111_100.0 + 6.0 * 1.71);
    // The parts still say which steps they are of.
    assert_close(dense.parts[1].picojoules, 1.71);
}

#[test]
fn a_throttled_layer_pays_for_the_pes_that_were_built() {
    let built = array(nb_smt(Threads::Four, Policy::SA));
    let run = array(nb_smt(Threads::One, Policy::SA));
    let counts = PeCycles {
        active: ActiveSteps::from_counts(&[1, 2, 0, 0, 0]),
        ..PeCycles::zero(4)
    };
    let energy = energy_as_run(&prototype(), &built, &run, &work(counts)).unwrap();
    assert_close(energy.picojoules, 1.21 + 2.0 * 3.38);
}

#[test]
fn a_throttled_dense_layer_pays_for_its_own_threads() {
    let built = array(nb_smt(Threads::Four, Policy::A));
    let run = array(nb_smt(Threads::Two, Policy::A));
    let counts = PeCycles {
        active: ActiveSteps::from_counts(&[1, 2, 3, 0, 0]),
        ..PeCycles::zero(4)
    };
    let energy = energy_as_run(&prototype(), &built, &run, &work(counts)).unwrap();
    assert_close(energy.picojoules, 6.0 * 3.63);
}

#[test]
fn rows_are_never_taken_from_a_similar_pe() {
    let deep = array(nb_smt(Threads::Two, Policy::SA))
        .with_pipeline_depth(2)
        .unwrap();
    let error = energy(&prototype(), &deep, &work(pe_cycles(&[1, 2, 3]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "technology table `prototype-nangate45` has no [[energy]] row with kind = \"nb-smt\", threads = 2, \
         policy = \"S+A\", rounding = \"half-even\", overflow = \"saturate\", pipeline-depth = 2, mode = \"fill\"; add the row with its source to a table of your own, and name that in the \
         run file's [costs]"
    );
    assert_eq!(area(&prototype(), &deep).unwrap_err().section, "area");
    for pe in Pe::with_windows(&Window::ALL.map(windows)) {
        assert!(energy(&prototype(), &array(pe), &work(pe_cycles(&[1, 2, 3]))).is_err());
        assert!(area(&prototype(), &array(pe)).is_err());
    }
}

#[test]
fn window_logic_stands_at_the_edge_or_in_every_pe() {
    let row = |kind: &str, part: &str, value: u32| {
        format!(
            "[[area]]\nkind = '{kind}'\nwindow = '5opt'\npipeline-depth = 1\npart = '{part}'\nvalue = {value}\n\
             unit = 'um2'\nnode = 'n'\nsource = 's'\ndelay-model = 'none'\nuncertainty = 1\n"
        )
    };
    let text = [
        "version = 1\n".to_owned(),
        row("sparq", "pe", 10),
        row("sparq", "window-logic", 3),
        row("sparq-stc", "pe", 20),
        row("sparq-stc", "window-logic", 7),
    ]
    .concat();
    let table = Table::parse("own", &text).unwrap();
    let edge = area(&table, &array(Pe::Sparq(windows(Window::Opt5)))).unwrap();
    assert_close(edge.square_micrometres, 15.0 * 10.0 + 3.0 * 3.0);
    let everywhere = area(&table, &array(Pe::SparqStc(windows(Window::Opt5)))).unwrap();
    assert_close(everywhere.square_micrometres, 15.0 * 27.0);
    let plain = area(&prototype(), &array(Pe::Conventional)).unwrap();
    assert_close(plain.square_micrometres, 15.0 * 957.0);
    assert_close(plain.window_logic, 0.0);
}

/// A table without a row for it prices a skipped step like one without an active thread, and says so.
#[test]
fn skipped_steps_and_waits_are_priced_where_there_are_any() {
    let array = array(nb_smt(Threads::Two, Policy::SA));
    let counts = PeCycles {
        skipped: 1_000_000,
        waiting: 10_000_000,
        ..pe_cycles(&[1, 2, 3])
    };
    let none = energy(&prototype(), &array, &work(pe_cycles(&[1, 2, 3]))).unwrap();
    let some = energy(&prototype(), &array, &work(counts)).unwrap();
    assert_eq!((none.skipped_as, some.skipped_as), (None, Some(Mode::Active(0))));
    let more: Vec<(Mode, f64)> = some.parts[none.parts.len()..]
        .iter()
        .map(|part| (part.mode, part.picojoules))
        .collect();
    assert_eq!(
        more.iter().map(|(mode, _)| *mode).collect::<Vec<_>>(),
        [Mode::Skipped, Mode::Waiting]
    );
    assert_close(more[0].1, 0.61 * 1e6);
    assert_close(more[1].1, 0.61 * 1e7);
}

#[test]
fn what_a_predictor_multiplies_has_no_price_in_a_table_without_its_row() {
    let array = array(nb_smt(Threads::Two, Policy::SA));
    let predicted = Work {
        predictor_macs: 18,
        ..work(pe_cycles(&[1, 2, 3]))
    };
    let error = energy(&prototype(), &array, &predicted).unwrap_err();
    assert!(error.to_string().contains("predictor-mac"), "{error}");
}
