//! Energy per cycle from a value change dump.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use vcd::{Command, IdCode, Parser, ScopeItem, Value};

use crate::power::Power;
use crate::testbench::{N_RESET, PERIOD_NS};

/// Energy of one cycle, in pJ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    /// In everything but the clock.
    pub(crate) logic: f64,
    /// In the clock's net and pins.
    pub(crate) clock: f64,
}

impl std::iter::Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            logic: sum.logic + one.logic,
            clock: sum.clock + one.clock,
        })
    }
}

/// A signal of the dump: the bits that this signal stands for, and their values.
struct Signal {
    bits: Vec<Option<u64>>,
    values: Vec<Value>,
}

/// Sum the energy of every toggle by the cycle in which it happens; a change from or to an unknown value costs nothing.
pub(crate) fn per_cycle(dump: &Path, power: &Power, n_cycles: usize) -> anyhow::Result<Vec<Spent>> {
    let file = File::open(dump).with_context(|| dump.display().to_string())?;
    let mut parser = Parser::new(BufReader::new(file));
    let header = parser.parse_header()?;
    let ticks_per_ns = header
        .timescale
        .map_or(1, |(number, unit)| {
            unit.divisor() / 1_000_000_000 / u64::from(number)
        })
        .max(1);
    let mut signals = signals(&header.items, power);
    let mut spent = vec![Spent::default(); n_cycles];
    // The interval before the first edge of the first cycle belongs to no cycle.
    let first = PERIOD_NS / 2 + PERIOD_NS * u64::try_from(N_RESET + 1)?;
    let mut cycle = None;
    for command in parser {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the crate's enum grows; nothing else is a change"
        )]
        match command? {
            Command::Timestamp(time) => {
                let since = (time / ticks_per_ns).checked_sub(first);
                cycle = since
                    .and_then(|since| usize::try_from(since / PERIOD_NS).ok())
                    .filter(|&cycle| cycle < n_cycles);
            }
            Command::ChangeScalar(id, value) => {
                if let Some(signal) = signals.get_mut(&id) {
                    let place = cycle.map(|cycle| &mut spent[cycle]);
                    signal.change(std::iter::once(value), power, place);
                }
            }
            Command::ChangeVector(id, vector) => {
                if let Some(signal) = signals.get_mut(&id) {
                    // Written highest bit first, leading zeros left out.
                    let mut values: Vec<Value> = vector.iter().collect();
                    let pad = match values.first() {
                        Some(Value::X) => Value::X,
                        Some(Value::Z) => Value::Z,
                        Some(Value::V0 | Value::V1) | None => Value::V0,
                    };
                    while values.len() < signal.values.len() {
                        values.insert(0, pad);
                    }
                    let place = cycle.map(|cycle| &mut spent[cycle]);
                    signal.change(values.into_iter().rev(), power, place);
                }
            }
            _ => {}
        }
    }
    Ok(spent)
}

impl Signal {
    fn change(&mut self, values: impl Iterator<Item = Value>, power: &Power, mut spent: Option<&mut Spent>) {
        for ((old, new), bit) in self.values.iter_mut().zip(values).zip(&self.bits) {
            let before = std::mem::replace(old, new);
            let (Some(bit), Some(spent)) = (bit, spent.as_deref_mut()) else {
                continue;
            };
            let Some(net) = power.nets.get(bit) else {
                continue;
            };
            let energy = match (before, new) {
                (Value::V0, Value::V1) => net.rise,
                (Value::V1, Value::V0) => net.fall,
                _ => continue,
            };
            if net.is_clock {
                spent.clock += energy;
            } else {
                spent.logic += energy;
            }
        }
    }
}

/// Signals by their code. A bit that several signals show is priced once.
fn signals(items: &[ScopeItem], power: &Power) -> HashMap<IdCode, Signal> {
    let mut seen = std::collections::HashSet::new();
    let mut signals = HashMap::new();
    let mut pending: Vec<&ScopeItem> = items.iter().collect();
    while let Some(item) = pending.pop() {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the crate's enum grows; nothing else has a signal"
        )]
        match item {
            ScopeItem::Scope(scope) => pending.extend(&scope.items),
            ScopeItem::Var(var) => {
                let name = var.reference.trim_start_matches('\\');
                let Some(bits) = power.signals.get(name) else {
                    continue;
                };
                let bits: Vec<Option<u64>> = bits
                    .iter()
                    .map(|bit| bit.filter(|&bit| seen.insert(bit)))
                    .collect();
                // One code may stand for several names of one net.
                signals.entry(var.code).or_insert_with(|| Signal {
                    values: vec![Value::X; bits.len()],
                    bits,
                });
            }
            _ => {}
        }
    }
    signals
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::power::Net;

    #[test]
    fn toggles_are_priced_in_their_cycle_once() {
        let net = |rise, fall, is_clock| Net { rise, fall, is_clock };
        let power = Power {
            nets: BTreeMap::from([
                (2, net(1.0, 10.0, false)),
                (3, net(100.0, 1000.0, false)),
                (4, net(0.5, 0.25, true)),
            ]),
            signals: BTreeMap::from([
                ("bus".to_owned(), vec![Some(2), Some(3)]),
                ("same".to_owned(), vec![Some(3)]),
                ("clk".to_owned(), vec![Some(4)]),
            ]),
            leakage_nw: 0.0,
        };
        let start = PERIOD_NS / 2 + PERIOD_NS * u64::try_from(N_RESET + 1).expect("small");
        let at = |ns: u64| format!("#{}\n", 1000 * ns);
        let dump = [
            "$timescale 1ps $end\n$scope module dut $end\n$var wire 2 ! bus [1:0] $end\n$var wire 1 \" same $end\n\
             $var wire 1 # clk $end\n$upscope $end\n$enddefinitions $end\n#0\nbx !\nx\"\nx#\n"
                .to_owned(),
            // Before the first cycle, and from an unknown value: nothing.
            at(1),
            "b0 !\n0\"\n0#\n".to_owned(),
            at(start - 1),
            "b1 !\n".to_owned(),
            // In cycle 0 the high bit rises and the low one falls; the other name of the high bit is not another net.
            at(start),
            "b10 !\n1\"\n1#\n".to_owned(),
            // In cycle 1 the high bit falls, the clock too.
            at(start + PERIOD_NS),
            "b0 !\n0\"\n0#\n".to_owned(),
            // Beyond the last cycle.
            at(start + 2 * PERIOD_NS),
            "b11 !\n".to_owned(),
        ]
        .concat();
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        std::io::Write::write_all(&mut file, dump.as_bytes()).expect("a dump");
        let spent = per_cycle(file.path(), &power, 2).expect("energies");
        let wanted = [(110.0, 0.5), (1000.0, 0.25)];
        for (spent, (logic, clock)) in spent.iter().zip(wanted) {
            assert!(
                (spent.logic - logic).abs() < 1e-9 && (spent.clock - clock).abs() < 1e-9,
                "{spent:?}"
            );
        }
    }
}
