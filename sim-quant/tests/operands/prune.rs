//! Pruning of networks and traces, against naive references.

use proptest::prelude::*;
use sim_core::convolution::{Geometry, LayerKind};
use sim_core::prune::{LayerSparsity, PruneScope, PruneSpec};
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_net::network::Network;
use sim_quant::prune::{prune_network, prune_trace, simulated};
use sim_quant::selection::choose;
use sim_trace::trace::{Layer, Origin, Trace};

/// One image of ones through layers with these weights.
fn trace(layers: &[([usize; 4], usize, Vec<i8>)]) -> Trace {
    Trace {
        origin: Origin {
            images: vec!["a".to_owned()],
            ..Origin::default()
        },
        layers: layers
            .iter()
            .enumerate()
            .map(|(index, (shape, groups, weight))| Layer {
                name: format!("layer{index}"),
                kind: LayerKind::Convolution,
                geometry: Geometry {
                    stride: [1, 1],
                    padding: [0; 4],
                    dilation: [1, 1],
                    groups: *groups,
                },
                node: Some(index),
                input: vec![1; shape[1] * groups * shape[2] * shape[3]],
                input_shape: [1, shape[1] * groups, shape[2], shape[3]],
                weight: weight.clone(),
                weight_shape: *shape,
                input_scale: 1.0,
                zero_point: 0,
                weight_scale: vec![0.5; shape[0]],
                bias: None,
                wide_counts: None,
                predicted: None,
            })
            .collect(),
        unsimulated: Vec::new(),
    }
}

fn weights(trace: &Trace) -> Vec<Vec<i8>> {
    trace.layers.iter().map(|layer| layer.weight.clone()).collect()
}

fn magnitude(fraction: &str, scope: PruneScope) -> PruneSpec {
    let spec: PruneSpec = fraction.parse().expect("is a fraction");
    spec.with_scope(scope).expect("has a scope")
}

/// Zero what stands first when all weights are sorted by magnitude, then layer, then index.
fn zero_first_sorted<W: Copy + Default>(layers: &mut [Vec<W>], n: usize, magnitude: impl Fn(W) -> f64) {
    let mut places: Vec<(f64, usize, usize)> = Vec::new();
    for (layer, weights) in layers.iter().enumerate() {
        for (index, &w) in weights.iter().enumerate() {
            places.push((magnitude(w), layer, index));
        }
    }
    places.sort_by(|one, other| {
        one.0
            .total_cmp(&other.0)
            .then((one.1, one.2).cmp(&(other.1, other.2)))
    });
    for &(_, layer, index) in &places[..n] {
        layers[layer][index] = W::default();
    }
}

fn code_magnitude(code: i8) -> f64 {
    f64::from(code).abs()
}

fn n_zeros(weights: &[i8]) -> usize {
    weights.iter().filter(|&&w| w == 0).count()
}

/// Shapes of plain, grouped and depthwise layers, with codes of which many are equal.
fn layers() -> impl Strategy<Value = Vec<([usize; 4], usize, Vec<i8>)>> {
    let layer = (1_usize..4, 1_usize..7, 1_usize..4, 1_usize..3, 1_usize..3).prop_flat_map(
        |(filters, channels, rows, columns, groups)| {
            let shape = [filters * groups, channels, rows, columns];
            let code = prop_oneof![2 => Just(0_i8), 4 => -3_i8..=3, 2 => any::<i8>()];
            let n_codes = shape.iter().product::<usize>();
            prop::collection::vec(code, n_codes).prop_map(move |codes| (shape, groups, codes))
        },
    );
    prop::collection::vec(layer, 1..4)
}

