//! Why an experiment has no result.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;

use sim_images::sets::ImageError;
use sim_layers::evaluate::EvaluateError;
use sim_layers::simulate::SimulateError;
use sim_net::network::ModelError;
use sim_quant::capture::CaptureError;
use sim_toml::error::ConfigError;
use sim_trace::TraceError;

use crate::stand_in::StandIn;

/// Whose fault it is that there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's: a file, a key or a shape is wrong.
    User,
    /// This program's.
    Ours,
    /// Nobody's: it was asked to stop.
    Stopped,
}

/// Why an experiment has no result: whose fault, where, what, and what to do. Its display is all of that.
#[derive(Clone, Debug)]
pub struct RunError(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: ErrorKind,
    /// With the place, where there is one.
    message: String,
    cause: Option<Cause>,
}

type Cause = Arc<dyn Error + Send + Sync>;

impl RunError {
    fn new(kind: ErrorKind, message: String) -> Self {
        Self(Box::new(Parts {
            kind,
            message,
            cause: None,
        }))
    }

    /// The user's mistake; `place` is a file, or empty, and `message` says what is wrong and behind `; ` what to do.
    pub(crate) fn user(place: impl Display, message: &dyn Display) -> Self {
        let place = place.to_string();
        let separator = if place.is_empty() { "" } else { ": " };
        Self::new(ErrorKind::User, format!("{place}{separator}{message}"))
    }

    /// The same, about a file.
    pub(crate) fn at(path: &Path, message: &dyn Display) -> Self {
        Self::user(path.display(), message)
    }

    /// The same, about a file that cannot be decoded: `message`, or what the file is instead, where that is seen.
    pub(crate) fn undecoded(path: &Path, message: &dyn Display) -> Self {
        match StandIn::at(path) {
            Some(stand_in) => Self::at(path, &stand_in),
            None => Self::at(path, message),
        }
    }

    /// A fault of this program.
    pub fn ours(message: &str) -> Self {
        Self::new(ErrorKind::Ours, message.to_owned())
    }

    /// A panic, by its words.
    pub fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::ours(text.unwrap_or("a panic without words"))
    }

    /// Asked to stop before there was a result.
    pub(crate) fn stopped() -> Self {
        Self::new(ErrorKind::Stopped, "stopped".to_owned())
    }

    fn because(mut self, cause: Cause) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What a caller may say more about: a [`ConfigError`] knows its lines, an [`ImageError`] its fault.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }

    pub(crate) fn model(path: &Path, error: &ModelError) -> Self {
        let remedy = match error {
            ModelError::Read { source, .. } => return Self::at(path, &format!("{source}; check the path")),
            // They say what to do, or it is not the file that is wrong.
            ModelError::NoValue { .. }
            | ModelError::NoInput { .. }
            | ModelError::Constant { .. }
            | ModelError::External(_)
            | ModelError::Opset { .. } => "",
            ModelError::Missing {
                cut_off, n_layers, ..
            } if cut_off.len() < *n_layers => {
                "; --partial (`partial = true`) simulates the other layers and lists these"
            }
            ModelError::Missing { .. } => "; no layer can be reached without them",
            ModelError::Decode(_)
            | ModelError::NoGraph
            | ModelError::Node { .. }
            | ModelError::Initializer { .. }
            | ModelError::Cycle { .. }
            | ModelError::Undefined { .. }
            | ModelError::Output { .. }
            | ModelError::Twice { .. }
            | ModelError::Branch { .. }
            | ModelError::Constants
            | ModelError::Replacement { .. } => "; check the model, or export it again",
        };
        // What is wrong inside a model does not say in which file.
        Self::undecoded(path, &format!("{error}{remedy}"))
    }

    /// A network that cannot be captured, with the file that it came from.
    pub(crate) fn capture(model: &Path, error: CaptureError) -> Self {
        match error {
            CaptureError::Stopped => Self::stopped(),
            // Images name themselves; what a layer complains about does not say of which network it is.
            CaptureError::Image(error) => error.into(),
            error @ (CaptureError::Preprocess(_)
            | CaptureError::NoArray { .. }
            | CaptureError::Network { .. }
            | CaptureError::NotFinite { .. }
            | CaptureError::StoredCodes { .. }
            | CaptureError::Geometry { .. }
            | CaptureError::Sizes { .. }
            | CaptureError::Nothing) => Self::at(model, &error),
        }
    }

    pub(crate) fn evaluate(model: &Path, error: EvaluateError) -> Self {
        match error {
            EvaluateError::Stopped => Self::stopped(),
            EvaluateError::Run(error) => Self::capture(model, error),
            error @ (EvaluateError::Outputs { .. }
            | EvaluateError::Label { .. }
            | EvaluateError::Folders { .. }
            | EvaluateError::ClassList { .. }
            | EvaluateError::Sizes { .. }) => Self::at(model, &error),
        }
    }

    /// A trace that cannot be simulated, with the file that it came from.
    pub(crate) fn simulate(workload: &Path, error: &SimulateError) -> Self {
        match error {
            SimulateError::Stopped => Self::stopped(),
            error @ (SimulateError::Plan(_) | SimulateError::Engine { .. }) => Self::at(workload, error),
        }
    }
}

impl Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for RunError {}

impl From<Box<ConfigError>> for RunError {
    fn from(error: Box<ConfigError>) -> Self {
        let separator = if error.remedy().is_empty() { "" } else { "; " };
        let message = format!("{}{separator}{}", error.why(), error.remedy());
        Self::user(error.place(), &message).because(Arc::new(*error))
    }
}

impl From<ImageError> for RunError {
    fn from(error: ImageError) -> Self {
        Self::undecoded(&error.path, &error.fault).because(Arc::new(error))
    }
}

impl From<TraceError> for RunError {
    fn from(error: TraceError) -> Self {
        Self::undecoded(&error.path, &error.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_what_and_what_to_do() {
        let error = RunError::at(Path::new("a.onnx"), &"no graph; or two; export it again");
        assert_eq!(error.kind(), ErrorKind::User);
        assert_eq!(error.to_string(), "a.onnx: no graph; or two; export it again");
        assert_eq!(RunError::ours("lost").to_string(), "lost");
        assert_eq!(RunError::of_panic(&"words").kind(), ErrorKind::Ours);
    }
}
