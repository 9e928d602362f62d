//! `sysmt gemm`.

use std::time::Instant;

use reports::json::{self, ProductObject};
use sim_array::engine::Mse;
use sim_array::mapping::Schedule;
use sim_config::array;
use sim_core::record::ProductRecord;

use super::{cost_table, engine};
use crate::args::GemmArgs;
use crate::failure::Failure;
use crate::memory::Product;
use crate::plan::Matrices;
use crate::{operands, output};

/// Multiply two matrices on an array.
///
/// One product runs on one thread, whatever `--jobs` says.
pub(crate) fn execute(args: &GemmArgs) -> Result<(), Failure> {
    let array = array::load(&args.array)?;
    let kind = args.engine.engine;
    let mse = if args.no_mse { Mse::Skip } else { Mse::Measure };
    let matrices = Matrices::read(&args.activations, &args.weights, Product::Whole)?;
    let start = Instant::now();
    let outcome = engine(kind)
        .run(&array, &matrices.operands()?, mse.into())
        .map_err(|error| matrices.failure(&error))?;
    let took = start.elapsed();
    let shape = matrices.shape();
    let record = ProductRecord {
        shape,
        n_products: 1,
        engine: kind,
        array,
        cycles: outcome.cycles,
        baseline_cycles: Schedule::new(&array.default_baseline(), shape).cycles(),
        counters: outcome.counters,
        error: outcome.error,
        busy: None,
    };
    if let Some(out) = &args.out {
        operands::write_product(out, [shape.m(), shape.n()], &outcome.product)
            .map_err(|error| Failure::user(&error))?;
    }
    output::tell_time(record.macs(), took);
    let (object, warnings) = json::product(&record, &cost_table(None, &[&array])?);
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
        .map(|(name, value)| format!("{name:<17}{value}\n"))
        .collect()
}