proptest! {
    #[test]
    fn magnitude_pruning_is_that_of_sorted_weights(layers in layers(), percent in 0_u32..100, scope in prop::sample::select(&PruneScope::ALL)) {
        let mut pruned = trace(&layers);
        let spec = magnitude(&format!("0.{percent:02}"), scope);
        let sparsity = prune_trace(&mut pruned, spec);
        let before: Vec<Vec<i8>> = layers.iter().map(|(_, _, codes)| codes.clone()).collect();
        let part = |count: usize| count * usize::try_from(percent).expect("fits") / 100;
        let mut want = before.clone();
        match scope {
            PruneScope::Layer => for layer in want.chunks_mut(1) {
                let n = part(layer[0].len());
                zero_first_sorted(layer, n, code_magnitude);
            },
            PruneScope::Global => {
                let n = part(before.iter().map(Vec::len).sum());
                zero_first_sorted(&mut want, n, code_magnitude);
            }
        }
        prop_assert_eq!(&weights(&pruned), &want);
        prop_assert_eq!(&pruned.origin.pruned, &[spec]);
        for (index, layer) in sparsity.iter().enumerate() {
            prop_assert_eq!(layer, &LayerSparsity {
                name: format!("layer{index}"),
                weights: before[index].len(),
                zeros_before: n_zeros(&before[index]),
                zeros_after: n_zeros(&want[index]),
            });
        }
        // What the definition says, without a reference: counts, and nothing kept is smaller than something dropped.
        let all = |layers: &[Vec<i8>]| layers.concat();
        let tensors = match scope {
            PruneScope::Layer => before.iter().cloned().zip(weights(&pruned)).collect(),
            PruneScope::Global => vec![(all(&before), all(&weights(&pruned)))],
        };
        for (before, after) in tensors {
            prop_assert_eq!(n_zeros(&after), part(before.len()).max(n_zeros(&before)));
            let dropped = before.iter().zip(&after).filter(|(b, a)| b != a).map(|(b, _)| b.unsigned_abs()).max();
            let kept = after.iter().filter(|&&w| w != 0).map(|w| w.unsigned_abs()).min();
            prop_assert!(dropped.is_none() || kept.is_none() || dropped <= kept, "{:?} {:?}", dropped, kept);
        }
    }

    #[test]
    fn two_of_four_runs_on_the_sparse_array(layers in layers()) {
        let mut pruned = trace(&layers);
        prune_trace(&mut pruned, PruneSpec::TwoOfFour);
        for (layer, (shape, _, before)) in pruned.layers.iter().zip(&layers) {
            let [filters, channels, rows, columns] = *shape;
            for filter in 0..filters {
                let mut places = Vec::new();
                for row in 0..rows {
                    for column in 0..columns {
                        for channel in 0..channels {
                            places.push(((filter * channels + channel) * rows + row) * columns + column);
                        }
                    }
                }
                for four in places.chunks(4) {
                    for (k, &place) in four.iter().enumerate() {
                        // How many of the four go before this one.
                        let n_before = four.iter().enumerate().filter(|&(other_k, &other)| {
                            let (this, other) = (before[place].unsigned_abs(), before[other].unsigned_abs());
                            this < other || (this == other && other_k < k)
                        }).count();
                        let want = if n_before < 2 { before[place] } else { 0 };
                        prop_assert_eq!(layer.weight[place], want, "k {}", k);
                    }
                }
            }
        }
    }

    #[test]
    fn a_fraction_of_zero_changes_nothing(layers in layers(), scope in prop::sample::select(&PruneScope::ALL)) {
        let before = trace(&layers);
        let mut pruned = before.clone();
        let sparsity = prune_trace(&mut pruned, magnitude("0", scope));
        prop_assert_eq!(weights(&pruned), weights(&before));
        prop_assert!(sparsity.iter().all(|layer| layer.zeros_before == layer.zeros_after));
    }
}

