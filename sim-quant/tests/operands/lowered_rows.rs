//! Rows of a lowered convolution, however they are asked for, are those of its definition.

use std::ops::Range;

use proptest::prelude::*;
use sim_array::engine::ActivationRows as _;
use sim_core::convolution::Geometry;
use sim_core::spec::KOrder;
use sim_quant::lowering::Lowering;

/// Images `[images, channels, rows, columns]` and a convolution over them.
#[derive(Clone, Debug)]
struct Case {
    n_images: usize,
    input: [usize; 3],
    weight: [usize; 4],
    geometry: Geometry,
    zero_point: u8,
    order: KOrder,
}

impl Case {
    fn lowering(&self) -> Lowering {
        Lowering::new(self.input, self.weight, self.geometry).expect("fits")
    }

    fn images(&self) -> Vec<u8> {
        bytes(self.n_images * self.lowering().input_len())
    }

    /// A of one group over all images, by the definition of a convolution.
    fn lowered(&self, images: &[u8], group: usize) -> Vec<u8> {
        let [channels, rows, columns] = self.input;
        let [_, per_group, kernel_rows, kernel_columns] = self.weight;
        let Geometry {
            stride,
            padding: [top, left, ..],
            dilation,
            ..
        } = self.geometry;
        let taps: Vec<[usize; 3]> = match self.order {
            KOrder::ChannelMajor => nested([per_group, kernel_rows, kernel_columns]).collect(),
            KOrder::ChannelFastest => nested([kernel_rows, kernel_columns, per_group])
                .map(|[y, x, channel]| [channel, y, x])
                .collect(),
        };
        let [out_rows, out_columns] = self.lowering().output();
        let mut lowered = Vec::new();
        for [image, out_row, out_column] in nested([self.n_images, out_rows, out_columns]) {
            for &[channel, y, x] in &taps {
                let row = (out_row * stride[0] + y * dilation[0]).checked_sub(top);
                let column = (out_column * stride[1] + x * dilation[1]).checked_sub(left);
                lowered.push(match (row, column) {
                    (Some(row), Some(column)) if row < rows && column < columns => {
                        let channel = image * channels + group * per_group + channel;
                        images[(channel * rows + row) * columns + column]
                    }
                    _ => self.zero_point,
                });
            }
        }
        lowered
    }

    /// All groups, in blocks that end at `cuts`, from a buffer that holds other bytes.
    #[track_caller]
    fn check(&self, cuts: &[usize]) {
        let lowering = self.lowering();
        let (k, images) = (lowering.k(), self.images());
        for group in 0..lowering.groups() {
            let want = self.lowered(&images, group);
            let activations = lowering.activations(&images, self.zero_point, group, self.order);
            assert_eq!(activations.to_vec(), want, "group {group} of {self:?}");
            let mut buffer = vec![0xAA; 100];
            for rows in blocks(cuts, lowering.m() * self.n_images) {
                let found = activations.rows(rows.clone(), &mut buffer);
                let want = &want[rows.start * k..rows.end * k];
                assert_eq!(found, want, "rows {rows:?} of group {group} of {self:?}");
            }
        }
    }
}

/// Every index of three axes, the last one fastest.
fn nested([a, b, c]: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    (0..a).flat_map(move |x| (0..b).flat_map(move |y| (0..c).map(move |z| [x, y, z])))
}

/// `0..n_rows` in pieces of the sizes of `cuts`, over and over.
fn blocks(cuts: &[usize], n_rows: usize) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut next = 0;
    for size in cuts.iter().cycle() {
        if n_rows <= next {
            break;
        }
        let end = n_rows.min(next + size);
        blocks.push(next..end);
        next = end;
    }
    blocks
}

/// Bytes that tell places apart.
fn bytes(n: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(n);
    for _ in 0..n {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let [.., high] = state.to_le_bytes();
        bytes.push(high);
    }
    bytes
}

