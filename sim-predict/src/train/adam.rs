//! Adam (Kingma and Ba, 2015), as PyTorch computes it, without decay.

/// Decay of the mean of gradients, and of their squares.
const BETAS: [f64; 2] = [0.9, 0.999];
/// ε, beside the root of the mean square.
const EPSILON: f64 = 1e-8;

/// How far a step goes: above 0, and finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate(f64);

/// A number that is not a learning rate.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{found} is not a learning rate; it is a finite number above 0")]
pub struct LearningRateError {
    /// The number.
    pub found: f64,
}

impl LearningRate {
    /// That of ZAP's authors.
    pub const ZAP: Self = Self(0.01);

    /// A rate.
    ///
    /// - Errors: numbers that are not above 0, or not finite.
    pub fn new(value: f64) -> Result<Self, LearningRateError> {
        if value.is_finite() && 0.0 < value {
            Ok(Self(value))
        } else {
            Err(LearningRateError { found: value })
        }
    }
}

/// The steps so far, which all parameters have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    rate: LearningRate,
    /// Each β to the power of the number of steps.
    powers: [f64; 2],
}

impl Steps {
    pub(super) const fn new(rate: LearningRate) -> Self {
        Self {
            rate,
            powers: [1.0; 2],
        }
    }

    /// Begin the next one.
    pub(super) fn begin(&mut self) {
        self.powers
            .iter_mut()
            .zip(BETAS)
            .for_each(|(power, beta)| *power *= beta);
    }
}

/// A number that is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parameter {
    pub(super) value: f64,
    /// Means of gradients, and of their squares.
    means: [f64; 2],
}

impl Parameter {
    pub(super) fn new(value: f32) -> Self {
        Self {
            value: value.into(),
            means: [0.0; 2],
        }
    }

    /// Take the step that has begun.
    pub(super) fn step(&mut self, gradient: f64, steps: &Steps) {
        for ((mean, beta), seen) in self
            .means
            .iter_mut()
            .zip(BETAS)
            .zip([gradient, gradient * gradient])
        {
            *mean = beta * *mean + (1.0 - beta) * seen;
        }
        let [mean, square] = self.means;
        let [mean_share, square_share] = steps.powers.map(|power| 1.0 - power);
        let root = (square / square_share).sqrt() + EPSILON;
        self.value -= steps.rate.0 / mean_share * mean / root;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_definition() {
        let mut steps = Steps::new(LearningRate::ZAP);
        let mut parameter = Parameter::new(0.5);
        let gradients = [0.2, -0.1, 3e-8];
        let mut want = 0.5;
        for n in 1..=3 {
            steps.begin();
            parameter.step(gradients[n - 1], &steps);
            // The means written out: every gradient with its weight.
            let mean = |beta: f64, power: i32| {
                let age = |index: usize| i32::try_from(n - 1 - index).expect("few steps");
                let weights: f64 = (0..n).map(|index| beta.powi(age(index))).sum();
                let terms = (0..n).map(|index| beta.powi(age(index)) * gradients[index].powi(power));
                terms.sum::<f64>() / weights
            };
            want -= 0.01 * mean(0.9, 1) / (mean(0.999, 2).sqrt() + 1e-8);
            assert!(
                (parameter.value - want).abs() < 1e-12,
                "step {n}: {} {want}",
                parameter.value
            );
        }
        for wrong in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(LearningRate::new(wrong).is_err(), "{wrong}");
        }
        assert_eq!(LearningRate::new(0.01), Ok(LearningRate::ZAP));
    }
}
