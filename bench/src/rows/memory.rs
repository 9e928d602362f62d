//! Peak memory of whole processes in units of the largest layer's operands and outputs, and the quickstart.

use sim_core::shape::Gemm;
use sim_core::units::count_as_f64;

use super::products::{Statistics, gemm, shape};
use crate::bench::{Bench, text};
use crate::operands::{Matrices, Pruning};
use crate::process::sysmt;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

/// Operands of a byte each and outputs of four, in MiB.
pub(crate) fn least_mib(shape: Gemm) -> f64 {
    let [m, n, k] = [shape.m(), shape.n(), shape.k()].map(sim_core::shape::widen);
    count_as_f64(m * k + n * k + 4 * m * n) / 1024.0 / 1024.0
}

/// What a peak is held to.
pub(crate) const GOAL: Goal = Goal::figure_at_most(3.0, 3.0);

/// A peak in units of what no simulation can do without.
pub(crate) fn row(name: &str, work: String, peak_mib: f64, least_mib: f64) -> Row {
    Row::new(
        name,
        work,
        peak_mib / least_mib,
        "× operands and outputs",
        Better::Less,
    )
    .peak(peak_mib)
    .note(format!("{least_mib:.1} MiB of operands and outputs"))
}

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for (name, machine) in [
        ("memory/2t-S+A-mse", "sysmt-2t"),
        ("memory/4t-S+A-mse", "sysmt-4t"),
    ] {
        if bench.wants(name) {
            let [m, n, k] = shape(bench.size);
            let matrices = Matrices::new(m, n, k)?;
            let command = gemm(bench, &matrices, machine, Pruning::Dense, Statistics::All)?;
            let [cost] = contest(1, &mut bench.native, [Contestant::Process(command)])?;
            let work = format!("peak memory of `sysmt gemm`, `{machine}`, {m}×{n}×{k}, with mse");
            bench.add(row(name, work, cost.peak_mib, least_mib(matrices.shape)).goal(GOAL));
        }
    }
    Ok(())
}

/// What a new user runs first.
pub(crate) fn quickstart(bench: &mut Bench) -> anyhow::Result<()> {
    let name = "quickstart";
    if !bench.wants(name) {
        return Ok(());
    }
    let out = text(&bench.out.join("quickstart"));
    let command = sysmt("run configs/runs/quickstart.toml --jobs 1 --out", &[&out]);
    let [cost] = contest(bench.n_rounds, &mut bench.native, [Contestant::Process(command)])?;
    let work = "`sysmt run configs/runs/quickstart.toml`, whole process with figures, one job";
    let row = Row::new(name, work.to_owned(), cost.cpu_seconds, "CPU s", Better::Less);
    bench.add(row.goal(Goal::figure_at_most(2.0, 2.0)).peak(cost.peak_mib));
    Ok(())
}
