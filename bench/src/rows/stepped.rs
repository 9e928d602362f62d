//! Array cycles per processor second of the stepped engine on 16×16.

use anyhow::Context;
use serde_json::Value;

use super::products::{Statistics, gemm};
use crate::bench::{Bench, Size};
use crate::operands::{Matrices, Pruning};
use crate::process::output;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

/// Row, array, and millions of cycles per processor second.
const MACHINES: [(&str, &str, [f64; 2]); 3] = [
    ("stepped/1t", "os-1t", [23.0, 15.0]),
    ("stepped/2t", "sysmt-2t", [15.0, 5.0]),
    ("stepped/4t", "sysmt-4t", [3.4, 2.0]),
];

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let [m, n, k] = match bench.size {
        Size::Full => [256, 256, 8192],
        Size::Quick => [64, 64, 4096],
    };
    for (name, machine, [target, accept]) in MACHINES {
        if !bench.wants(name) {
            continue;
        }
        let matrices = Matrices::new(m, n, k)?;
        let mut command = gemm(bench, &matrices, machine, Pruning::Dense, Statistics::AllButMse)?;
        command.extend(["--engine", "stepped", "--json"].map(str::to_owned));
        let answer: Value = serde_json::from_str(&output(&command)?)?;
        let cycles = answer["cycles"]
            .as_f64()
            .context("`sysmt gemm --json` gave no cycles")?;
        let [cost] = contest(bench.n_rounds, &mut bench.native, [Contestant::Process(command)])?;
        let work = format!("stepped engine, 16×16 `{machine}`, {m}×{n}×{k}, whole process");
        let speed = cycles / cost.cpu_seconds / 1e6;
        let row = Row::new(name, work, speed, "M array cycles/CPU s", Better::More);
        bench.add(
            row.goal(Goal::figure_at_least(target, accept))
                .peak(cost.peak_mib),
        );
    }
    Ok(())
}
