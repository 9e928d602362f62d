//! Energy: PE-cycles times energy per PE-cycle.

use sim_core::counters::PeCycles;
use sim_core::spec::{ArraySpec, Pe, Sparsity};
use sim_core::units::count_as_f64;

use crate::key::{MissingRow, Mode, PeKey};
use crate::table::Table;

/// Energy of counted PE-cycles.
#[derive(Clone, Debug, PartialEq)]
pub struct Energy {
    /// The sum, in pJ.
    pub picojoules: f64,
    /// How signal delays were simulated where the table was measured.
    pub delay_model: String,
    /// The addends: fill, active\[0..\], masked, stall, drain.
    pub parts: Vec<ModeEnergy>,
}

/// Energy of the PE-cycles of one mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModeEnergy {
    /// The mode that was counted.
    pub mode: Mode,
    /// In pJ.
    pub picojoules: f64,
}

/// Energy of `pe_cycles` on `array`.
///
/// With sparsity off every step of a real output is a full collision and costs all threads.
///
/// - Errors: a row that the table lacks for exactly this PE.
pub fn energy(table: &Table, array: &ArraySpec, pe_cycles: &PeCycles) -> Result<Energy, MissingRow> {
    energy_as_run(table, array, array, pe_cycles)
}

/// Energy of `pe_cycles` on an array built as `built` that ran as `run`, with fewer threads perhaps.
///
/// The rows are those of the PEs that were built.
///
/// - Errors: a row that the table lacks for exactly the PE that was built.
pub fn energy_as_run(
    table: &Table,
    built: &ArraySpec,
    run: &ArraySpec,
    pe_cycles: &PeCycles,
) -> Result<Energy, MissingRow> {
    let pe = PeKey::of(built);
    let mut sum = Sum {
        table,
        pe: &pe,
        energy: Energy {
            picojoules: 0.0,
            delay_model: String::new(),
            parts: Vec::new(),
        },
    };
    let PeCycles {
        fill,
        active,
        masked,
        stall,
        drain,
    } = *pe_cycles;
    sum.add(Mode::Fill, Mode::Fill, fill)?;
    for (n_active, &count) in active.counts().iter().enumerate() {
        let price = match full_collision(run.pe()) {
            Some(threads) => Mode::Active(threads),
            None => Mode::Active(n_active),
        };
        sum.add(Mode::Active(n_active), price, count)?;
    }
    sum.add(Mode::Masked, Mode::Masked, masked)?;
    sum.add(Mode::Stall, Mode::Stall, stall)?;
    sum.add(Mode::Drain, Mode::Drain, drain)?;
    Ok(sum.energy)
}

/// The threads that every step costs, where zeros free nothing.
fn full_collision(pe: Pe) -> Option<usize> {
    match pe {
        Pe::NbSmt(rules) => match rules.policy.sparsity() {
            Sparsity::Off => Some(rules.threads.count()),
            Sparsity::On => None,
        },
        Pe::Conventional | Pe::Sparq(_) | Pe::SparqStc(_) => None,
    }
}

struct Sum<'a> {
    table: &'a Table,
    pe: &'a PeKey,
    energy: Energy,
}

impl Sum<'_> {
    fn add(&mut self, mode: Mode, price: Mode, count: u64) -> Result<(), MissingRow> {
        let row = self.table.energy_of(self.pe, price)?;
        let picojoules = count_as_f64(count) * row.value;
        self.energy.picojoules += picojoules;
        // The same for all modes of a PE: the table is checked.
        self.energy.delay_model.clone_from(&row.delay_model);
        self.energy.parts.push(ModeEnergy { mode, picojoules });
        Ok(())
    }
}
