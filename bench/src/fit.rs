//! The exponent of growth: the slope of a straight line through logarithms.

/// Slope of log y over log x by least squares; `None` for fewer than two sizes.
pub(crate) fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let n: f64 = logs.iter().map(|_| 1.0).sum();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let shared: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (0.0 < spread).then(|| shared / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents() {
        let power = |p: f64| -> Vec<(f64, f64)> {
            [1.0, 10.0, 100.0, 1000.0]
                .map(|x: f64| (x, 3.0 * x.powf(p)))
                .to_vec()
        };
        for p in [0.0, 0.5, 1.0, 1.5] {
            let found = exponent(&power(p)).unwrap();
            assert!((found - p).abs() < 1e-12, "{found} is not {p}");
        }
        assert_eq!(exponent(&[(1.0, 2.0)]), None);
        assert_eq!(exponent(&[]), None);
        // An outlier in the middle does not tilt the line.
        let found = exponent(&[(1.0, 1.0), (10.0, 50.0), (100.0, 100.0)]).unwrap();
        assert!((found - 1.0).abs() < 1e-12);
    }
}
