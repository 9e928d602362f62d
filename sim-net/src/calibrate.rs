//! Ranges and wide activations of layer inputs over calibration images, in the FP32 network.

use sim_core::quantization::QuantizationSpec;
use sim_core::spec::KOrder;

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::images::ImageSet;
use crate::network::Network;
use crate::pass::{Pass, Seen, Watch};
use crate::progress::Progress;
use crate::quantize::ActivationQuantizer;
use crate::reorder::wide_activations;
use crate::selection::{Choice, Codes, choose};

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
/// - Errors: images or a network that cannot be run, inputs that are not finite, and a network of which nothing can be
///   simulated.
pub fn calibrate(
    network: &Network,
    images: &ImageSet,
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Calibration, CaptureError> {
    let pass = Pass::new(network, images, options, progress);
    let mut choices = choose(network.layers(), &options.selection, &options.quantization);
    check_choices(network, &choices)?;
    let mut quantizers = quantizers(&pass, &mut choices, &options.quantization)?;
    for (choice, slot) in choices.iter_mut().zip(&mut quantizers) {
        match (&choice, &slot) {
            (Choice::Simulated(_), None) => {
                *choice = Choice::Unsimulated("no calibration image reached it".to_owned());
            }
            (Choice::Simulated(_), Some(quantizer)) if quantizer.scale == 0.0 => {
                *slot = None;
                *choice = Choice::Unsimulated(
                    "its input is 0 for every calibration image, so its Δ is 0".to_owned(),
                );
            }
            (Choice::Simulated(_) | Choice::Unsimulated(_), _) => {}
        }
    }
    check_choices(network, &choices)?;
    Ok(Calibration { choices, quantizers })
}

/// Something must be left to simulate.
fn check_choices(network: &Network, choices: &[Choice]) -> Result<(), CaptureError> {
    let mut reasons = Vec::new();
    for (layer, choice) in network.layers().iter().zip(choices) {
        match choice {
            Choice::Simulated(_) => return Ok(()),
            Choice::Unsimulated(reason) => reasons.push(format!("`{}`: {reason}", layer.name)),
        }
    }
    if reasons.is_empty() {
        reasons.push("the network has no convolution and no fully connected layer".to_owned());
    }
    Err(CaptureError::Nothing {
        reasons: reasons.join("; "),
    })
}

/// Δ and z of every layer that `choices` simulates, from the mean over the images of each image's extremes; Δ is 0
/// where the range is empty. Layers that read several rows for an image are left out.
fn quantizers(
    pass: &Pass<'_>,
    choices: &mut [Choice],
    quantization: &QuantizationSpec,
) -> Result<Quantizers, CaptureError> {
    let mut sums = vec![None; choices.len()];
    let mut reads_rows = vec![false; choices.len()];
    let mut n_images = 0_u32;
    pass.run(
        "calibrating",
        || Extremes {
            choices,
            layers: vec![None; choices.len()],
        },
        |_, extremes| {
            n_images += 1;
            for (layer, extreme) in extremes.layers.into_iter().enumerate() {
                match extreme {
                    None => {}
                    Some(Extreme::Rows) => reads_rows[layer] = true,
                    Some(Extreme::Range { min, max }) => {
                        let (sum_min, sum_max) = sums[layer].get_or_insert((0.0, 0.0));
                        *sum_min += f64::from(min);
                        *sum_max += f64::from(max);
                    }
                }
            }
            Ok(())
        },
    )?;
    for (choice, reads_rows) in choices.iter_mut().zip(reads_rows) {
        if reads_rows {
            *choice =
                Choice::Unsimulated("it reads several rows for one image, a product takes one".to_owned());
        }
    }
    let mean = |sum: f64| to_f32(sum / f64::from(n_images));
    let quantizer = |choice: &Choice, (min, max): (f64, f64)| match choice {
        Choice::Simulated(Codes::Unsigned) => {
            Some(ActivationQuantizer::unsigned(mean(max), quantization.divisor))
        }
        Choice::Simulated(Codes::Shifted) => Some(ActivationQuantizer::shifted(
            mean(min),
            mean(max),
            quantization.divisor,
        )),
        Choice::Unsimulated(_) => None,
    };
    Ok(choices
        .iter()
        .zip(sums)
        .map(|(choice, sum)| quantizer(choice, sum?))
        .collect())
}

#[expect(
    clippy::as_conversions,
    reason = "the mean of floats is rounded to a float once; std has no other conversion"
)]
const fn to_f32(value: f64) -> f32 {
    value as f32
}

/// What calibration keeps of a layer's input in one image.
#[derive(Clone, Copy)]
enum Extreme {
    /// Least and largest value.
    Range { min: f32, max: f32 },
    /// It is not one row or map.
    Rows,
}

/// Extremes of each layer that may be simulated, in one image.
struct Extremes<'a> {
    choices: &'a [Choice],
    layers: Vec<Option<Extreme>>,
}

impl Watch for Extremes<'_> {
    fn see(&mut self, seen: &Seen<'_>) -> Result<(), CaptureError> {
        if let Choice::Simulated(_) = self.choices[seen.index] {
            self.layers[seen.index] = Some(if seen.is_one_map() {
                let start = (f32::INFINITY, f32::NEG_INFINITY);
                let (min, max) = seen
                    .finite()?
                    .iter()
                    .fold(start, |(min, max), &x| (x.min(min), x.max(max)));
                Extreme::Range { min, max }
            } else {
                Extreme::Rows
            });
        }
        Ok(())
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
        || Wide {
            quantizers,
            layers: vec![None; quantizers.len()],
        },
        |_, wide| {
            for (sum, counts) in sums.iter_mut().zip(wide.layers) {
                let Some(counts) = counts else { continue };
                match sum {
                    Some(sum) => {
                        for (sum, count) in sum.iter_mut().zip(counts) {
                            *sum += count;
                        }
                    }
                    None => *sum = Some(counts),
                }
            }
            Ok(())
        },
    )?;
    Ok(sums)
}

struct Wide<'a> {
    quantizers: &'a Quantizers,
    layers: Vec<Option<Vec<u64>>>,
}

impl Watch for Wide<'_> {
    fn see(&mut self, seen: &Seen<'_>) -> Result<(), CaptureError> {
        let Some(quantizer) = self.quantizers[seen.index] else {
            return Ok(());
        };
        let codes = seen.codes(&quantizer)?;
        let lowering = seen.lowering()?;
        let mut counts = Vec::with_capacity(lowering.groups() * lowering.k());
        for group in 0..lowering.groups() {
            let activations = lowering.activations(&codes, quantizer.zero_point, group, KOrder::ChannelMajor);
            counts.extend(wide_activations(&activations, lowering.m()));
        }
        self.layers[seen.index] = Some(counts);
        Ok(())
    }
}