prop_compose! {
    fn cases()(
        n_images in 1_usize..4,
        per_group in prop_oneof![1_usize..4, 14_usize..19],
        groups in 1_usize..4,
        sides in [1_usize..20, 1_usize..20],
        kernel in [1_usize..5, 1_usize..5],
        stride in [1_usize..4, 1_usize..4],
        padding in prop_oneof![Just([0; 4]), Just([1; 4]), [0_usize..5, 0_usize..5, 0_usize..5, 0_usize..5]],
        dilation in prop_oneof![Just([1; 2]), [1_usize..7, 1_usize..7]],
        zero_point: u8,
        order in prop::sample::select(vec![KOrder::ChannelMajor, KOrder::ChannelFastest]),
    ) -> Case {
        // A kernel that the padded input cannot hold becomes the largest that it can.
        let fitted = |axis: usize| {
            let padded = sides[axis] + padding[axis] + padding[axis + 2];
            kernel[axis].min((padded - 1) / dilation[axis] + 1)
        };
        Case {
            n_images,
            input: [groups * per_group, sides[0], sides[1]],
            weight: [groups, per_group, fitted(0), fitted(1)],
            geometry: Geometry { stride, padding, dilation, groups },
            zero_point,
            order,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_those_of_the_definition(
        case in cases(),
        cuts in prop::collection::vec(1_usize..70, 1..6),
    ) {
        case.check(&cuts);
    }
}

#[test]
fn rows_of_common_layers() {
    let plain = Geometry {
        stride: [1, 1],
        padding: [0; 4],
        dilation: [1, 1],
        groups: 1,
    };
    for (input, weight, geometry) in [
        (
            [64, 14, 14],
            [8, 64, 3, 3],
            Geometry {
                padding: [1; 4],
                ..plain
            },
        ),
        ([48, 14, 14], [8, 48, 1, 1], plain),
        (
            [48, 15, 15],
            [8, 48, 1, 1],
            Geometry {
                stride: [2, 2],
                ..plain
            },
        ),
        (
            [3, 32, 32],
            [8, 3, 7, 7],
            Geometry {
                stride: [2, 2],
                padding: [3; 4],
                ..plain
            },
        ),
        // Depthwise, over the whole map too.
        (
            [5, 28, 28],
            [5, 1, 3, 3],
            Geometry {
                padding: [1; 4],
                groups: 5,
                ..plain
            },
        ),
        ([5, 7, 7], [5, 1, 7, 7], Geometry { groups: 5, ..plain }),
        // Fully connected, in one piece and in groups.
        ([100, 1, 1], [10, 100, 1, 1], plain),
        ([100, 1, 1], [12, 25, 1, 1], Geometry { groups: 4, ..plain }),
        ([20, 4, 4], [10, 20, 4, 4], plain),
        // A window that is spread far wider than what it reads.
        (
            [2, 40, 40],
            [4, 2, 2, 2],
            Geometry {
                dilation: [39, 38],
                ..plain
            },
        ),
        (
            [2, 3, 3],
            [4, 2, 2, 2],
            Geometry {
                padding: [500; 4],
                dilation: [1001, 1000],
                ..plain
            },
        ),
    ] {
        for order in [KOrder::ChannelMajor, KOrder::ChannelFastest] {
            let case = Case {
                n_images: 3,
                input,
                weight,
                geometry,
                zero_point: 77,
                order,
            };
            for cuts in [&[64][..], &[1], &[13, 200]] {
                case.check(cuts);
            }
        }
    }
}

#[test]
fn rows_that_lie_in_memory_are_not_copied() {
    let geometry = Geometry {
        stride: [1, 1],
        padding: [0; 4],
        dilation: [1, 1],
        groups: 1,
    };
    let lowering = Lowering::new([100, 1, 1], [10, 100, 1, 1], geometry).expect("fits");
    let images = bytes(700);
    let activations = lowering.activations(&images, 0, 0, KOrder::ChannelFastest);
    let mut buffer = Vec::new();
    assert_eq!(activations.rows(2..5, &mut buffer), &images[200..500]);
    assert_eq!(buffer.capacity(), 0);
}
