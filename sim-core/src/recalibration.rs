//! How batch norms get new statistics from calibration images.

use std::num::NonZeroUsize;

use crate::named;

named! {
    /// How the statistics of calibration images become those of a batch norm.
    pub enum RecalibrationMode {
        /// Those of all calibration images together replace the stored ones.
        Exact = "exact",
        /// Batch by batch, the stored ones move towards those of the batch, as in training.
        Momentum = "momentum",
    }
}

/// A mode with what it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Recalibration {
    /// All calibration images at once.
    #[default]
    Exact,
    /// Batch by batch.
    Momentum(Momentum),
}

impl Recalibration {
    /// The mode alone.
    pub const fn mode(self) -> RecalibrationMode {
        match self {
            Self::Exact => RecalibrationMode::Exact,
            Self::Momentum(_) => RecalibrationMode::Momentum,
        }
    }
}

impl From<RecalibrationMode> for Recalibration {
    /// The mode with the usual rate and batch size.
    fn from(mode: RecalibrationMode) -> Self {
        match mode {
            RecalibrationMode::Exact => Self::Exact,
            RecalibrationMode::Momentum => Self::Momentum(Momentum::default()),
        }
    }
}

/// A running update: `(1 − rate)·running + rate·batch` after each batch.
///
/// Invariant: the rate is above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    rate: f64,
    batch_size: NonZeroUsize,
}

/// A rate outside of its range, or a batch without images.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum MomentumError {
    /// The rate.
    #[error("a momentum of {rate} is outside of its range: above 0 and at most 1, usually 0.1")]
    Rate {
        /// What was given.
        rate: f64,
    },
    /// The batch size.
    #[error("a batch has at least one image, usually 128")]
    BatchSize,
}

impl Momentum {
    /// A running update of `rate` over batches of `batch_size` images.
    ///
    /// - Errors: a rate that is not above 0 and at most 1; a batch size of 0.
    pub fn new(rate: f64, batch_size: usize) -> Result<Self, MomentumError> {
        if !(0.0 < rate && rate <= 1.0) {
            return Err(MomentumError::Rate { rate });
        }
        let batch_size = NonZeroUsize::new(batch_size).ok_or(MomentumError::BatchSize)?;
        Ok(Self { rate, batch_size })
    }

    /// The weight of a batch.
    pub const fn rate(self) -> f64 {
        self.rate
    }

    /// Images in a batch; the last one may have fewer.
    pub const fn batch_size(self) -> NonZeroUsize {
        self.batch_size
    }
}

impl Default for Momentum {
    /// As the authors' code: 0.1, batches of 128.
    fn default() -> Self {
        const BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(128).expect("not zero");
        Self {
            rate: 0.1,
            batch_size: BATCH_SIZE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named::Named;

    #[test]
    fn names_and_modes_lead_back_to_each_other() {
        for mode in RecalibrationMode::ALL {
            assert_eq!(RecalibrationMode::from_name(mode.name()), Some(mode));
            assert_eq!(Recalibration::from(mode).mode(), mode);
        }
        assert_eq!(RecalibrationMode::from_name("Exact"), None);
    }

    #[test]
    fn a_rate_is_a_weight_and_a_batch_has_images() {
        #[track_caller]
        fn check(rate: f64, batch_size: usize, want: Result<(), &str>) {
            let found = Momentum::new(rate, batch_size);
            let found = found.map(drop).map_err(|error| error.to_string());
            assert_eq!(found, want.map_err(str::to_owned));
        }
        check(0.1, 128, Ok(()));
        check(1.0, 1, Ok(())); // The last batch alone.
        check(
            0.0,
            1,
            Err("a momentum of 0 is outside of its range: above 0 and at most 1, usually 0.1"),
        );
        check(
            1.5,
            1,
            Err("a momentum of 1.5 is outside of its range: above 0 and at most 1, usually 0.1"),
        );
        check(
            f64::NAN,
            1,
            Err("a momentum of NaN is outside of its range: above 0 and at most 1, usually 0.1"),
        );
        check(0.1, 0, Err("a batch has at least one image, usually 128"));
    }
}
