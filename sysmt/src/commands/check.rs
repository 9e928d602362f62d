//! `sysmt check`.

use std::path::Path;
use std::time::Instant;

use sim_array::lockstep::Truth;
use sim_config::{array, run};
use sim_run::product::{Held, Product};
use sim_run::trace::PreparedTrace;
use sim_run::workers::{Engines, Workers};

use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{output, prepare, stop};

/// Run the engines and compare whole outcomes.
pub(crate) fn execute(args: &CheckArgs, engines: &Engines) -> Result<(), Failure> {
    let start = Instant::now();
    let divergence = match (&args.file, &args.array, &args.activations, &args.weights) {
        (Some(file), ..) => check_run(file, args, engines)?,
        (None, Some(array), Some(activations), Some(weights)) => {
            check_product([array, activations, weights], engines, args.engine)?
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
            Truth::Stepped => "equal: the fast clock and the algebraic engine give the same outcome\n",
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
    [array, activations, weights]: [&Path; 3],
    engines: &Engines,
    truth: Truth,
) -> Result<Option<String>, Failure> {
    let array = array::load(array)?;
    let product = Product::read(activations, weights, Held::ByBothEngines)?;
    let divergence = product.check(&array, engines, truth)?;
    Ok(divergence.map(|divergence| divergence.to_string()))
}

fn check_run(file: &Path, args: &CheckArgs, engines: &Engines) -> Result<Option<String>, Failure> {
    let jobs = args.jobs.count();
    let spec = run::load(file)?;
    let stop = stop::flag()?;
    let prepared = prepare::told(jobs, engines, stop, |workers| {
        PreparedTrace::of_run(&spec, workers)
    })?;
    let bar = Bar::of_macs(prepared.products(&spec.design.array));
    let divergence = prepared.check(
        &spec,
        args.engine,
        &Workers {
            jobs,
            engines,
            stop,
            progress: &bar,
        },
    );
    bar.finish();
    Ok(divergence?.map(|divergence| divergence.to_string()))
}
