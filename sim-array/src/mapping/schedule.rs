//! When each PE does what. NB-SMT and SPARQ arrays never wait for data, so shapes alone decide.

use std::ops::Range;

use sim_core::counters::{ActiveSteps, PeCycles};
use sim_core::ids::{Col, Row, TileId};
use sim_core::mutant::{self, Mutant};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Dataflow, Tiles};
use sim_core::units::Cycles;

use super::Tiling;

/// What a PE does in a stretch of cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits for the first operands.
    Fill,
    /// It executes the steps of a tile.
    Steps(TileId),
    /// It waits between two tiles.
    Gap,
    /// It has executed its last step, and results still leave.
    Drain,
}

/// The cycles of one product on an array, from the first step of PE (0, 0) to the last result's exit.
///
/// Tiles that follow one another without a wait form a *passage*: all tiles of a product where they are pipelined, each
/// tile by itself where they are serial. Loading the edge registers is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// R and C.
    rows: u64,
    cols: u64,
    /// S, steps of a tile.
    n_steps: u64,
    n_passages: u64,
    /// Tiles of a passage.
    n_tiles: u64,
    /// P, cycles between the starts of two tiles of a passage.
    period: u64,
    /// p − 1, cycles by which every result is later than in a PE of one pipeline stage.
    latency: u64,
    /// Outputs in all tiles together.
    n_outputs: u64,
}

impl Schedule {
    /// For a product on an array.
    pub fn new(array: &ArraySpec, shape: Gemm) -> Self {
        let n_tiles = widen(Tiling::new(array, shape).n_tiles());
        Self::of_tiles(array, shape.k(), n_tiles, shape.n_outputs())
    }

    /// For any tiles that follow one another and hold `n_outputs` outputs of `k` terms. No tiles take no time.
    pub fn of_tiles(array: &ArraySpec, k: usize, n_tiles: u64, n_outputs: u64) -> Self {
        let n_steps = widen(array.pe().n_steps(k));
        let (n_passages, n_tiles) = match array.tiles() {
            Tiles::Serial => (n_tiles, 1),
            Tiles::Pipelined => (n_tiles.min(1), n_tiles.max(1)),
        };
        let rows = widen(array.rows());
        Self {
            rows,
            cols: widen(array.cols()),
            n_steps,
            n_passages,
            n_tiles,
            period: match array.dataflow() {
                // The next tile must not finish before a column has drained.
                dataflow @ Dataflow::OutputStationary => n_steps.max(dataflow.drain_cycles(rows)),
            },
            latency: u64::from(array.pipeline_depth()) - 1,
            n_outputs,
        }
    }

    /// From the first step of a tile at PE (0, 0) to its last result's exit: S + 2R + C − 2 + p − 1.
    const fn tile_cycles(&self) -> u64 {
        self.n_steps + 2 * self.rows + self.cols - 2 + self.latency
    }

    const fn passage_cycles(&self) -> u64 {
        (self.n_tiles - 1) * self.period + self.tile_cycles()
    }

    /// Cycles of the whole product.
    ///
    /// - Serial tiles: `tiles·(S + 2R + C − 2 + p − 1)`; pipelined: `(tiles − 1)·max(S, R) + S + 2R + C − 2 + p − 1`.
    pub fn cycles(&self) -> Cycles {
        let mut cycles = self.n_passages * self.passage_cycles();
        if mutant::is_on(Mutant::AlgebraicSerialDepth) {
            cycles -= self.n_passages.saturating_sub(1) * self.latency;
        }
        if mutant::is_on(Mutant::AlgebraicCycle) {
            cycles += 1;
        }
        Cycles(cycles)
    }

    /// The cycles in which a tile is in the array, from its first step at PE (0, 0) to the exit of its last result; of an
    /// edge tile too the results that nobody takes.
    pub fn tile_span(&self, tile: TileId) -> Range<Cycles> {
        let start = self.start_of(widen(tile.idx()));
        Cycles(start)..Cycles(start + self.tile_cycles())
    }

    const fn start_of(&self, tile: u64) -> u64 {
        tile / self.n_tiles * self.passage_cycles() + tile % self.n_tiles * self.period
    }

    /// What PE (`row`, `col`) does, from cycle 0 to the end without a hole. PE (r, c) does what PE (0, 0) did r + c cycles
    /// before. A phase of no cycles is left out.
    pub fn phases(&self, row: Row, col: Col) -> impl Iterator<Item = (Phase, Range<Cycles>)> + use<> {
        let schedule = *self;
        let skew = widen(row.idx() + col.idx());
        let n_tiles = schedule.n_passages * schedule.n_tiles;
        let of_tile = move |tile: u64| {
            let first = schedule.start_of(tile) + skew;
            let end = first + schedule.n_steps;
            let place = tile % schedule.n_tiles;
            let before = (place == 0).then_some((Phase::Fill, first - skew..first));
            let after = if place == schedule.n_tiles - 1 {
                (Phase::Drain, end..end + schedule.drain(skew))
            } else {
                (Phase::Gap, end..first + schedule.period)
            };
            // A tile's number came from one.
            let tile = TileId(usize::try_from(tile).unwrap_or(usize::MAX));
            [before, Some((Phase::Steps(tile), first..end)), Some(after)]
        };
        (0..n_tiles)
            .flat_map(of_tile)
            .flatten()
            .filter(|(_, cycles)| !cycles.is_empty())
            .map(|(phase, cycles)| (phase, Cycles(cycles.start)..Cycles(cycles.end)))
    }

