//! Kurtosis of weights: how heavy the tails of their distribution are. A uniform one has 1.8, a normal one 3.
//!
//! A network whose weights are near 1.8 bears any quantizer of them better, which a term of the loss (KURE) makes it learn.

use sim_core::named;
use sim_core::shape::widen;
use sim_core::units::count_as_f64;

/// Sums over the weights of a tensor.
struct Moments {
    n: f64,
    mean: f64,
    /// s² = Σ(w − mean)² / (n − 1).
    variance: f64,
    kurtosis: f64,
}

impl Moments {
    /// `None` where there are fewer than two weights, or all are equal.
    fn of(weights: &[f32]) -> Option<Self> {
        let n = count_as_f64(widen(weights.len()));
        let values = || weights.iter().map(|&w| f64::from(w));
        let first = *weights.first()?;
        if weights.iter().all(|&w| w == first) {
            return None;
        }
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|w| (w - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let fourth = values()
            .map(|w| ((w - mean).powi(2) / variance).powi(2))
            .sum::<f64>();
        (0.0 < variance).then(|| Self {
            n,
            mean,
            variance,
            kurtosis: fourth / n,
        })
    }
}

/// mean(((w − mean) / s)⁴) over a tensor, s² with n − 1; `None` where there are fewer than two weights, or all are equal.
pub fn kurtosis(weights: &[f32]) -> Option<f64> {
    Some(Moments::of(weights)?.kurtosis)
}

/// What the kurtosis changes by with each weight: 4(d³ − mean d³) / (n s⁴) − 4 Kurt d / (s² (n − 1)), d = w − mean; zeros
/// where there is none.
pub fn gradient(weights: &[f32]) -> Vec<f64> {
    let Some(Moments {
        n,
        mean,
        variance,
        kurtosis,
    }) = Moments::of(weights)
    else {
        return vec![0.0; weights.len()];
    };
    // Of two different weights the kurtosis is the same, whatever they are.
    if weights.len() == 2 {
        return vec![0.0; 2];
    }
    let differences = || weights.iter().map(|&w| f64::from(w) - mean);
    let mean_cube = differences().map(|d| d.powi(3)).sum::<f64>() / n;
    differences()
        .map(|d| {
            4.0 * (d.powi(3) - mean_cube) / (n * variance.powi(2))
                - 4.0 * kurtosis * d / (variance * (n - 1.0))
        })
        .collect()
}

named! {
    /// How the terms of tensors become one.
    #[derive(Default)]
    pub enum TermMode {
        /// Their mean.
        #[default]
        Mean = "avg",
        /// Their sum.
        Sum = "sum",
        /// The largest.
        Max = "max",
    }
}

/// A term of a loss that draws the kurtosis of tensors to a target: λ times the mean, sum or largest of (Kurt − target)².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KurtosisTerm {
    /// Where the kurtosis is drawn to.
    pub target: f64,
    /// λ.
    pub weight: f64,
    /// How terms of tensors become one.
    pub mode: TermMode,
}

impl KurtosisTerm {
    /// The term over some tensors; 0 where none has a kurtosis. Those without are left out.
    pub fn of<'a>(&self, tensors: impl IntoIterator<Item = &'a [f32]>) -> f64 {
        let terms = tensors.into_iter().filter_map(kurtosis);
        let terms: Vec<f64> = terms.map(|found| (found - self.target).powi(2)).collect();
        let sum = terms.iter().sum::<f64>();
        self.weight
            * match self.mode {
                TermMode::Mean => sum / count_as_f64(widen(terms.len().max(1))),
                TermMode::Sum => sum,
                TermMode::Max => terms.iter().copied().fold(0.0, f64::max),
            }
    }
}
