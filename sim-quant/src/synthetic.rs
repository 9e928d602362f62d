//! Zeros that no image gave, put among the activations of a trace.

use sim_core::draws::{GOLDEN, mixed};
use sim_core::shape::widen;
use sim_core::synthetic::ActivationZeros;
use sim_trace::trace::Trace;

/// Make activations zero, each with the probability `zeros`, drawn from `seed` by layer and place. Weights and counts
/// of calibration images stay.
pub fn zero_activations(trace: &mut Trace, zeros: ActivationZeros, seed: u64) {
    for (index, layer) in (0..).zip(&mut trace.layers) {
        let draws = Draws::new(seed, index);
        for (place, code) in layer.input.iter_mut().enumerate() {
            if zeros.covers(draws.at(widen(place))) {
                *code = 0;
            }
        }
    }
}

/// Numbers drawn for the activations of a layer: the same for a seed, a layer and a place, whatever else is drawn.
#[derive(Clone, Copy, Debug)]
struct Draws {
    base: u64,
}

impl Draws {
    /// Of the layer at `index`.
    fn new(seed: u64, index: u64) -> Self {
        Self {
            base: mixed(mixed(seed).wrapping_add(index)),
        }
    }

    /// The number of an activation, by its place in the layer's input.
    const fn at(self, place: u64) -> u64 {
        mixed(self.base.wrapping_add(place.wrapping_mul(GOLDEN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_become_zero_as_are_asked_for() {
        let n: u32 = 100_000;
        for p in [0.0, 0.1, 0.5, 0.999] {
            let zeros = ActivationZeros::new(p).unwrap();
            let draws = Draws::new(7, 3);
            let covered = (0..n).filter(|&place| zeros.covers(draws.at(u64::from(place))));
            let found = f64::from(u32::try_from(covered.count()).unwrap()) / f64::from(n);
            // Four standard deviations.
            let near = 4.0 * (p * (1.0 - p) / f64::from(n)).sqrt();
            assert!((found - p).abs() <= near, "{p}: {found}");
        }
    }

    #[test]
    fn zeros_of_a_probability_are_zeros_of_a_larger_one_and_seeds_and_layers_differ() {
        let [few, many] = [0.2, 0.6].map(|p| ActivationZeros::new(p).unwrap());
        let draws = Draws::new(1, 0);
        assert!((0..10_000).all(|place| !few.covers(draws.at(place)) || many.covers(draws.at(place))));
        for other in [Draws::new(2, 0), Draws::new(1, 1)] {
            let same =
                (0..10_000).filter(|&place| many.covers(draws.at(place)) == many.covers(other.at(place)));
            assert!((4500..6000).contains(&same.count()));
        }
    }
}
