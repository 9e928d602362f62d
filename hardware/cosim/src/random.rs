//! Random small products: zero-heavy operands, edge tiles, tiles with fewer steps than rows, several tiles in a row; on
//! machines that hold, some outputs skipped.

use std::path::Path;

use anyhow::bail;
use proptest::test_runner::TestRunner;
use sim_array::mapping::predicted::{OutputPhase, OutputPlan, Place};
use sim_array::mapping::{KMap, Tiling};
use sim_core::ids::{Col, Row};
use sim_core::shape::widen;
use sim_core::spec::Tiles;
use sim_rtl::HoldBit;
use sim_testkit::cases::{Case, case_on, draw, runner};
use sim_testkit::predicted::predicted_on;

use crate::divergence::Divergence;
use crate::lockstep::{LockstepCounts, run};
use crate::machines::Machine;
use crate::model::Model;
use crate::top::Visibility;

/// Shapes that a campaign met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    pub(crate) edge_tiles: u64,
    pub(crate) fewer_steps_than_rows: u64,
    pub(crate) several_tiles: u64,
    /// Where outputs may be skipped.
    pub(crate) planned: Option<PlannedCensus>,
}

/// What planned products met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PlannedCensus {
    pub(crate) two_phases: u64,
    /// Tiles in which a PE holds, and those of them after which it computes, or before which it did.
    pub(crate) held: u64,
    pub(crate) released: u64,
    pub(crate) seized: u64,
}

impl Census {
    fn note(&mut self, case: &Case) {
        let (array, shape) = (&case.array, case.shape);
        let is_edge = shape.m() % array.rows() != 0 || shape.n() % array.cols() != 0;
        self.edge_tiles += u64::from(is_edge);
        self.fewer_steps_than_rows += u64::from(KMap::new(array.pe(), shape.k()).n_steps() < array.rows());
        self.several_tiles += u64::from(1 < Tiling::new(array, shape).n_tiles());
    }

    /// Every kind of shape was met, and PEs held in every way.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self {
            edge_tiles,
            fewer_steps_than_rows,
            several_tiles,
            planned,
        } = self;
        let mut counts = vec![edge_tiles, fewer_steps_than_rows, several_tiles];
        if let Some(PlannedCensus {
            two_phases,
            held,
            released,
            seized,
        }) = planned
        {
            counts.extend([two_phases, held, released, seized]);
        }
        if counts.contains(&&0) {
            bail!("a kind of product was never met: {self:?}; run more products");
        }
        Ok(())
    }
}

impl PlannedCensus {
    fn note(&mut self, plan: &OutputPlan) {
        let is_run = |phase: &OutputPhase| 0 < plan.n_tiles(*phase);
        self.two_phases += u64::from(OutputPhase::ALL.iter().all(is_run));
        let array = plan.array();
        for phase in OutputPhase::ALL {
            let tiles: Vec<_> = plan.tiles(phase).collect();
            for (row, col) in (0..array.rows()).flat_map(|row| (0..array.cols()).map(move |col| (row, col))) {
                let places: Vec<Place> = tiles.iter().map(|tile| tile.place(Row(row), Col(col))).collect();
                let n = |pair: [Place; 2]| places.windows(2).filter(|places| **places == pair).count();
                let held = places.iter().filter(|&&place| place == Place::Skipped).count();
                self.held += widen(held);
                self.released += widen(n([Place::Skipped, Place::Computed]));
                self.seized += widen(n([Place::Computed, Place::Skipped]));
            }
        }
    }
}

/// A product, and where outputs may be skipped, the plan of those that are not.
fn product(machine: &Machine, runner: &mut TestRunner) -> (Case, Option<OutputPlan>) {
    match machine.hold_bit {
        HoldBit::Absent => (draw(&case_on(machine.array), runner), None),
        HoldBit::Present => {
            let product = draw(&predicted_on(machine.array), runner);
            let plan = product.plan();
            (product.case, Some(plan))
        }
    }
}

/// `n_cases` products on `model`, one after the other without power-off between them, until one diverges.
pub(crate) fn campaign(
    model: &mut Model,
    machine: &Machine,
    visibility: Visibility,
    n_cases: usize,
    waveform: &Path,
) -> anyhow::Result<(Census, Result<LockstepCounts, Divergence>)> {
    let mut runner = runner(11);
    let mut census = Census::default();
    let mut tally = LockstepCounts::default();
    for tiles in Tiles::ALL {
        let machine = Machine {
            array: machine.array.with_tiles(tiles),
            ..*machine
        };
        for _ in 0..n_cases {
            let (case, plan) = product(&machine, &mut runner);
            census.note(&case);
            let mut operands = case.operands();
            if let Some(plan) = &plan {
                census.planned.get_or_insert_default().note(plan);
                operands = operands.with_plan(plan);
            }
            match run(model, &machine, visibility, &operands, waveform)? {
                Ok(more) => tally += more,
                Err(divergence) => return Ok((census, Err(divergence))),
            }
        }
    }
    Ok((census, Ok(tally)))
}
