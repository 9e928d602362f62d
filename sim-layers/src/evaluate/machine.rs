//! An array as an evaluation uses it: what runs each layer, and in which order of K.

use std::borrow::Cow;
use std::sync::OnceLock;

use sim_array::engine::Mse;
use sim_core::spec::{ArraySpec, Threads};
use sim_net::network::Network;
use sim_quant::lowering::Lowering;
use sim_quant::reorder::ColumnOrder;

use super::Adapted;
use super::planned::{Planned, PlannedLayer};
use crate::layer_weights::lowered;
use crate::machines::LayerMachines;
use crate::predicted::PredictedLayers;

/// An array under evaluation.
#[derive(Debug)]
pub struct Machine {
    pub(super) name: String,
    pub(super) machines: LayerMachines,
    pub(super) baseline: ArraySpec,
    pub(super) mse: Mse,
    /// Wide operands of each K column by layer of the network, `[groups, k]`; `None` where K stays as it is.
    counts: Vec<Option<Vec<u64>>>,
    /// By layer and group, made when the layer first runs; none where K stays as it is.
    orders: Vec<OnceLock<Vec<ColumnOrder>>>,
    adapted: Adapted,
    planned: Option<Planned>,
    /// W of each layer and group in the order of its machine, made when the layer first runs.
    weights: Vec<OnceLock<Vec<Vec<i8>>>>,
}

impl Machine {
    /// An array of this name for a network of `n_layers` layers with weights.
    pub fn new(
        name: impl Into<String>,
        machines: LayerMachines,
        baseline: ArraySpec,
        n_layers: usize,
    ) -> Self {
        Self {
            name: name.into(),
            machines,
            baseline,
            mse: Mse::Skip,
            counts: vec![None; n_layers],
            orders: (0..n_layers).map(|_| OnceLock::new()).collect(),
            adapted: Adapted::default(),
            planned: None,
            weights: (0..n_layers).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The array as built.
    pub const fn array(&self) -> &ArraySpec {
        self.machines.array()
    }

    /// The same with the error of each product measured, or not.
    #[must_use]
    pub fn with_mse(self, mse: Mse) -> Self {
        Self { mse, ..self }
    }

    /// The same in a network that is adapted to it.
    #[must_use]
    pub fn with_adapted(self, adapted: Adapted) -> Self {
        Self { adapted, ..self }
    }

    /// What is other in the network than in its file.
    pub const fn adapted(&self) -> &Adapted {
        &self.adapted
    }

    /// The same where the array computes only what the methods of [`Self::adapted`] keep, in the tiles that `layers` say.
    #[must_use]
    pub fn with_predicted(self, network: &Network, layers: PredictedLayers) -> Self {
        let planned = Planned::new(network, &self.adapted.methods, layers);
        Self {
            planned: Some(planned),
            ..self
        }
    }

    /// What decides which outputs of a layer are computed; `None`: all are.
    pub(super) fn planned(&self, layer: usize) -> Option<&PlannedLayer> {
        self.planned.as_ref()?.of_layer(layer)
    }

    /// What the array does with predicted outputs; `None`: it computes them.
    pub(super) fn predicted_layers(&self) -> Option<&PredictedLayers> {
        Some(&self.planned.as_ref()?.layers)
    }

    /// The same with K reordered by these counts of wide operands, by layer of the network, `[groups, k]`; a layer
    /// without any keeps its order.
    #[must_use]
    pub fn reordered(self, counts: Vec<Option<Vec<u64>>>) -> Self {
        Self {
            orders: counts.iter().map(|_| OnceLock::new()).collect(),
            weights: counts.iter().map(|_| OnceLock::new()).collect(),
            counts,
            ..self
        }
    }

    /// The order of K of each group of a layer; none where K stays as it is.
    pub(super) fn orders(&self, index: usize, array: &ArraySpec, lowering: &Lowering) -> &[ColumnOrder] {
        self.orders[index].get_or_init(|| {
            let threads = array.pe().threads().unwrap_or(Threads::One);
            let counts = self.counts[index]
                .iter()
                .flat_map(|counts| counts.chunks(lowering.k()));
            counts
                .filter_map(|counts| ColumnOrder::new(counts, threads))
                .collect()
        })
    }

    /// W of a layer by group, `[n, k]` with the empty columns of a reordered K; `codes` are the layer's weights.
    pub(super) fn weights(
        &self,
        index: usize,
        array: &ArraySpec,
        lowering: &Lowering,
        codes: &[i8],
    ) -> &[Vec<i8>] {
        self.weights[index].get_or_init(|| {
            let columns = self.orders(index, array, lowering);
            lowered(lowering, codes, array.pe().k_order(), columns)
                .map(Cow::into_owned)
                .collect()
        })
    }
}
