//! What one step of one PE did.

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
