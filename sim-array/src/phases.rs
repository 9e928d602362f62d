//! A product as an engine that clocks registers runs it: its tiles at once or, where outputs are predicted, one phase after
//! the other.

use sim_core::counters::Counters;
use sim_core::ids::{Col, Row, TileId};
use sim_core::spec::ArraySpec;

use crate::engine::{Measures, Mse, Operands, Outcome, error_of};
use crate::mapping::predicted::OutputPhase;
use crate::mapping::{TileSequence, Tiling};

/// Run a product on an array; `run` runs some tiles and gives zero for each output that they do not compute.
pub(crate) fn run<'a>(
    array: &ArraySpec,
    operands: &Operands<'a>,
    measures: Measures,
    mut run: impl FnMut(TileSequence<'a>, Measures) -> Outcome,
) -> Outcome {
    let shape = operands.shape();
    let Some(plan) = operands.plan() else {
        return run(TileSequence::All(Tiling::new(array, shape)), measures);
    };
    // The error is one of the whole product.
    let of_phase = Measures {
        mse: Mse::Skip,
        ..measures
    };
    let waiting = plan.time().waiting;
    let mut sum = Outcome {
        product: vec![0; shape.m() * shape.n()],
        cycles: waiting,
        counters: Counters::zero(array.pe().max_active()),
        error: None,
        busy: measures.pe_map.empty(array.rows(), array.cols()),
    };
    sum.counters.pe_cycles.waiting = array.n_pes() * waiting.0;
    for phase in OutputPhase::ALL {
        if plan.n_tiles(phase) == 0 {
            continue;
        }
        let Outcome {
            product,
            cycles,
            counters,
            error: _,
            busy,
        } = run(plan.sequence(phase), of_phase);
        for (sum, value) in sum.product.iter_mut().zip(product) {
            *sum += value;
        }
        sum.cycles += cycles;
        sum.counters += counters;
        if let (Some(sum), Some(busy)) = (&mut sum.busy, busy) {
            *sum += &busy;
        }
    }
    sum.error = error_of(operands, &sum.product, measures.mse);
    sum
}

/// The tile and the PE of an output; `None` where it is skipped and no tile has it. Tiles of phase 2 follow those of phase 1.
pub(crate) fn place_of(
    array: &ArraySpec,
    operands: &Operands<'_>,
    m: usize,
    n: usize,
) -> Option<(TileId, Row, Col)> {
    let Some(plan) = operands.plan() else {
        return Some(Tiling::new(array, operands.shape()).place_of(m, n));
    };
    let tiles = OutputPhase::ALL.into_iter().flat_map(|phase| plan.tiles(phase));
    tiles.enumerate().find_map(|(index, tile)| {
        let row = tile.pixels().iter().position(|&pixel| pixel == m)?;
        let col = tile.channels().iter().position(|&channel| channel == n)?;
        Some((TileId(index), Row(row), Col(col)))
    })
}
