//! A sweep on more than one machine: its points are shared, run as shards, and taken back.

use std::path::Path;
use std::time::Instant;

use sim_config::sweep::SweepTexts;
use sim_run::workers::Engines;
use sim_sweep::error::{SweepError, SweepFault};
use sim_sweep::folder;
use sim_sweep::lock::Lock;
use sim_sweep::plan::Plan;
use sim_sweep::run::{Pending, RunOptions, Share, pending, run};
use sim_sweep::shards::{self, Shard, ShardId, Taken};
use sim_sweep::store::{PointsEnded, Store};

use super::slurm::{self, Script};
use super::{begin, end, ended};
use crate::args::{SbatchArgs, SweepArgs};
use crate::failure::Failure;
use crate::sweep_progress::Points;
use crate::{output, stop};

/// Let Slurm run the points that have no results, in at most `n_shards` tasks.
pub(super) fn submit(args: &SweepArgs, n_shards: usize, sbatch: &SbatchArgs) -> Result<(), Failure> {
    let texts = SweepTexts::read(&args.file)?;
    let out = output::folder(args.out.as_ref(), &args.file);
    if !args.dry_run {
        folder::check(&out)?;
    }
    let plan = Plan::new(&texts, args.jobs.count(), stop::flag()?)?;
    if args.dry_run {
        let pending = match folder::look(&out)? {
            Some(store) => pending(&plan, &store)?,
            None => pending(&plan, &Store::in_memory()?)?,
        };
        let n_shards = n_shards.min(pending.points.len()).max(1);
        return output::print(&Script::new(&args.file, &out, n_shards, sbatch)?.text());
    }
    let Some(open) = hand_out(args, &texts, &plan, n_shards)? else {
        return Ok(());
    };
    let submitted =
        Script::new(&args.file, &out, open.n_shards, sbatch).and_then(|script| slurm::submit(&out, &script));
    let job = match submitted {
        Ok(job) => job,
        Err(failure) => {
            shards::withdraw(&out)?;
            return Err(failure);
        }
    };
    output::print(&format!(
        "{}Slurm job {job}; when it is done, or before:\n  {}\n",
        open.told(&plan, &out),
        collect_command(args, &out)
    ))
}

/// Share the points that have no results among at most `n_shards` tasks, and tell how they are started.
pub(super) fn share(args: &SweepArgs, n_shards: usize) -> Result<(), Failure> {
    let texts = SweepTexts::read(&args.file)?;
    let out = output::folder(args.out.as_ref(), &args.file);
    if !args.dry_run {
        folder::check(&out)?;
    }
    let plan = Plan::new(&texts, args.jobs.count(), stop::flag()?)?;
    let Some(open) = hand_out(args, &texts, &plan, n_shards)? else {
        return Ok(());
    };
    let n_shards = open.n_shards;
    let task = slurm::task(&args.file, &out)?;
    output::print(&format!(
        "{}each I from 0 to {} once, on any machine:\n  {task} --shard I/{n_shards}\nwhen they are done, or before:\n  {}\n",
        open.told(&plan, &out),
        n_shards - 1,
        collect_command(args, &out)
    ))
}

/// Points that are with tasks from now on. The folder stays locked until they are started.
struct HandedOut {
    n_shards: usize,
    n_points: usize,
    _lock: Lock,
}

impl HandedOut {
    fn told(&self, plan: &Plan<'_>, out: &Path) -> String {
        format!(
            "{}: {} points; {} in {} shards\n",
            out.display(),
            plan.points().len(),
            self.n_points,
            self.n_shards
        )
    }
}

