//! Curves of formulas, drawn as far as the axes go.

use crate::axis::Axis;

/// Pieces of which a curve is drawn.
const N_PIECES: u8 = 64;

/// A curve with its name in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// In the legend.
    pub name: String,
    /// Its y for an x.
    pub formula: Formula,
}

/// y of x, in the units of the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Formula {
    /// Per cent of draws of so many in which at least one is a hit, where x per cent of all are misses.
    AtLeastOne(i32),
    /// The lower of a level and of a slope times x.
    Roof {
        /// The level.
        peak: f64,
        /// The slope.
        slope: f64,
    },
}

impl Formula {
    fn y(self, x: f64) -> f64 {
        match self {
            Self::AtLeastOne(n) => 100.0 * (1.0 - (x / 100.0).powi(n)),
            Self::Roof { peak, slope } => peak.min(slope * x),
        }
    }

    /// Where it bends.
    fn corner(self) -> Option<f64> {
        match self {
            Self::AtLeastOne(_) => None,
            Self::Roof { peak, slope } => Some(peak / slope),
        }
    }
}

impl Curve {
    /// What the axis must hold for the curve to be understood.
    pub(crate) fn level(&self) -> Option<f64> {
        match self.formula {
            Formula::AtLeastOne(_) => None,
            Formula::Roof { peak, .. } => Some(peak),
        }
    }

    /// Points within the axes.
    pub(crate) fn points(&self, x_axis: &Axis, y_axis: &Axis) -> Vec<(f64, f64)> {
        let steps = (0..=N_PIECES).map(|step| x_axis.value(f64::from(step) / f64::from(N_PIECES)));
        let mut xs: Vec<f64> = steps.collect();
        xs.extend(self.formula.corner().filter(|&corner| x_axis.holds(corner)));
        xs.sort_by(f64::total_cmp);
        xs.into_iter()
            .map(|x| (x, self.formula.y(x)))
            .filter(|&(_, y)| y_axis.holds(y))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Scale;

    #[test]
    fn a_roof_bends_at_its_corner() {
        let roof = Formula::Roof {
            peak: 512.0,
            slope: 64.0,
        };
        let curve = Curve {
            name: "roof".to_owned(),
            formula: roof,
        };
        let (x, y) = (
            Axis::new(Scale::Log, [1.0, 90.0]),
            Axis::new(Scale::Log, [30.0, 512.0]),
        );
        let points = curve.points(&x, &y);
        assert!(points.contains(&(8.0, 512.0)));
        assert!(
            points
                .iter()
                .all(|&(x, y)| (y - (64.0 * x).min(512.0)).abs() < 1e-9)
        );
    }

    #[test]
    fn two_miss_where_both_do() {
        let y = |n| Formula::AtLeastOne(n).y(50.0);
        assert_eq!([y(1), y(2), y(4)], [50.0, 75.0, 93.75]);
    }
}
