//! Many PEs at once: one lane each, in structures of arrays that the compiler can vectorise.

use sim_core::counters::{OperandWidths, Reduced};

/// Steps that a lane may tally between two [`Tallies::take`]s: four products a step must stay below 256.
pub const MAX_TALLIED_STEPS: usize = 63;

/// What the PEs of a plane did in a step, `[pe]` each.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// What each accumulator adds.
    pub products: Vec<i32>,
    /// Active threads, `0..=4`.
    pub n_active: Vec<u8>,
    /// Counts since they were last taken.
    pub tallies: Tallies,
}

impl Lanes {
    /// Idle lanes.
    pub fn new(n_lanes: usize) -> Self {
        Self {
            products: vec![0; n_lanes],
            n_active: vec![0; n_lanes],
            tallies: Tallies {
                reduced: vec![0; n_lanes],
                widths: vec![0; n_lanes],
            },
        }
    }
}

/// Counts of each lane, several to a word.
#[derive(Clone, Debug)]
pub struct Tallies {
    /// Reduced activations in the low half, weights in the high half.
    pub reduced: Vec<u32>,
    /// A byte each, from the low one: products, with a wide activation, with a wide weight, with both.
    pub widths: Vec<u32>,
}

impl Tallies {
    /// The sums over all lanes; the counts start again at 0.
    pub fn take(&mut self) -> (Reduced, OperandWidths) {
        let mut reduced = Reduced::default();
        let mut widths = OperandWidths::default();
        for word in &mut self.reduced {
            reduced.activations += u64::from(*word & 0xFFFF);
            reduced.weights += u64::from(*word >> 16);
            *word = 0;
        }
        for word in &mut self.widths {
            let [products, wide_activation, wide_weight, both] = word.to_le_bytes().map(u64::from);
            widths.a8w8 += both;
            widths.a8w4 += wide_activation - both;
            widths.a4w8 += wide_weight - both;
            widths.a4w4 += products + both - wide_activation - wide_weight;
            *word = 0;
        }
        (reduced, widths)
    }
}

/// The word that one operand pair adds to [`Tallies::widths`].
#[inline(always)]
pub(crate) fn width_word(active: bool, activation_is_wide: bool, weight_is_wide: bool) -> u32 {
    let a = activation_is_wide & active;
    let w = weight_is_wide & active;
    u32::from(active) + (u32::from(a) << 8) + (u32::from(w) << 16) + (u32::from(a & w) << 24)
}
