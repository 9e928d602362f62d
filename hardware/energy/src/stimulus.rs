//! What one PE of an array sees, cycle by cycle, and what it does there.

use sim_array::engine::{Measures, Operands};
use sim_array::stepped::Stepped;
use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::{Registers, control};
use sim_core::counters::OperandWidths;
use sim_core::spec::{ArraySpec, Pe, WeightPattern};
use sim_core::units::Cycles;
use sim_pe::operand::Operand as _;
use sim_rtl::{Design, WindowCode};
use sim_testkit::switching::held;

/// The registers that surround a PE in one cycle.
#[expect(clippy::struct_excessive_bools, reason = "bits of registers")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// Activations that it holds, as they move right.
    pub(crate) activations: u32,
    /// Weights that it holds, as they move down.
    pub(crate) weights: u32,
    /// Its control word.
    pub(crate) control: u8,
    /// Whether its column drains, and the draining parity.
    pub(crate) drain: bool,
    pub(crate) drain_parity: bool,
    /// The shadow register above, and its parity.
    pub(crate) shadow_above: u32,
    pub(crate) parity_above: bool,
    /// Its output in this tile is skipped.
    pub(crate) skips: bool,
}

/// What a PE does in one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A bubble: operands are held at zero.
    Idle,
    /// A step without an output.
    Masked,
    /// A step of an output that is skipped.
    Skipped,
    /// A step of a real output.
    Active {
        /// Active threads, or activations of a pair.
        n: usize,
        /// Pairs of operands whose product is not zero, by width.
        pairs: OperandWidths,
    },
}

/// One cycle of a PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) inputs: Inputs,
    pub(crate) step: Step,
    /// A finished sum goes to the shadow register.
    pub(crate) loads: bool,
    /// A result of a PE above passes through the shadow register.
    pub(crate) moves: bool,
    /// The first step of a tile.
    pub(crate) is_first: bool,
    /// Operands by lane, 2:4 weights in the places where they stood.
    pub(crate) lanes: Vec<(u8, i8)>,
}

/// Follow PE (`row`, `col`) of an array through a product.
///
/// - Errors: operands that the machine does not take.
pub(crate) fn record(
    array: &ArraySpec,
    operands: &Operands<'_>,
    row: usize,
    col: usize,
) -> anyhow::Result<Vec<Cycle>> {
    let mut recorder = Recorder {
        design: Design::of(array),
        rows: array.rows(),
        cols: array.cols(),
        row,
        col,
        drain_age: None,
        drain_parity: false,
        cycles: Vec::new(),
    };
    Stepped::default().run_probed(array, operands, Measures::NONE, &mut recorder)?;
    Ok(recorder.cycles)
}

struct Recorder {
    design: Design,
    rows: usize,
    cols: usize,
    row: usize,
    col: usize,
    /// Cycles since the column began to drain; nothing when it does not.
    drain_age: Option<usize>,
    drain_parity: bool,
    cycles: Vec<Cycle>,
}

impl Probe for Recorder {
    fn cycle(&mut self, _cycle: Cycles, registers: &Registers) {
        let pe = self.row * self.cols + self.col;
        let word = registers.control(pe);
        let above = self.row.checked_sub(1).map(|row| row * self.cols + self.col);
        let inputs = Inputs {
            activations: activation_bus(self.design, registers, pe),
            weights: weight_bus(self.design.pe(), registers, pe),
            control: word & (control::VALID | control::FIRST | control::LAST | control::PARITY),
            drain: self.drain_age.is_some(),
            drain_parity: self.drain_parity,
            shadow_above: above.map_or(0, |above| registers.shadow(above).cast_unsigned()),
            parity_above: above.map_or(!self.drain_parity, |above| registers.shadow_parity(above) != 0),
            skips: registers.holds(pe),
        };
        let last = word & control::LAST != 0;
        let lanes: Vec<(u8, i8)> = (0..registers.n_lanes())
            .map(|lane| held(registers, pe, lane))
            .collect();
        self.cycles.push(Cycle {
            inputs,
            is_first: word & control::FIRST != 0,
            step: step(self.design.pe(), registers, pe, &lanes),
            lanes,
            loads: last,
            // After as many moves as rows stand above, copies of the top row's result follow, which toggle nothing.
            moves: self.drain_age.is_some_and(|age| age < self.row),
        });
        let bottom = registers.control((self.rows - 1) * self.cols + self.col);
        self.drain_age = if bottom & control::LAST != 0 {
            self.drain_parity = bottom & control::PARITY != 0;
            Some(0)
        } else {
            self.drain_age.map(|age| age + 1).filter(|&age| age < self.rows)
        };
    }
}

fn activation_bus(design: Design, registers: &Registers, pe: usize) -> u32 {
    let lane = |lane: usize| registers.activation(lane, pe);
    match design.pe().edge_window() {
        None => bytes((0..registers.n_lanes()).map(lane)),
        Some(rules) => WindowCode::of(rules.window).encode([lane(0), lane(1)], rules.pairs),
    }
}

fn weight_bus(pe_kind: Pe, registers: &Registers, pe: usize) -> u32 {
    let weights = bytes((0..registers.n_weights()).map(|slot| registers.weight(slot, pe).cast_unsigned()));
    match pe_kind.weight_pattern() {
        WeightPattern::Any => weights,
        WeightPattern::TwoOfFour => {
            let position = |slot: usize| u32::from(registers.position(slot, pe));
            weights | position(0) << 16 | position(1) << 18
        }
    }
}

fn bytes(values: impl Iterator<Item = u8>) -> u32 {
    let mut all = [0; 4];
    for (byte, value) in all.iter_mut().zip(values) {
        *byte = value;
    }
    u32::from_le_bytes(all)
}

fn step(pe_kind: Pe, registers: &Registers, pe: usize, lanes: &[(u8, i8)]) -> Step {
    let word = registers.control(pe);
    if word & control::VALID == 0 {
        return Step::Idle;
    }
    if word & control::ROW_IS_REAL == 0 || !registers.col_is_real(pe) {
        return Step::Masked;
    }
    if registers.holds(pe) {
        return Step::Skipped;
    }
    let mut pairs = OperandWidths::default();
    for &(x, w) in lanes.iter().filter(|&&(x, w)| x != 0 && w != 0) {
        match (x.is_narrow(), w.is_narrow()) {
            (false, false) => pairs.a8w8 += 1,
            (true, false) => pairs.a4w8 += 1,
            (false, true) => pairs.a8w4 += 1,
            (true, true) => pairs.a4w4 += 1,
        }
    }
    let n = match pe_kind.edge_window() {
        None => lanes.iter().filter(|&&(x, w)| x != 0 && w != 0).count(),
        // A pair is counted by its activations, whatever they meet.
        Some(_) => lanes.iter().filter(|&&(x, _)| x != 0).count(),
    };
    Step::Active { n, pairs }
}
