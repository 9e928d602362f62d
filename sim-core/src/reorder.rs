//! Where the order of K comes from.

use crate::named;

named! {
    /// Which counts put the columns of K in order, so that columns that are often wide meet columns that rarely are.
    #[derive(Default)]
    pub enum Reorder {
        /// None: K stays as a convolution is lowered.
        #[default]
        Off = "off",
        /// Wide activations over the calibration images.
        Calibration = "calibration",
        /// Wide activations over all images of the workload.
        Oracle = "oracle",
        /// Wide weights over the output channels.
        Weights = "weights",
    }
}
