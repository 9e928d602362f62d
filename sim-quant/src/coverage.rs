//! How many multiplications each layer of a network has, simulated or not.

use sim_images::sets::ImageSet;
use sim_net::network::{Macs, Network};

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::feed::Feed;

/// MACs for the first image, zeros included; nothing is executed but what tells shapes.
///
/// - Errors: an image that cannot be loaded or preprocessed.
pub fn macs(
    network: &Network,
    images: &ImageSet,
    options: &CaptureOptions<'_>,
) -> Result<Macs, CaptureError> {
    let shapes = Feed::shapes(network, images, &options.preprocessing)?;
    Ok(network.macs(&shapes))
}
