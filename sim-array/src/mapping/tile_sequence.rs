//! The tiles that an array runs one after the other.

use sim_core::ids::{Col, Row, TileId};

use super::Tiling;
use super::predicted::{OutputTile, Place};

/// Tiles, in the order in which they enter.
#[derive(Clone, Debug)]
pub enum TileSequence<'a> {
    /// All of a product.
    All(Tiling),
    /// Those of a phase of a product whose outputs are predicted.
    Phase(Vec<OutputTile<'a>>),
}

impl TileSequence<'_> {
    /// How many there are.
    pub const fn n_tiles(&self) -> usize {
        match self {
            Self::All(tiling) => tiling.n_tiles(),
            Self::Phase(tiles) => tiles.len(),
        }
    }

    /// The output row of a row of PEs in a tile, if any.
    pub fn m_of(&self, tile: TileId, row: Row) -> Option<usize> {
        match self {
            Self::All(tiling) => tiling.m_of(tile, row),
            Self::Phase(tiles) => tiles[tile.idx()].pixels().get(row.idx()).copied(),
        }
    }

    /// The output column of a column of PEs in a tile, if any.
    pub fn n_of(&self, tile: TileId, col: Col) -> Option<usize> {
        match self {
            Self::All(tiling) => tiling.n_of(tile, col),
            Self::Phase(tiles) => tiles[tile.idx()].channels().get(col.idx()).copied(),
        }
    }

    /// The output rows of a tile, from the first row of PEs on.
    pub fn rows_of(&self, tile: TileId) -> Vec<usize> {
        match self {
            Self::All(tiling) => tiling.rows_of(tile).collect(),
            Self::Phase(tiles) => tiles[tile.idx()].pixels().to_vec(),
        }
    }

    /// The output columns of a tile, from the first column of PEs on.
    pub fn cols_of(&self, tile: TileId) -> Vec<usize> {
        match self {
            Self::All(tiling) => tiling.cols_of(tile).collect(),
            Self::Phase(tiles) => tiles[tile.idx()].channels().to_vec(),
        }
    }

    /// What a PE does in a tile.
    pub fn place(&self, tile: TileId, row: Row, col: Col) -> Place {
        match self {
            Self::All(tiling) => match (tiling.m_of(tile, row), tiling.n_of(tile, col)) {
                (Some(_), Some(_)) => Place::Computed,
                (None, _) | (_, None) => Place::Masked,
            },
            Self::Phase(tiles) => tiles[tile.idx()].place(row, col),
        }
    }
}
