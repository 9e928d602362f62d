//! Prices into technology tables.

use sim_cost::file::{EnergyRow, LeakageRow, TableFile};
use sim_cost::key::PeKey;
use sim_cost::mode::Mode;
use sim_cost::table::Quantity;
use sim_synth::table::rounded;

use crate::measure::{Measured, largest_error};
use crate::testbench::Delays;

/// Of a clock's energy and of leakage, in per cent: both are sums over cells, and neither has a clock tree.
const SUM_UNCERTAINTY: f64 = 20.0;

/// `areas`, which has areas and delays, with the prices under one model of delays; what it says of itself beside them.
pub(crate) fn with_energies(areas: &TableFile, measured: &[Measured], delays: Delays) -> TableFile {
    let mut table = areas.clone();
    table.note = format!(
        "synthesised cells, neither placed nor routed, no wires, no clock tree; energies by gate-level simulation with \
         {} delays",
        delays.name()
    );
    table.energy.clear();
    table.leakage.clear();
    let node = areas
        .area
        .first()
        .map(|row| row.quantity.node.clone())
        .unwrap_or_default();
    for one in measured.iter().filter(|one| one.delays == delays) {
        let pe = PeKey::of(&one.array);
        let quantity = |value: f64, source: &str, uncertainty: f64| Quantity {
            value: rounded(value, 4),
            node: node.clone(),
            source: source.to_owned(),
            delay_model: delays.name().to_owned(),
            uncertainty,
        };
        let error = largest_error(&one.streams).ceil();
        for (mode, price) in rows(one) {
            let (price, source) = match price {
                Some(price) => (
                    price,
                    "measured: toggles of the netlist on real and random operands, fitted; docs/energy.md",
                ),
                None => (0.0, "measured: no stream reached it"),
            };
            table.energy.push(EnergyRow {
                pe: pe.clone(),
                mode,
                quantity: quantity(price, source, error),
            });
        }
        if let Some(held) = &one.held {
            let source = "measured: toggles of the netlist with a hold bit on real and random operands that pass, less the \
                          events; docs/energy.md";
            table.energy.push(EnergyRow {
                pe: pe.clone(),
                mode: Mode::Skipped,
                quantity: quantity(held.price, source, largest_error(&held.streams).ceil()),
            });
        }
        let clock = "measured: clock pins and the net between them, no clock tree";
        table.energy.push(EnergyRow {
            pe: pe.clone(),
            mode: Mode::Clock,
            quantity: quantity(one.clock, clock, SUM_UNCERTAINTY),
        });
        let leakage = "measured: sum over the cells";
        table.leakage.push(LeakageRow {
            pe,
            quantity: quantity(one.leakage, leakage, SUM_UNCERTAINTY),
        });
    }
    table
}

/// One row per mode: bubbles have one price, whatever their bucket.
fn rows(one: &Measured) -> Vec<(Mode, Option<f64>)> {
    let mut rows = Vec::new();
    for &(mode, price) in &one.fitted {
        if mode == Mode::Stall {
            rows.extend([Mode::Fill, Mode::Stall, Mode::Drain].map(|mode| (mode, price)));
        } else {
            rows.push((mode, price));
        }
    }
    rows
}
