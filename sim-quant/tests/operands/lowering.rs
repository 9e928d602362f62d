//! Lowered products equal the convolution computed directly, in either order of K.

use sim_core::convolution::{Geometry, LayerKind};
use sim_core::spec::KOrder;
use sim_quant::lowering::Lowering;
use sim_trace::trace::Layer;

/// Values that look random and cover their whole range, zero included.
fn bytes(seed: u64, n: usize) -> impl Iterator<Item = u8> {
    (0..n).scan(seed, |state, _| {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let [.., high] = state.to_le_bytes();
        Some(if high < 64 { 0 } else { high })
    })
}

fn layer(input_shape: [usize; 4], weight_shape: [usize; 4], geometry: Geometry, zero_point: u8) -> Layer {
    Layer {
        name: "layer".to_owned(),
        kind: LayerKind::Convolution,
        geometry,
        node: Some(0),
        input: bytes(1, input_shape.iter().product()).collect(),
        input_shape,
        weight: bytes(2, weight_shape.iter().product())
            .map(u8::cast_signed)
            .collect(),
        weight_shape,
        input_scale: 1.0,
        zero_point,
        weight_scale: vec![1.0; weight_shape[0]],
        bias: None,
        wide_counts: None,
        predicted: None,
    }
}

/// `[output channels, output rows, output columns]` of one image, by the definition of a convolution.
fn direct(layer: &Layer, image: usize) -> Vec<i64> {
    let [_, channels, rows, columns] = layer.input_shape;
    let [n_filters, per_group, kernel_rows, kernel_columns] = layer.weight_shape;
    let Geometry {
        stride,
        padding: [top, left, bottom, right],
        dilation,
        groups,
    } = layer.geometry;
    let out_rows = (rows + top + bottom - (kernel_rows - 1) * dilation[0] - 1) / stride[0] + 1;
    let out_columns = (columns + left + right - (kernel_columns - 1) * dilation[1] - 1) / stride[1] + 1;
    let code = |channel: usize, row: usize, column: usize| {
        let inside = (top..top + rows).contains(&row) && (left..left + columns).contains(&column);
        if inside {
            layer.input[((image * channels + channel) * rows + row - top) * columns + column - left]
        } else {
            layer.zero_point
        }
    };
    let mut output = Vec::new();
    for filter in 0..n_filters {
        let first_channel = filter / (n_filters / groups) * per_group;
        for out_row in 0..out_rows {
            for out_column in 0..out_columns {
                let mut sum = 0;
                for c in 0..per_group {
                    for y in 0..kernel_rows {
                        for x in 0..kernel_columns {
                            let a = code(
                                first_channel + c,
                                out_row * stride[0] + y * dilation[0],
                                out_column * stride[1] + x * dilation[1],
                            );
                            let w = layer.weight
                                [((filter * per_group + c) * kernel_rows + y) * kernel_columns + x];
                            sum += i64::from(a) * i64::from(w);
                        }
                    }
                }
                output.push(sum);
            }
        }
    }
    output
}

#[track_caller]
fn check(layer: &Layer) {
    let lowering = Lowering::of(layer).expect("fits");
    let (m, n, k) = (lowering.m(), lowering.n(), lowering.k());
    for image in 0..layer.input_shape[0] {
        let input = &layer.input[image * lowering.input_len()..][..lowering.input_len()];
        for order in [KOrder::ChannelMajor, KOrder::ChannelFastest] {
            let mut output = vec![0_i64; layer.weight_shape[0] * m];
            for group in 0..lowering.groups() {
                let activations = lowering
                    .activations(input, layer.zero_point, group, order)
                    .to_vec();
                let weights = lowering.weights(&layer.weight, group, order);
                assert_eq!((activations.len(), weights.len()), (m * k, n * k));
                for (i, a) in activations.chunks(k).enumerate() {
                    for (j, w) in weights.chunks(k).enumerate() {
                        let products = a.iter().zip(w).map(|(&a, &w)| i64::from(a) * i64::from(w));
                        output[(group * n + j) * m + i] = products.sum();
                    }
                }
            }
            assert_eq!(
                output,
                direct(layer, image),
                "{:?}, {order:?}, image {image}",
                layer.geometry
            );
        }
    }
}

#[test]
fn lowered_products_are_the_convolution() {
    let plain = Geometry {
        stride: [1, 1],
        padding: [0; 4],
        dilation: [1, 1],
        groups: 1,
    };
    check(&layer([2, 3, 5, 4], [4, 3, 3, 3], plain, 0));
    check(&layer([1, 6, 1, 1], [5, 6, 1, 1], plain, 0)); // A fully connected layer.
    let padded = Geometry {
        padding: [1; 4],
        ..plain
    };
    check(&layer([1, 2, 4, 4], [3, 2, 3, 3], padded, 0));
    check(&layer([1, 2, 4, 4], [3, 2, 3, 3], padded, 130)); // Padding holds the zero point.
    check(&layer(
        [1, 2, 2, 2],
        [2, 2, 1, 1],
        Geometry {
            padding: [2; 4],
            ..plain
        },
        9,
    )); // Pixels of padding alone.
    let uneven = Geometry {
        stride: [2, 1],
        padding: [0, 2, 1, 0],
        ..plain
    };
    check(&layer([1, 2, 5, 6], [3, 2, 2, 3], uneven, 3));
    let strided = Geometry {
        stride: [2, 2],
        ..plain
    };
    check(&layer([1, 3, 7, 5], [2, 3, 1, 1], strided, 0)); // A shortcut.
    let dilated = Geometry {
        dilation: [2, 3],
        padding: [1, 2, 3, 4],
        ..plain
    };
    check(&layer([2, 2, 6, 7], [2, 2, 3, 2], dilated, 1));
    let grouped = Geometry {
        groups: 2,
        padding: [1; 4],
        ..plain
    };
    check(&layer([1, 4, 4, 3], [6, 2, 3, 3], grouped, 0));
    let depthwise = Geometry {
        groups: 3,
        stride: [2, 2],
        padding: [0, 0, 1, 1],
        ..plain
    };
    check(&layer([2, 3, 6, 6], [3, 1, 3, 3], depthwise, 0));
    check(&layer([1, 3, 6, 6], [6, 1, 3, 3], depthwise, 0)); // Two filters per channel.
}

#[test]
fn k_orders_are_as_named() {
    let geometry = Geometry {
        stride: [1, 1],
        padding: [0; 4],
        dilation: [1, 1],
        groups: 1,
    };
    let mut layer = layer([1, 2, 2, 2], [1, 2, 2, 2], geometry, 0);
    layer.input = (0..8).collect();
    layer.weight = (0..8).collect();
    let lowering = Lowering::of(&layer).expect("fits");
    for (order, want) in [
        (KOrder::ChannelMajor, [0, 1, 2, 3, 4, 5, 6, 7]),
        (KOrder::ChannelFastest, [0, 4, 1, 5, 2, 6, 3, 7]),
    ] {
        let activations = lowering.activations(&layer.input, 0, 0, order).to_vec();
        assert_eq!(activations, want, "{order:?}");
        let weights = lowering.weights(&layer.weight, 0, order);
        assert_eq!(*weights, want.map(u8::cast_signed), "{order:?}");
    }
}
