//! What pruning did to the weights of a workload.

use serde::{Deserialize, Serialize};
use sim_core::prune::{LayerSparsity, PruneSpec};
use sim_core::shape::widen;

use crate::markdown::{Align, table};
use crate::ratio;
use crate::text::grouped;

/// The object `pruning` of `result.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pruning {
    /// What pruned, in order; a trace may have been pruned before.
    pub rules: Vec<PruneSpec>,
    /// The layers that the run itself pruned; none where it only read a pruned trace.
    pub layers: Vec<PrunedLayer>,
}

/// One pruned layer: FP32 weights of a model, codes of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrunedLayer {
    /// Name and zeros.
    #[serde(flatten)]
    pub counts: LayerSparsity,
    /// Zeros after pruning, of all weights.
    pub sparsity: f64,
}

impl Pruning {
    /// Of the rules in order and the layers that the last of them pruned; `None` without rules.
    pub fn new(rules: &[PruneSpec], layers: &[LayerSparsity]) -> Option<Self> {
        let layers = layers.iter().map(|counts| PrunedLayer {
            sparsity: share(counts.zeros_after, counts.weights) / 100.0,
            counts: counts.clone(),
        });
        (!rules.is_empty()).then(|| Self {
            rules: rules.to_vec(),
            layers: layers.collect(),
        })
    }

    /// One line for a person.
    pub(crate) fn line(&self) -> String {
        let rules: Vec<String> = self.rules.iter().map(PruneSpec::to_string).collect();
        let rules = rules.join(", then ");
        if self.layers.is_empty() {
            return format!("{rules}, before the trace was written");
        }
        let sum = |count: fn(&LayerSparsity) -> usize| -> usize {
            self.layers.iter().map(|layer| count(&layer.counts)).sum()
        };
        let weights = sum(|layer| layer.weights);
        let zeros = |count| {
            let count = sum(count);
            format!("{} ({:.1} %)", grouped(widen(count)), share(count, weights))
        };
        format!(
            "{rules}; of {} weights {} were zero before and {} are now",
            grouped(widen(weights)),
            zeros(|layer| layer.zeros_before),
            zeros(|layer| layer.zeros_after)
        )
    }

    /// Every layer for a person.
    pub(crate) fn table(&self) -> String {
        let header = [
            ("layer", Align::Left),
            ("weights", Align::Right),
            ("zero before", Align::Right),
            ("zero now", Align::Right),
            ("zero now %", Align::Right),
        ];
        let rows: Vec<Vec<String>> = (self.layers.iter())
            .map(|layer| {
                let counts = &layer.counts;
                vec![
                    counts.name.clone(),
                    grouped(widen(counts.weights)),
                    grouped(widen(counts.zeros_before)),
                    grouped(widen(counts.zeros_after)),
                    format!("{:.1}", 100.0 * layer.sparsity),
                ]
            })
            .collect();
        table(&header, &rows)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    ratio::percent(widen(part), widen(whole)).unwrap_or(0.0)
}
