//! `sysmt run`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use reports::folder;
use reports::pruning::Pruning;
use reports::result::Synthetic;
use reports::run::{Report, RunRecord, Spec};
use reports::summary;
use sim_array::engine::{Measures, Mse};
use sim_config::resolved;
use sim_config::run::{self, ErrorMeasure, RunSpec};
use sim_core::record::{EngineKind, UnsimulatedLayer};
use sim_layers::simulate::{SimulateOptions, simulate};
use sim_run::trace::PreparedTrace;
use sim_toml::source;
use sim_trace::trace::Trace;

use super::{cost_table, engine, simulate_failure, workload_file};
use crate::args::RunArgs;
use crate::failure::Failure;
use crate::memory::{self, Product};
use crate::progress::Bar;
use crate::{inputs, output, plan, stop};

/// Simulate a workload and write a results folder.
pub(crate) fn execute(args: &RunArgs) -> Result<(), Failure> {
    let text = source::read(&args.file)?;
    let spec = run::parse(&args.file, &text)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(&args.file));
    // A target that cannot be written is worth knowing before the work.
    folder::check(&out)?;
    let table = cost_table(spec.cost_table(), &[spec.array(), spec.baseline()])?;
    let stop = stop::flag()?;
    let jobs = args.jobs.count();
    let PreparedTrace { trace, pruned, .. } = plan::trace(&spec, jobs, stop)?;
    let machines = plan::machines(&spec, &trace)?;
    let product = match args.engine.engine {
        EngineKind::Algebraic => Product::Streamed,
        EngineKind::Stepped | EngineKind::Clock => Product::Whole,
    };
    memory::check_trace(
        workload_file(spec.workload()),
        &trace,
        spec.array(),
        jobs,
        product,
    )?;
    let inputs = inputs::of_run(&args.file, &spec)?;

    let start = Instant::now();
    let bar = Bar::of_macs(&trace, spec.array());
    let options = SimulateOptions {
        machines: &machines,
        reorder: spec.reorder(),
        baseline: *spec.baseline(),
        engine: engine(args.engine.engine),
        measures: Measures {
            mse: match spec.error_measure() {
                ErrorMeasure::On => Mse::Measure,
                ErrorMeasure::Off => Mse::Skip,
            },
            pe_map: spec.pe_map(),
        },
        jobs,
        stop,
    };
    let layers = simulate(&trace, &options, &bar);
    bar.finish();
    let layers = layers.map_err(|error| simulate_failure(spec.workload(), error))?;
    output::tell_time(
        layers.iter().map(|layer| layer.product.macs()).sum(),
        start.elapsed(),
    );

    let report = Report::new(RunRecord {
        simulator_version: env!("CARGO_PKG_VERSION").to_owned(),
        array: *spec.array(),
        baseline: *spec.baseline(),
        reorder: spec.reorder(),
        engine: args.engine.engine,
        workload: format!("{}, {} images", trace.origin.model, trace.origin.images.len()),
        inputs,
        seed: spec.seed(),
        table,
        synthetic: synthetic(&spec),
        warnings: Vec::new(),
        layers,
        unsimulated: unsimulated(&trace),
    })
    .with_spec(Spec {
        text,
        resolved: resolved_spec(&spec, &trace),
    })
    .with_pruning(Pruning::new(&trace.origin.pruned, &pruned));
    folder::write(&out, &report)?;
    output::note(&format!("results are in {}", out.display()));
    output::print(&summary::text(&report))
}

fn synthetic(spec: &RunSpec) -> Option<Synthetic> {
    let activation_zeros = spec.activation_zeros()?;
    Some(Synthetic {
        activation_zeros,
        seed: spec.seed(),
    })
}

/// The run file with every default filled in. Preprocessing, quantization and selection are those that the trace was
/// made with, now or when it was captured.
fn resolved_spec(spec: &RunSpec, trace: &Trace) -> serde_json::Value {
    let mut tables = resolved::run(spec);
    let origin = &trace.origin;
    tables["preprocessing"] = resolved::preprocessing(&origin.preprocessing);
    tables["quantization"] = resolved::quantization(&origin.quantization);
    for (key, value) in resolved::selection(&origin.selection) {
        tables["layers"][key] = value;
    }
    tables
}

/// `configs/runs/x.toml` gives `results/x` in the current folder.
fn default_out(file: &Path) -> PathBuf {
    Path::new("results").join(file.file_stem().unwrap_or_default())
}

fn unsimulated(trace: &Trace) -> Vec<UnsimulatedLayer> {
    trace
        .unsimulated
        .iter()
        .map(|layer| UnsimulatedLayer {
            name: layer.name.clone(),
            reason: layer.reason.clone(),
        })
        .collect()
}
