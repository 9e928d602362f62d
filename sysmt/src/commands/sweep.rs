//! `sysmt sweep`.

mod shards;
mod slurm;

use std::path::Path;
use std::time::Instant;

use sim_config::sweep::{AxisValue, SweepTexts};
use sim_core::progress::Silent;
use sim_run::workers::{Engines, Workers};
use sim_sweep::estimate::{self, EstimateError};
use sim_sweep::folder;
use sim_sweep::plan::Plan;
use sim_sweep::run::{RunOptions, Share, Summary, pending, run};
use sim_sweep::store::Store;

use crate::args::{Mode, SweepArgs};
use crate::failure::Failure;
use crate::sweep_progress::Points;
use crate::{output, stop};

/// Run every point of a grid, here or elsewhere.
pub(crate) fn execute(args: &SweepArgs, engines: &Engines) -> Result<(), Failure> {
    match args.shards.mode() {
        Mode::Here => run_here(args, engines),
        Mode::Tasks(_) if args.dry_run => run_here(args, engines),
        Mode::Tasks(n_shards) => shards::share(args, n_shards),
        Mode::Slurm(n_shards, sbatch) => shards::submit(args, n_shards, sbatch),
        Mode::Shard(id) => shards::run_shard(args, id, engines),
        Mode::Collect => shards::collect(args),
    }
}

fn run_here(args: &SweepArgs, engines: &Engines) -> Result<(), Failure> {
    let texts = texts(args)?;
    let stop = stop::flag()?;
    let jobs = args.jobs.count();
    let out = output::folder(args.out.as_ref(), &args.file);
    if !args.dry_run {
        folder::check(&out)?;
    }
    let plan = Plan::new(&texts, jobs, stop)?;
    if args.dry_run {
        let workers = Workers {
            jobs,
            engines,
            stop,
            progress: &Silent,
        };
        return dry_run(&plan, &out, &workers);
    }
    let start = Instant::now();
    let (_lock, mut store) = folder::open(&out, begin(args))?;
    if args.resume {
        shards::take_back(&out, &mut store)?;
    }
    store.plan(&plan, texts.text())?;
    let points = Points::new();
    let options = RunOptions {
        jobs,
        engines,
        stop,
        watch: &points,
        progress: &points,
        share: Share::All,
    };
    let summary = run(&plan, &mut store, &options);
    points.clear();
    let summary = summary?;
    store.settle()?;
    output::note(&format!(
        "{} points in {:.3} s",
        summary.done,
        start.elapsed().as_secs_f64()
    ));
    output::print(&told(&plan, &summary, &out))?;
    end(&summary)?;
    let folder = out.display();
    output::note(&format!(
        "sysmt plot {folder} draws figures, sysmt report {folder} writes a page, sysmt export {folder} --format csv rows"
    ));
    Ok(())
}

/// The sweep file and what it names, with the limit that arguments set.
fn texts(args: &SweepArgs) -> Result<SweepTexts, Failure> {
    let texts = SweepTexts::read(&args.file)?;
    Ok(match args.n_images.map(usize::try_from) {
        Some(Ok(n_images)) => texts.limited(n_images),
        Some(Err(_)) | None => texts,
    })
}

const fn begin(args: &SweepArgs) -> folder::Begin {
    if args.resume {
        folder::Begin::Resume
    } else {
        folder::Begin::New
    }
}

fn told(plan: &Plan<'_>, summary: &Summary, out: &Path) -> String {
    let mut text = format!("{}: {} points", out.display(), plan.points().len());
    if summary.distinct != plan.points().len() {
        text.push_str(&format!(", {} different ones", summary.distinct));
    }
    text.push_str(&format!("; {}\n", ended(summary)));
    text
}

fn ended(summary: &Summary) -> String {
    let Summary {
        reused,
        done,
        failed,
        faults,
        left,
        ..
    } = *summary;
    let mut text = format!("{done} ran");
    for (n, what) in [
        (reused, "had results"),
        (failed, "failed"),
        (faults, "ended in a fault"),
        (left, "are left"),
    ] {
        if n != 0 {
            text.push_str(&format!(", {n} {what}"));
        }
    }
    text
}

fn end(summary: &Summary) -> Result<(), Failure> {
    let Summary {
        reused,
        done,
        failed,
        faults,
        left,
        ..
    } = *summary;
    if left != 0 {
        return Err(Failure::SweepStopped(reused + done, left));
    }
    if failed + faults != 0 {
        return Err(Failure::Points(failed, faults));
    }
    Ok(())
}

/// Print the points, and tell how long those may take that have no results.
fn dry_run(plan: &Plan<'_>, out: &Path, workers: &Workers<'_>) -> Result<(), Failure> {
    let names = plan.spec().axis_names();
    let mut text = format!("point,{}\n", names.join(","));
    for (number, point) in (1_u64..).zip(plan.points()) {
        let values = plan.values(point);
        let values: Vec<String> = values.iter().map(AxisValue::to_string).collect();
        text.push_str(&format!("{number},{}\n", values.join(",")));
    }
    output::print(&text)?;
    let n_left = match folder::look(out)? {
        Some(store) => pending(plan, &store)?.points,
        None => pending(plan, &Store::in_memory()?)?.points,
    };
    output::note(&format!(
        "{} points, {} excluded; {} have no results in {}",
        plan.points().len(),
        plan.n_excluded(),
        n_left.len(),
        out.display()
    ));
    let Some(seconds) = estimate::seconds(plan, &n_left, workers).map_err(estimate_failure)? else {
        output::note("nothing is left to run");
        return Ok(());
    };
    output::note(&format!(
        "about {} on {} threads, judged by the first, the middle and the last of them run now",
        duration(seconds),
        workers.jobs
    ));
    Ok(())
}

fn estimate_failure(error: EstimateError) -> Failure {
    match error {
        EstimateError::Sweep(error) => error.into(),
        EstimateError::Point(why) => Failure::User(format!("a point that was tried fails: {why}")),
    }
}

/// Seconds as a person says them.
fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.1} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}
