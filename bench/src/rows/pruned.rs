//! The same product with zeros in place of the smallest weights: it must not be slower than the form that needs no
//! zeros to be few, an exact product and those of the residues.

use super::products::{Statistics, gemm, giga_macs, shape};
use crate::bench::Bench;
use crate::operands::{Matrices, Pruning};
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

/// A machine with what it is held to.
struct Machine {
    name: &'static str,
    array: &'static str,
    /// Another policy of it, whose residues are products of their own on any weights.
    residues_apart: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine {
        name: "2t-S+A",
        array: "sysmt-2t",
        residues_apart: "sysmt-2t S+Aw",
    },
    Machine {
        name: "4t-S+A",
        array: "sysmt-4t",
        residues_apart: "sysmt-4t S+Aw",
    },
];

const PERCENT: [usize; 2] = [40, 80];

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for machine in MACHINES {
        let names = PERCENT.map(|percent| format!("pruned/{}-{percent}", machine.name));
        if names.iter().any(|name| bench.wants(name)) {
            of_machine(bench, &machine, &names)?;
        }
    }
    Ok(())
}

fn of_machine(bench: &mut Bench, machine: &Machine, names: &[String; 2]) -> anyhow::Result<()> {
    let [m, n, k] = shape(bench.size);
    let matrices = Matrices::new(m, n, k)?;
    let process = |array: &str, pruning| {
        gemm(bench, &matrices, array, pruning, Statistics::AllButMse).map(Contestant::Process)
    };
    let contestants = [
        process(machine.array, Pruning::Dense)?,
        process(machine.array, Pruning::Percent(PERCENT[0]))?,
        process(machine.array, Pruning::Percent(PERCENT[1]))?,
        process(machine.residues_apart, Pruning::Dense)?,
    ];
    let [unpruned, first, second, residues_apart] = contest(bench.n_rounds, &mut bench.native, contestants)?;
    for ((name, percent), pruned) in names.iter().zip(PERCENT).zip([first, second]) {
        let work = format!(
            "`sysmt gemm`, `{}`, {m}×{n}×{k}, {percent} % of the weights zero, `--no-mse`, whole process",
            machine.array
        );
        let speed = |seconds: f64| giga_macs(&matrices) / seconds;
        let row = Row::new(name, work, speed(pruned.wall_seconds), "GMAC/s", Better::More)
            .peak(pruned.peak_mib)
            .goal(Goal::ratio_at_least(1.0, 1.0));
        let against_unpruned = unpruned.wall_seconds / pruned.wall_seconds;
        let beside = format!("unpruned `{}`, residues as products", machine.residues_apart);
        bench.add(
            row.beside(&beside, speed(residues_apart.wall_seconds))
                .note(format!("{against_unpruned:.2} of the unpruned `S+A`")),
        );
    }
    Ok(())
}
