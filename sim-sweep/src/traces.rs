//! Which trace a point runs, so that points of the same trace share it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sim_config::run::{RunSpec, Workload};
use sim_core::prune::PruneSpec;
use sim_core::synthetic::ActivationZeros;
use sim_run::prediction::PredictionAsk;

/// What a trace depends on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TraceKey {
    pub(crate) workload: Workload,
    pub(crate) pruning: Option<PruneSpec>,
    pub(crate) prediction: Option<PredictionAsk>,
}

/// Numbers for values that have equality alone.
pub(crate) struct Numbered<T> {
    pub(crate) values: Vec<T>,
    by_hash: HashMap<u64, Vec<usize>>,
}

impl<T: PartialEq + std::fmt::Debug> Numbered<T> {
    pub(crate) fn new() -> Self {
        Self {
            values: Vec::new(),
            by_hash: HashMap::new(),
        }
    }

    pub(crate) fn number(&mut self, value: T) -> usize {
        let mut hasher = DefaultHasher::new();
        format!("{value:?}").hash(&mut hasher);
        let same = self.by_hash.entry(hasher.finish()).or_default();
        if let Some(&number) = same.iter().find(|&&number| self.values[number] == value) {
            return number;
        }
        same.push(self.values.len());
        self.values.push(value);
        self.values.len() - 1
    }
}

/// Which trace a point runs: the one of a workload, thinned or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Thinned {
    pub(crate) trace: usize,
    zeros: Option<(u64, u64)>,
}

impl Thinned {
    pub(crate) fn new(trace: usize, spec: &RunSpec) -> Self {
        let bits = |zeros: ActivationZeros| zeros.value().to_bits();
        Self {
            trace,
            zeros: spec.activation_zeros.map(|zeros| (bits(zeros), spec.seed)),
        }
    }
}
