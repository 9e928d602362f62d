//! The signals of a waveform, in the order in which their values are written.

use sim_array::stepped::registers::{Registers, control};
use sim_core::named;
use sim_core::spec::{ArraySpec, WindowPlace};
use sim_pe::step::Step;

use crate::mode::Mode;

/// What the values of a signal are, so that viewers show them as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One bit.
    Bit,
    /// An unsigned number of so many bits.
    Bits(usize),
    /// A signed number of 8 bits.
    Byte,
    /// A signed number of 32 bits.
    Int,
    /// A signed number of 64 bits.
    Long,
    /// A name.
    Mode,
}

named! {
    /// A bit of the control word.
    pub(crate) enum ControlBit {
        Valid = "valid",
        First = "first",
        Last = "last",
        Parity = "parity",
    }
}

impl ControlBit {
    fn of(self, word: u8) -> u64 {
        let mask = match self {
            Self::Valid => control::VALID,
            Self::First => control::FIRST,
            Self::Last => control::LAST,
            Self::Parity => control::PARITY,
        };
        u64::from(word & mask != 0)
    }
}

/// A signal of every PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeSignal {
    /// What the PE does.
    Mode,
    /// The tile whose step it executes, or executed last.
    Tile,
    /// What travels with the activations.
    Control(ControlBit),
    /// An activation, by thread or place in the pair or group.
    Activation(usize),
    /// A weight.
    Weight(usize),
    /// Where a 2:4 weight stood in its group.
    Position(usize),
    /// Activations that the step reduces.
    ReducedActivations,
    /// Weights that the step reduces.
    ReducedWeights,
    /// The product at a stage between the first pipeline stage and the last.
    StageProduct(usize),
    /// The control word at such a stage.
    StageControl(usize, ControlBit),
    /// The accumulator.
    Accumulator,
    /// The shadow register.
    Shadow,
    /// The parity of the tile that the shadow register's value is of.
    ShadowParity,
}

/// What is known of a PE in a cycle beside its registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeNow {
    /// R·C number of the PE.
    pub(crate) pe: usize,
    pub(crate) mode: Mode,
    pub(crate) tile: Option<u64>,
    pub(crate) step: Step,
}

impl PeSignal {
    /// The signals of an array's PEs.
    pub(crate) fn of(array: &ArraySpec) -> Vec<Self> {
        let pe = array.pe();
        let n_lanes = pe.k_per_step();
        let reduced: &[Self] = match (pe.nb_smt(), pe.windows()) {
            // One thread reduces nothing.
            (Some(_), _) if n_lanes == 1 => &[],
            (Some(_), _) => &[Self::ReducedActivations, Self::ReducedWeights],
            (None, Some((WindowPlace::Pe, _))) => &[Self::ReducedActivations],
            // An edge that windows reduces what no PE sees any more.
            (None, Some((WindowPlace::Edge, _)) | None) => &[],
        };
        let mut signals = vec![Self::Mode, Self::Tile];
        signals.extend(ControlBit::ALL.map(Self::Control));
        signals.extend((0..n_lanes).map(Self::Activation));
        signals.extend((0..pe.n_weights()).map(Self::Weight));
        signals.extend((0..pe.n_positions()).map(Self::Position));
        signals.extend(reduced);
        for stage in 0..usize::from(array.pipeline_depth()) - 1 {
            signals.push(Self::StageProduct(stage));
            signals.extend(ControlBit::ALL.map(|bit| Self::StageControl(stage, bit)));
        }
        signals.extend([Self::Accumulator, Self::Shadow, Self::ShadowParity]);
        signals
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Mode => "mode".to_owned(),
            Self::Tile => "tile".to_owned(),
            Self::Control(bit) => bit.name().to_owned(),
            Self::Activation(lane) => format!("activation{lane}"),
            Self::Weight(slot) => format!("weight{slot}"),
            Self::Position(slot) => format!("position{slot}"),
            Self::ReducedActivations => "reduced_activations".to_owned(),
            Self::ReducedWeights => "reduced_weights".to_owned(),
            // Stage 1 is the multiplier, whose operands are the registers above.
            Self::StageProduct(stage) => format!("stage{}_product", stage + 2),
            Self::StageControl(stage, bit) => format!("stage{}_{}", stage + 2, bit.name()),
            Self::Accumulator => "accumulator".to_owned(),
            Self::Shadow => "shadow".to_owned(),
            Self::ShadowParity => "shadow_parity".to_owned(),
        }
    }

    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::Mode => Shape::Mode,
            Self::Tile | Self::StageProduct(_) | Self::Accumulator | Self::Shadow => Shape::Int,
            Self::Control(_) | Self::StageControl(..) | Self::ShadowParity => Shape::Bit,
            Self::Activation(_) => Shape::Bits(8),
            Self::Weight(_) => Shape::Byte,
            Self::Position(_) => Shape::Bits(2),
            Self::ReducedActivations | Self::ReducedWeights => Shape::Bits(3),
        }
    }

    /// The value in a cycle; `None` is not known.
    pub(crate) fn value(self, registers: &Registers, now: &PeNow) -> Option<u64> {
        let pe = now.pe;
        Some(match self {
            Self::Mode => now.mode.code(),
            Self::Tile => return now.tile,
            Self::Control(bit) => bit.of(registers.control(pe)),
            Self::Activation(lane) => registers.activation(lane, pe).into(),
            Self::Weight(slot) => registers.weight(slot, pe).cast_unsigned().into(),
            Self::Position(slot) => registers.position(slot, pe).into(),
            Self::ReducedActivations => now.step.reduced_activations.into(),
            Self::ReducedWeights => now.step.reduced_weights.into(),
            Self::StageProduct(stage) => bits(registers.stage_product(stage, pe)),
            Self::StageControl(stage, bit) => bit.of(registers.stage_control(stage, pe)),
            Self::Accumulator => bits(registers.accumulator(pe)),
            Self::Shadow => bits(registers.shadow(pe)),
            Self::ShadowParity => u64::from(registers.shadow_parity(pe) != 0),
        })
    }
}

/// A sum as the file has it.
pub(crate) fn bits(value: i32) -> u64 {
    value.cast_unsigned().into()
}

named! {
    /// A signal of the whole array.
    pub(crate) enum ArraySignal {
        /// The number of the cycle.
        Cycle = "cycle",
        /// The array's clock.
        ClockMhz = "clock_mhz",
        /// The tile whose operands entered last.
        Tile = "tile",
        /// Columns that drain.
        DrainingColumns = "draining_columns",
    }
}

impl ArraySignal {
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::Cycle => Shape::Long,
            Self::ClockMhz | Self::Tile | Self::DrainingColumns => Shape::Int,
        }
    }
}

named! {
    /// A signal of a column, at its lower end.
    pub(crate) enum ColumnSignal {
        /// Whether results leave.
        Draining = "draining",
        /// The tile that drains, or did last.
        Tile = "tile",
        /// Whether what leaves is an output of the product.
        OutputValid = "output_valid",
        /// The output that leaves, or left last.
        Output = "output",
        /// Its row in the product.
        OutputM = "output_m",
        /// Its column in the product.
        OutputN = "output_n",
    }
}

impl ColumnSignal {
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::Draining | Self::OutputValid => Shape::Bit,
            Self::Tile | Self::Output | Self::OutputM | Self::OutputN => Shape::Int,
        }
    }
}
