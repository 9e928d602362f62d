//! Which outputs of a product are computed, from files.

use std::path::PathBuf;

use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPlan, PixelSequence, PredictedOutputs,
};
use sim_core::prediction::{
    ChannelOrder, OutputRules, PREDICTOR_MACS_PER_OUTPUT, PixelOrder, PredictorLanes,
};
use sim_core::record::PredictedRecord;
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_layers::predicted;

use crate::error::RunError;
use crate::matrix;

/// What is asked of a product's outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputsAsk {
    /// Which are computed: uint8 `[M, N]`.
    pub kept: PathBuf,
    /// Which pixels are computed without asking: uint8 `[M]`; `None`: no pixel.
    pub first: Option<PathBuf>,
    /// What the array does.
    pub rules: OutputRules,
    /// `None`: as the schedule has it.
    pub pixels: Option<PixelOrder>,
    /// In which order channels are dealt.
    pub channels: ChannelOrder,
    /// Rows and columns of the map that the pixels are; `None`: they are in one row.
    pub map: Option<OutputMap>,
}

impl OutputsAsk {
    /// The tiles of a product of this shape on an array.
    ///
    /// - Errors: files that are not such arrays, of another product, or with other values than 0 and 1; a map of other
    ///   pixels; blocks of pixels without a map.
    pub fn plan(&self, shape: Gemm, array: &ArraySpec) -> Result<OutputPlan, RunError> {
        let (kept, found) = matrix::read_kept(&self.kept)?;
        let want = [shape.m(), shape.n()];
        if found != want {
            let message = format!(
                "has shape {found:?}, and the product has outputs {want:?}; give a value for each output"
            );
            return Err(RunError::at(&self.kept, &message));
        }
        let first = match &self.first {
            Some(path) => matrix::read_first(path)?,
            None => vec![0; shape.m()],
        };
        if let (Some(path), true) = (&self.first, first.len() != shape.m()) {
            let message = format!(
                "has {} values, and the product has {} pixels; give a value for each row of A",
                first.len(),
                shape.m()
            );
            return Err(RunError::at(path, &message));
        }
        let outputs =
            PredictedOutputs::new(shape, &first, &kept).map_err(|error| RunError::at(&self.kept, &error))?;
        let order = self
            .pixels
            .unwrap_or_else(|| self.rules.schedule.default_pixels());
        let map = match (self.map, order) {
            (Some(map), _) if map.height.checked_mul(map.width) == Some(shape.m()) => map,
            (Some(map), _) => {
                let message = format!(
                    "--map {},{} does not have the {} pixels of the product; give its rows and columns",
                    map.height,
                    map.width,
                    shape.m()
                );
                return Err(RunError::user("", &message));
            }
            (None, PixelOrder::Raster) => OutputMap {
                height: 1,
                width: shape.m(),
            },
            (None, PixelOrder::Block) => {
                let message = "blocks of pixels need the map that the pixels are; give --map ROWS,COLUMNS, or --pixels raster";
                return Err(RunError::user("", &message));
            }
        };
        let pixels = PixelSequence::new(order, map, 1, array.rows());
        let channels = ChannelSequence::new(self.channels, &outputs.n_kept_free_by_channel());
        OutputPlan::new(array, self.rules, outputs, &pixels, &channels)
            .map_err(|error| RunError::ours(&error.to_string()))
    }
}

/// What an array does with a plan. A unit that predicts is known by its lanes alone.
pub(crate) fn record(plan: &OutputPlan, lanes: PredictorLanes) -> PredictedRecord {
    let n_outputs = plan.outputs().shape().n_outputs();
    let macs = match lanes {
        PredictorLanes(0) => 0,
        PredictorLanes(_) => PREDICTOR_MACS_PER_OUTPUT * n_outputs,
    };
    predicted::record(plan, macs)
}
