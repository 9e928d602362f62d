//! The foot of a column: which tile drains, and the results as they leave.

use sim_core::ids::TileId;

/// Registers at the foot of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drain {
    /// Results of the draining tile still to leave; 0: none drains.
    n_left: usize,
    /// The draining tile's parity.
    parity: bool,
    /// Tiles that have left.
    n_tiles: usize,
}

impl Drain {
    pub(super) const fn reset() -> Self {
        Self {
            n_left: 0,
            parity: false,
            n_tiles: 0,
        }
    }

    /// The parity of the tile that drains, if one does.
    pub(super) fn drains(&self) -> Option<bool> {
        (0 < self.n_left).then_some(self.parity)
    }

    /// The result that leaves in this cycle: its tile and its row. The bottom row's leaves first.
    pub(super) fn leaving(&self) -> Option<(TileId, usize)> {
        self.n_left.checked_sub(1).map(|row| (TileId(self.n_tiles), row))
    }

    /// Tiles that have left before this cycle.
    pub(super) const fn n_tiles(&self) -> usize {
        self.n_tiles
    }

    /// Tiles that have left after this clock edge.
    pub(super) fn n_tiles_left(&self) -> usize {
        self.n_tiles + usize::from(self.n_left == 1)
    }

    /// After the clock edge. A column starts to drain in the cycle after its bottom PE has finished a tile
    /// of this parity.
    pub(super) fn evaluate(&self, n_rows: usize, finished: Option<bool>) -> Self {
        let n_tiles = self.n_tiles_left();
        match finished {
            Some(parity) => Self {
                n_left: n_rows,
                parity,
                n_tiles,
            },
            None => Self {
                n_left: self.n_left.saturating_sub(1),
                parity: self.parity,
                n_tiles,
            },
        }
    }
}
