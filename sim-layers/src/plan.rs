//! The products that an array makes of a trace.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use sim_array::engine::EngineError;
use sim_core::convolution::GeometryFault;
use sim_core::ids::LayerId;
use sim_core::parallel_map::Unfinished;
use sim_core::reorder::Reorder;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Batch};
use sim_quant::lowering::{LoweredActivations, Lowering};
use sim_quant::reorder::{Candidate, ColumnOrder, ReorderError, orders};
use sim_trace::error::Fault;
use sim_trace::trace::{Layer, Trace};

use crate::layer_weights::LayerWeights;
use crate::machines::LayerMachines;
use crate::predicted::{LayerOutputs, PredictedLayers};

/// Most bytes of one lowered product; folding many images of a large layer can reach it.
const MAX_LOWERED: usize = 1 << 35;

/// One product: a group of a layer over one image, or over all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) layer: LayerId,
    pub(crate) images: Range<usize>,
    pub(crate) group: usize,
    /// Without the empty columns of a reordered K.
    pub(crate) gemm: Gemm,
}

/// A trace with the products that an array makes of it.
pub(crate) struct TracePlan<'a> {
    trace: &'a Trace,
    lowerings: Vec<Lowering>,
    weights: Vec<LayerWeights>,
    arrays: Vec<ArraySpec>,
    /// Of each layer and group; none where K stays as it is.
    orders: Vec<Vec<ColumnOrder>>,
    /// Of each layer, where they are predicted and the array passes over them.
    outputs: Vec<Option<LayerOutputs<'a>>>,
    pub(crate) products: Vec<Product>,
}

/// Why a trace gives no products.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The trace breaks one of its rules.
    #[error(transparent)]
    Trace(#[from] Fault),
    /// Columns of K that cannot be put in order.
    #[error(transparent)]
    Reorder(#[from] ReorderError),
    /// A layer with a machine of its own that the trace does not hold.
    #[error("no simulated layer is called `{layer}`; names are matched exactly")]
    UnknownLayer {
        /// The name.
        layer: String,
    },
    /// Folded images that no memory holds.
    #[error(
        "layer `{layer}`: {n_images} folded images make more than {max} lowered activations; take fewer images, or \
         `batch = \"separate\"`"
    )]
    TooLarge {
        /// The layer.
        layer: String,
        /// Images in the trace.
        n_images: usize,
        /// Most lowered activations.
        max: usize,
    },
}

impl<'a> TracePlan<'a> {
    /// The products of `trace`, whose orders of K are made on `n_jobs` threads; all outputs are computed where the array
    /// does not pass over predicted ones.
    pub(crate) fn new(
        trace: &'a Trace,
        machines: &LayerMachines,
        (reorder, prediction): (Reorder, Option<&PredictedLayers>),
        n_jobs: usize,
        stop: &AtomicBool,
    ) -> Result<Self, Unfinished<PlanError>> {
        let mut plan = Self::unordered(trace, machines).map_err(Unfinished::Failed)?;
        let outputs = trace.layers.iter().zip(&plan.lowerings);
        plan.outputs = outputs
            .map(|(layer, &lowering)| LayerOutputs::of(layer, lowering, prediction?))
            .collect();
        let layers: Vec<Candidate<'_>> = (trace.layers.iter())
            .zip(&plan.lowerings)
            .zip(&plan.arrays)
            .map(|((layer, &lowering), &array)| Candidate {
                layer,
                lowering,
                array,
            })
            .collect();
        plan.orders = orders(&layers, reorder, n_jobs, stop).map_err(|unfinished| match unfinished {
            Unfinished::Stopped => Unfinished::Stopped,
            Unfinished::Failed(error) => Unfinished::Failed(error.into()),
        })?;
        Ok(plan)
    }

