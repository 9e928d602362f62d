//! Speed of training, in images per second, on one thread.

use std::sync::atomic::AtomicBool;

use divan::Bencher;
use divan::counter::ItemsCount;
use sim_predict::mask::MaskType;
use sim_predict::train::{LearningRate, Trainer};

fn main() {
    divan::main();
}

/// Channels, and rows and columns: the maps of a small residual network.
const SHAPES: [(usize, usize); 3] = [(16, 28), (32, 14), (64, 7)];

/// Images of a step.
const BATCH: usize = 128;

#[divan::bench(args = SHAPES)]
fn step(bencher: Bencher<'_, '_>, (channels, size): (usize, usize)) {
    let mut state = 1_u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(state.to_be_bytes()[0]) - 128.0
    };
    let n = channels * size * size;
    let maps: Vec<Vec<f32>> = (0..BATCH)
        .map(|_| (0..n).map(|_| draw().max(0.0)).collect())
        .collect();
    let maps: Vec<&[f32]> = maps.iter().map(Vec::as_slice).collect();
    let mask = MaskType::new(5).expect("a type");
    let mut trainer = Trainer::new(mask, channels, 0, "conv", LearningRate::ZAP);
    bencher
        .counter(ItemsCount::new(BATCH))
        .bench_local(|| trainer.step(&maps, [channels, size, size], 1, &AtomicBool::new(false)));
}
