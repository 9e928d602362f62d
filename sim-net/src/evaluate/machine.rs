//! An array as an evaluation uses it: what runs each layer, and in which order of K.

use std::sync::OnceLock;

use sim_array::engine::Mse;
use sim_core::spec::ArraySpec;

use crate::lowering::Lowering;
use crate::machines::LayerMachines;
use crate::network::Statistics;
use crate::reorder::ColumnOrder;

/// An array under evaluation.
#[derive(Debug)]
pub struct Machine {
    pub(super) name: String,
    pub(super) machines: LayerMachines,
    pub(super) baseline: ArraySpec,
    pub(super) mse: Mse,
    /// By layer of the network and group; none where K stays as it is.
    pub(super) orders: Vec<Vec<ColumnOrder>>,
    /// Of every batch norm, in place of those that the network stores.
    pub(super) statistics: Option<Vec<Statistics>>,
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
            orders: vec![Vec::new(); n_layers],
            statistics: None,
            weights: (0..n_layers).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The same with the error of each product measured, or not.
    #[must_use]
    pub fn with_mse(self, mse: Mse) -> Self {
        Self { mse, ..self }
    }

    /// The same with these orders of K, by layer of the network and group; a layer without any keeps its order.
    #[must_use]
    pub fn with_orders(self, orders: Vec<Vec<ColumnOrder>>) -> Self {
        let weights = orders.iter().map(|_| OnceLock::new()).collect();
        Self {
            orders,
            weights,
            ..self
        }
    }

    /// The same with these statistics of batch norms.
    #[must_use]
    pub fn with_statistics(self, statistics: Vec<Statistics>) -> Self {
        Self {
            statistics: Some(statistics),
            ..self
        }
    }

    /// The array of each layer.
    pub const fn machines(&self) -> &LayerMachines {
        &self.machines
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
            (0..lowering.groups())
                .map(|group| {
                    let weights = lowering.weights(codes, group, array.pe().k_order());
                    match self.orders[index].get(group) {
                        Some(order) => order.weights(&weights),
                        None => weights.into_owned(),
                    }
                })
                .collect()
        })
    }
}
