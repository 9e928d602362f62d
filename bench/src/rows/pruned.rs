//! The same product with zeros in place of the smallest weights: zeros must not make it slower.

use super::products::{Statistics, gemm, giga_macs, shape};
use crate::bench::Bench;
use crate::operands::{Matrices, Pruning};
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

/// A machine with what it is held to.
struct Machine {
    name: &'static str,
    array: &'static str,
    /// Another policy of it that takes two products on any weights, where pruned weights may take as long.
    two_products: Option<&'static str>,
}

const MACHINES: [Machine; 2] = [
    Machine {
        name: "2t-S+A",
        array: "sysmt-2t",
        two_products: Some("sysmt-2t S+Aw"),
    },
    Machine {
        name: "4t-S+A",
        array: "sysmt-4t",
        two_products: None,
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
        process(machine.two_products.unwrap_or(machine.array), Pruning::Dense)?,
    ];
    let [unpruned, first, second, two_products] = contest(bench.n_rounds, &mut bench.native, contestants)?;
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
        bench.add(match machine.two_products {
            Some(array) => row
                .beside(
                    &format!("unpruned `{array}`, two products"),
                    speed(two_products.wall_seconds),
                )
                .note(format!("{against_unpruned:.2} of the unpruned `S+A`")),
            None => row.beside("unpruned", speed(unpruned.wall_seconds)),
        });
    }
    Ok(())
}
