//! Which terms of a product meet in a step.

use std::ops::Range;

use sim_core::mutant::{self, Mutant};
pub use sim_core::spec::KSplit;
use sim_core::spec::Pe;

/// Where the K of a product goes: step `i` and lane `l` take one k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMap {
    split: KSplit,
    n_lanes: usize,
    k: usize,
    n_steps: usize,
}

impl KMap {
    /// For `k` terms on a PE.
    pub const fn new(pe: Pe, k: usize) -> Self {
        Self::with(pe.k_split(), pe.k_per_step(), k)
    }

    /// For `k` terms and `n_threads` threads, each with a segment of its own.
    pub const fn of_threads(n_threads: usize, k: usize) -> Self {
        Self::with(KSplit::Segments, n_threads, k)
    }

    const fn with(split: KSplit, n_lanes: usize, k: usize) -> Self {
        Self {
            split,
            n_lanes,
            k,
            n_steps: k.div_ceil(n_lanes),
        }
    }

    /// How K is dealt.
    pub const fn split(&self) -> KSplit {
        self.split
    }

    /// S.
    pub const fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Lanes of a step.
    pub const fn n_lanes(&self) -> usize {
        self.n_lanes
    }

    /// How far apart in K a lane's operands of two consecutive steps are.
    pub const fn stride(&self) -> usize {
        match self.split {
            KSplit::Segments => 1,
            KSplit::Neighbours => self.n_lanes,
        }
    }

    /// The k that lane `lane` takes at step `step`; `None` is padding.
    pub fn k_at(&self, step: usize, lane: usize) -> Option<usize> {
        let k = match self.split {
            KSplit::Segments if mutant::is_on(Mutant::InterleavedThreads) => step * self.n_lanes + lane,
            KSplit::Segments => lane * self.n_steps + step,
            KSplit::Neighbours => step * self.n_lanes + lane,
        };
        (k < self.k).then_some(k)
    }

    /// Where `steps` of a thread's segment lie in a row of K; shorter where K ends first.
    pub fn segment(&self, thread: usize, steps: &Range<usize>) -> Range<usize> {
        let end = (thread * self.n_steps + steps.end.min(self.n_steps)).min(self.k);
        let start = (thread * self.n_steps + steps.start).min(end);
        start..end
    }
}
