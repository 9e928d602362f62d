//! What a toggle of each net costs: the charge of its load, and the energy inside the cells at both ends.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;
use sim_synth::liberty::{Cell, Direction, Liberty, LookupTable};
use sim_synth::netlist::{YosysCell, YosysModule};

/// Slew of the inputs in ns, as of a flip-flop with a few loads; the first guess for every net.
const INPUT_SLEW_NS: f64 = 0.15;

/// A net: one bit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Net {
    /// pJ of one rising and of one falling toggle.
    pub(crate) rise: f64,
    pub(crate) fall: f64,
    /// Whether it is the clock.
    pub(crate) is_clock: bool,
}

/// A netlist's costs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Power {
    /// By Yosys's number of the bit.
    pub(crate) nets: BTreeMap<u64, Net>,
    /// Numbers of a named signal's bits, lowest first; constants are left out.
    pub(crate) signals: BTreeMap<String, Vec<Option<u64>>>,
    /// Leakage in nW.
    pub(crate) leakage_nw: f64,
}

/// What the library says of a cell's pin.
#[derive(Clone, Debug)]
struct PinCosts {
    name: String,
    direction: Direction,
    capacitance: f64,
    is_clock: bool,
    power_rise: Vec<LookupTable>,
    power_fall: Vec<LookupTable>,
    transitions: Vec<LookupTable>,
}

/// A pin of an instance on a net.
struct Connection<'a> {
    pin: &'a PinCosts,
    bit: u64,
}

/// Read a netlist in Yosys's JSON and price its nets.
///
/// - Errors: a file that is not a netlist; a library without voltage, capacitances or energies.
pub(crate) fn price(json: &Path, module: &str, liberty: &Liberty) -> anyhow::Result<Power> {
    let module = YosysModule::read(json, module)?;
    let Some(volt) = liberty.nominal_voltage()? else {
        bail!(
            "library {} names no nominal voltage (nom_voltage)",
            liberty.name()
        );
    };
    // Energies are volt² times the unit of capacitance: pJ for pF.
    let Some(farads) = liberty.farads()? else {
        bail!("library {} names no capacitive_load_unit", liberty.name());
    };
    let to_pj = farads * 1e12;
    let mut leakage_nw = 0.0;
    let mut costs: BTreeMap<&str, Vec<PinCosts>> = BTreeMap::new();
    for instance in module.cells.values() {
        let name = instance.r#type.as_str();
        let cell = liberty
            .cell(name)
            .with_context(|| format!("cell {name} is not in library {}", liberty.name()))?;
        leakage_nw += cell.leakage()?.unwrap_or_default();
        if let Entry::Vacant(place) = costs.entry(name) {
            place.insert(pin_costs(&cell)?);
        }
    }
    if costs.values().flatten().all(|pin| pin.power_rise.is_empty()) {
        bail!(
            "library {} has no internal_power tables; energies need one that has them",
            liberty.name()
        );
    }
    // The pins of each cell, cell by cell in the order of their names.
    let connections: Vec<Vec<Connection<'_>>> = module
        .cells
        .values()
        .map(|instance| connections(instance, &costs[instance.r#type.as_str()]))
        .collect();

    let mut loads: BTreeMap<u64, f64> = BTreeMap::new();
    for Connection { pin, bit } in connections.iter().flatten() {
        let load = loads.entry(*bit).or_default();
        match pin.direction {
            Direction::Input => *load += pin.capacitance,
            Direction::Output | Direction::Inout | Direction::Internal => {}
        }
    }
    let slews = slews(&connections, &loads);
    let slew_of = |bit: u64| slews.get(&bit).copied().unwrap_or(INPUT_SLEW_NS);

    let mut nets: BTreeMap<u64, Net> = loads
        .iter()
        .map(|(&bit, load)| {
            let charge = load * volt * volt / 2.0;
            let net = Net {
                rise: charge,
                fall: charge,
                is_clock: false,
            };
            (bit, net)
        })
        .collect();
    for cell in &connections {
        let inputs = cell.iter().filter(|one| one.pin.direction == Direction::Input);
        let slew_in = mean(inputs.map(|one| slew_of(one.bit)));
        for Connection { pin, bit } in cell {
            let point = match pin.direction {
                Direction::Input => [slew_of(*bit), 0.0],
                Direction::Output | Direction::Inout | Direction::Internal => [loads[bit], slew_in],
            };
            if let Some(net) = nets.get_mut(bit) {
                net.rise += mean(pin.power_rise.iter().map(|table| interpolate(table, point)));
                net.fall += mean(pin.power_fall.iter().map(|table| interpolate(table, point)));
                net.is_clock |= pin.is_clock;
            }
        }
    }
    for net in nets.values_mut() {
        net.rise *= to_pj;
        net.fall *= to_pj;
    }
    let signals = module.netnames.into_iter();
    Ok(Power {
        nets,
        signals: signals
            .map(|(name, signal)| (name, signal.bits.iter().map(Value::as_u64).collect()))
            .collect(),
        leakage_nw,
    })
}

fn pin_costs(cell: &Cell<'_>) -> anyhow::Result<Vec<PinCosts>> {
    let mut all = Vec::new();
    for pin in cell.pins()? {
        let power = |kind: &str| -> anyhow::Result<Vec<LookupTable>> {
            let tables = pin.power_tables(kind)?;
            Ok(tables.into_iter().map(|(_, table)| table).collect())
        };
        let mut transitions = Vec::new();
        for timing in pin.timing() {
            for kind in ["rise_transition", "fall_transition"] {
                for table in timing.groups_named(kind) {
                    transitions.push(LookupTable::of(table)?);
                }
            }
        }
        let is_clock = cell
            .flip_flop()
            .is_some_and(|flip_flop| flip_flop.clocked_on() == Some(pin.name()));
        all.push(PinCosts {
            name: pin.name().to_owned(),
            direction: pin.direction(),
            capacitance: pin.capacitance()?.unwrap_or_default(),
            // The clock of a flip-flop may be named by its pin's attribute alone.
            is_clock: is_clock || pin.is_clock(),
            power_rise: power("rise_power")?,
            power_fall: power("fall_power")?,
            transitions,
        });
    }
    Ok(all)
}

/// The pins of an instance that are on nets, not constant.
fn connections<'a>(instance: &YosysCell, pins: &'a [PinCosts]) -> Vec<Connection<'a>> {
    let on_net = |pin: &'a PinCosts| {
        let bit = instance.connections.get(&pin.name)?.first()?.as_u64()?;
        Some(Connection { pin, bit })
    };
    pins.iter().filter_map(on_net).collect()
}

