//! `sysmt gemm`.

use std::time::Instant;

use reports::json::{self, ProductObject};
use sim_array::engine::Mse;
use sim_config::array;
use sim_run::costs;
use sim_run::product::{Held, Product, ProductOutcome};
use sim_run::workers::Engines;

use crate::args::GemmArgs;
use crate::failure::Failure;
use crate::output;
use crate::targets::{Output, Targets};

/// Multiply two matrices on an array.
///
/// One product runs on one thread, whatever `--jobs` says.
pub(crate) fn execute(args: &GemmArgs, engines: &Engines) -> Result<(), Failure> {
    let array = array::load(&args.array)?;
    let mse = if args.no_mse { Mse::Skip } else { Mse::Measure };
    let inputs = [&args.array, &args.activations, &args.weights];
    let inputs = inputs.into_iter().chain(args.outputs.files()).cloned();
    let mut targets = Targets::new(inputs.collect(), args.force.replace());
    let out = (args.out.as_ref())
        .map(|out| targets.file(out, &Output::Product))
        .transpose()?;
    let matrices = Product::read(&args.activations, &args.weights, Held::Whole)?;
    let start = Instant::now();
    let engine = engines.of(args.engine.engine);
    let ask = args.outputs.ask();
    let ProductOutcome { product, record } = matrices.run_planned(&array, engine, mse, ask.as_ref())?;
    let took = start.elapsed();
    if let Some(out) = &out {
        matrices.write(out, &product)?;
    }
    output::tell_time(record.macs(), took);
    let (object, warnings) = json::product(&record, &costs::table(None, &[&array], None)?);
    for warning in warnings {
        output::note(&format!("warning: {warning}"));
    }
    if args.json {
        output::print(&json::text(&object))
    } else {
        output::print(&table(&object))
    }
}

/// The figures that a person asks for first.
fn table(object: &ProductObject) -> String {
    let optional = |value: Option<String>| value.unwrap_or_else(|| "not known".to_owned());
    let shape = object.shape;
    let prediction = object.prediction.as_ref().map(|outputs| {
        let [first, free] = outputs.tiles;
        [
            (
                "skipped outputs",
                format!("{} of {}", outputs.skipped, outputs.outputs),
            ),
            ("tiles", format!("{first} first, {free} after")),
            ("all outputs take", format!("{} cycles", outputs.dense_cycles)),
        ]
    });
    let rows = [
        ("M×N×K", format!("{}×{}×{}", shape.m(), shape.n(), shape.k())),
        ("engine", object.engine.to_owned()),
        ("cycles", object.cycles.to_string()),
        ("baseline cycles", object.baseline_cycles.to_string()),
        ("speedup", format!("{:.3}", object.speedup)),
        ("utilization", format!("{:.1} %", 100.0 * object.utilization)),
        ("MSE", optional(object.mse.map(|mse| format!("{mse:.3}")))),
        (
            "energy",
            optional(
                object
                    .energy_pj
                    .as_ref()
                    .map(|energy| format!("{:.1} pJ", energy.value)),
            ),
        ),
        (
            "area",
            optional(
                object
                    .area_um2
                    .as_ref()
                    .map(|area| format!("{:.0} µm²", area.value)),
            ),
        ),
    ];
    rows.iter()
        .chain(prediction.iter().flatten())
        .map(|(name, value)| format!("{name:<17}{value}\n"))
        .collect()
}
