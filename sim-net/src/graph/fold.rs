//! Nodes that depend on no input run once, when a file is read.

use std::sync::Arc;

use crate::graph::error::{MAX_CONSTANT_ELEMENTS, ModelError};
use crate::graph::inline::Placed;
use crate::graph::{Action, Graph, Node, stored_codes};
use crate::ops::args::Args;

/// Replace nodes that read nothing but constants by their outputs; `file` are the nodes as they are stored.
pub(super) fn fold(graph: &mut Graph, file: &[Placed]) -> Result<(), ModelError> {
    let mut n_elements: usize = graph
        .constants
        .iter()
        .flatten()
        .map(|constant| constant.n_elements())
        .sum();
    let mut kept = Vec::with_capacity(graph.nodes.len());
    for node in std::mem::take(&mut graph.nodes) {
        let is_constant = node
            .inputs
            .iter()
            .flatten()
            .all(|&value| graph.constants[value].is_some());
        let Action::Plain(operation) = &node.action else {
            kept.push(node);
            continue;
        };
        if !is_constant {
            kept.push(node);
            continue;
        }
        let inputs = node
            .inputs
            .iter()
            .map(|input| graph.constants[(*input)?].clone())
            .collect();
        let args = Args(inputs);
        let outputs = match operation
            .check(&args.operands())
            .and_then(|()| operation.run(args))
        {
            Ok(outputs) => outputs,
            // It matters only where something that is wanted depends on it.
            Err(fault) => {
                kept.push(Node {
                    action: Action::Refused(fault),
                    ..node
                });
                continue;
            }
        };
        for output in &outputs {
            n_elements = n_elements.saturating_add(output.n_elements());
        }
        if MAX_CONSTANT_ELEMENTS < n_elements {
            return Err(ModelError::Constants);
        }
        if let Some(made) = node.outputs.first().copied().flatten()
            && let Some(dequantized) = stored_codes::dequantized(graph, &node, &file[node.index].node)
        {
            graph.dequantized.insert(made, dequantized);
        }
        for (&value, output) in node.outputs.iter().zip(outputs) {
            if let Some(value) = value {
                graph.constants[value] = Some(Arc::new(output));
            }
        }
    }
    graph.nodes = kept;
    Ok(())
}
