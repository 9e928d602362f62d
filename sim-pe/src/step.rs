//! What one step of one PE did.

use sim_core::spec::Pe;

use crate::{conventional, nbsmt, sparq};

/// The outcome of one step of one PE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What the accumulator adds.
    pub product: i32,
    /// Threads with a·w ≠ 0; for SPARQ the non-zero activations of the pair (2:4: that meet a non-zero weight).
    pub n_active: usize,
    /// Activations that a rule put through `reduce`, or that a window changed.
    pub reduced_activations: u32,
    /// Weights that a rule put through `reduce`.
    pub reduced_weights: u32,
}

impl Step {
    /// A step of any PE on the operands of its lanes as they were given; 2:4 weights stand where they stood in their group.
    ///
    /// # Panics
    /// Where a slice does not hold one operand per lane.
    pub fn of(pe: Pe, activations: &[u8], weights: &[i8]) -> Self {
        fn lanes<T: Copy, const N: usize>(operands: &[T]) -> [T; N] {
            operands.try_into().expect("one operand per lane")
        }
        match pe {
            Pe::Conventional => {
                let ([x], [w]) = (lanes(activations), lanes(weights));
                conventional::step(x, w)
            }
            Pe::NbSmt(rules) => nbsmt::step(&rules, activations, weights),
            Pe::Sparq(rules) => sparq::step(lanes(activations), lanes(weights), &rules),
            Pe::SparqStc(rules) => sparq::stc_step(lanes(activations), lanes(weights), &rules),
        }
    }
}
