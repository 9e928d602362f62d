//! Thresholds of all places at once: the least multiplications whose errors together stay within a limit.

mod cheapest;
mod sigmoid;

use crate::curve::{Curve, THRESHOLDS};
use crate::thresholds::cheapest::{Choice, cheapest};

pub use crate::thresholds::sigmoid::Fit;

/// A place with its curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Multiplications of its convolution, in thousands of millions, where every output is computed.
    pub giga_macs: f64,
    /// Over thresholds.
    pub curve: Curve,
}

/// Thresholds with what they cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// By place.
    pub thresholds: Vec<f64>,
    /// Multiplications, in thousands of millions.
    pub giga_macs: f64,
    /// Sum of the errors of all places.
    pub error: f64,
}

/// No thresholds keep the errors within the limit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("no thresholds keep the sum of the places' errors within {limit}; the least sum is {least}")]
pub struct Infeasible {
    /// The limit, ε.
    pub limit: f64,
    /// The least sum of errors.
    pub least: f64,
}

/// The cheapest of the thresholds of the curves whose errors add up to at most `limit` (this project's choice).
///
/// Its multiplications are within 1/1000 of the least.
///
/// - Errors: no thresholds keep the limit.
pub fn grid(places: &[Candidate], limit: f64) -> Result<Chosen, Infeasible> {
    let options: Vec<Vec<Choice>> = places
        .iter()
        .map(|place| {
            let points = place.curve.share.iter().zip(&place.curve.error);
            points
                .map(|(share, &error)| Choice {
                    cost: place.giga_macs * share,
                    error,
                })
                .collect()
        })
        .collect();
    chosen(&options, limit, |index| f64::from(THRESHOLDS[index]))
}

/// The same over sigmoids that are fitted to the curves, and thresholds −1.00, −0.99, … 1.00 (as ZAP's authors; fit and
/// search are this project's). Cost, error and limit are those of the fitted functions.
///
/// - Errors: no thresholds keep the limit.
pub fn sigmoid(places: &[Candidate], limit: f64) -> Result<Chosen, Infeasible> {
    let options: Vec<Vec<Choice>> = places
        .iter()
        .map(|place| {
            let macs = place.curve.share.map(|share| share * place.giga_macs);
            let (macs, error) = (Fit::of(&macs), Fit::of(&place.curve.error));
            let choice = |t: f64| Choice {
                cost: macs.at(t),
                error: error.at(t),
            };
            (0..N_HUNDREDTHS).map(hundredth).map(choice).collect()
        })
        .collect();
    chosen(&options, limit, hundredth)
}

/// Thresholds that the search among fitted functions tries.
const N_HUNDREDTHS: usize = 201;

/// −1 and so many hundredths.
fn hundredth(index: usize) -> f64 {
    let index = i32::try_from(index).unwrap_or(i32::MAX);
    f64::from(index - 100) / 100.0
}

fn chosen(
    options: &[Vec<Choice>],
    limit: f64,
    threshold: impl Fn(usize) -> f64,
) -> Result<Chosen, Infeasible> {
    let picks = cheapest(options, limit)?;
    let picked = || options.iter().zip(&picks).map(|(options, &pick)| options[pick]);
    Ok(Chosen {
        thresholds: picks.iter().map(|&pick| threshold(pick)).collect(),
        giga_macs: picked().map(|choice| choice.cost).sum(),
        error: picked().map(|choice| choice.error).sum(),
    })
}
