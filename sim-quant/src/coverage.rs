//! How many multiplications each layer of a network has, simulated or not.

use sim_core::progress::Silent;
use sim_core::shape::widen;
use sim_images::sets::ImageSet;
use sim_net::network::Network;

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::pass::{Pass, Seen};

/// MACs of each layer for one image, zeros included; `None` where the first image does not reach it, or its numbers do
/// not fit together.
///
/// - Errors: an image that cannot be loaded or preprocessed, a network that cannot be run on it.
pub fn macs(
    network: &Network,
    images: &ImageSet,
    options: &CaptureOptions<'_>,
) -> Result<Vec<Option<u64>>, CaptureError> {
    let mut macs = vec![None; network.layers().len()];
    let pass = Pass::new(network, images, options, &Silent);
    for (layer, found) in pass.run_one(0, |seen| Ok(of_layer(seen)))? {
        macs[layer] = Some(found);
    }
    Ok(macs)
}

fn of_layer(seen: &Seen<'_>) -> Option<u64> {
    let lowering = seen.lowering().ok()?;
    let one = lowering.gemm(1).ok()?.macs();
    // A network may make several rows of one image.
    let n_maps = seen.values.len() / seen.shape.iter().product::<usize>().max(1);
    Some(one * widen(lowering.groups() * n_maps))
}
