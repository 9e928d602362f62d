//! Images one at a time through a network that declares several.

use crate::execute::error::ExecuteError;
use crate::graph::{Graph, infer};
use crate::network::Input;

/// Open the first axis of what an input declares, if nothing in the network depends on the number that it declares.
///
/// - Errors: a node that does.
pub(super) fn check(
    graph: &Graph,
    position: usize,
    shape: &[usize],
    declared: &mut Input,
) -> Result<(), ExecuteError> {
    let (Some(Some(n_declared)), Some(&n_given)) = (declared.shape.first().copied(), shape.first()) else {
        return Ok(());
    };
    if n_declared == n_given {
        return Ok(());
    }
    let found = graph
        .batch_node
        .get_or_init(|| dependent(graph, position, shape, n_declared));
    match found {
        None => {
            declared.shape[0] = None;
            Ok(())
        }
        Some(node) => Err(ExecuteError::FixedBatch {
            declared: n_declared,
            node: graph.nodes[*node].name.clone(),
            operator: graph.nodes[*node].operator.clone(),
        }),
    }
}

/// The first node whose output is not as many times as large as there are times as many images.
fn dependent(graph: &Graph, position: usize, shape: &[usize], n_declared: usize) -> Option<usize> {
    let shapes = |n_images: usize| {
        let sizes = |&other: &usize| {
            let declared = graph.inputs[other].shape.iter().map(|size| size.unwrap_or(1));
            let mut sizes = if other == position {
                shape.to_vec()
            } else {
                declared.collect()
            };
            let is_of_images = other == position || sizes.first() == Some(&n_declared);
            if let Some(first) = sizes.first_mut().filter(|_| is_of_images) {
                *first = n_images;
            }
            sizes
        };
        let inputs: Vec<Vec<usize>> = graph.fed.iter().map(sizes).collect();
        infer::shapes_of_values(graph, &inputs)
    };
    let (many, one) = (shapes(n_declared), shapes(shape[0]));
    let needed = graph
        .nodes
        .iter()
        .zip(&graph.needed)
        .enumerate()
        .filter(|(_, (_, needed))| **needed);
    needed
        .filter(|(_, (node, _))| {
            let outputs = node.outputs.iter().flatten();
            outputs.copied().any(|value| {
                let is_reshape = node.operator == "Reshape";
                !is_scaled(
                    many[value].as_deref(),
                    one[value].as_deref(),
                    [n_declared, shape[0]],
                    is_reshape,
                )
            })
        })
        .map(|(index, _)| index)
        .next()
}

/// Whether one axis alone has as many more elements as there are more images, or none. A reshape could move elements of one
/// image to another, so there it has to be the first.
fn is_scaled(
    many: Option<&[usize]>,
    one: Option<&[usize]>,
    [n_many, n_one]: [usize; 2],
    is_first: bool,
) -> bool {
    let (Some(many), Some(one)) = (many, one) else {
        return false;
    };
    if many == one {
        return true;
    }
    let differing: Vec<usize> = (0..many.len().max(one.len()))
        .filter(|&axis| many.get(axis) != one.get(axis))
        .collect();
    match differing[..] {
        [axis] => {
            many.len() == one.len() && many[axis] * n_one == one[axis] * n_many && (axis == 0 || !is_first)
        }
        _ => false,
    }
}
