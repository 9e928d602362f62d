//! Runs made up for tests: every count differs, and all buckets add up.

use reports::run::{InputFile, Report, RunRecord};
use sim_core::convolution::LayerKind;
use sim_core::counters::{ActiveSteps, Counters, ErrorSums};
use sim_core::record::{EngineKind, LayerRecord, ProductRecord, UnsimulatedLayer};
use sim_core::reorder::Reorder;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Window};
use sim_core::units::Cycles;
use sim_cost::table::Table;

/// A 4×4 array.
pub(crate) fn array(pe: Pe) -> ArraySpec {
    ArraySpec::new(4, 4, pe).expect("in range")
}

/// An NB-SMT PE.
pub(crate) fn nb_smt(threads: Threads, policy: Policy) -> Pe {
    Pe::NbSmt(NbSmt::new(threads, policy))
}

/// A SPARQ PE.
pub(crate) fn sparq() -> Pe {
    Pe::Sparq(Sparq::new(Window::Opt5))
}

/// One product of 4×4 outputs on one tile; `seed` changes its size.
pub(crate) fn product(array: ArraySpec, seed: u64) -> ProductRecord {
    let n_threads = array.pe().max_active();
    let per_step = u64::try_from(array.pe().k_per_step()).expect("small");
    let steps = 40 + 13 * (seed % 7);
    let cycles = steps + 6 + seed % 3;
    let shape = Gemm::new(4, 4, usize::try_from(steps * per_step).expect("small")).expect("not empty");
    let mut active = ActiveSteps::zero(n_threads);
    let mut left = 16 * steps;
    for n in 0..n_threads {
        let count = left * (2 + (seed + u64::try_from(n).expect("small")) % 4) / 9;
        active.add(n, count);
        left -= count;
    }
    active.add(n_threads, left);
    let idle = 16 * (cycles - steps);
    let mut counters = Counters::zero(n_threads);
    counters.pe_cycles.fill = idle / 2;
    counters.pe_cycles.active = active;
    counters.pe_cycles.stall = 5;
    counters.pe_cycles.drain = idle - idle / 2 - 5;
    counters.reduced.activations = 30 + seed;
    counters.reduced.weights = 7;
    counters.operand_widths.a8w8 = 1;
    counters.operand_widths.a8w4 = 2;
    counters.operand_widths.a4w8 = 3;
    counters.operand_widths.a4w4 = active.n_products() - 6;
    ProductRecord {
        shape,
        n_products: 1,
        engine: EngineKind::Algebraic,
        array,
        cycles: Cycles(cycles),
        baseline_cycles: Cycles(steps * per_step + 6),
        counters,
        error: Some(ErrorSums {
            squared_error: u128::from(seed % 5) * 10_u128.pow(u32::try_from(seed % 4).expect("small")),
            squared_exact: 1_000_000,
        }),
        busy: None,
        predicted: None,
    }
}

/// The table of the prototype, whose figures tests know.
pub(crate) fn prototype() -> Table {
    let text = include_str!("../../../configs/tech/prototype-nangate45.toml");
    Table::parse("prototype-nangate45", text).expect("a table")
}

/// A run of so many layers.
pub(crate) fn run(pe: Pe, n_layers: u64) -> RunRecord {
    let array = array(pe);
    let layers = (0..n_layers).map(|index| LayerRecord {
        name: format!("stage{}/conv, {}|x", index / 4, index % 4),
        groups: 1,
        images: 1,
        threads: pe.threads(),
        product: product(array, index),
        place: None,
        kind: LayerKind::Convolution,
        quantized: None,
    });
    RunRecord {
        simulator_version: "0.1.0".to_owned(),
        array,
        baseline: array.default_baseline(),
        reorder: Reorder::Off,
        engine: EngineKind::Algebraic,
        workload: "made-up layers".to_owned(),
        inputs: vec![InputFile {
            role: "trace".to_owned(),
            name: "x.safetensors".to_owned(),
            blake3: "00".repeat(32),
        }],
        seed: 1,
        table: prototype(),
        layers: layers.collect(),
        unsimulated: vec![UnsimulatedLayer {
            name: "fc".to_owned(),
            reason: "the last layer stays in full precision".to_owned(),
            macs: None,
        }],
        synthetic: None,
        warnings: Vec::new(),
    }
}

/// The report of a run.
pub(crate) fn report(pe: Pe, n_layers: u64) -> Report {
    Report::new(run(pe, n_layers))
}
