//! What predicts at a place.

use sim_core::prediction::PlaceMethod;

use crate::cross_neuron::CrossNeuron;
use crate::gate::Gate;
use crate::predictor::{Predictor, Threshold};

/// A prediction, ready for the outputs of a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// A trained network looks at some pixels.
    Zap {
        /// The network of the place.
        predictor: Box<Predictor>,
        /// What a score has to be above.
        threshold: Threshold,
    },
    /// The diagonals of windows decide.
    CrossNeuron(CrossNeuron),
}

impl Method {
    /// The method without what it learned, as traces and results have it.
    pub fn description(&self) -> PlaceMethod {
        match self {
            Self::Zap { predictor, threshold } => PlaceMethod::Zap {
                mask: predictor.mask.number(),
                threshold: threshold.get(),
            },
            Self::CrossNeuron(CrossNeuron {
                window,
                diagonal,
                zero_up_to,
            }) => PlaceMethod::CrossNeuron {
                window: window.get(),
                diagonal: *diagonal,
                zero_up_to: zero_up_to.get(),
            },
        }
    }

    /// What is computed of `x`, channels, rows and columns behind the ReLU.
    pub fn gate(&self, x: &[f32], shape: [usize; 3]) -> Gate {
        match self {
            Self::Zap { predictor, threshold } => {
                predictor.gate(&predictor.scores(x, shape), shape, *threshold)
            }
            Self::CrossNeuron(method) => method.gate(x, shape),
        }
    }
}
