//! Closed-form time: NB-SMT and SPARQ arrays never stall on data, so shapes alone decide.

use std::ops::Range;

use sim_core::counters::{ActiveSteps, PeCycles};
use sim_core::ids::TileId;
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Tiles};
use sim_core::units::Cycles;
use sim_pe::mutant::{self, Mutant};

/// What the formulas are made of, as counters.
struct Terms {
    /// R.
    rows: u64,
    /// C.
    cols: u64,
    /// S, steps of a tile.
    steps: u64,
    /// ⌈M/R⌉·⌈N/C⌉.
    tiles: u64,
    /// P, cycles between the starts of two pipelined tiles.
    period: u64,
    /// p − 1, cycles by which every result is later than in a single-cycle PE.
    latency: u64,
}

impl Terms {
    fn new(array: &ArraySpec, gemm: Gemm) -> Self {
        let steps = array.pe().n_steps(gemm.k());
        Self {
            rows: widen(array.rows()),
            cols: widen(array.cols()),
            steps: widen(steps),
            tiles: widen(gemm.m().div_ceil(array.rows())) * widen(gemm.n().div_ceil(array.cols())),
            period: widen(steps.max(array.rows())),
            latency: u64::from(array.pipeline_depth()) - 1,
        }
    }

    /// From the first step of a tile to its last result's exit.
    fn tile_cycles(&self) -> u64 {
        self.steps + 2 * self.rows + self.cols - 2 + self.latency
    }
}

/// Cycles of one product on an array, from the first step of PE (0, 0) to the last result's exit.
///
/// - Shapes: `gemm` is one product; layers and groups are sums of products.
/// - Units: array-clock cycles; loading the edge registers is not counted.
/// - Errors: none, every shape is legal.
/// - Serial tiles: `tiles·(S + 2R + C − 2 + p − 1)`; pipelined: `(tiles − 1)·max(S, R) + S + 2R + C − 2 + p − 1`.
pub fn cycles(array: &ArraySpec, gemm: Gemm) -> Cycles {
    let terms = Terms::new(array, gemm);
    let cycles = match array.tiles() {
        Tiles::Serial if mutant::is_on(Mutant::AlgebraicSerialDepth) => {
            terms.tiles * (terms.tile_cycles() - terms.latency) + terms.latency
        }
        Tiles::Serial => terms.tiles * terms.tile_cycles(),
        Tiles::Pipelined => (terms.tiles - 1) * terms.period + terms.tile_cycles(),
    };
    Cycles(cycles + u64::from(mutant::is_on(Mutant::AlgebraicCycle)))
}

/// The cycles in which a tile of one product is in the array, from its first step at PE (0, 0) to the exit of its last
/// result; of an edge tile too the results that nobody takes.
///
/// - Units: array-clock cycles of the whole product.
/// - Errors: none; `tile` must be one of the product's.
pub fn tile_span(array: &ArraySpec, gemm: Gemm, tile: TileId) -> Range<Cycles> {
    let terms = Terms::new(array, gemm);
    let start = widen(tile.idx())
        * match array.tiles() {
            Tiles::Serial => terms.tile_cycles(),
            Tiles::Pipelined => terms.period,
        };
    Cycles(start)..Cycles(start + terms.tile_cycles())
}

/// Every PE-cycle of one product, given the steps of real outputs by active threads.
///
/// - Units: PE-cycles; they add up to `R·C·cycles`.
/// - Errors: none; `active` must count exactly M·N·S steps.
pub fn pe_cycles(array: &ArraySpec, gemm: Gemm, active: ActiveSteps) -> PeCycles {
    let terms = Terms::new(array, gemm);
    let n_pes = array.n_pes();
    // Both sums over the array are even before they are halved: they add r + c over a full rectangle.
    let fill = n_pes * (terms.rows + terms.cols - 2) / 2;
    let drain = n_pes * (3 * terms.rows + terms.cols - 2) / 2 + n_pes * terms.latency;
    let (n_drains, stall) = match array.tiles() {
        Tiles::Serial => (terms.tiles, 0),
        Tiles::Pipelined => (1, (terms.tiles - 1) * (terms.period - terms.steps) * n_pes),
    };
    let (fill, drain) = if mutant::is_on(Mutant::AlgebraicFillDrain) {
        (drain, fill)
    } else {
        (fill, drain)
    };
    PeCycles {
        fill: fill * n_drains,
        active,
        masked: (terms.tiles * n_pes - gemm.n_outputs()) * terms.steps,
        stall,
        drain: drain * n_drains,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::spec::Pe;

    #[test]
    fn cycles_table() {
        #[track_caller]
        fn check(rows: usize, cols: usize, depth: u8, tiles: Tiles, mnk: (usize, usize, usize), want: u64) {
            let array = ArraySpec::new(rows, cols, Pe::Conventional)
                .and_then(|array| array.with_pipeline_depth(depth))
                .expect("in range")
                .with_tiles(tiles);
            let gemm = Gemm::new(mnk.0, mnk.1, mnk.2).expect("not empty");
            assert_eq!(
                cycles(&array, gemm).0,
                want,
                "{rows}x{cols}, {depth}, {tiles:?}, {mnk:?}"
            );
        }
        check(1, 1, 1, Tiles::Pipelined, (1, 1, 1), 2); // One step, one cycle to leave.
        check(1, 1, 3, Tiles::Pipelined, (1, 1, 1), 4); // Two more pipeline stages.
        check(4, 3, 1, Tiles::Pipelined, (4, 3, 10), 19); // One tile: S + 2R + C - 2.
        check(4, 3, 1, Tiles::Pipelined, (5, 4, 10), 49); // Four tiles, P = S.
        check(4, 3, 1, Tiles::Pipelined, (5, 4, 2), 23); // S < R: P = R.
        check(4, 3, 2, Tiles::Serial, (5, 4, 10), 80); // Each tile waits, pipeline latency included.
    }

    #[test]
    fn books_balance() {
        for tiles in Tiles::ALL {
            for (rows, cols) in [(1, 1), (1, 4), (5, 1), (3, 2), (4, 7)] {
                for (m, n, k) in [(1, 1, 1), (9, 8, 3), (4, 7, 20)] {
                    for depth in [1, 4] {
                        let array = ArraySpec::new(rows, cols, Pe::Conventional)
                            .and_then(|array| array.with_pipeline_depth(depth))
                            .expect("in range")
                            .with_tiles(tiles);
                        let gemm = Gemm::new(m, n, k).expect("not empty");
                        let active = ActiveSteps::from_counts(&[gemm.macs(), 0]);
                        let books = pe_cycles(&array, gemm, active);
                        assert_eq!(books.total(), array.n_pes() * cycles(&array, gemm).0);
                    }
                }
            }
        }
    }
}
