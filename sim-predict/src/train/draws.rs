//! Weights to begin with.

use sim_core::draws::{GOLDEN, mixed};
use sim_core::units::count_as_f64;

use crate::predictor::nearest;

/// Numbers drawn for a place: the same for a seed, a name, a channel and an index, whatever else is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws {
    base: u64,
}

impl Draws {
    /// Of the place with this name.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let with_byte = |base: u64, byte: u8| mixed(base ^ u64::from(byte));
        Self {
            base: name.bytes().fold(mixed(seed), with_byte),
        }
    }

    /// A number from −1/3 to below 1/3, every one as likely: PyTorch's default for filters of nine weights that read one
    /// channel, and for their biases.
    pub(super) fn weight(self, channel: u64, index: u64) -> f32 {
        let draw = mixed(mixed(self.base.wrapping_add(channel)).wrapping_add(index.wrapping_mul(GOLDEN)));
        let fraction = count_as_f64(draw >> 11) / count_as_f64(1 << 53);
        nearest((2.0 * fraction - 1.0) / 3.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_even_and_differ_by_seed_name_channel_and_index() {
        let draws = Draws::new(1, "conv");
        let weights: Vec<f32> = (0..10_000).map(|index| draws.weight(3, index)).collect();
        let sixths = weights.iter().filter(|&&weight| weight < -1.0 / 6.0).count();
        assert!((2300..2700).contains(&sixths), "{sixths}");
        assert!(weights.iter().all(|weight| weight.abs() <= 1.0 / 3.0));
        for other in [
            draws.weight(4, 0),
            Draws::new(2, "conv").weight(3, 0),
            Draws::new(1, "cony").weight(3, 0),
        ] {
            assert!(!weights.contains(&other), "{other}");
        }
    }
}
