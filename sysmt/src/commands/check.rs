//! `sysmt check`.

use std::path::Path;
use std::time::Instant;

use sim_array::lockstep::{self, Truth};
use sim_config::{array, run};
use sim_layers::check::{CheckOptions, check};

use super::{simulate_failure, workload_file};
use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::memory::{self, Product};
use crate::output;
use crate::plan::{self, Matrices};
use crate::progress::Bar;
use crate::stop;

/// Run the engines and compare whole outcomes.
pub(crate) fn execute(args: &CheckArgs) -> Result<(), Failure> {
    let start = Instant::now();
    let divergence = match (&args.file, &args.array, &args.activations, &args.weights) {
        (Some(file), ..) => check_run(file, args)?,
        (None, Some(array), Some(activations), Some(weights)) => {
            check_product(array, activations, weights, args.engine)?
        }
        (None, ..) => {
            return Err(Failure::User(
                "there is nothing to check: give RUN.toml, or --array, --activations and --weights"
                    .to_owned(),
            ));
        }
    };
    output::note(&format!("checked in {:.3} s", start.elapsed().as_secs_f64()));
    match divergence {
        None => output::print(match args.engine {
            Truth::Stepped => "equal: both engines give the same outcome\n",
            Truth::Clock => {
                "equal: all three engines give the same outcome, both clocks the same registers in every cycle\n"
            }
        }),
        Some(divergence) => {
            output::print(&format!("different: {divergence}\n"))?;
            Err(Failure::Differs)
        }
    }
}

fn check_product(
    array: &Path,
    activations: &Path,
    weights: &Path,
    truth: Truth,
) -> Result<Option<String>, Failure> {
    let array = array::load(array)?;
    let matrices = Matrices::read(activations, weights, Product::ByBothEngines)?;
    let divergence =
        lockstep::check(&array, &matrices.operands()?, truth).map_err(|error| matrices.failure(&error))?;
    Ok(divergence.map(|divergence| divergence.to_string()))
}

fn check_run(file: &Path, args: &CheckArgs) -> Result<Option<String>, Failure> {
    let jobs = args.jobs.count();
    let spec = run::load(file)?;
    let stop = stop::flag()?;
    let trace = plan::trace(&spec, jobs, stop)?.trace;
    let machines = plan::machines(&spec, &trace)?;
    let product = Product::ByBothEngines;
    memory::check_trace(
        workload_file(spec.workload()),
        &trace,
        spec.array(),
        jobs,
        product,
    )?;
    let options = CheckOptions {
        machines: &machines,
        truth: args.engine,
        reorder: spec.reorder(),
        jobs,
        stop,
    };
    let bar = Bar::of_macs(&trace, spec.array());
    let divergence = check(&trace, &options, &bar);
    bar.finish();
    let divergence = divergence.map_err(|error| simulate_failure(spec.workload(), error))?;
    Ok(divergence.map(|divergence| divergence.to_string()))
}
