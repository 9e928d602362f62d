//! One PE: its registers, and what they hold after the clock edge.

use sim_core::ids::TileId;
use sim_core::mutant::{self, Mutant};
use sim_core::spec::{Pe, WeightPattern};
use sim_pe::step::Step;

use crate::mapping::predicted::Place;

/// The most lanes of a step.
pub const MAX_LANES: usize = 4;

/// What travels right with the activations of a step.
#[expect(clippy::struct_excessive_bools, reason = "bits of a register")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// A step of a tile; a bubble has none.
    pub valid: bool,
    /// The first step of a tile.
    pub first: bool,
    /// The last step of a tile.
    pub last: bool,
    /// Whether the tile's number is odd.
    pub parity: bool,
    /// The row has an output in this tile.
    pub row_is_real: bool,
}

/// The activations of a step, moving right; a bubble holds zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivationWord {
    /// What they are part of.
    pub control: Control,
    /// As they move: `sparq` windows its pairs at the left edge.
    pub lanes: [u8; MAX_LANES],
    /// As they were given. Hardware has no such register: it is for the counters alone.
    pub given: [u8; MAX_LANES],
    /// The tile. Hardware has no such register: it says which bit the PE finds on its own wire from outside.
    pub tile: TileId,
}

/// The weights of a step, moving down; a bubble holds zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeightWord {
    /// A step of a tile; a bubble has none.
    pub valid: bool,
    /// The column has an output in this tile.
    pub col_is_real: bool,
    /// One of each lane; with 2:4 weights the two of a group that are not zero.
    pub weights: [i8; MAX_LANES],
    /// Where 2:4 weights stood in their group.
    pub positions: [u8; 2],
}

/// A stage between the first of the PE's pipeline and the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Of the step.
    pub control: Control,
    /// What the step adds.
    pub product: i32,
}

/// A finished sum on its way down the column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    /// A result that has not left this register.
    pub valid: bool,
    /// Of the tile that the sum is of, also after it has moved on.
    pub parity: bool,
    /// The sum.
    pub sum: i32,
}

/// Every register of a PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Moves right.
    pub activation: ActivationWord,
    /// Moves down.
    pub weight: WeightWord,
    /// p − 1 stages, the newest first.
    pub stages: Vec<Stage>,
    /// The PE's output in this tile is skipped: the multiplier and the accumulator hold. Loaded from outside with the
    /// first operands of a tile.
    pub holds: bool,
    /// The sum under way.
    pub accumulator: i32,
    /// Moves down while the column drains.
    pub shadow: Shadow,
}

/// What a PE decides in a cycle, from its registers and whether its neighbours are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Handshake {
    /// The PE's own pipeline moves on at this edge: a finished sum finds its shadow register free.
    pub(super) advances: bool,
    /// The step that the PE holds is executed, and its operands go to the neighbours.
    pub(super) fires: bool,
}

/// What a PE sees of its column's results.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// The parity of the tile that drains, if one does.
    pub(super) drains: Option<bool>,
    /// The shadow register above; the top row has none.
    pub(super) above: Option<Shadow>,
}

impl Registers {
    /// Bubbles and zeros.
    pub(super) fn reset(pipeline_depth: u8) -> Self {
        Self {
            activation: ActivationWord::default(),
            weight: WeightWord::default(),
            stages: vec![Stage::default(); usize::from(pipeline_depth) - 1],
            holds: false,
            accumulator: 0,
            shadow: Shadow::default(),
        }
    }

    /// Whether anything in it is still to be done.
    pub(super) fn is_valid(&self) -> bool {
        let Self {
            activation,
            weight,
            stages,
            holds: _,
            accumulator: _,
            shadow,
        } = self;
        activation.control.valid
            || weight.valid
            || stages.iter().any(|stage| stage.control.valid)
            || shadow.valid
    }

    /// The wires to the neighbours; `is_right_ready` and `is_below_ready` are theirs.
    pub(super) fn handshake(&self, column: Column, is_right_ready: bool, is_below_ready: bool) -> Handshake {
        let advances = !self.oldest().last || !self.drained(column).valid;
        let has_both = self.activation.control.valid && self.weight.valid;
        Handshake {
            advances,
            fires: advances && has_both && is_right_ready && is_below_ready,
        }
    }

