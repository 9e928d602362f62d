//! Predicted zeros: which outputs behind a ReLU are computed at all.
//!
//! At a *place*, the output of a ReLU behind a convolution, some pixels are computed first, the same for all channels. From
//! them a method predicts which of the other outputs are zero; those are skipped, and are +0 for all that reads them.

mod counts;
pub mod cross_neuron;
pub mod curve;
pub mod file;
pub mod gate;
pub mod mask;
pub mod method;
pub mod predictor;
pub mod recalibrate;
pub mod thresholds;
pub mod train;
