//! Layers between `DequantizeLinear` and `QuantizeLinear` compute with integers, as ONNX Runtime fuses them.

use sim_onnx::value::IntKind;

use crate::graph::layer::{StoredInput, StoredWeights};
use crate::graph::on_codes::OnCodes;
use crate::graph::{Action, Graph, readers, stored_codes};
use crate::ops::matmul::Stored;
use crate::ops::number::int64_of_float;

/// How far from a whole number of steps a bias may be that was made of one.
const WHOLE: f32 = 0.01;

/// Give layers whose input, weights and output are codes the node that makes these codes; `kinds` are those of the values.
pub(super) fn fuse(graph: &mut Graph, kinds: &[Option<IntKind>]) {
    let readers = readers(graph);
    let mut is_gone = vec![false; graph.nodes.len()];
    for position in 0..graph.nodes.len() {
        let node = &graph.nodes[position];
        let (Action::Conv { layer, .. }
        | Action::FullyConnected {
            layer,
            output: Stored::AsIs,
            ..
        }) = node.action
        else {
            continue;
        };
        let Some(value) = node.outputs.first().copied().flatten() else {
            continue;
        };
        let &[reader] = &readers[value][..] else { continue };
        let is_read_alone = graph.nodes[reader].operator == "QuantizeLinear"
            && graph.nodes[reader].inputs.first() == Some(&Some(value))
            && !graph.outputs.contains(&value);
        if !is_read_alone || graph.on_codes.contains_key(&layer) {
            continue;
        }
        if let Some(on_codes) = fused(graph, kinds, layer, reader) {
            graph.on_codes.insert(layer, on_codes);
            graph.nodes[position].outputs = std::mem::take(&mut graph.nodes[reader].outputs);
            is_gone[reader] = true;
        }
    }
    let mut is_gone = is_gone.into_iter();
    graph.nodes.retain(|_| !is_gone.next().unwrap_or(false));
}

/// How a layer computes whose output the node at `reader` makes codes of.
fn fused(graph: &Graph, kinds: &[Option<IntKind>], layer: usize, reader: usize) -> Option<OnCodes> {
    let layer = &graph.layers[layer];
    let StoredInput { scale, .. } = layer.stored.input?;
    let Some(Ok(StoredWeights { scales, .. })) = &layer.stored.weights else {
        return None;
    };
    let node = &graph.nodes[reader];
    let kind = kinds[node.outputs.first().copied().flatten()?]?;
    let output = stored_codes::input(graph, node, kind)?;
    let bias = match &layer.bias {
        None => None,
        Some(bias) => {
            let steps = bias.iter().zip(scales);
            let whole = steps.map(|(&bias, &weight)| {
                let steps = bias / (scale * weight);
                let whole = steps.round_ties_even();
                ((steps - whole).abs() < WHOLE).then(|| int64_of_float(whole))
            });
            Some(whole.collect::<Option<Vec<i64>>>()?)
        }
    };
    Some(OnCodes::fused(
        scale,
        scales.clone(),
        bias,
        output.scale,
        output.codes(kind),
    ))
}
