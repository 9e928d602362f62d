//! Where other code looks into a running network and takes part in it.

use sim_core::convolution::Geometry;
use sim_core::tensor::Tensor;

use crate::graph::layer::{BatchNorm, Statistics, WeightedLayer};
use crate::graph::places::Place;

/// What a hook reports when it cannot go on; the run ends with it.
pub type HookError = Box<dyn std::error::Error + Send + Sync>;

/// A weighted layer about to run.
#[derive(Clone, Copy, Debug)]
pub struct WeightedCall<'a> {
    /// Position in [`Network::layers`](crate::network::Network::layers).
    pub index: usize,
    /// The layer.
    pub layer: &'a WeightedLayer,
    /// What it reads: `[images, channels, rows, columns]`, or `[images, channels]` of a fully connected layer.
    /// Convolutions over one axis read a map of one row.
    pub input: &'a Tensor,
    /// Its strides, padding and so on; padding that depends on the input size is resolved.
    pub geometry: Geometry,
}

impl WeightedCall<'_> {
    /// Channels, rows and columns of an image that it reads; axes that are not there are 1.
    pub fn image_shape(&self) -> [usize; 3] {
        let axis = |index| self.input.shape.get(index).copied().unwrap_or(1);
        [axis(1), axis(2), axis(3)]
    }
}

/// A batch norm about to run.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormCall<'a> {
    /// Position in [`Network::batch_norms`](crate::network::Network::batch_norms).
    pub index: usize,
    /// The node, with the statistics that it stores.
    pub batch_norm: &'a BatchNorm,
    /// What it reads: `[images, channels, …]`.
    pub input: &'a Tensor,
}

/// The output of a place.
#[derive(Clone, Copy, Debug)]
pub struct PlaceCall<'a> {
    /// Position in [`Network::places`](crate::network::Network::places).
    pub index: usize,
    /// The place.
    pub place: Place,
    /// What its ReLU made: `[images, channels, rows, columns]`, or with one axis of a map.
    pub output: &'a Tensor,
}

/// A node at which hooks are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPoint {
    /// The layer at this position in [`Network::layers`](crate::network::Network::layers).
    Weighted(usize),
    /// The batch norm at this position in [`Network::batch_norms`](crate::network::Network::batch_norms).
    BatchNorm(usize),
}

/// Called as a network runs; every method has a default that leaves the network as it is.
pub trait Hooks {
    /// A convolution, or a product with constant weights. `Some` replaces its output, bias included:
    /// `[images, output channels, rows, columns]`, or `[images, output channels]`.
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        let _ = call;
        Ok(None)
    }

    /// One such layer in several runs side by side, each with an input of its own; an answer for each, as
    /// [`Self::weighted`] gives it.
    fn weighted_all(&mut self, calls: &[WeightedCall<'_>]) -> Result<Vec<Option<Tensor>>, HookError> {
        calls.iter().map(|call| self.weighted(call)).collect()
    }

    /// A batch norm. `Some` replaces the stored statistics in this run.
    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        let _ = call;
        Ok(None)
    }

    /// A place. `Some` replaces its output, in the same shape, for all that reads it.
    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        let _ = call;
        Ok(None)
    }
}

/// Hooks that leave the network as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}
