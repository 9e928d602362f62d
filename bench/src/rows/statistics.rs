//! What all statistics but the error cost on top of the product alone, inside the library.

use sim_algebraic::Algebraic;
use sim_array::engine::{Engine as _, Measures};

use super::products::shape;
use crate::bench::Bench;
use crate::operands::Matrices;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

const MACHINES: [(&str, &str); 4] = [
    ("statistics/conventional", "os-1t"),
    ("statistics/2t-S+A", "sysmt-2t"),
    ("statistics/4t-S+A", "sysmt-4t"),
    ("statistics/sparq-5opt", "sparq-5opt"),
];

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let [m, n, k] = shape(bench.size);
    for (name, machine) in MACHINES {
        if !bench.wants(name) {
            continue;
        }
        let work = format!("all statistics but mse on top of none, `{machine}`, {m}×{n}×{k}, library call");
        let array = bench.array(machine)?;
        let matrices = Matrices::new(m, n, k)?;
        let operands = matrices.operands()?;
        let contestants = [
            Contestant::Library(Box::new(|| {
                std::hint::black_box(Algebraic::default().run(&array, &operands, Measures::NONE)?);
                Ok(())
            })),
            Contestant::Library(Box::new(|| {
                std::hint::black_box(Algebraic::default().product_only(&array, &(&operands).into())?);
                Ok(())
            })),
        ];
        let [all, none] = contest(bench.n_rounds, &mut bench.native, contestants)?;
        let percent = 100.0 * (all.wall_seconds / none.wall_seconds - 1.0);
        let row = Row::new(name, work, percent, "% more time", Better::Neither);
        bench.add(row.goal(Goal::figure_at_most(10.0, 20.0)));
    }
    Ok(())
}