    /// Whether the PE can take what its left neighbour sends.
    pub(super) const fn is_ready_for_activation(&self, handshake: Handshake) -> bool {
        handshake.fires || !self.activation.control.valid
    }

    /// Whether the PE can take what the PE above sends.
    pub(super) const fn is_ready_for_weight(&self, handshake: Handshake) -> bool {
        handshake.fires || !self.weight.valid
    }

    /// The registers after the clock edge; the words are what the neighbours send, bubbles where they send nothing, and
    /// `place` is what the PE does in the tile of the activations that come.
    pub(super) fn evaluate(
        &self,
        step: Step,
        handshake: Handshake,
        column: Column,
        (activation, place): (ActivationWord, Place),
        weight: WeightWord,
    ) -> Self {
        let newest = if handshake.fires {
            Stage {
                control: self.activation.control,
                product: step.product,
            }
        } else {
            Stage::default()
        };
        let oldest = *self.stages.last().unwrap_or(&newest);
        let mut next = Self {
            activation: if self.is_ready_for_activation(handshake) {
                activation
            } else {
                self.activation
            },
            weight: if self.is_ready_for_weight(handshake) {
                weight
            } else {
                self.weight
            },
            stages: self.stages.clone(),
            holds: if self.is_ready_for_activation(handshake) && activation.control.first {
                place == Place::Skipped
            } else {
                self.holds
            },
            accumulator: self.accumulator,
            shadow: self.drained(column),
        };
        if handshake.advances {
            let before = if oldest.control.first && !mutant::is_on(Mutant::ClockFirstKept) {
                0
            } else {
                self.accumulator
            };
            next.accumulator = before + oldest.product;
            if oldest.control.last {
                next.shadow = Shadow {
                    valid: true,
                    parity: oldest.control.parity,
                    sum: if mutant::is_on(Mutant::ClockShadowLate) {
                        self.accumulator
                    } else {
                        next.accumulator
                    },
                };
            }
            if let [first, rest @ ..] = &mut next.stages[..] {
                rest.copy_from_slice(&self.stages[..rest.len()]);
                *first = newest;
            }
        }
        next
    }

    /// The control bits at the PE's last stage, which adds.
    fn oldest(&self) -> Control {
        self.stages
            .last()
            .map_or(self.activation.control, |stage| stage.control)
    }

    /// The parity of the tile whose sum this clock edge completes, if it does.
    pub(super) fn finishes(&self, handshake: Handshake) -> Option<bool> {
        let moves = match self.stages.last() {
            Some(_) => handshake.advances,
            None => handshake.fires,
        };
        let oldest = self.oldest();
        (moves && oldest.last).then_some(oldest.parity)
    }

    /// The shadow register after the clock edge, before a new sum is loaded: only results of the draining tile move.
    fn drained(&self, Column { drains, above }: Column) -> Shadow {
        let own = self.shadow;
        if drains != Some(own.parity) {
            return own;
        }
        match above {
            Some(above) if above.parity == own.parity => above,
            Some(_) | None => Shadow { valid: false, ..own },
        }
    }

    /// The step of the operands that the PE holds.
    pub(super) fn step(&self, pe: Pe) -> Step {
        if self.holds && !mutant::is_on(Mutant::ClockHoldIgnored) {
            return Step::default();
        }
        let weights = self.weights_by_lane(pe);
        let of = |activations: &[u8; MAX_LANES]| {
            let n_lanes = pe.k_per_step();
            Step::of(pe, &activations[..n_lanes], &weights[..n_lanes])
        };
        let ActivationWord { lanes, given, .. } = &self.activation;
        match pe.edge_window() {
            None => of(given),
            // The multiplier takes what moves. A window leaves what a window kept as it is.
            Some(_) => Step {
                product: of(lanes).product,
                ..of(given)
            },
        }
    }

    /// The weight of each lane; 2:4 weights stand where they stood in their group.
    pub fn weights_by_lane(&self, pe: Pe) -> [i8; MAX_LANES] {
        let WeightWord {
            weights, positions, ..
        } = self.weight;
        match pe.weight_pattern() {
            WeightPattern::Any => weights,
            WeightPattern::TwoOfFour => {
                let mut lanes = [0; MAX_LANES];
                for (position, weight) in positions.into_iter().zip(weights) {
                    if weight != 0 {
                        lanes[usize::from(position)] = weight;
                    }
                }
                lanes
            }
        }
    }
}
