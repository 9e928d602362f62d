//! Speed of lowering in bytes of the lowered matrix per second, made in blocks of rows as an engine asks for them.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sim_array::engine::ActivationRows as _;
use sim_core::convolution::Geometry;
use sim_core::spec::KOrder;
use sim_quant::lowering::Lowering;

fn main() {
    divan::main();
}

const PLAIN: Geometry = Geometry {
    stride: [1, 1],
    padding: [0; 4],
    dilation: [1, 1],
    groups: 1,
};
const PADDED: Geometry = Geometry {
    padding: [1; 4],
    ..PLAIN
};

fn lower(bencher: Bencher<'_, '_>, input: [usize; 3], kernel: usize, geometry: Geometry, order: KOrder) {
    const BLOCK: usize = 64;
    let weight = [geometry.groups, input[0] / geometry.groups, kernel, kernel];
    let lowering = Lowering::new(input, weight, geometry).expect("fits");
    let image = vec![1; lowering.input_len()];
    let mut buffer = Vec::new();
    bencher
        .counter(BytesCount::new(lowering.m() * lowering.k()))
        .bench_local(|| {
            let activations = lowering.activations(&image, 0, 0, order);
            for first in (0..lowering.m()).step_by(BLOCK) {
                let rows = first..lowering.m().min(first + BLOCK);
                black_box(activations.rows(rows, &mut buffer));
            }
        });
}

const ORDERS: [KOrder; 2] = [KOrder::ChannelMajor, KOrder::ChannelFastest];

#[divan::bench(args = [[128, 56], [256, 28], [512, 14], [1024, 7]])]
fn one_by_one(bencher: Bencher<'_, '_>, [channels, side]: [usize; 2]) {
    lower(bencher, [channels, side, side], 1, PLAIN, KOrder::ChannelMajor);
}

#[divan::bench(args = [[128, 56], [512, 14]])]
fn one_by_one_strided(bencher: Bencher<'_, '_>, [channels, side]: [usize; 2]) {
    let strided = Geometry {
        stride: [2, 2],
        ..PLAIN
    };
    lower(bencher, [channels, side, side], 1, strided, KOrder::ChannelMajor);
}

#[divan::bench(args = [[32, 56], [64, 28], [128, 14], [256, 7]], consts = [0, 1])]
fn three_by_three<const ORDER: usize>(bencher: Bencher<'_, '_>, [channels, side]: [usize; 2]) {
    lower(bencher, [channels, side, side], 3, PADDED, ORDERS[ORDER]);
}

#[divan::bench(args = [[32, 56], [128, 14]])]
fn three_by_three_strided(bencher: Bencher<'_, '_>, [channels, side]: [usize; 2]) {
    let strided = Geometry {
        stride: [2, 2],
        ..PADDED
    };
    lower(bencher, [channels, side, side], 3, strided, KOrder::ChannelMajor);
}

#[divan::bench]
fn seven_by_seven_strided(bencher: Bencher<'_, '_>) {
    let strided = Geometry {
        stride: [2, 2],
        padding: [3; 4],
        ..PLAIN
    };
    lower(bencher, [3, 224, 224], 7, strided, KOrder::ChannelMajor);
}

#[divan::bench(args = [112, 14])]
fn depthwise(bencher: Bencher<'_, '_>, side: usize) {
    let depthwise = Geometry { groups: 4, ..PADDED };
    lower(bencher, [4, side, side], 3, depthwise, KOrder::ChannelMajor);
}
