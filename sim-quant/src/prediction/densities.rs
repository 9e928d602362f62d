//! How many outputs predictions keep of each channel, from a pass of the network with zeros predicted.

use sim_core::progress::Progress;
use sim_images::sets::ImageSet;
use sim_net::network::Network;

use super::methods::PlaceMethods;
use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::pass::{Pass, Seen};

/// Kept outputs of free pixels over `images` by place of the network and channel; no channels where nothing is predicted.
///
/// - Errors: images or a network that cannot be run.
pub fn densities(
    network: &Network,
    images: &ImageSet,
    methods: &PlaceMethods,
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Vec<u64>>, CaptureError> {
    let mut densities: Vec<Vec<u64>> = vec![Vec::new(); network.places().len()];
    let pass = Pass::new(network, images, options, progress)?;
    let unseen = |_: &Seen<'_>| Ok(None::<()>);
    pass.run_gated("counting kept outputs", methods, unseen, |_, _, gates| {
        for map in gates {
            let first = map.gate.first();
            let channels = map.gate.kept().chunks(first.len());
            let sums = &mut densities[map.place];
            sums.resize(channels.len(), 0);
            for (sum, kept) in sums.iter_mut().zip(channels) {
                let kept_free = kept.iter().zip(first).filter(|&(&kept, &first)| kept && !first);
                *sum += sim_core::shape::widen(kept_free.count());
            }
        }
        Ok(())
    })?;
    Ok(densities)
}
