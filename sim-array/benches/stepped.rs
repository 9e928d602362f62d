//! Speed of the stepped engine in array cycles per second on 16×16, on one thread.

use divan::Bencher;
use divan::counter::ItemsCount;
use sim_array::engine::{Engine, Measures, Operands};
use sim_array::stepped::Stepped;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Window};

fn main() {
    divan::main();
}

const MACHINES: [&str; 5] = ["1t", "2t", "4t", "sparq", "sparq-stc"];

fn machine(name: &str) -> Pe {
    let threads = |threads| Pe::NbSmt(NbSmt::new(threads, Policy::SA));
    match name {
        "1t" => Pe::Conventional,
        "2t" => threads(Threads::Two),
        "4t" => threads(Threads::Four),
        kind => Pe::with_windows(&[Sparq::new(Window::Opt5)])
            .into_iter()
            .find(|pe| pe.kind().name() == kind)
            .expect("a kind with windows"),
    }
}

/// Four tiles, half of the operands zero: two weights of each four, as 2:4 sparsity asks.
#[divan::bench(args = MACHINES)]
fn cycles(bencher: Bencher<'_, '_>, name: &str) {
    let [m, n, k] = [32, 32, 8192];
    let mut state = 1_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let activations: Vec<u8> = (0..m * k)
        .map(|_| if byte() < 128 { 0 } else { byte() })
        .collect();
    let weights: Vec<i8> = (0..n * k)
        .map(|at| if at % 4 < 2 { byte().cast_signed() } else { 0 })
        .collect();
    let array = ArraySpec::new(16, 16, machine(name)).expect("an array");
    let shape = Gemm::new(m, n, k).expect("not empty");
    let operands = Operands::new(shape, &activations, &weights).expect("lengths agree");
    let run = || {
        Stepped::default()
            .run(&array, &operands, Measures::NONE)
            .expect("operands suit the machine")
    };
    bencher.counter(ItemsCount::new(run().cycles.0)).bench_local(run);
}