#[test]
fn ties_fall_to_the_lower_index() {
    #[track_caller]
    fn check(spec: PruneSpec, before: &[&[i8]], want: &[&[i8]]) {
        let layers: Vec<_> = before
            .iter()
            .map(|codes| ([1, codes.len(), 1, 1], 1, codes.to_vec()))
            .collect();
        let mut pruned = trace(&layers);
        prune_trace(&mut pruned, spec);
        assert_eq!(weights(&pruned), want, "{spec}");
    }
    let layer = |fraction| magnitude(fraction, PruneScope::Layer);
    let global = |fraction| magnitude(fraction, PruneScope::Global);
    check(layer("0.5"), &[&[2, -2, 2, -2]], &[&[0, 0, 2, -2]]);
    check(layer("0.49"), &[&[2, -2, 2, -2]], &[&[0, -2, 2, -2]]); // ⌊1.96⌋ = 1.
    check(layer("0.5"), &[&[-128, 127, 3, -3]], &[&[-128, 127, 0, 0]]); // |−128| is the largest.
    check(layer("0.5"), &[&[9, 0, 0, 0]], &[&[9, 0, 0, 0]]); // Zeros are the smallest.
    check(
        global("0.5"),
        &[&[1, 5, 1], &[1, 1, 7]],
        &[&[0, 5, 0], &[0, 1, 7]],
    ); // The earlier layer first.
    check(layer("0.5"), &[&[1, 5, 1], &[1, 1, 7]], &[&[0, 5, 1], &[0, 1, 7]]); // One of three in each.
    check(PruneSpec::TwoOfFour, &[&[2, -2, 2, 3]], &[&[2, 0, 0, 3]]);
    check(
        PruneSpec::TwoOfFour,
        &[&[1, 1, 1, 1, 1, 1]],
        &[&[1, 1, 0, 0, 1, 1]],
    ); // The tail is padded with zeros.
}

#[test]
fn four_along_k_take_the_channel_fastest() {
    // Two taps of three channels: k = 0..6 lies at 0, 2, 4, 1, 3, 5 of a filter.
    let mut pruned = trace(&[([1, 3, 1, 2], 1, vec![4, 1, 3, 9, 2, 8])]);
    prune_trace(&mut pruned, PruneSpec::TwoOfFour);
    // Along K 4 3 2 1 | 9 8.
    assert_eq!(weights(&pruned), [[4, 0, 3, 9, 0, 8]]);
}

#[test]
fn a_network_is_pruned_where_it_is_simulated() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");
    let network = Network::load(model).expect("loads");
    let choices = choose(
        network.layers(),
        &SelectionSpec::default(),
        &QuantizationSpec::default(),
    );
    let layers = simulated(&choices);
    assert_eq!(layers, [1, 2, 3, 4, 5, 6, 7, 8]);
    let data = |network: &Network| -> Vec<Vec<f32>> {
        let layers = network.layers().iter();
        layers.map(|layer| layer.weight.data().to_vec()).collect()
    };
    let before = data(&network);
    for scope in PruneScope::ALL {
        let mut pruned = Network::load(model).expect("loads");
        let sparsity = prune_network(&mut pruned, &layers, magnitude("0.4", scope));
        let part = |count: usize| count * 4 / 10;
        let mut want = before.clone();
        match scope {
            PruneScope::Layer => {
                for layer in want[1..9].chunks_mut(1) {
                    let n = part(layer[0].len());
                    zero_first_sorted(layer, n, |w: f32| f64::from(w).abs());
                }
            }
            PruneScope::Global => {
                let n = part(before[1..9].iter().map(Vec::len).sum());
                zero_first_sorted(&mut want[1..9], n, |w: f32| f64::from(w).abs());
            }
        }
        assert_eq!(data(&pruned), want);
        let zeros: usize = sparsity.iter().map(|layer| layer.zeros_after).sum();
        assert_eq!(zeros, want[1..9].iter().flatten().filter(|&&w| w == 0.0).count());
        let names: Vec<&str> = sparsity.iter().map(|layer| layer.name.as_str()).collect();
        let want: Vec<&str> = layers
            .iter()
            .map(|&index| network.layers()[index].name.as_str())
            .collect();
        assert_eq!(names, want);
    }
}
