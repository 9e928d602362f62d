//! Random small products: zero-heavy operands, edge tiles, tiles with fewer steps than rows, several tiles in a row.

use std::path::Path;

use anyhow::bail;
use sim_array::mapping::{KMap, Tiling};
use sim_core::spec::{ArraySpec, Tiles};
use sim_testkit::cases::{Case, case_on, draw, runner};

use crate::divergence::Divergence;
use crate::lockstep::{LockstepCounts, run};
use crate::model::Model;
use crate::top::Visibility;

/// Shapes that a campaign met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    pub(crate) edge_tiles: u64,
    pub(crate) fewer_steps_than_rows: u64,
    pub(crate) several_tiles: u64,
}

impl Census {
    fn note(&mut self, case: &Case) {
        let (array, shape) = (&case.array, case.shape);
        let is_edge = shape.m() % array.rows() != 0 || shape.n() % array.cols() != 0;
        self.edge_tiles += u64::from(is_edge);
        self.fewer_steps_than_rows += u64::from(KMap::new(array.pe(), shape.k()).n_steps() < array.rows());
        self.several_tiles += u64::from(1 < Tiling::new(array, shape).n_tiles());
    }

    /// Every kind of shape was met.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.edge_tiles == 0 || self.fewer_steps_than_rows == 0 || self.several_tiles == 0 {
            bail!("a kind of shape was never met: {self:?}; run more products");
        }
        Ok(())
    }
}

/// `n_cases` products on `model`, one after the other without power-off between them, until one diverges.
pub(crate) fn campaign(
    model: &mut Model,
    array: &ArraySpec,
    visibility: Visibility,
    n_cases: usize,
    waveform: &Path,
) -> anyhow::Result<(Census, Result<LockstepCounts, Divergence>)> {
    let mut runner = runner(11);
    let mut census = Census::default();
    let mut tally = LockstepCounts::default();
    for tiles in Tiles::ALL {
        let strategy = case_on(array.with_tiles(tiles));
        for _ in 0..n_cases {
            let case = draw(&strategy, &mut runner);
            census.note(&case);
            match run(model, &case.array, visibility, &case.operands(), waveform)? {
                Ok(more) => tally += more,
                Err(divergence) => return Ok((census, Err(divergence))),
            }
        }
    }
    Ok((census, Ok(tally)))
}
