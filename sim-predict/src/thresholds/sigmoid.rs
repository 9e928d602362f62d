//! Sigmoids by least squares.

use crate::curve::{N_THRESHOLDS, THRESHOLDS};

/// `d + a / (1 + exp(−b·t + c))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// a.
    pub height: f64,
    /// b.
    pub slope: f64,
    /// c.
    pub offset: f64,
    /// d.
    pub base: f64,
}

/// Starts of the search: slopes from 10^−2 to 10^3, and offsets from −40 to 40.
const N_SLOPES: i32 = 26;
const N_OFFSETS: i32 = 81;
/// The best starts, from each of which the search goes on.
const N_REFINED: usize = 8;
/// Steps of a search.
const N_STEPS: usize = 250;

/// ln b and c.
type Point = [f64; 2];

impl Fit {
    /// The best of several searches over a curve at [`THRESHOLDS`].
    ///
    /// For every b and c, a and d follow from a linear equation, so that two parameters are searched.
    pub fn of(values: &[f64; N_THRESHOLDS]) -> Self {
        let slopes = (0..N_SLOPES).map(|index| (f64::from(index) / 5.0 - 2.0) * std::f64::consts::LN_10);
        let offsets = || (0..N_OFFSETS).map(|index| f64::from(index) - 40.0);
        let points = slopes.flat_map(|slope| offsets().map(move |offset| [slope, offset]));
        let mut starts: Vec<(f64, Point)> = points.map(|point| (squares(values, point), point)).collect();
        starts.sort_by(|one, other| one.0.total_cmp(&other.0));
        starts.truncate(N_REFINED);
        let found = starts.into_iter().map(|(_, start)| refined(values, start));
        let best = found.min_by(|one, other| squares(values, *one).total_cmp(&squares(values, *other)));
        Self::with(values, best.unwrap_or_default())
    }

    /// Its value at a threshold.
    pub fn at(&self, threshold: f64) -> f64 {
        self.base + self.height / (1.0 + (self.offset - self.slope * threshold).exp())
    }

    /// Sum of the squares of its differences from a curve.
    pub fn squared_error(&self, values: &[f64; N_THRESHOLDS]) -> f64 {
        let errors = THRESHOLDS.iter().zip(values);
        errors
            .map(|(&t, value)| (self.at(f64::from(t)) - value).powi(2))
            .sum()
    }

    /// With these b and c, and the best a and d.
    fn with(values: &[f64; N_THRESHOLDS], [slope, offset]: Point) -> Self {
        let unit = Self {
            height: 1.0,
            slope: slope.exp(),
            offset,
            base: 0.0,
        };
        let steps = THRESHOLDS.map(|t| unit.at(f64::from(t)));
        let mean = |values: &[f64; N_THRESHOLDS]| values.iter().sum::<f64>() / f64::from(N_VALUES);
        let (mean_step, mean_value) = (mean(&steps), mean(values));
        let (mut both, mut square) = (0.0, 0.0);
        for (step, value) in steps.iter().zip(values) {
            both += (step - mean_step) * (value - mean_value);
            square += (step - mean_step).powi(2);
        }
        // A curve without a step is its mean.
        let height = if square < 1e-24 { 0.0 } else { both / square };
        Self {
            height,
            base: mean_value - height * mean_step,
            ..unit
        }
    }
}

/// [`N_THRESHOLDS`] as a divisor.
const N_VALUES: u8 = 27;

fn squares(values: &[f64; N_THRESHOLDS], point: Point) -> f64 {
    Fit::with(values, point).squared_error(values)
}

/// The search of Nelder and Mead from a start.
fn refined(values: &[f64; N_THRESHOLDS], start: Point) -> Point {
    let at = |point: Point| (squares(values, point), point);
    let [slope, offset] = start;
    let mut simplex = [at(start), at([slope + 0.2, offset]), at([slope, offset + 0.5])];
    for _ in 0..N_STEPS {
        simplex.sort_by(|one, other| one.0.total_cmp(&other.0));
        let [(best, one), (middle, other), (worst, last)] = simplex;
        let centre = [0, 1].map(|axis| f64::midpoint(one[axis], other[axis]));
        let towards = |by: f64| at([0, 1].map(|axis| centre[axis] + by * (last[axis] - centre[axis])));
        let reflected = towards(-1.0);
        let replacement = if reflected.0 < best {
            let expanded = towards(-2.0);
            if expanded.0 < reflected.0 {
                expanded
            } else {
                reflected
            }
        } else if reflected.0 < middle {
            reflected
        } else {
            let contracted = if reflected.0 < worst {
                towards(-0.5)
            } else {
                towards(0.5)
            };
            if contracted.0 < worst.min(reflected.0) {
                contracted
            } else {
                for corner in &mut simplex[1..] {
                    let point = corner.1;
                    *corner = at([0, 1].map(|axis| f64::midpoint(one[axis], point[axis])));
                }
                continue;
            }
        };
        simplex[2] = replacement;
    }
    simplex.sort_by(|one, other| one.0.total_cmp(&other.0));
    simplex[0].1
}
