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
    choose_of(layers, selection, quantization, |layer| {
        let missing = layer.missing.join(", ");
        (!missing.is_empty()).then(|| format!("it depends on operators that are not supported: {missing}"))
    })
}

/// Places of the layers that might be simulated if they did not depend on operators that are not supported, of which
/// nobody knows whether they make negative values.
pub fn cut_off(
    layers: &[WeightedLayer],
    selection: &SelectionSpec,
    quantization: &QuantizationSpec,
) -> Vec<usize> {
    let quantization = QuantizationSpec {
        signed_inputs: SignedInputs::Shift,
        ..*quantization
    };
    let choices = choose_of(layers, selection, &quantization, |_| None);
    let choices = choices.iter().zip(layers).enumerate();
    choices
        .filter(|(_, (choice, layer))| matches!(choice, Choice::Simulated(_)) && !layer.missing.is_empty())
        .map(|(place, _)| place)
        .collect()
}

/// As [`choose`]; `unreached` says why nothing comes to a layer.
fn choose_of(
    layers: &[WeightedLayer],
    selection: &SelectionSpec,
    quantization: &QuantizationSpec,
    unreached: impl Fn(&WeightedLayer) -> Option<String>,
) -> Vec<Choice> {
    let is_convolution = |layer: &WeightedLayer| layer.kind == LayerKind::Convolution;
    let first = layers.iter().position(is_convolution);
    let last = layers
        .iter()
        .rposition(|layer| layer.kind == LayerKind::FullyConnected);
    let choice = |(index, layer): (usize, &WeightedLayer)| {
        let is_edge = |edge: Option<usize>, choice| edge == Some(index) && choice == EdgeLayer::Fp32;
        if selection.layers == LayerSelection::Convolutions && !is_convolution(layer) {
            return unsimulated(match layer.kind {
                LayerKind::Convolution | LayerKind::FullyConnected => {
                    "fully connected, and only convolutions are selected"
                }
                LayerKind::TransposedConvolution => {
                    "a transposed convolution, and only convolutions are selected"
                }
            });
        }
        if is_edge(first, selection.first) {
            return unsimulated("the first convolution stays FP32");
        }
        if is_edge(last, selection.last) {
            return unsimulated("the final fully connected layer stays FP32");
        }
        if let Some(reason) = unreached(layer) {
            return Choice::Unsimulated(reason);
        }
        match (&layer.stored.weights, layer.stored.input) {
            (Some(Err(reason)), _) => return Choice::Unsimulated(reason.clone()),
            // Its codes are what they are, whatever is done with those of other layers.
            (_, Some(input)) => {
                return Choice::Simulated(if input.zero_point == 0 {
                    Codes::Unsigned
                } else {
                    Codes::Shifted
                });
            }
            (Some(Ok(_)) | None, None) => {}
        }
        match (layer.input_sign, quantization.signed_inputs) {
            (InputSign::NonNegative, _) => Choice::Simulated(Codes::Unsigned),
            (InputSign::Any, SignedInputs::Shift) => Choice::Simulated(Codes::Shifted),
            (InputSign::Any, SignedInputs::Unsimulated) => {
                unsimulated("its input can be negative; `signed-inputs = \"shift\"` simulates it")
            }
        }
    };
    layers.iter().enumerate().map(choice).collect()
}

fn unsimulated(reason: &str) -> Choice {
    Choice::Unsimulated(reason.to_owned())
}
