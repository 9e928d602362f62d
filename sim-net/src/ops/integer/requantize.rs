//! From a sum of products to a code, as ONNX Runtime does it.

use sim_onnx::value::IntKind;

use crate::ops::number::{float_of_int, int64_of_float};

/// The codes that sums become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requantized {
    /// The code of zero.
    pub(crate) zero_point: i64,
    /// What codes are.
    pub(crate) kind: IntKind,
}

impl Requantized {
    /// `clamp(round_half_even(sum · multiplier) + z)`; `multiplier` is Δ of the product over Δ of the codes.
    pub(crate) fn code(self, sum: i64, multiplier: f32) -> i64 {
        let [least, most] = self.kind.range();
        let rounded = (float_of_int(sum) * multiplier).round_ties_even();
        int64_of_float(rounded)
            .saturating_add(self.zero_point)
            .clamp(least, most)
    }
}
