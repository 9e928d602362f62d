//! Why a network cannot be evaluated.

use std::path::PathBuf;

use sim_config::layer_names::UnknownLayer;
use sim_config::preprocessing::PreprocessingError;
use sim_images::preprocess::PreprocessError;
use sim_images::sets::ImageError;
use sim_net::network::ModelError;
use sim_net::recalibrate::RecalibrateError;
use sim_quant::capture::CaptureError;
use sim_quant::reorder::ReorderError;
use sim_toml::error::ConfigError;
use sim_trace::TraceError;

use sim_layers::evaluate::EvaluateError;
use sim_layers::machines::MachineError;

/// Why a network cannot be evaluated; all but [`Stopped`](Self::Stopped) name what the user has to change.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A configuration file.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
    /// Preprocessing that does not fit together.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// A model that cannot be read.
    #[error("{0}; check the path")]
    ModelFile(ModelError),
    /// What is in a model.
    #[error("{}: {error}; check the model, or export it again", model.display())]
    Model {
        /// The file.
        model: PathBuf,
        /// Why.
        error: ModelError,
    },
    /// A trace that cannot be read, or a model that cannot be hashed.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A folder of images that cannot be listed.
    #[error("{}: the folder cannot be read: {error}; check its permissions", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Images name themselves.
    #[error(transparent)]
    Images(#[from] ImageError),
    /// A network that cannot be run or quantized.
    #[error("{}: {error}", model.display())]
    Capture {
        /// The file.
        model: PathBuf,
        /// Why.
        error: Box<CaptureError>,
    },
    /// Calibration images that the network cannot take.
    #[error("{}: {error}", model.display())]
    Preprocess {
        /// The file.
        model: PathBuf,
        /// Why.
        error: PreprocessError,
    },
    /// Answers that are none.
    #[error("{}: {error}", model.display())]
    Evaluate {
        /// The file.
        model: PathBuf,
        /// Why.
        error: Box<EvaluateError>,
    },
    /// Batch norms that cannot be recalibrated.
    #[error("{}: {error}", model.display())]
    Recalibrate {
        /// The file.
        model: PathBuf,
        /// Why.
        error: RecalibrateError,
    },
    /// A layer that cannot run as asked.
    #[error("{origin}: {error}")]
    Layer {
        /// Where the design comes from.
        origin: String,
        /// Why.
        error: MachineError,
    },
    /// Layers that are not there.
    #[error("{origin}: {}; {}", unknown.why, unknown.remedy)]
    UnknownLayer {
        /// Where the design comes from.
        origin: String,
        /// What is wrong and what may have been meant.
        unknown: UnknownLayer,
    },
    /// Reordering on an array that does not split K.
    #[error("{origin}: {error}")]
    Reorder {
        /// Where the design comes from.
        origin: String,
        /// Why.
        error: ReorderError,
    },
    /// Throttling of an array without threads.
    #[error(
        "{origin}: an array of kind \"{kind}\" has no threads to throttle; take an nb-smt array, or leave throttling out"
    )]
    Unthreaded {
        /// Where the design comes from.
        origin: String,
        /// Kind of the array's PEs.
        kind: &'static str,
    },
    /// Throttling without anything to hold the answers against.
    #[error(
        "automatic throttling needs labels for the images that it learns from, and {images} has none; give labelled \
         images as calibration, or name layers with their threads"
    )]
    Unlabelled {
        /// The images.
        images: String,
    },
    /// Nothing to evaluate.
    #[error("no design is given; name at least one array")]
    NoDesign,
    /// Stopped before there was a result.
    #[error("stopped")]
    Stopped,
}

impl EvalError {
    /// A network that cannot be captured, with the file that it came from.
    pub fn capture(model: &std::path::Path, error: CaptureError) -> Self {
        match error {
            CaptureError::Stopped => Self::Stopped,
            // Images name themselves; what a layer complains about does not say of which network it is.
            CaptureError::Image(error) => Self::Images(error),
            error @ (CaptureError::Preprocess(_)
            | CaptureError::Network { .. }
            | CaptureError::NotFinite { .. }
            | CaptureError::Geometry { .. }
            | CaptureError::Sizes { .. }
            | CaptureError::Nothing { .. }) => Self::Capture {
                model: model.to_owned(),
                error: Box::new(error),
            },
        }
    }

    pub(crate) fn evaluate(model: &std::path::Path, error: EvaluateError) -> Self {
        match error {
            EvaluateError::Stopped => Self::Stopped,
            EvaluateError::Run(error) => Self::capture(model, error),
            error @ (EvaluateError::Outputs { .. }
            | EvaluateError::Label { .. }
            | EvaluateError::Sizes { .. }) => Self::Evaluate {
                model: model.to_owned(),
                error: Box::new(error),
            },
        }
    }
}
