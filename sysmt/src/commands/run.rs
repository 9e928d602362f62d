//! `sysmt run`.

use std::time::Instant;

use reports::summary;
use sim_config::run;
use sim_figures::folder::{self, Results};
use sim_run::trace::PreparedTrace;
use sim_run::workers::{Engines, Workers};
use sim_run::{costs, inputs};
use sim_toml::source;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{output, prepare, stop};

/// Simulate a workload and write a results folder.
pub(crate) fn execute(args: &RunArgs, engines: &Engines) -> Result<(), Failure> {
    let text = source::read(&args.file)?;
    let spec = run::parse(&args.file, &text)?;
    let out = output::folder(args.out.as_ref(), &args.file);
    let replace = args.force.replace();
    folder::check(&out, Results::Run, replace)?;
    let table = costs::of_run(&spec)?;
    let (jobs, stop) = (args.jobs.count(), stop::flag()?);
    let prepared = prepare::told(jobs, engines, stop, |workers| {
        PreparedTrace::of_run(&spec, workers)
    })?;
    let inputs = inputs::of_run(&args.file, &spec)?;

    let start = Instant::now();
    let bar = Bar::of_macs(prepared.products(&spec.design.array));
    let workers = Workers {
        jobs,
        engines,
        stop,
        progress: &bar,
    };
    let engine = args.engine.engine;
    let layers = prepared.simulate(&spec, engine, spec.pe_map, &workers);
    bar.finish();
    let layers = layers?;
    output::tell_time(
        layers.iter().map(|layer| layer.product.macs()).sum(),
        start.elapsed(),
    );

    let report = prepared.report(&spec, text, engine, layers, (inputs, table));
    folder::write(&out, &report, replace)?;
    output::note(&format!("results are in {}", out.display()));
    output::print(&summary::text(&report))
}
