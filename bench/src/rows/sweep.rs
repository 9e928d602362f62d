//! A sweep of a million trivial points: planned, hashed, stored and gone on with; nothing is simulated.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Context;
use sim_config::sweep::SweepTexts;
use sim_core::shape::widen;
use sim_core::units::count_as_f64;
use sim_sweep::plan::Plan;
use sim_sweep::run::{Results as _, pending};
use sim_sweep::store::{FILE_NAME, Outcome, State, Store};

use crate::HEAP;
use crate::bench::{Bench, Size};
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
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let times = sweep(folder.path(), n_side)?;
    let peak = count_as_f64(widen(HEAP.peak_usage().saturating_sub(before))) / 1024.0 / 1024.0;
    let work = format!(
        "a sweep of {n_points} trivial points, two jobs: planned and hashed twice, its plan and results stored, gone on with"
    );
    if bench.wants(TIME) {
        let Times {
            plan,
            store,
            results,
            resume,
        } = times;
        let row = Row::new(TIME, work.clone(), plan + store + resume, "s", Better::Less)
            .note(format!(
                "planning {plan:.1} s, storing the plan {store:.1} s, going on with all of it {resume:.1} s; storing made-up \
                 results, {TOGETHER} a transaction, {results:.1} s more"
            ));
        bench.add(row.goal(TIME_GOAL));
    }
    if bench.wants(MEMORY) {
        let work = format!("what {work} allocates at most, beside SQLite's own");
        let row = Row::new(MEMORY, work, peak, "MiB", Better::Less);
        bench.add(row.goal(MEMORY_GOAL));
    }
    Ok(())
}

/// Seconds.
struct Times {
    plan: f64,
    store: f64,
    results: f64,
    resume: f64,
}

fn sweep(folder: &Path, n_side: u32) -> anyhow::Result<Times> {
    let base = std::path::absolute("configs/runs/quickstart.toml")?;
    let text = format!(
        "base = \"{}\"\n[axes]\n\"array.clock-mhz\" = {{ from = 1, to = {n_side}, steps = {n_side} }}\n\
         \"workload.prune\" = {{ from = 0.0, to = {:.3}, steps = {n_side} }}\n",
        base.display(),
        f64::from(n_side - 1) / 1000.0
    );
    let file = folder.join("s.toml");
    std::fs::write(&file, text)?;
    let path = folder.join(FILE_NAME);
    let stop = AtomicBool::new(false);

    let texts = SweepTexts::read(&file)?;
    let start = Instant::now();
    let plan = Plan::new(&texts, 2, &stop).context("planning")?;
    let planned = start.elapsed().as_secs_f64();
    anyhow::ensure!(plan.points().len() == usize::try_from(n_side * n_side)?);
    let mut store = Store::create(&path)?;
    store.plan(&plan, texts.text())?;
    let stored = start.elapsed().as_secs_f64();
    for points in plan.points().chunks(TOGETHER) {
        let outcomes: Vec<_> = points
            .iter()
            .map(|point| {
                let outcome = Outcome {
                    state: State::Done,
                    body: "{}".to_owned(),
                };
                (point.identity, outcome)
            })
            .collect();
        store.put(&outcomes)?;
    }
    let results = start.elapsed().as_secs_f64();
    drop((plan, store));
    let plan = Plan::new(&texts, 2, &stop)?;
    let mut store = Store::create(&path)?;
    store.plan(&plan, texts.text())?;
    let left = pending(&plan, &store)?;
    anyhow::ensure!(left.points.is_empty(), "{} points are left", left.points.len());
    Ok(Times {
        plan: planned,
        store: stored - planned,
        results: results - stored,
        resume: start.elapsed().as_secs_f64() - results,
    })
}
