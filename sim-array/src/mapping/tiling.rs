//! Which outputs a tile computes, and where.

use std::ops::Range;

use sim_core::ids::{Col, Row, TileId};
use sim_core::mutant::{self, Mutant};
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;

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

    /// The output rows of a tile.
    pub fn rows_of(&self, tile: TileId) -> Range<usize> {
        let first = self.origin(tile).0;
        first..self.m.min(first + self.rows)
    }

    /// The output columns of a tile.
    pub fn cols_of(&self, tile: TileId) -> Range<usize> {
        let first = self.origin(tile).1;
        first..self.n.min(first + self.cols)
    }

    /// The output that the PE at row 0, column 0 computes in a tile.
    fn origin(&self, tile: TileId) -> (usize, usize) {
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
