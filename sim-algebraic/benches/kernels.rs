//! Speed of the algebraic engine in multiply-accumulates per second, zeros included, on one thread.

use divan::Bencher;
use divan::counter::ItemsCount;
use sim_algebraic::Algebraic;
use sim_array::engine::{Engine, Mse, Operands};
use sim_core::named::Named as _;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, WeightPattern, Window};

fn main() {
    divan::main();
}

/// Operands as a ReLU network has them: half of the activations zero, weights bell-shaped with few zeros.
struct Layer {
    shape: Gemm,
    activations: Vec<u8>,
    weights: Vec<i8>,
}

impl Layer {
    fn new(m: usize, n: usize, k: usize) -> Self {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let activations = (0..m * k)
            .map(|_| if byte() < 128 { 0 } else { byte() / 2 })
            .collect();
        let weights = (0..n * k)
            .map(|_| {
                let sum: u16 = (0..4).map(|_| u16::from(byte())).sum();
                i8::try_from(sum / 8).unwrap_or(i8::MAX) - 64
            })
            .collect();
        Self {
            shape: Gemm::new(m, n, k).expect("not empty"),
            activations,
            weights,
        }
    }

    /// Two weights of each four set to zero.
    fn pruned(mut self) -> Self {
        for group in self.weights.chunks_mut(4) {
            for w in group.iter_mut().skip(2) {
                *w = 0;
            }
        }
        self
    }
}

fn machine(name: &str) -> Pe {
    let windows = Pe::with_windows(&[Sparq::new(Window::Opt5)]);
    let mut by_kind = windows.into_iter().chain([Pe::Conventional]);
    if let Some(pe) = by_kind.find(|pe| pe.kind().name() == name) {
        return pe;
    }
    let (threads, policy) = name.split_once("T ").expect("threads and policy");
    let threads = threads.parse().ok().and_then(Threads::from_count);
    Pe::NbSmt(NbSmt::new(
        threads.expect("1, 2 or 4"),
        Policy::from_name(policy).expect("a policy"),
    ))
}

const MACHINES: [&str; 16] = [
    "conventional",
    "1T S+A",
    "2T S",
    "2T A",
    "2T W",
    "2T Aw",
    "2T aW",
    "2T S+A",
    "2T S+W",
    "2T S+Aw",
    "2T S+aW",
    "4T A",
    "4T S+A",
    "4T S+Aw",
    "sparq",
    "sparq-stc",
];

fn run(bencher: Bencher<'_, '_>, name: &str, (m, n, k): (usize, usize, usize), mse: Mse) {
    let pe = machine(name);
    let layer = Layer::new(m, n, k);
    let layer = match pe.weight_pattern() {
        WeightPattern::TwoOfFour => layer.pruned(),
        WeightPattern::Any => layer,
    };
    let array = ArraySpec::new(16, 16, pe).expect("in range");
    bencher
        .counter(ItemsCount::new(layer.shape.macs()))
        .bench_local(|| {
            let operands = Operands::new(layer.shape, &layer.activations, &layer.weights)
                .expect("as long as the shape says");
            Algebraic::default()
                .run(&array, &operands, mse.into())
                .expect("runs")
        });
}

#[divan::bench(args = MACHINES, sample_count = 5)]
fn early_layer(bencher: Bencher<'_, '_>, name: &str) {
    run(bencher, name, (3136, 256, 576), Mse::Skip);
}

#[divan::bench(args = MACHINES, sample_count = 5)]
fn early_layer_with_mse(bencher: Bencher<'_, '_>, name: &str) {
    run(bencher, name, (3136, 256, 576), Mse::Measure);
}

#[divan::bench(args = ["conventional", "2T S+A", "4T S+A"], sample_count = 5)]
fn late_layer_with_mse(bencher: Bencher<'_, '_>, name: &str) {
    run(bencher, name, (49, 512, 4608), Mse::Measure);
}

/// The convolutions of a ResNet-50 of half width on one 224×224 image, its first one apart: about 1 G products.
#[divan::bench(args = ["conventional", "2T S+A", "4T S+A"], sample_count = 3)]
fn network_with_mse(bencher: Bencher<'_, '_>, name: &str) {
    let array = ArraySpec::new(16, 16, machine(name)).expect("in range");
    let mut layers = Vec::new();
    let mut channels = 32;
    for (side, middle, n_blocks) in [(56, 32, 3), (28, 64, 4), (14, 128, 6), (7, 256, 3)] {
        let (m, outer) = (side * side, 4 * middle);
        layers.push(Layer::new(m, outer, channels));
        for _ in 0..n_blocks {
            layers.push(Layer::new(m, middle, channels));
            layers.push(Layer::new(m, middle, 9 * middle));
            layers.push(Layer::new(m, outer, middle));
            channels = outer;
        }
    }
    let n_macs: u64 = layers.iter().map(|layer| layer.shape.macs()).sum();
    bencher.counter(ItemsCount::new(n_macs)).bench_local(|| {
        for layer in &layers {
            let operands = Operands::new(layer.shape, &layer.activations, &layer.weights);
            let operands = operands.expect("as long as the shape says");
            divan::black_box(
                Algebraic::default()
                    .run(&array, &operands, Mse::Measure.into())
                    .expect("runs"),
            );
        }
    });
}
