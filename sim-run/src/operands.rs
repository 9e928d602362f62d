//! Zero and narrow operands of every simulated layer, as quantized from the FP32 network.

use reports::stored::point::{Codes, OperandCodes};
use sim_pe::operand::Operand as _;
use sim_quant::capture::capture;
use sim_trace::trace::Layer;

use crate::error::RunError;
use crate::network::PreparedNetwork;
use crate::workers::Workers;

impl PreparedNetwork {
    /// The codes of every simulated layer over the images of the workload; counted once.
    ///
    /// - Errors: as those of a capture.
    pub fn operand_codes(&self, workers: &Workers<'_>) -> Result<&[OperandCodes], RunError> {
        if let Some(codes) = self.operands.get() {
            return Ok(codes);
        }
        let codes = self.count_codes(workers)?;
        Ok(self.operands.get_or_init(|| codes))
    }

    fn count_codes(&self, workers: &Workers<'_>) -> Result<Vec<OperandCodes>, RunError> {
        let opened = self.opened();
        let options = opened.capture_options(self.workload(), workers.jobs, workers.stop)?;
        let trace = capture(
            &opened.network,
            &opened.images,
            opened.calibration.as_ref(),
            &options,
            workers.progress,
        )
        .map_err(|error| RunError::capture(&self.workload().model, error))?;
        Ok(trace.layers.iter().map(of_layer).collect())
    }
}

fn of_layer(layer: &Layer) -> OperandCodes {
    OperandCodes {
        activations: codes(layer.input.iter().map(|&a| (a == 0, a.is_narrow()))),
        weights: codes(layer.weight.iter().map(|&w| (w == 0, w.is_narrow()))),
    }
}

fn codes(are_zero_or_narrow: impl Iterator<Item = (bool, bool)>) -> Codes {
    let mut codes = Codes::default();
    for (is_zero, is_narrow) in are_zero_or_narrow {
        codes.all += 1;
        codes.zeros += u64::from(is_zero);
        codes.narrow += u64::from(!is_zero && is_narrow);
    }
    codes
}