    fn unordered(trace: &'a Trace, machines: &LayerMachines) -> Result<Self, PlanError> {
        trace.check()?;
        if let Some(layer) = machines.unknown(trace.layers.iter().map(|layer| layer.name.as_str())) {
            return Err(PlanError::UnknownLayer {
                layer: layer.to_owned(),
            });
        }
        let mut plan = Self {
            trace,
            lowerings: Vec::new(),
            weights: Vec::new(),
            arrays: Vec::new(),
            orders: Vec::new(),
            outputs: Vec::new(),
            products: Vec::new(),
        };
        for (index, layer) in trace.layers.iter().enumerate() {
            let broken = |fault: GeometryFault| Fault::Geometry {
                layer: sim_trace::error::LayerName {
                    index,
                    name: layer.name.clone(),
                },
                fault,
            };
            let lowering = Lowering::of(layer).map_err(broken)?;
            let n_images = layer.input_shape[0];
            let images: Vec<Range<usize>> = match machines.array().batch() {
                Batch::Separate => (0..n_images).map(|image| image..image + 1).collect(),
                Batch::Folded => std::iter::once(0..n_images).collect(),
            };
            let n_folded = images.first().map_or(1, Range::len);
            let lowered = sim_core::shape::checked_product(&[lowering.m(), n_folded, lowering.k()]);
            if lowered.is_none_or(|size| MAX_LOWERED < size) {
                return Err(PlanError::TooLarge {
                    layer: layer.name.clone(),
                    n_images,
                    max: MAX_LOWERED,
                });
            }
            let gemm = lowering.gemm(n_folded).map_err(|empty| {
                broken(GeometryFault::Zero {
                    what: empty.dimension,
                })
            })?;
            plan.weights
                .push(LayerWeights::new(images.len() * lowering.groups()));
            for images in images {
                plan.products.extend((0..lowering.groups()).map(|group| Product {
                    layer: LayerId(index),
                    images: images.clone(),
                    group,
                    gemm,
                }));
            }
            plan.arrays.push(machines.of(&layer.name, &lowering));
            plan.lowerings.push(lowering);
        }
        Ok(plan)
    }

    pub(crate) fn layer(&self, id: LayerId) -> &'a Layer {
        &self.trace.layers[id.idx()]
    }

    /// The array with the threads and the policy of this layer.
    pub(crate) fn array(&self, id: LayerId) -> &ArraySpec {
        &self.arrays[id.idx()]
    }

    /// What is known of the outputs of a layer, where not all of them are computed.
    pub(crate) fn outputs(&self, id: LayerId) -> Option<&LayerOutputs<'a>> {
        self.outputs[id.idx()].as_ref()
    }

    /// Give `work` the shape, A, `[m, k]`, and W, `[n, k]`, of a product, in the K order of the array's PEs; once for each
    /// product. A reordered K holds its empty columns.
    pub(crate) fn with_operands<T>(
        &self,
        product: &Product,
        work: impl FnOnce(Gemm, &LoweredActivations<'_>, &[i8]) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let layer = self.layer(product.layer);
        let lowering = &self.lowerings[product.layer.idx()];
        let order = self.array(product.layer).pe().k_order();
        let images = product.images.start * lowering.input_len()..product.images.end * lowering.input_len();
        let columns = &self.orders[product.layer.idx()];
        let mut activations =
            lowering.activations(&layer.input[images], layer.zero_point, product.group, order);
        if let Some(columns) = columns.get(product.group) {
            activations = activations.reordered(columns);
        }
        let shape = Gemm::new(product.gemm.m(), product.gemm.n(), activations.k())?;
        self.weights[product.layer.idx()].with_group(
            lowering,
            &layer.weight,
            product.group,
            order,
            columns,
            |weights| work(shape, &activations, weights),
        )
    }

    /// Where a product is, for messages: `layer 2 (`conv`), image 0 (`a.png`), group 3`.
    pub(crate) fn place(&self, product: &Product) -> String {
        let layer = self.layer(product.layer);
        let mut place = format!("layer {} (`{}`)", product.layer.idx(), layer.name);
        if product.images.len() == 1 {
            let images = &self.trace.origin.images;
            let n_maps = (layer.input_shape[0] / images.len().max(1)).max(1);
            let (image, map) = (product.images.start / n_maps, product.images.start % n_maps);
            let name = images.get(image).map_or("", String::as_str);
            place += &format!(", image {image} (`{name}`)");
            if 1 < n_maps {
                place += &format!(", map {map}");
            }
        } else {
            place += ", all images";
        }
        if 1 < layer.geometry.groups {
            place += &format!(", group {}", product.group);
        }
        place
    }
}
