//! A sweep of a million trivial points, all of which have results: planned, hashed and gone on with by `sysmt sweep`.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Context;
use sim_config::sweep::SweepTexts;
use sim_sweep::plan::Plan;
use sim_sweep::run::{Results as _, pending};
use sim_sweep::store::{FILE_NAME, Outcome, State, Store};

use crate::bench::{Bench, Size, text};
use crate::process::{measured, sysmt};
use crate::row::{Better, Goal, Row};

const TIME: &str = "sweep/1000000-points";
const MEMORY: &str = "memory/sweep-1000000";
/// Seconds.
const TIME_GOAL: Goal = Goal::figure_at_most(60.0, 60.0);
/// MiB.
const MEMORY_GOAL: Goal = Goal::figure_at_most(1024.0, 1024.0);
/// Points that are stored in one transaction.
const TOGETHER: usize = 1000;

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    if ![TIME, MEMORY].iter().any(|name| bench.wants(name)) {
        return Ok(());
    }
    let n_side = match bench.size {
        Size::Full => 1000,
        Size::Quick => 30,
    };
    let n_points = n_side * n_side;
    let folder = tempfile::tempdir_in(&bench.out)?;
    let file = folder.path().join("s.toml");
    let out = folder.path().join("results");
    write(&file, n_side)?;
    let seconds = fill(&file, &out, n_points)?;
    let cost = measured(&sysmt(
        "sweep --resume --jobs 2",
        &[&text(&file), "--out", &text(&out)],
    ))?;
    let work = format!(
        "`sysmt sweep --resume`, {n_points} points with results, two jobs, whole process: planned, hashed, the plan stored, \
         results found"
    );
    if bench.wants(TIME) {
        let row = Row::new(TIME, work, cost.wall_seconds, "s", Better::Less).note(format!(
            "{:.1} s of processor time; storing made-up results before that, {TOGETHER} a transaction, took {seconds:.1} s",
            cost.cpu_seconds
        ));
        bench.add(row.goal(TIME_GOAL));
    }
    if bench.wants(MEMORY) {
        let work = format!("peak memory of `sysmt sweep --resume`, {n_points} points with results, two jobs");
        let row = Row::new(MEMORY, work, cost.peak_mib, "MiB", Better::Less);
        bench.add(row.goal(MEMORY_GOAL));
    }
    Ok(())
}

/// A sweep file whose points are all different.
fn write(file: &Path, n_side: u32) -> anyhow::Result<()> {
    let base = std::path::absolute("configs/runs/quickstart.toml")?;
    let text = format!(
        "base = \"{}\"\n[axes]\n\"array.clock-mhz\" = {{ from = 1, to = {n_side}, steps = {n_side} }}\n\
         \"workload.prune\" = {{ from = 0.0, to = {:.3}, steps = {n_side} }}\n",
        base.display(),
        f64::from(n_side - 1) / 1000.0
    );
    std::fs::write(file, text)?;
    Ok(())
}

/// Store results that no simulation gave; the seconds that takes.
fn fill(file: &Path, out: &Path, n_points: u32) -> anyhow::Result<f64> {
    std::fs::create_dir_all(out)?;
    let texts = SweepTexts::read(file)?;
    let plan = Plan::new(&texts, 2, &AtomicBool::new(false)).context("planning")?;
    anyhow::ensure!(plan.points().len() == usize::try_from(n_points)?);
    let mut store = Store::create(&out.join(FILE_NAME))?;
    store.plan(&plan, texts.text())?;
    let began = Instant::now();
    for points in plan.points().chunks(TOGETHER) {
        let outcome = Outcome {
            state: State::Done,
            body: "{}".to_owned(),
        };
        let outcomes: Vec<_> = points
            .iter()
            .map(|point| (point.identity, outcome.clone()))
            .collect();
        store.put(&outcomes)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let left = pending(&plan, &store)?.points.len();
    anyhow::ensure!(left == 0, "{left} points are left");
    Ok(seconds)
}