    /// Cycles of a PE on diagonal `skew` from its last step to the end of the passage.
    const fn drain(&self, skew: u64) -> u64 {
        self.tile_cycles() - self.n_steps - skew
    }

    /// Every PE-cycle, given the steps of real outputs by active threads: the lengths of [`Self::phases`] over all PEs.
    ///
    /// - Units: PE-cycles; they add up to `R·C·cycles`.
    /// - Errors: none; `active` must count the S steps of each output.
    pub fn pe_cycles(&self, active: ActiveSteps) -> PeCycles {
        let n_pes = self.rows * self.cols;
        // Fill grows and drain shrinks by r + c; the sum of r + c over the array is even before it is halved.
        let skews = n_pes * (self.rows + self.cols - 2) / 2;
        let (mut fill, mut drain) = (skews, n_pes * self.drain(0) - skews);
        if mutant::is_on(Mutant::AlgebraicFillDrain) {
            std::mem::swap(&mut fill, &mut drain);
        }
        PeCycles {
            fill: fill * self.n_passages,
            active,
            masked: (self.n_passages * self.n_tiles * n_pes - self.n_outputs) * self.n_steps,
            stall: self.n_passages * (self.n_tiles - 1) * (self.period - self.n_steps) * n_pes,
            drain: drain * self.n_passages,
            skipped: 0,
            waiting: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::spec::Pe;

    use super::*;

    fn array(rows: usize, cols: usize, depth: u8, tiles: Tiles) -> ArraySpec {
        ArraySpec::new(rows, cols, Pe::Conventional)
            .and_then(|array| array.with_pipeline_depth(depth))
            .expect("in range")
            .with_tiles(tiles)
    }

    #[test]
    fn cycles_table() {
        #[track_caller]
        fn check(rows: usize, cols: usize, depth: u8, tiles: Tiles, mnk: (usize, usize, usize), want: u64) {
            let gemm = Gemm::new(mnk.0, mnk.1, mnk.2).expect("not empty");
            let found = Schedule::new(&array(rows, cols, depth, tiles), gemm).cycles();
            assert_eq!(found.0, want, "{rows}x{cols}, {depth}, {tiles:?}, {mnk:?}");
        }
        check(1, 1, 1, Tiles::Pipelined, (1, 1, 1), 2); // One step, one cycle to leave.
        check(1, 1, 3, Tiles::Pipelined, (1, 1, 1), 4); // Two more pipeline stages.
        check(4, 3, 1, Tiles::Pipelined, (4, 3, 10), 19); // One tile: S + 2R + C - 2.
        check(4, 3, 1, Tiles::Pipelined, (5, 4, 10), 49); // Four tiles, P = S.
        check(4, 3, 1, Tiles::Pipelined, (5, 4, 2), 23); // S < R: P = R.
        check(4, 3, 2, Tiles::Serial, (5, 4, 10), 80); // Each tile waits, pipeline latency included.
    }

    #[test]
    fn no_tiles_take_no_time() {
        for tiles in Tiles::ALL {
            let none = Schedule::of_tiles(&array(4, 3, 2, tiles), 10, 0, 0);
            assert_eq!(none.cycles(), Cycles(0));
            assert_eq!(none.pe_cycles(ActiveSteps::zero(1)), PeCycles::zero(1));
            assert_eq!(none.phases(Row(1), Col(2)).count(), 0);
        }
    }

    /// The phases of each PE cover its cycles once, in order, and their lengths are the cycle accounting.
    #[test]
    fn phases_are_the_cycle_accounting() {
        for tiles in Tiles::ALL {
            for (rows, cols) in [(1, 1), (1, 4), (5, 1), (3, 2), (4, 7)] {
                for (m, n, k) in [(1, 1, 1), (9, 8, 3), (4, 7, 20)] {
                    for depth in [1, 4] {
                        let array = array(rows, cols, depth, tiles);
                        let gemm = Gemm::new(m, n, k).expect("not empty");
                        let schedule = Schedule::new(&array, gemm);
                        let tiling = Tiling::new(&array, gemm);
                        let mut active = 0;
                        let mut sums = PeCycles::zero(1);
                        for (row, col) in
                            (0..rows).flat_map(|row| (0..cols).map(move |col| (Row(row), Col(col))))
                        {
                            let mut now = Cycles(0);
                            for (phase, cycles) in schedule.phases(row, col) {
                                assert!(cycles.start == now && cycles.start < cycles.end, "{array:?}");
                                let length = cycles.end.0 - cycles.start.0;
                                let real =
                                    |tile| tiling.m_of(tile, row).and(tiling.n_of(tile, col)).is_some();
                                *match phase {
                                    Phase::Fill => &mut sums.fill,
                                    Phase::Steps(tile) if real(tile) => &mut active,
                                    Phase::Steps(_) => &mut sums.masked,
                                    Phase::Gap => &mut sums.stall,
                                    Phase::Drain => &mut sums.drain,
                                } += length;
                                now = cycles.end;
                            }
                            assert_eq!(now, schedule.cycles(), "{array:?}");
                        }
                        assert_eq!(active, gemm.macs(), "{array:?}");
                        sums.active = ActiveSteps::from_counts(&[active, 0]);
                        assert_eq!(sums, schedule.pe_cycles(sums.active), "{array:?}");
                        assert_eq!(sums.total(), array.n_pes() * schedule.cycles().0);
                    }
                }
            }
        }
    }
}
