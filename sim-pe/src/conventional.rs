//! The conventional PE: one exact product a step.

use crate::operand::Operand;
use crate::step::Step;

/// One step: `x · w`, active where it is not zero.
#[inline]
pub fn step(x: impl Operand, w: i8) -> Step {
    let product = x.into() * i32::from(w);
    Step {
        product,
        n_active: usize::from(product != 0),
        reduced_activations: 0,
        reduced_weights: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair() {
        for x in 0..=u8::MAX {
            for w in i8::MIN..=i8::MAX {
                // Schoolbook: w added x times.
                let want = (0..x).fold(0, |sum, _| sum + i32::from(w));
                let step = step(x, w);
                assert_eq!(step.product, want, "{x} · {w}");
                assert_eq!(step.n_active, usize::from(x != 0 && w != 0), "{x} · {w}");
                assert_eq!((step.reduced_activations, step.reduced_weights), (0, 0));
            }
        }
    }
}
