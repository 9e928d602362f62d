//! Energy: PE-cycles and events, each times its price.

use sim_core::counters::{OperandWidths, PeCycles, Switching};
use sim_core::shape::widen;
use sim_core::spec::ArraySpec;
use sim_core::units::count_as_f64;

use crate::key::{MissingRow, PeKey};
use crate::mode::{Event, Events, Mode};
use crate::table::{PredictorPricing, Table};

/// What an array did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Every PE-cycle once.
    pub pe_cycles: PeCycles,
    /// Operand pairs by width.
    pub operand_widths: OperandWidths,
    /// What changed from step to step.
    pub switching: Switching,
    /// Tiles whose results left.
    pub n_tiles: u64,
    /// Multiply-adds of a unit beside the array that predicts outputs.
    pub predictor_macs: u64,
}

/// Energy of an array's work.
#[derive(Clone, Debug, PartialEq)]
pub struct Energy {
    /// The sum over modes and events, in pJ; clock and leakage are apart.
    pub picojoules: f64,
    /// Of the sum, in per cent: the rows' own, as if all were wrong in the same direction.
    pub uncertainty: f64,
    /// How signal delays were simulated where the table was measured.
    pub delay_model: String,
    /// The addends: fill, active\[0..\], masked, stall, drain, skipped, waiting and the predictor where there are any, and
    /// the events where the table prices them.
    pub parts: Vec<ModeEnergy>,
    /// What skipped steps were priced as, where the table has no row for them.
    pub skipped_as: Option<Mode>,
    /// Energy of the clock in all PE-cycles, in pJ, where the table has it apart.
    pub clock: Option<f64>,
    /// Leakage over all PE-cycles at the array's clock, in pJ, where the table has it.
    pub leakage: Option<f64>,
}

/// Energy of the PE-cycles of one mode, or of one kind of event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModeEnergy {
    /// What was counted.
    pub mode: Mode,
    /// In pJ.
    pub picojoules: f64,
}

/// Energy of `work` on `array`.
///
/// With sparsity off every step of a real output is a full collision and costs all threads.
///
/// - Errors: a row that the table lacks for exactly this PE.
pub fn energy(table: &Table, array: &ArraySpec, work: &Work) -> Result<Energy, MissingRow> {
    energy_as_run(table, array, array, work)
}

/// Energy of `work` on an array built as `built` that ran as `run`, with fewer threads perhaps.
///
/// The rows are those of the PEs that were built.
///
/// - Errors: a row that the table lacks for exactly the PE that was built.
pub fn energy_as_run(
    table: &Table,
    built: &ArraySpec,
    run: &ArraySpec,
    work: &Work,
) -> Result<Energy, MissingRow> {
    let pe = PeKey::of(built);
    let PeCycles {
        fill,
        active,
        masked,
        stall,
        drain,
        skipped,
        waiting,
    } = work.pe_cycles;
    // What was counted, what its price is, and how often.
    let mut counts = vec![(Mode::Fill, Mode::Fill, fill)];
    for (n_active, &count) in active.counts().iter().enumerate() {
        let price = match run.pe().full_collision() {
            Some(threads) => Mode::Active(threads),
            None => Mode::Active(n_active),
        };
        counts.push((Mode::Active(n_active), price, count));
    }
    let others = [(Mode::Masked, masked), (Mode::Stall, stall), (Mode::Drain, drain)];
    counts.extend(others.map(|(mode, count)| (mode, mode, count)));
    // Where nothing is predicted there is nothing of these to price. A skipped step moves operands and multiplies nothing.
    let mut skipped_as = None;
    let predicted = [
        (Mode::Skipped, Mode::Active(0), skipped),
        (Mode::Waiting, Mode::Stall, waiting),
    ];
    for (mode, like, count) in predicted.into_iter().filter(|&(_, _, count)| 0 < count) {
        let has_row = table.energy_of(&pe, mode).is_ok();
        counts.push((mode, if has_row { mode } else { like }, count));
        if mode == Mode::Skipped && !has_row {
            skipped_as = Some(like);
        }
    }
    match table.predictor {
        PredictorPricing::OfTable if 0 < work.predictor_macs => {
            counts.push((Mode::PredictorMac, Mode::PredictorMac, work.predictor_macs));
        }
        PredictorPricing::OfTable | PredictorPricing::LeftOut => {}
    }
    if table.prices_events(&pe) {
        let (rows, cols) = (widen(built.rows()), widen(built.cols()));
        let events = Events {
            operand_widths: work.operand_widths,
            switching: work.switching,
            result_loads: work.n_tiles * rows * cols,
            // What follows the top row's result is a copy and toggles nothing.
            result_moves: work.n_tiles * cols * built.dataflow().result_moves(rows),
        };
        let all = Event::ALL.map(|event| (Mode::Event(event), Mode::Event(event), events.count(event)));
        counts.extend(all);
    }
    let pe_cycles = count_as_f64(work.pe_cycles.total());
    let nanoseconds = 1e3 / f64::from(built.clock().0);
    let mut energy = Energy {
        picojoules: 0.0,
        uncertainty: 0.0,
        delay_model: String::new(),
        parts: Vec::new(),
        skipped_as,
        clock: table.clock_of(&pe).map(|clock| clock.value * pe_cycles),
        // nW · ns is 10⁻⁶ pJ.
        leakage: table
            .leakage_of(&pe)
            .map(|leakage| leakage.value * nanoseconds * 1e-6 * pe_cycles),
    };
    // pJ that the rows are unsure of.
    let mut uncertain = 0.0;
    for (mode, price, count) in counts {
        let row = table.energy_of(&pe, price)?;
        let picojoules = count_as_f64(count) * row.value;
        energy.picojoules += picojoules;
        uncertain += picojoules * row.uncertainty / 100.0;
        // The same for all modes of a PE: the table is checked.
        energy.delay_model.clone_from(&row.delay_model);
        energy.parts.push(ModeEnergy { mode, picojoules });
    }
    if 0.0 < energy.picojoules {
        energy.uncertainty = 100.0 * uncertain / energy.picojoules;
    }
    Ok(energy)
}
