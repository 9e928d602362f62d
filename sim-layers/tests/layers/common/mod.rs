//! A small trace, arrays, and how they are simulated.

use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use sim_array::engine::Measures;
use sim_core::convolution::{Geometry, LayerKind};
use sim_core::reorder::Reorder;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Window};
use sim_layers::engines::Engines;
use sim_layers::machines::LayerMachines;
use sim_layers::simulate::SimulateOptions;
use sim_trace::trace::{Layer, Origin, Trace};

/// The engines of all tests.
pub(crate) static ENGINES: LazyLock<Engines> = LazyLock::new(Engines::default);

/// Never set.
pub(crate) static GO: AtomicBool = AtomicBool::new(false);

/// A layer of three images: input `[channels, rows, columns]`, weights, groups.
pub(crate) fn layer(name: &str, input: [usize; 3], weight_shape: [usize; 4], groups: usize) -> Layer {
    let value = |seed: usize| u8::try_from(seed * seed % 251).unwrap_or_default();
    let sparse = |seed: usize| if seed.is_multiple_of(3) { 0 } else { value(seed) };
    let n_values = input.iter().product::<usize>();
    Layer {
        name: name.to_owned(),
        kind: LayerKind::Convolution,
        geometry: Geometry {
            stride: [1, 1],
            padding: [1, 1, 0, 0],
            dilation: [1, 1],
            groups,
        },
        node: Some(0),
        input: (0..3 * n_values).map(sparse).collect(),
        input_shape: [3, input[0], input[1], input[2]],
        weight: (5..5 + weight_shape.iter().product::<usize>())
            .map(|i| value(i).cast_signed())
            .collect(),
        weight_shape,
        input_scale: 1.0,
        zero_point: 0,
        weight_scale: vec![1.0; weight_shape[0]],
        bias: None,
        wide_counts: None,
        predicted: None,
    }
}

/// Three images through a plain, a depthwise and a grouped convolution.
pub(crate) fn trace() -> Trace {
    Trace {
        origin: Origin {
            images: ["a", "b", "c"].map(str::to_owned).to_vec(),
            ..Origin::default()
        },
        layers: vec![
            layer("plain", [3, 5, 6], [7, 3, 2, 2], 1),
            layer("depthwise", [4, 5, 5], [4, 1, 2, 2], 4),
            layer("grouped", [4, 3, 3], [6, 2, 2, 2], 2),
        ],
        unsimulated: Vec::new(),
    }
}

/// A 4×3 array.
pub(crate) fn array(pe: Pe) -> ArraySpec {
    ArraySpec::new(4, 3, pe).expect("in range")
}

/// `S+A`.
pub(crate) fn nb_smt(threads: Threads) -> Pe {
    Pe::NbSmt(NbSmt::new(threads, Policy::SA))
}

/// `5opt` with pairs.
pub(crate) fn sparq() -> Sparq {
    Sparq::new(Window::Opt5)
}

/// On two threads, with the error.
pub(crate) fn options(machines: &LayerMachines) -> SimulateOptions<'_> {
    SimulateOptions {
        machines,
        reorder: Reorder::Off,
        prediction: None,
        baseline: machines.array().default_baseline(),
        engine: ENGINES.algebraic(),
        measures: Measures::ALL,
        jobs: 2,
        stop: &GO,
    }
}
