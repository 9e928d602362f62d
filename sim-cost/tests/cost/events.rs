//! Events, the clock and leakage beside the modes.

use std::collections::BTreeSet;

use sim_core::counters::{ActiveSteps, OperandWidths, PeCycles, Switching};
use sim_core::spec::Pe;
use sim_cost::mode::{Event, Mode};
use sim_cost::table::Table;
use sim_cost::{Work, energy};

use crate::{array, assert_close};

const TAIL: &str = "node = 'n'\nsource = 's'\ndelay-model = 'library'\nuncertainty = 10\n";

fn row(mode: &str, value: f64) -> String {
    format!(
        "[[energy]]\nkind = 'conventional'\npipeline-depth = 1\nmode = '{mode}'\nvalue = {value}\nunit = 'pJ'\n{TAIL}"
    )
}

/// Every price differs, so that no two can be exchanged.
fn text(without: &str) -> String {
    let modes = Mode::all();
    let prices = (1_u32..)
        .zip(&modes)
        .filter(|(_, mode)| mode.to_string() != without);
    let rows: String = prices
        .map(|(index, mode)| row(&mode.to_string(), f64::from(index)))
        .collect();
    format!(
        "version = 1\n{rows}[[leakage]]\nkind = 'conventional'\npipeline-depth = 1\nvalue = 200.0\nunit = 'nW'\n{TAIL}"
    )
}

fn work() -> Work {
    Work {
        pe_cycles: PeCycles {
            fill: 1,
            active: ActiveSteps::from_counts(&[10, 100]),
            masked: 1_000,
            stall: 10_000,
            drain: 100_000,
            skipped: 1_000_000,
            waiting: 10_000_000,
        },
        operand_widths: OperandWidths {
            a8w8: 17,
            a8w4: 19,
            a4w8: 23,
            a4w4: 29,
        },
        switching: Switching {
            activation_bits: 2,
            weight_bits: 3,
            live_activation_bits: 5,
            live_weight_bits: 7,
            partial_product_bits: 11,
            lane_edges: 13,
        },
        n_tiles: 2,
        predictor_macs: 31,
    }
}

/// The price that `text` gives a mode.
fn price(wanted: Mode) -> f64 {
    let index = Mode::all().iter().position(|&mode| mode == wanted).unwrap();
    f64::from(u32::try_from(index).unwrap() + 1)
}

#[test]
fn every_event_is_priced() {
    let table = Table::parse("own", &text("")).unwrap();
    let energy = energy(&table, &array(Pe::Conventional), &work()).unwrap();
    let wanted = [
        (Mode::Fill, 1.0),
        (Mode::Active(0), 10.0),
        (Mode::Active(1), 100.0),
        (Mode::Masked, 1_000.0),
        (Mode::Stall, 10_000.0),
        (Mode::Drain, 100_000.0),
        (Mode::Skipped, 1_000_000.0),
        (Mode::Waiting, 10_000_000.0),
        (Mode::PredictorMac, 31.0),
        (Mode::Event(Event::ActivationBit), 2.0),
        (Mode::Event(Event::WeightBit), 3.0),
        (Mode::Event(Event::LiveActivationBit), 5.0),
        (Mode::Event(Event::LiveWeightBit), 7.0),
        (Mode::Event(Event::PartialProductBit), 11.0),
        (Mode::Event(Event::LaneEdge), 13.0),
        (Mode::Event(Event::PairA8W8), 17.0),
        (Mode::Event(Event::PairA8W4), 19.0),
        (Mode::Event(Event::PairA4W8), 23.0),
        (Mode::Event(Event::PairA4W4), 29.0),
        // 3 rows and 5 columns, two tiles: 15 results each, which pass 0 + 1 + 2 rows in every column.
        (Mode::Event(Event::ResultLoad), 30.0),
        (Mode::Event(Event::ResultMove), 30.0),
    ];
    assert_eq!(energy.parts.len(), wanted.len());
    for (part, (mode, count)) in energy.parts.iter().zip(wanted) {
        assert_eq!(part.mode, mode);
        assert_close(part.picojoules, count * price(mode));
    }
    assert_close(energy.uncertainty, 10.0);
}

#[test]
fn clock_and_leakage_stand_apart() {
    let table = Table::parse("own", &text("")).unwrap();
    let array = array(Pe::Conventional);
    let energy = energy(&table, &array, &work()).unwrap();
    let sum: f64 = energy.parts.iter().map(|part| part.picojoules).sum();
    assert_close(energy.picojoules, sum);
    assert_close(energy.clock.unwrap(), 11_111_111.0 * price(Mode::Clock));
    // 200 nW for 2 ns are 4e-4 pJ.
    assert_close(energy.leakage.unwrap(), 11_111_111.0 * 4e-4);
}

#[test]
fn a_table_that_prices_one_event_must_price_all() {
    for missing in Event::ALL.map(Mode::Event) {
        let table = Table::parse("own", &text(&missing.to_string())).unwrap();
        let error = energy(&table, &array(Pe::Conventional), &work()).unwrap_err();
        assert!(error.row.ends_with(&format!("mode = \"{missing}\"")), "{error}");
    }
}

#[test]
fn a_table_without_clock_leaves_it_unknown() {
    let table = Table::parse("own", &text("clock")).unwrap();
    let energy = energy(&table, &array(Pe::Conventional), &work()).unwrap();
    assert_eq!(energy.clock, None);
    assert!(energy.leakage.is_some());
}

#[test]
fn leakage_is_in_nanowatts() {
    let wrong = text("").replace("unit = 'nW'", "unit = 'uW'");
    let error = Table::parse("own", &wrong).unwrap_err().to_string();
    assert!(
        error.contains("unit = \"uW\" is not converted; write \"nW\""),
        "{error}"
    );
}

#[test]
fn every_mode_has_a_name_of_its_own() {
    let names: BTreeSet<String> = Mode::all().iter().map(Mode::to_string).collect();
    assert_eq!(names.len(), Mode::all().len());
    assert!(!names.contains("active-5"));
}
