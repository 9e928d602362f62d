//! The two clocks side by side: every register of every PE in every cycle.

use std::fmt;

use sim_core::ids::{Col, Row};
use sim_core::record::EngineKind;
use sim_core::spec::{ArraySpec, Pe};
use sim_core::units::Cycles;

use super::{Divergence, Said, compare, said};
use crate::clock::Run;
use crate::clock::array::AlwaysReady;
use crate::clock::pe::{self, ActivationWord, Control, Shadow, WeightWord};
use crate::engine::{Engine as _, EngineError, Measures, Operands, Outcome, check_operands};
use crate::phases;
use crate::stepped::Stepped;
use crate::stepped::probe::Probe;
use crate::stepped::registers::{Registers, control};

const ENGINES: [EngineKind; 2] = [EngineKind::Clock, EngineKind::Stepped];

/// A register in which the two clocks differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterDivergence {
    /// The first cycle in which they do.
    pub cycle: Cycles,
    /// The PE.
    pub pe: (Row, Col),
    /// The register.
    pub register: &'static str,
    /// What each clock holds; the first is held to be true.
    pub said: [Said<i64>; 2],
}

impl fmt::Display for RegisterDivergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cycle,
            pe: (row, col),
            register,
            said: [truth, other],
        } = self;
        write!(
            f,
            "{register} of PE ({}, {}) in cycle {}: {truth}, {other}",
            row.idx(),
            col.idx(),
            cycle.0
        )
    }
}

/// Hold the fast clock to the reference clock: every register of every PE in every cycle, then the whole outcome. `None`
/// where they are equal to the bit.
///
/// - Errors: those of [`crate::engine::Engine::run`], where both refuse alike.
pub fn check_registers(
    array: &ArraySpec,
    operands: &Operands<'_>,
) -> Result<Option<Divergence>, EngineError> {
    Ok(held_to_clock(array, operands, Stepped::default())?.err())
}

/// The outcome of the fast clock, where the reference clock holds the same registers and gives the same outcome.
pub(super) fn held_to_clock(
    array: &ArraySpec,
    operands: &Operands<'_>,
    stepped: Stepped,
) -> Result<Result<Outcome, Divergence>, EngineError> {
    let mut divergence = None;
    let reference = check_operands(array, &operands.into()).map(|()| {
        phases::run(array, operands, Measures::ALL, |tiles, measures| {
            let mut watch = RegisterWatch {
                pe: array.pe(),
                cols: array.cols(),
                reference: Run::of_tiles(array, operands, tiles.clone(), measures, &AlwaysReady),
                divergence: None,
            };
            stepped.watch_tiles(array, operands, tiles, &mut watch);
            divergence = divergence.take().or(watch.divergence);
            watch.reference.finished()
        })
    });
    if let Some(divergence) = divergence {
        return Ok(Err(Divergence::Register(Box::new(divergence))));
    }
    let fast = stepped.run(array, operands, Measures::ALL);
    match compare(array, operands, ENGINES, [&reference, &fast])? {
        Some(divergence) => Ok(Err(divergence)),
        None => Ok(Ok(fast?)),
    }
}

/// Runs the reference beside the fast clock.
struct RegisterWatch<'a> {
    pe: Pe,
    cols: usize,
    reference: Run<'a>,
    divergence: Option<RegisterDivergence>,
}

impl Probe for RegisterWatch<'_> {
    fn has_seen_enough(&self) -> bool {
        self.divergence.is_some()
    }

    fn cycle(&mut self, cycle: Cycles, fast: &Registers) {
        for (index, reference) in self.reference.registers().iter().enumerate() {
            let pairs = pairs(self.pe, reference, fast, index);
            if let Some((register, values)) = pairs.into_iter().find(|(_, [truth, other])| truth != other) {
                self.divergence = Some(RegisterDivergence {
                    cycle,
                    pe: (Row(index / self.cols), Col(index % self.cols)),
                    register,
                    said: said(ENGINES, values),
                });
                return;
            }
        }
        if !self.reference.is_done() {
            self.reference.tick();
        }
    }
}

