//! Pruning: weights become zero before everything else, those of a network in FP32 or those of a trace as codes.

use sim_core::prune::{LayerSparsity, PruneScope, PruneSpec};
use sim_net::network::Network;
use sim_trace::trace::Trace;

use crate::selection::Choice;

/// Positions of the layers that `choices` simulates.
pub fn simulated(choices: &[Choice]) -> Vec<usize> {
    let is_simulated = |choice: &Choice| match choice {
        Choice::Simulated(_) => true,
        Choice::Unsimulated(_) => false,
    };
    (0..choices.len())
        .filter(|&index| is_simulated(&choices[index]))
        .collect()
}

/// Prune the FP32 weights of `layers`, positions in [`Network::layers`] in ascending order. Biases stay.
///
/// Returns the zeros of each of them, in the same order. Of NaN nothing is larger, so it stays until the weights are
/// quantized, which refuses it.
///
/// # Panics
/// Where the network has no layer at one of the positions.
pub fn prune_network(network: &mut Network, layers: &[usize], spec: PruneSpec) -> Vec<LayerSparsity> {
    let mut tensors: Vec<_> = layers
        .iter()
        .map(|&index| network.layers()[index].weight.clone())
        .collect();
    let shapes = layers.iter().map(|&index| network.layers()[index].weight_shape());
    let mut weights: Vec<Weights<'_, f32>> = tensors
        .iter_mut()
        .zip(shapes)
        .map(|(tensor, shape)| Weights {
            data: &mut tensor.data,
            shape,
        })
        .collect();
    let names = layers
        .iter()
        .map(|&index| network.layers()[index].name.clone())
        .collect();
    let sparsity = prune(&mut weights, names, spec);
    for (&index, tensor) in layers.iter().zip(tensors) {
        network
            .set_weight(index, tensor)
            .expect("the shape is that of the layer");
    }
    sparsity
}

/// Prune the codes of all layers of `trace` by their magnitudes, whatever their Δ, and note it in its origin. Δ and
/// biases stay.
///
/// Returns the zeros of each layer.
pub fn prune_trace(trace: &mut Trace, spec: PruneSpec) -> Vec<LayerSparsity> {
    let names = trace.layers.iter().map(|layer| layer.name.clone()).collect();
    let mut weights: Vec<Weights<'_, i8>> = trace
        .layers
        .iter_mut()
        .map(|layer| Weights {
            data: &mut layer.weight,
            shape: layer.weight_shape,
        })
        .collect();
    let sparsity = prune(&mut weights, names, spec);
    trace.origin.pruned.push(spec);
    sparsity
}

/// A weight that can be pruned.
trait Weight: Copy + PartialEq {
    const ZERO: Self;

    /// In the order of |w|.
    fn magnitude(self) -> u32;
}

impl Weight for f32 {
    const ZERO: Self = 0.0;

    fn magnitude(self) -> u32 {
        // Without signs, bits are in the order of the floats.
        self.abs().to_bits()
    }
}

impl Weight for i8 {
    const ZERO: Self = 0;

    fn magnitude(self) -> u32 {
        u32::from(self.unsigned_abs())
    }
}

/// Weights of one layer.
struct Weights<'a, W> {
    data: &'a mut [W],
    /// Output channels, channels / groups, rows, columns.
    shape: [usize; 4],
}

fn prune<W: Weight>(
    layers: &mut [Weights<'_, W>],
    names: Vec<String>,
    spec: PruneSpec,
) -> Vec<LayerSparsity> {
    let zeros = |layer: &Weights<'_, W>| layer.data.iter().filter(|&&w| w == W::ZERO).count();
    let before: Vec<usize> = layers.iter().map(zeros).collect();
    match spec {
        PruneSpec::Magnitude { fraction, scope } => {
            let n_pruned =
                |layers: &[Weights<'_, W>]| fraction.of(layers.iter().map(|layer| layer.data.len()).sum());
            match scope {
                PruneScope::Layer => {
                    for layer in layers.chunks_mut(1) {
                        drop_smallest(layer, n_pruned(layer));
                    }
                }
                PruneScope::Global => drop_smallest(layers, n_pruned(layers)),
            }
        }
        PruneSpec::TwoOfFour => {
            for layer in layers.iter_mut() {
                keep_two_of_four(layer);
            }
        }
    }
    layers
        .iter()
        .zip(names)
        .zip(before)
        .map(|((layer, name), zeros_before)| LayerSparsity {
            name,
            weights: layer.data.len(),
            zeros_before,
            zeros_after: zeros(layer),
        })
        .collect()
}

/// Make the `n` smallest weights of all layers zero; of equal ones those that come first.
fn drop_smallest<W: Weight>(layers: &mut [Weights<'_, W>], n: usize) {
    let Some(last) = n.checked_sub(1) else { return };
    let mut magnitudes: Vec<u32> = layers
        .iter()
        .flat_map(|layer| layer.data.iter().map(|w| w.magnitude()))
        .collect();
    let (below, &mut largest, _) = magnitudes.select_nth_unstable(last);
    let mut n_equal = n - below.iter().filter(|&&magnitude| magnitude < largest).count();
    for w in layers.iter_mut().flat_map(|layer| layer.data.iter_mut()) {
        let magnitude = w.magnitude();
        if magnitude < largest {
            *w = W::ZERO;
        } else if magnitude == largest && n_equal != 0 {
            *w = W::ZERO;
            n_equal -= 1;
        }
    }
}

/// Keep the two largest of every four weights along K; of equal ones those with the lower k.
fn keep_two_of_four<W: Weight>(layer: &mut Weights<'_, W>) {
    let [_, n_channels, rows, columns] = layer.shape;
    let n_taps = rows * columns;
    let n_k = n_channels * n_taps;
    // K is (kh, kw, c); a filter lies in memory as (c, kh, kw).
    let place = |k: usize| k % n_channels * n_taps + k / n_channels;
    for filter in layer.data.chunks_mut(n_k.max(1)) {
        for first in (0..n_k).step_by(4) {
            let mut four: Vec<usize> = (first..n_k.min(first + 4)).map(place).collect();
            four.sort_by_key(|&place| std::cmp::Reverse(filter[place].magnitude()));
            for &dropped in four.iter().skip(2) {
                filter[dropped] = W::ZERO;
            }
        }
    }
}
