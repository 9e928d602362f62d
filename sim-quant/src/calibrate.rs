//! What is decided from calibration images in the FP32 network: which layers are simulated, and their wide activations.

use sim_core::progress::Progress;
use sim_core::range::ActivationRange;
use sim_core::spec::KOrder;
use sim_images::sets::ImageSet;
use sim_net::network::{Network, WeightedLayer};

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::pass::Pass;
use crate::quantize::ActivationQuantizer;
use crate::ranges::quantizers;
use crate::reorder::wide_activations;
use crate::selection::{Choice, choose};

/// Per layer of a network how its input becomes codes; `None` for layers that stay FP32.
pub type Quantizers = Vec<Option<ActivationQuantizer>>;

/// What is decided before the first product: which layers are simulated, and how their inputs become codes.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Per layer of the network, in execution order.
    pub choices: Vec<Choice>,
    /// Per layer of the network: `Some` exactly where the choice is to simulate.
    pub quantizers: Quantizers,
}

/// Choose the layers that are simulated, and Δ and z of their inputs, from `images` in the FP32 network.
///
/// A layer whose calibrated range is empty, so that its Δ is 0, is left out with the reason.
///
/// - Errors: images or a network that cannot be run, inputs that are not finite, and a network without layers.
pub fn calibrate(
    network: &Network,
    images: &ImageSet,
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Calibration, CaptureError> {
    let pass = Pass::new(network, images, options, progress)?;
    let mut choices = choose(network.layers(), &options.selection, &options.quantization);
    for (index, choice) in choices.iter_mut().enumerate() {
        if matches!(choice, Choice::Simulated(_)) && !network.is_reached(index) {
            *choice = Choice::Unsimulated("the output does not depend on it".to_owned());
        }
    }
    if choices.is_empty() && network.others().is_empty() {
        return Err(CaptureError::Nothing);
    }
    let gives_codes =
        |layer: &WeightedLayer| layer.stored.input.is_some() || matches!(layer.stored.weights, Some(Ok(_)));
    let simulated = choices.iter().zip(network.layers());
    let mut given =
        simulated.filter(|(choice, layer)| matches!(choice, Choice::Simulated(_)) && gives_codes(layer));
    if let (Some((_, layer)), false) = (given.next(), options.quantization.takes_stored_codes()) {
        return Err(CaptureError::StoredCodes {
            layer: layer.name.clone(),
        });
    }
    let mut quantizers = quantizers(&pass, &choices, &options.quantization)?;
    for ((choice, slot), layer) in choices.iter_mut().zip(&mut quantizers).zip(network.layers()) {
        // What the network says of its codes is not calibrated.
        if let (Some(slot), Some(stored)) = (&mut *slot, layer.stored.input) {
            *slot = ActivationQuantizer {
                scale: stored.scale,
                zero_point: stored.zero_point,
                largest: u8::MAX,
            };
        }
        match (&choice, &slot) {
            (Choice::Simulated(_), None) => {
                *choice = Choice::Unsimulated("no calibration image reached it".to_owned());
            }
            (Choice::Simulated(_), Some(quantizer)) if quantizer.scale == 0.0 => {
                *slot = None;
                *choice = Choice::Unsimulated(no_range(options.quantization.range));
            }
            (Choice::Simulated(_) | Choice::Unsimulated(_), _) => {}
        }
    }
    Ok(Calibration { choices, quantizers })
}

/// Why a layer has no Δ.
fn no_range(range: ActivationRange) -> String {
    match range {
        ActivationRange::MeanOfMax | ActivationRange::Max | ActivationRange::LeastSquares => {
            "its input is 0 for every calibration image, so its Δ is 0".to_owned()
        }
        ActivationRange::Percentile(percentile) => format!(
            "percentile {} of its input is 0 for every calibration image, so its Δ is 0",
            percentile.value()
        ),
    }
}

/// Per layer the wide activations of each K column, `[groups, k]` in `(c, kh, kw)` order, padding included as it is in
/// the lowered columns; `None` where there is no quantizer.
///
/// - Errors: as [`calibrate`], and convolutions whose numbers do not fit together.
pub(crate) fn wide_counts(
    pass: &Pass<'_>,
    quantizers: &Quantizers,
) -> Result<Vec<Option<Vec<u64>>>, CaptureError> {
    let mut sums: Vec<Option<Vec<u64>>> = vec![None; quantizers.len()];
    pass.run(
        "counting wide activations",
        |seen| {
            let Some(quantizer) = quantizers[seen.index] else {
                return Ok(None);
            };
            let codes = seen.codes(&quantizer)?;
            let lowering = seen.lowering()?;
            let mut counts = Vec::with_capacity(lowering.groups() * lowering.k());
            for group in 0..lowering.groups() {
                let activations =
                    lowering.activations(&codes, quantizer.zero_point, group, KOrder::ChannelMajor);
                counts.extend(wide_activations(&activations, lowering.m() * seen.n_maps()));
            }
            Ok(Some(counts))
        },
        |_, layer, counts| {
            let sums = sums[layer].get_or_insert_with(|| vec![0; counts.len()]);
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
            Ok(())
        },
    )?;
    Ok(sums)
}