/// `None` where nothing is left to run.
fn hand_out(
    args: &SweepArgs,
    texts: &SweepTexts,
    plan: &Plan<'_>,
    n_shards: usize,
) -> Result<Option<HandedOut>, Failure> {
    let out = output::folder(args.out.as_ref(), &args.file);
    let (lock, mut store) = folder::open(&out, begin(args))?;
    if args.resume {
        take_back(&out, &mut store)?;
    }
    store.plan(plan, texts.text())?;
    let Pending { points, .. } = pending(plan, &store)?;
    if points.is_empty() {
        output::print(&format!("{}: no point is left to run\n", out.display()))?;
        return Ok(None);
    }
    let n_shards = n_shards.min(points.len());
    shards::hand_out(&out, &points, n_shards)?;
    Ok(Some(HandedOut {
        n_shards,
        n_points: points.len(),
        _lock: lock,
    }))
}

/// Take the points back from tasks, if any have them; none of these may be running, or waiting to run.
pub(super) fn take_back(out: &Path, store: &mut Store) -> Result<(), Failure> {
    slurm::check_queue(out)?;
    let taken = shards::take_back(out, store)?;
    slurm::forget(out)?;
    tell(&taken);
    Ok(())
}

fn tell(taken: &Taken) {
    let Taken {
        logs,
        results,
        cut,
        running,
    } = *taken;
    if logs != 0 {
        output::note(&format!("{results} new results from {logs} shards"));
    }
    if running != 0 {
        output::note(&format!("{running} shards are running"));
    }
    if cut != 0 {
        output::note(&format!(
            "{cut} records are not whole, as where a task was ended; they count as never written"
        ));
    }
}

/// Run one shard, as a task does.
pub(super) fn run_shard(args: &SweepArgs, id: ShardId, engines: &Engines) -> Result<(), Failure> {
    let texts = SweepTexts::read(&args.file)?;
    let stop = stop::flag()?;
    let jobs = args.jobs.count();
    let plan = Plan::new(&texts, jobs, stop)?;
    let out = output::folder(args.out.as_ref(), &args.file);
    let start = Instant::now();
    let mut shard = Shard::open(&out, id, &plan)?;
    let listed = shard.points().clone();
    let points = Points::new();
    let options = RunOptions {
        jobs,
        engines,
        stop,
        watch: &points,
        progress: &points,
        share: Share::Of(&listed),
    };
    let summary = run(&plan, &mut shard, &options);
    points.clear();
    let summary = summary?;
    shard.finish()?;
    output::note(&format!(
        "{} points in {:.3} s",
        summary.done,
        start.elapsed().as_secs_f64()
    ));
    output::print(&format!(
        "{}, shard {id}: {} points; {}\n",
        out.display(),
        listed.len(),
        ended(&summary)
    ))?;
    match end(&summary) {
        Err(Failure::SweepStopped(_, left)) => Err(Failure::ShardStopped(left)),
        ended => ended,
    }
}

/// Take over what tasks have, and tell what is missing.
pub(super) fn collect(args: &SweepArgs) -> Result<(), Failure> {
    let out = output::folder(args.out.as_ref(), &args.file);
    let (_lock, mut store) = folder::open(&out, folder::Begin::Existing)?;
    let collected = shards::collect(&out, &mut store);
    let PointsEnded {
        done,
        failed,
        faults,
        missing,
    } = store.tally()?;
    match collected {
        Ok(taken) => tell(&taken),
        // It was collected before.
        Err(SweepError::At {
            fault: SweepFault::NotShared,
            ..
        }) if missing == 0 => {}
        Err(error) => return Err(error.into()),
    }
    let mut text = format!("{}: {done} points have results", out.display());
    for (n, what) in [
        (failed, "failed"),
        (faults, "ended in a fault"),
        (missing, "are missing"),
    ] {
        if n != 0 {
            text.push_str(&format!(", {n} {what}"));
        }
    }
    text.push('\n');
    output::print(&text)?;
    if missing != 0 {
        return Err(Failure::SweepPart(missing));
    }
    if failed + faults != 0 {
        return Err(Failure::Points(failed, faults));
    }
    Ok(())
}

fn collect_command(args: &SweepArgs, out: &Path) -> String {
    let quoted = |path: &Path| slurm::quote(&path.to_string_lossy());
    format!(
        "sysmt sweep {} --out {} --collect",
        quoted(&args.file),
        quoted(out)
    )
}
