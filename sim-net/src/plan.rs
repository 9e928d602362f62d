//! The products that an array makes of a trace.

use std::ops::Range;

use sim_core::ids::LayerId;
use sim_core::quantization::DepthwiseThreads;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Batch, NbSmt, Pe};
use sim_trace::error::{Fault, GeometryFault};
use sim_trace::trace::{Layer, Trace};

use crate::layer_weights::LayerWeights;
use crate::lowering::{LoweredActivations, Lowering};

/// Most bytes of one lowered product; folding many images of a large layer can reach it.
const MAX_LOWERED: usize = 1 << 35;

/// One product: a group of a layer over one image, or over all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) layer: LayerId,
    pub(crate) images: Range<usize>,
    pub(crate) group: usize,
    pub(crate) gemm: Gemm,
}

/// A trace with the products that an array makes of it.
pub(crate) struct Plan<'a> {
    trace: &'a Trace,
    lowerings: Vec<Lowering>,
    weights: Vec<LayerWeights>,
    arrays: Vec<ArraySpec>,
    pub(crate) products: Vec<Product>,
}

/// Why a trace gives no products.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The trace breaks one of its rules.
    #[error(transparent)]
    Trace(#[from] Fault),
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

impl<'a> Plan<'a> {
    pub(crate) fn new(
        trace: &'a Trace,
        array: &ArraySpec,
        depthwise: DepthwiseThreads,
    ) -> Result<Self, PlanError> {
        trace.check()?;
        let mut plan = Self {
            trace,
            lowerings: Vec::new(),
            weights: Vec::new(),
            arrays: Vec::new(),
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
            let images: Vec<Range<usize>> = match array.batch() {
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
            plan.lowerings.push(lowering);
            plan.arrays.push(layer_array(array, layer, depthwise));
        }
        Ok(plan)
    }

    pub(crate) fn layer(&self, id: LayerId) -> &'a Layer {
        &self.trace.layers[id.idx()]
    }

    /// The array with the threads of this layer.
    pub(crate) fn array(&self, id: LayerId) -> &ArraySpec {
        &self.arrays[id.idx()]
    }

    /// Give `work` A, `[m, k]`, and W, `[n, k]`, of a product, in the K order of the array's PEs; once for each product.
    pub(crate) fn with_operands<T>(
        &self,
        product: &Product,
        work: impl FnOnce(&LoweredActivations<'_>, &[i8]) -> T,
    ) -> T {
        let layer = self.layer(product.layer);
        let lowering = &self.lowerings[product.layer.idx()];
        let order = self.array(product.layer).pe().k_order();
        let images = product.images.start * lowering.input_len()..product.images.end * lowering.input_len();
        let activations = lowering.activations(&layer.input[images], layer.zero_point, product.group, order);
        self.weights[product.layer.idx()].with_group(
            lowering,
            &layer.weight,
            product.group,
            order,
            |weights| work(&activations, weights),
        )
    }

    /// Where a product is, for messages: `layer 2 (`conv`), image 0 (`a.png`), group 3`.
    pub(crate) fn place(&self, product: &Product) -> String {
        let layer = self.layer(product.layer);
        let mut place = format!("layer {} (`{}`)", product.layer.idx(), layer.name);
        if product.images.len() == 1 {
            let image = product.images.start;
            let name = self.trace.origin.images.get(image).map_or("", String::as_str);
            place += &format!(", image {image} (`{name}`)");
        } else {
            place += ", all images";
        }
        if 1 < layer.geometry.groups {
            place += &format!(", group {}", product.group);
        }
        place
    }
}

/// Depthwise layers of an NB-SMT array may run with fewer threads than it has, never with more.
fn layer_array(array: &ArraySpec, layer: &Layer, depthwise: DepthwiseThreads) -> ArraySpec {
    match (array.pe(), depthwise) {
        (Pe::NbSmt(rules), Some(threads)) if layer.is_depthwise() => array.with_pe(Pe::NbSmt(NbSmt {
            threads: rules.threads.min(threads),
            ..rules
        })),
        (Pe::Conventional | Pe::NbSmt(_) | Pe::Sparq(_) | Pe::SparqStc(_), _) => *array,
    }
}
