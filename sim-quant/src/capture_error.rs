//! Why a network cannot be captured.

use sim_core::convolution::GeometryFault;
use sim_images::preprocess::PreprocessError;
use sim_images::sets::ImageError;
use sim_net::network::ExecuteError;

use crate::quantize::NotFinite;

/// A network, images or choices from which no trace can be made.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// An image that cannot be loaded.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// An image that cannot be preprocessed as declared.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// An input of the network for which nothing is given.
    #[error(
        "the network reads `{input}` beside `{images}`, and nothing is given for it; put an array of that name into the .npz, \
         with one value for each image, or give it one value for all images with --input {input}=VALUE"
    )]
    NoArray {
        /// The input.
        input: String,
        /// That of the images.
        images: String,
    },
    /// The network cannot be run on an image.
    #[error("image `{image}`: {error}{}", remedy(error))]
    Network {
        /// The image.
        image: String,
        /// What the network says.
        #[source]
        error: Box<ExecuteError>,
    },
    /// An input, weight or bias that no code stands for.
    #[error("layer `{layer}`: its {tensor}: {error}; check the model and the preprocessing")]
    NotFinite {
        /// The layer.
        layer: String,
        /// `input`, `weight` or `bias`.
        tensor: &'static str,
        /// Where.
        #[source]
        error: NotFinite,
    },
    /// Codes of the network's file that are not those that are asked for.
    #[error(
        "layer `{layer}`: the network gives it codes of 8 bits, and other bits, steps or levels are asked for; take the network \
         in FP32, or leave the codes as they are"
    )]
    StoredCodes {
        /// The layer.
        layer: String,
    },
    /// A layer whose numbers do not fit together.
    #[error("layer `{layer}`: {fault}")]
    Geometry {
        /// The layer.
        layer: String,
        /// How.
        #[source]
        fault: GeometryFault,
    },
    /// Images that a layer sees in different sizes.
    #[error(
        "layer `{layer}`: its input is {found:?} for image `{image}`, but {want:?} for the first: declare `resize`, so \
         that all images have one size"
    )]
    Sizes {
        /// The layer.
        layer: String,
        /// The image.
        image: String,
        /// Channels, rows and columns.
        found: Vec<usize>,
        /// Those of the first image.
        want: Vec<usize>,
    },
    /// No layer.
    #[error("the network has no convolution and no fully connected layer; there is nothing to simulate")]
    Nothing,
    /// The stop flag was set.
    #[error("stopped before the last image")]
    Stopped,
}

/// What to do about a network that cannot be run on an image; nothing where the image is not at fault.
fn remedy(error: &ExecuteError) -> &'static str {
    match error {
        ExecuteError::InputShape { .. } => {
            "; give images of that shape: pixels get it by `resize`, `channels` and `model-layout`, and a float array must have \
             it (`layout` says that its channels are last)"
        }
        ExecuteError::InputCount { .. }
        | ExecuteError::InputElement { .. }
        | ExecuteError::FixedBatch { .. }
        | ExecuteError::Missing(_)
        | ExecuteError::Node { .. }
        | ExecuteError::Hook { .. }
        | ExecuteError::HookShape { .. }
        | ExecuteError::Unreached
        | ExecuteError::OutputType { .. } => "",
    }
}
