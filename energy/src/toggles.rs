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