/// What both clocks hold in each register of a PE; the reference's valid bits beyond the control word, and what it keeps
/// for its counters, have no twin.
fn pairs(pe: Pe, reference: &pe::Registers, fast: &Registers, index: usize) -> Vec<(&'static str, [i64; 2])> {
    let pe::Registers {
        activation:
            ActivationWord {
                control,
                lanes,
                given: _,
                tile: _,
            },
        weight:
            WeightWord {
                valid: _,
                col_is_real,
                weights,
                positions,
            },
        stages,
        holds,
        accumulator,
        shadow: Shadow {
            valid: _,
            parity,
            sum,
        },
    } = reference;
    let mut pairs = vec![
        ("the control word", [word(control), fast.control(index).into()]),
        (
            "the column's output bit",
            [i64::from(*col_is_real), fast.col_is_real(index).into()],
        ),
        ("the hold bit", [i64::from(*holds), fast.holds(index).into()]),
        (
            "the accumulator",
            [(*accumulator).into(), fast.accumulator(index).into()],
        ),
        ("the shadow register", [(*sum).into(), fast.shadow(index).into()]),
        (
            "the shadow's parity",
            [
                if *parity { control::PARITY.into() } else { 0 },
                fast.shadow_parity(index).into(),
            ],
        ),
    ];
    for (lane, &activation) in lanes.iter().enumerate().take(fast.n_lanes()) {
        pairs.push((
            "an activation",
            [activation.into(), fast.activation(lane, index).into()],
        ));
    }
    for (slot, &weight) in weights.iter().enumerate().take(fast.n_weights()) {
        pairs.push(("a weight", [weight.into(), fast.weight(slot, index).into()]));
    }
    for (slot, &position) in positions.iter().enumerate().take(pe.n_positions()) {
        pairs.push((
            "a weight's position",
            [position.into(), fast.position(slot, index).into()],
        ));
    }
    for (number, stage) in stages.iter().enumerate() {
        // The fast clock keeps the row's bit at the first stage alone.
        let control = Control {
            row_is_real: false,
            ..stage.control
        };
        pairs.push((
            "the control word of a stage",
            [word(&control), fast.stage_control(number, index).into()],
        ));
        pairs.push((
            "the product of a stage",
            [stage.product.into(), fast.stage_product(number, index).into()],
        ));
    }
    pairs
}

/// The control bits as the fast clock keeps them.
fn word(control: &Control) -> i64 {
    let Control {
        valid,
        first,
        last,
        parity,
        row_is_real,
    } = *control;
    let bits = [
        (valid, control::VALID),
        (first, control::FIRST),
        (last, control::LAST),
        (parity, control::PARITY),
        (row_is_real, control::ROW_IS_REAL),
    ];
    bits.into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, bit)| i64::from(bit))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sim_core::prediction::{ChannelOrder, OutputRules, PixelOrder};
    use sim_core::shape::Gemm;
    use sim_core::spec::{Sparq, Tiles, Window};

    use super::*;
    use crate::mapping::predicted::{
        ChannelSequence, OutputMap, OutputPhase, OutputPlan, PixelSequence, PredictedOutputs,
    };

    /// What each clock holds in each register, cycle by cycle and PE by PE.
    struct Series<'a> {
        reference: Run<'a>,
        by_register: BTreeMap<&'static str, Vec<Vec<[i64; 2]>>>,
    }

    impl Probe for Series<'_> {
        fn cycle(&mut self, _cycle: Cycles, fast: &Registers) {
            let mut of_cycle: BTreeMap<&'static str, Vec<[i64; 2]>> = BTreeMap::new();
            for (index, reference) in self.reference.registers().iter().enumerate() {
                for (register, values) in pairs(stc(), reference, fast, index) {
                    of_cycle.entry(register).or_default().push(values);
                }
            }
            for (register, values) in of_cycle {
                self.by_register.entry(register).or_default().push(values);
            }
            self.reference.tick();
        }
    }

    const fn stc() -> Pe {
        Pe::SparqStc(Sparq::new(Window::Opt5))
    }

    #[test]
    fn a_register_that_is_a_cycle_late_in_either_clock_is_seen() {
        let array = ArraySpec::new(3, 2, stc())
            .and_then(|array| array.with_pipeline_depth(3))
            .expect("in range")
            .with_tiles(Tiles::Pipelined);
        let shape = Gemm::new(7, 5, 18).expect("a shape");
        let activations: Vec<u8> = (0..=250).cycle().step_by(7).take(7 * 18).collect();
        let weights: Vec<i8> = (0..5 * 18_i8)
            .map(|at| if at % 18 % 4 < 2 { at - 40 } else { 0 })
            .collect();
        let operands = Operands::new(shape, &activations, &weights).expect("operands");
        // Every third output is skipped.
        let kept: Vec<u8> = (0..7 * 5).map(|output| u8::from(output % 3 != 0)).collect();
        let outputs = PredictedOutputs::new(shape, &[0; 7], &kept).expect("outputs");
        let map = OutputMap { height: 1, width: 7 };
        let pixels = PixelSequence::new(PixelOrder::Raster, map, 1, 3);
        let channels = ChannelSequence::new(ChannelOrder::Natural, &[0; 5]);
        let plan =
            OutputPlan::new(&array, OutputRules::default(), outputs, &pixels, &channels).expect("a plan");
        let tiles = plan.sequence(OutputPhase::Free);
        let mut series = Series {
            reference: Run::of_tiles(&array, &operands, tiles.clone(), Measures::NONE, &AlwaysReady),
            by_register: BTreeMap::new(),
        };
        Stepped::default().watch_tiles(&array, &operands, tiles, &mut series);
        assert_eq!(series.by_register.len(), 11, "registers of this machine");
        for (register, cycles) in series.by_register {
            let side = |cycle: &[[i64; 2]], side: usize| -> Vec<i64> {
                cycle.iter().map(|values| values[side]).collect()
            };
            for late in [0, 1] {
                let is_seen = cycles
                    .windows(2)
                    .any(|pair| side(&pair[0], late) != side(&pair[1], 1 - late));
                assert!(is_seen, "{register} of {}", ENGINES[late].name());
            }
        }
    }
}
