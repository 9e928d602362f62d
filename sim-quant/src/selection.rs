//! Which layers of a network are simulated, decided from the graph alone.

use sim_core::convolution::LayerKind;
use sim_core::quantization::{EdgeLayer, LayerSelection, QuantizationSpec, SelectionSpec, SignedInputs};

use sim_net::network::{InputSign, WeightedLayer};

/// What becomes of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Quantized and simulated; `Shift` where its input can be negative.
    Simulated(Codes),
    /// Left in FP32, for this reason.
    Unsimulated(String),
}

/// How a layer's input becomes codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Zero is code 0.
    Unsigned,
    /// Zero is a zero point.
    Shifted,
}

/// One choice per layer of a network; `layers` in execution order.
///
/// The first convolution and the final fully connected layer are those of the whole network, selected or not.
pub fn choose(
    layers: &[WeightedLayer],
    selection: &SelectionSpec,
    quantization: &QuantizationSpec,
) -> Vec<Choice> {
    let is_convolution = |layer: &WeightedLayer| layer.kind == LayerKind::Convolution;
    let first = layers.iter().position(is_convolution);
    let last = layers.iter().rposition(|layer| !is_convolution(layer));
    layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let is_edge = |edge: Option<usize>, choice| edge == Some(index) && choice == EdgeLayer::Fp32;
            if selection.layers == LayerSelection::Convolutions && !is_convolution(layer) {
                unsimulated("fully connected, and only convolutions are selected")
            } else if is_edge(first, selection.first) {
                unsimulated("the first convolution stays FP32")
            } else if is_edge(last, selection.last) {
                unsimulated("the final fully connected layer stays FP32")
            } else {
                match (layer.input_sign, quantization.signed_inputs) {
                    (InputSign::NonNegative, _) => Choice::Simulated(Codes::Unsigned),
                    (InputSign::Any, SignedInputs::Shift) => Choice::Simulated(Codes::Shifted),
                    (InputSign::Any, SignedInputs::Unsimulated) => {
                        unsimulated("its input can be negative; `signed-inputs = \"shift\"` simulates it")
                    }
                }
            }
        })
        .collect()
}

fn unsimulated(reason: &str) -> Choice {
    Choice::Unsimulated(reason.to_owned())
}
