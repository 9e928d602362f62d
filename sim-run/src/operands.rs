//! Zero and narrow operands of every simulated layer, as quantized from the FP32 network.

use reports::stored::point::{Codes, OperandCodes};
use sim_pe::operand::Operand as _;
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
        let (trace, _) = self.opened().capture(self.workload(), None, workers)?;
        let codes = trace.layers.iter().map(of_layer).collect();
        Ok(self.operands.get_or_init(|| codes))
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
