//! What a product takes where half of its outputs are skipped, against the product with all of them, inside the library.

use sim_algebraic::Algebraic;
use sim_array::engine::{Engine as _, Measures};
use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPlan, PixelSequence, PredictedOutputs,
};
use sim_core::prediction::{ChannelOrder, OutputRules, PixelOrder};

use super::products::shape;
use crate::bench::Bench;
use crate::operands::Matrices;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

const MACHINES: [(&str, &str); 5] = [
    ("predicted/conventional", "os-1t"),
    ("predicted/2t-S+A", "sysmt-2t"),
    ("predicted/4t-S+A", "sysmt-4t"),
    ("predicted/sparq-5opt", "sparq-5opt"),
    ("predicted/sparq-stc", "sparq-stc"),
];

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let [m, n, k] = shape(bench.size);
    for (name, machine) in MACHINES {
        if !bench.wants(name) {
            continue;
        }
        let work = format!(
            "half of the outputs skipped, none in common, with all counters, on all computed, `{machine}`, {m}×{n}×{k}, library call"
        );
        let array = bench.array(machine)?;
        let mut matrices = Matrices::new(m, n, k)?;
        matrices.weights = matrices.pruned_for(&array);
        let operands = matrices.operands()?;
        let kept: Vec<u8> = (0..m * n)
            .map(|output| u8::from(output.count_ones() % 2 == 0))
            .collect();
        let outputs = PredictedOutputs::new(matrices.shape, &vec![0; m], &kept)?;
        let map = OutputMap { height: 1, width: m };
        let pixels = PixelSequence::new(PixelOrder::Raster, map, 1, array.rows());
        let channels = ChannelSequence::new(ChannelOrder::Natural, &vec![0; n]);
        let plan = OutputPlan::new(&array, OutputRules::default(), outputs, &pixels, &channels)?;
        let planned = operands.with_plan(&plan);
        let contestants = [planned, operands].map(|operands| {
            Contestant::Library(Box::new(move || {
                std::hint::black_box(Algebraic::default().run(&array, &operands, Measures::NONE)?);
                Ok(())
            }))
        });
        let [half, all] = contest(bench.n_rounds, &mut bench.native, contestants)?;
        let times = half.wall_seconds / all.wall_seconds;
        let row = Row::new(name, work, times, "× the time", Better::Neither);
        bench.add(row.goal(Goal::figure_at_most(2.0, 3.0)));
    }
    Ok(())
}