/// The slew of each driven net under its load, its driver's inputs at the first guess.
fn slews(connections: &[Vec<Connection<'_>>], loads: &BTreeMap<u64, f64>) -> BTreeMap<u64, f64> {
    let all = connections.iter().flatten();
    all.filter(|one| one.pin.direction == Direction::Output)
        .map(|Connection { pin, bit }| {
            let point = [loads[bit], INPUT_SLEW_NS];
            let slew = mean(pin.transitions.iter().map(|table| interpolate(table, point)));
            (*bit, slew)
        })
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0_u32);
    for value in values {
        sum += value;
        n += 1;
    }
    if n == 0 { 0.0 } else { sum / f64::from(n) }
}

/// Linear between the points of a table of one or two indices, constant beyond them.
fn interpolate(table: &LookupTable, point: [f64; 2]) -> f64 {
    let at = |index: &[f64], value: f64| -> (usize, f64) {
        let last = index.len().saturating_sub(2);
        let low = index
            .iter()
            .skip(1)
            .take_while(|&&next| next < value)
            .count()
            .min(last);
        let (Some(&from), Some(&to)) = (index.get(low), index.get(low + 1)) else {
            return (0, 0.0);
        };
        (low, ((value - from) / (to - from)).clamp(0.0, 1.0))
    };
    let value = |place: usize| table.values.get(place).copied().unwrap_or_default();
    let blend = |low: usize, high: usize, share: f64| value(low) * (1.0 - share) + value(high) * share;
    match table.indices.as_slice() {
        [] => value(0),
        [only] => {
            let (low, share) = at(only, point[0]);
            blend(low, low + 1, share)
        }
        [first, second, ..] => {
            let ((row, down), (column, across)) = (at(first, point[0]), at(second, point[1]));
            let width = second.len();
            let of_row = |row: usize| blend(row * width + column, row * width + column + 1, across);
            of_row(row) * (1.0 - down) + of_row(row + 1) * down
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pins of 0.5 pF at 2 V: a toggle of one pin's charge costs 1 pJ. Energies inside grow with the load.
    const LIBRARY: &str = r#"library(small) {
        nom_voltage : 2.0;
        capacitive_load_unit (1,pf);
        cell(INV) {
            area : 1; cell_leakage_power : 3.0;
            pin(A) { direction : input; capacitance : 0.5; }
            pin(Y) { direction : output; function : "(!A)";
                internal_power() { related_pin : "A";
                    rise_power(t) { index_1 ("0, 1"); index_2 ("0, 1"); values ("0, 0", "8, 8"); }
                    fall_power(t) { index_1 ("0, 1"); index_2 ("0, 1"); values ("2, 2", "2, 2"); }
                }
            }
        }
        cell(DFF) {
            area : 4; cell_leakage_power : 5.0;
            ff (IQ, IQN) { next_state : "D"; clocked_on : "CLK"; }
            pin(D) { direction : input; capacitance : 0.5; }
            pin(CLK) { direction : input; capacitance : 1.0; clock : true;
                internal_power() { rise_power(t) { index_1 ("0, 1"); values ("0.25, 0.25"); } }
            }
            pin(Q) { direction : output; function : "IQ"; }
        }
    }"#;
    /// The input goes to an inverter, that to another and to a flip-flop.
    const NETLIST: &str = r#"{"modules": {"top": {
        "cells": {
            "one": {"type": "INV", "connections": {"A": [2], "Y": [3]}},
            "two": {"type": "INV", "connections": {"A": [3], "Y": [4]}},
            "three": {"type": "DFF", "connections": {"D": [3], "CLK": [5], "Q": [6]}},
            "four": {"type": "INV", "connections": {"A": ["0"], "Y": [7]}}
        },
        "netnames": {"bus": {"bits": [2, "1", 3]}}
    }}}"#;

    fn priced(library: &str) -> anyhow::Result<Power> {
        let liberty = Liberty::parse("small.lib", library)?;
        let mut json = tempfile::NamedTempFile::new()?;
        std::io::Write::write_all(&mut json, NETLIST.as_bytes())?;
        price(json.path(), "top", &liberty)
    }

    #[test]
    fn a_net_costs_its_load_and_what_its_driver_spends() {
        let power = priced(LIBRARY).expect("prices");
        let close = |found: f64, want: f64| assert!((found - want).abs() < 1e-9, "{found} is not {want}");
        // One pin, driven from outside: the charge alone.
        close(power.nets[&2].rise, 1.0);
        close(power.nets[&2].fall, 1.0);
        // Two pins, 1 pF: the charge and the inverter's energy at that load.
        close(power.nets[&3].rise, 2.0 + 8.0);
        close(power.nets[&3].fall, 2.0 + 2.0);
        // Nothing hangs on the last inverters.
        close(power.nets[&4].rise, 0.0);
        close(power.nets[&5].rise, 2.0 + 0.25);
        assert!(power.nets[&5].is_clock && !power.nets[&3].is_clock);
        close(power.leakage_nw, 3.0 * 3.0 + 5.0);
        assert_eq!(power.signals["bus"], [Some(2), None, Some(3)]);
    }

    #[test]
    fn a_library_without_energies_is_refused() {
        for (missing, says) in [
            ("nom_voltage : 2.0;", "no nominal voltage"),
            ("capacitive_load_unit (1,pf);", "no capacitive_load_unit"),
        ] {
            let error = priced(&LIBRARY.replace(missing, "")).expect_err("a refusal");
            assert!(error.to_string().contains(says), "{error}");
        }
        let silent = LIBRARY.replace("internal_power", "silent");
        let error = priced(&silent).expect_err("a refusal");
        assert!(error.to_string().contains("internal_power"), "{error}");
        let other = LIBRARY.replace("cell(DFF)", "cell(FLOP)");
        let error = priced(&other).expect_err("a refusal");
        assert!(
            error.to_string().contains("cell DFF is not in library"),
            "{error}"
        );
    }

    #[test]
    fn tables_are_linear_between_points_and_constant_beyond() {
        let table = LookupTable {
            template: String::new(),
            indices: vec![vec![0.0, 1.0], vec![0.0, 10.0, 20.0]],
            values: vec![0.0, 10.0, 20.0, 100.0, 110.0, 120.0],
        };
        for (point, want) in [
            ([0.0, 0.0], 0.0),
            ([0.5, 15.0], 65.0),
            ([1.0, 20.0], 120.0),
            ([9.0, -1.0], 100.0),
        ] {
            assert!((interpolate(&table, point) - want).abs() < 1e-9, "{point:?}");
        }
    }
}
