//! What K is reordered by: wide operands of each column.

use sim_core::progress::Progress;
use sim_core::reorder::Reorder;
use sim_images::sets::ImageSet;
use sim_net::network::Network;

use crate::calibrate::{Calibration, wide_counts};
use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::pass::Pass;
use crate::quantized::QuantizedNetwork;
use crate::reorder::wide_weights;

/// Images whose activations are counted.
#[derive(Clone, Copy)]
pub struct CountedImages<'a> {
    /// Those that set the ranges.
    pub calibration: &'a ImageSet,
    /// Those that are evaluated.
    pub workload: &'a ImageSet,
}

/// Wide operands of each K column by layer of the network, `[groups, k]` in `(c, kh, kw)` order: activations of the
/// FP32 network's inputs over the images that the mode names, or weights; `None` for layers that are not simulated, and
/// for all where the mode is `off`.
///
/// - Errors: images that cannot be loaded, a network that cannot be run on them, and a stop.
pub fn wide_operands(
    network: &Network,
    quantized: &QuantizedNetwork,
    calibration: &Calibration,
    mode: Reorder,
    images: CountedImages<'_>,
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Option<Vec<u64>>>, CaptureError> {
    let of_images = |images| {
        wide_counts(
            &Pass::new(network, images, options, progress)?,
            &calibration.quantizers,
        )
    };
    match mode {
        Reorder::Off => Ok(vec![None; quantized.n_layers()]),
        Reorder::Calibration => of_images(images.calibration),
        Reorder::Oracle => of_images(images.workload),
        Reorder::Weights => Ok(network
            .layers()
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                let [filters, channels, rows, columns] = layer.weight_shape();
                let k = channels * rows * columns;
                let per_group = filters / layer.groups.max(1) * k;
                let weights = quantized.layer(index)?.weights();
                Some(
                    weights
                        .chunks(per_group)
                        .flat_map(|group| wide_weights(group, k))
                        .collect(),
                )
            })
            .collect()),
    }
}
