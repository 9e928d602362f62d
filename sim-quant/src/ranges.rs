//! Ranges of layer inputs over calibration images, and the Δ and z that they make.

use sim_core::quantization::{CodeRange, QuantizationSpec};
use sim_core::range::ActivationRange;

use crate::calibrate::Quantizers;
use crate::capture_error::CaptureError;
use crate::pass::Pass;
use crate::quantize::ActivationQuantizer;
use crate::selection::{Choice, Codes};

/// Steps of the largest range that the search for the least squared error tries, of this many.
const STEPS: std::ops::RangeInclusive<u8> = 16..=64;
const N_STEPS: f32 = 64.0;

/// Δ and z of every layer that `choices` simulates; Δ is 0 where the range is empty.
pub(crate) fn quantizers(
    pass: &Pass<'_>,
    choices: &[Choice],
    quantization: &QuantizationSpec,
) -> Result<Quantizers, CaptureError> {
    let codes = quantization.of_activations();
    let ends = ends(pass, choices, quantization.range)?;
    let whole: Vec<Option<Found>> = choices
        .iter()
        .zip(&ends)
        .map(|(choice, ends)| match (choice, ends) {
            (Choice::Simulated(codes), Some(ends)) => Some(Found {
                codes: *codes,
                range: ends.range(quantization.range),
            }),
            (Choice::Simulated(_) | Choice::Unsimulated(_), _) => None,
        })
        .collect();
    let whole_quantizers = || {
        whole
            .iter()
            .map(|found| Some(found.as_ref()?.quantizer(1.0, codes)))
    };
    match quantization.range {
        ActivationRange::MeanOfMax | ActivationRange::Max | ActivationRange::Percentile(_) => {
            Ok(whole_quantizers().collect())
        }
        ActivationRange::LeastSquares => least_squares(pass, &whole, codes),
    }
}

/// A layer that has a range.
struct Found {
    codes: Codes,
    range: Range,
}

impl Found {
    /// The quantizer of the range times `part`.
    fn quantizer(&self, part: f32, range: CodeRange) -> ActivationQuantizer {
        let Range { min, max } = self.range;
        match self.codes {
            Codes::Unsigned => ActivationQuantizer::unsigned(max * part, range),
            Codes::Shifted => ActivationQuantizer::shifted(min * part, max * part, range),
        }
    }
}

/// Lower and upper end.
#[derive(Clone, Copy)]
struct Range {
    min: f32,
    max: f32,
}

impl Range {
    const EMPTY: Self = Self {
        min: f32::INFINITY,
        max: f32::NEG_INFINITY,
    };

    fn joined(self, other: Self) -> Self {
        Self {
            min: other.min.min(self.min),
            max: other.max.max(self.max),
        }
    }

    fn of(values: &[f32], range: ActivationRange) -> Self {
        let extremes = || {
            values
                .iter()
                .fold(Self::EMPTY, |range, &x| range.joined(Self { min: x, max: x }))
        };
        match range {
            ActivationRange::MeanOfMax | ActivationRange::Max | ActivationRange::LeastSquares => extremes(),
            ActivationRange::Percentile(_) if values.is_empty() => Self::EMPTY,
            ActivationRange::Percentile(percentile) => {
                let rank = percentile.rank(values.len());
                let mut values = values.to_vec();
                let (_, &mut max, _) = values.select_nth_unstable_by(rank - 1, f32::total_cmp);
                let from_below = values.len() - rank;
                let (_, &mut min, _) = values.select_nth_unstable_by(from_below, f32::total_cmp);
                Self { min, max }
            }
        }
    }
}

/// Ends of the images' ranges: their sums, and the outermost.
struct Ends {
    sum_min: f64,
    sum_max: f64,
    outermost: Range,
    n_images: u32,
}

impl Ends {
    fn new(n_images: u32) -> Self {
        Self {
            sum_min: 0.0,
            sum_max: 0.0,
            outermost: Range::EMPTY,
            n_images,
        }
    }

    fn add(&mut self, range: Range) {
        self.sum_min += f64::from(range.min);
        self.sum_max += f64::from(range.max);
        self.outermost = self.outermost.joined(range);
    }

    fn range(&self, range: ActivationRange) -> Range {
        let mean = |sum: f64| to_f32(sum / f64::from(self.n_images));
        match range {
            ActivationRange::MeanOfMax | ActivationRange::Percentile(_) => Range {
                min: mean(self.sum_min),
                max: mean(self.sum_max),
            },
            ActivationRange::Max | ActivationRange::LeastSquares => self.outermost,
        }
    }
}

#[expect(
    clippy::as_conversions,
    reason = "the mean of floats is rounded to a float once; std has no other conversion"
)]
const fn to_f32(value: f64) -> f32 {
    value as f32
}

/// Per layer the ends of its input; `None` for layers that no image reached, or that are not simulated.
fn ends(
    pass: &Pass<'_>,
    choices: &[Choice],
    range: ActivationRange,
) -> Result<Vec<Option<Ends>>, CaptureError> {
    let n_images = u32::try_from(pass.images.len()).expect("fewer images than a file can hold");
    let mut ends: Vec<Option<Ends>> = choices.iter().map(|_| None).collect();
    pass.run(
        "calibrating",
        |seen| {
            Ok(match &choices[seen.index] {
                Choice::Unsimulated(_) => None,
                Choice::Simulated(_) => Some(Range::of(seen.finite()?, range)),
            })
        },
        |_, layer, range| {
            ends[layer].get_or_insert_with(|| Ends::new(n_images)).add(range);
            Ok(())
        },
    )?;
    Ok(ends)
}

/// Of the parts of the `whole` ranges those with the least squared error, in a second pass.
fn least_squares(
    pass: &Pass<'_>,
    whole: &[Option<Found>],
    codes: CodeRange,
) -> Result<Quantizers, CaptureError> {
    // Largest first, so that the first of equal ones is the largest.
    let parts = || STEPS.rev().map(|step| f32::from(step) / N_STEPS);
    let candidates: Vec<Vec<ActivationQuantizer>> = whole
        .iter()
        .map(|found| match found {
            Some(found) => parts().map(|part| found.quantizer(part, codes)).collect(),
            None => Vec::new(),
        })
        .collect();
    let mut sums: Vec<Vec<f64>> = candidates.iter().map(|layer| vec![0.0; layer.len()]).collect();
    pass.run(
        "searching ranges",
        |seen| {
            let candidates = &candidates[seen.index];
            if candidates.is_empty() {
                return Ok(None);
            }
            let values = seen.finite()?;
            let errors = candidates.iter().map(|quantizer| quantizer.squared_error(values));
            Ok(Some(errors.collect::<Vec<f64>>()))
        },
        |_, layer, errors| {
            for (sum, error) in sums[layer].iter_mut().zip(errors) {
                *sum += error;
            }
            Ok(())
        },
    )?;
    let best = |(candidates, sums): (&Vec<ActivationQuantizer>, &Vec<f64>)| {
        let tried = candidates.iter().zip(sums);
        // The first of equal ones.
        tried
            .min_by(|one, other| one.1.total_cmp(other.1))
            .map(|(quantizer, _)| *quantizer)
    };
    Ok(candidates.iter().zip(&sums).map(best).collect())
}
