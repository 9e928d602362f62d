//! Which operands meet at which PE and step.

use sim_core::ids::{Col, Row, TileId};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Pe};
use sim_pe::mutant::{self, Mutant};

/// Where the K of a product goes: step `i` and lane `l` (a thread, or a place in a pair or group of four) take one k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMap {
    pe: Pe,
    k: usize,
    n_steps: usize,
}

impl KMap {
    /// For `k` terms on a PE.
    pub const fn new(pe: Pe, k: usize) -> Self {
        Self {
            pe,
            k,
            n_steps: pe.n_steps(k),
        }
    }

    /// S.
    pub const fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Lanes of a step.
    pub const fn n_lanes(&self) -> usize {
        self.pe.k_per_step()
    }

    /// The k that lane `lane` takes at step `step`; `None` is padding.
    pub fn k_at(&self, step: usize, lane: usize) -> Option<usize> {
        let k = match self.pe {
            Pe::NbSmt(_) if mutant::is_on(Mutant::InterleavedThreads) => step * self.n_lanes() + lane,
            // Each thread has a contiguous segment of K.
            Pe::Conventional | Pe::NbSmt(_) => lane * self.n_steps + step,
            // Pairs and groups of four are neighbours.
            Pe::Sparq(_) | Pe::SparqStc(_) => step * self.n_lanes() + lane,
        };
        (k < self.k).then_some(k)
    }
}

/// The tiles of a product, rows of tiles outside, columns inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    rows: usize,
    cols: usize,
    m: usize,
    n: usize,
}

impl Tiling {
    /// Tiles of a product on an array.
    pub const fn new(array: &ArraySpec, shape: Gemm) -> Self {
        Self {
            rows: array.rows(),
            cols: array.cols(),
            m: shape.m(),
            n: shape.n(),
        }
    }

    /// ⌈M/R⌉·⌈N/C⌉.
    pub const fn n_tiles(&self) -> usize {
        self.m.div_ceil(self.rows) * self.n_tile_cols()
    }

    const fn n_tile_cols(&self) -> usize {
        self.n.div_ceil(self.cols)
    }

    /// The output that the PE at row 0, column 0 computes in a tile.
    pub fn origin(&self, tile: TileId) -> (usize, usize) {
        if mutant::is_on(Mutant::TileOrder) {
            let n_tile_rows = self.m.div_ceil(self.rows);
            return (
                tile.idx() % n_tile_rows * self.rows,
                tile.idx() / n_tile_rows * self.cols,
            );
        }
        (
            tile.idx() / self.n_tile_cols() * self.rows,
            tile.idx() % self.n_tile_cols() * self.cols,
        )
    }

    /// The output row that a row of PEs computes in a tile, if any.
    pub fn m_of(&self, tile: TileId, row: Row) -> Option<usize> {
        let m = self.origin(tile).0 + row.idx();
        if m < self.m { Some(m) } else { None }
    }

    /// The output column that a column of PEs computes in a tile, if any.
    pub fn n_of(&self, tile: TileId, col: Col) -> Option<usize> {
        let n = self.origin(tile).1 + col.idx();
        if n < self.n { Some(n) } else { None }
    }

    /// The tile and PE that compute an output.
    pub const fn place_of(&self, m: usize, n: usize) -> (TileId, Row, Col) {
        let tile = m / self.rows * self.n_tile_cols() + n / self.cols;
        (TileId(tile), Row(m % self.rows), Col(n % self.cols))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::fixed::{Overflow, Rounding};
    use sim_core::spec::{NbSmt, Pairs, Policy, Sparq, Threads, Window, WindowRounding};

    use super::*;

    fn machines() -> Vec<Pe> {
        let sparq = Sparq {
            window: Window::Opt5,
            rounding: WindowRounding::Round,
            pairs: Pairs::On,
        };
        let nbsmt = |threads| NbSmt {
            threads,
            policy: Policy::SA,
            rounding: Rounding::HalfEven,
            overflow: Overflow::Saturate,
        };
        let mut machines = vec![Pe::Conventional, Pe::Sparq(sparq), Pe::SparqStc(sparq)];
        machines.extend(Threads::ALL.map(|threads| Pe::NbSmt(nbsmt(threads))));
        machines
    }

    #[test]
    fn every_term_is_consumed_exactly_once() {
        for pe in machines() {
            for (m, n, k) in [(1, 1, 1), (5, 3, 7), (4, 6, 8), (9, 2, 3), (3, 7, 23)] {
                let shape = Gemm::new(m, n, k).expect("a shape");
                let array = ArraySpec::new(4, 3, pe).expect("an array");
                let (tiling, map) = (Tiling::new(&array, shape), KMap::new(pe, k));
                let mut n_uses = vec![0; m * n * k];
                for tile in (0..tiling.n_tiles()).map(TileId) {
                    for row in (0..4).map(Row) {
                        for col in (0..3).map(Col) {
                            let (Some(m), Some(n)) = (tiling.m_of(tile, row), tiling.n_of(tile, col)) else {
                                continue;
                            };
                            assert_eq!(tiling.place_of(m, n), (tile, row, col));
                            for step in 0..map.n_steps() {
                                for k_used in (0..map.n_lanes()).filter_map(|lane| map.k_at(step, lane)) {
                                    n_uses[(m * shape.n() + n) * k + k_used] += 1;
                                }
                            }
                        }
                    }
                }
                assert!(n_uses.iter().all(|&uses| uses == 1), "{pe:?}, {m}×{n}×{k}");
            }
        }
    }
}
