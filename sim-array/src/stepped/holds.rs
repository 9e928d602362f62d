//! Which PEs hold: their output in the tile that they work on is skipped.

use sim_core::ids::{Col, Row, TileId};
use sim_core::mutant::{self, Mutant};
use sim_pe::lanes::PES_PER_GROUP;

use super::registers::{Layout, diagonal};
use crate::mapping::TileSequence;
use crate::mapping::predicted::Place;

/// A bit per PE, loaded with the first operands of a tile.
#[derive(Clone, Debug)]
pub(super) struct Holds {
    layout: Layout,
    /// By group of columns and row, a bit per column: the PE works.
    works: Vec<u16>,
    n_held: usize,
    /// Tiles that have begun, by diagonal.
    n_begun: Vec<usize>,
}

impl Holds {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            works: vec![u16::MAX; layout.n_groups * layout.filled_rows],
            n_held: 0,
            n_begun: vec![0; layout.rows + layout.cols - 1],
        }
    }

    /// The first operands of the next tile stand on a diagonal.
    pub(super) fn begin(&mut self, number: usize, tiles: &TileSequence<'_>) {
        let tile = TileId(self.n_begun[number]);
        self.n_begun[number] += 1;
        match tiles {
            TileSequence::All(_) => {}
            TileSequence::Phase(_) => {
                for (row, col) in diagonal(&self.layout, number) {
                    self.load(row, col, tiles.place(tile, Row(row), Col(col)));
                }
            }
        }
    }

    fn load(&mut self, row: usize, col: usize, place: Place) {
        let word = &mut self.works[col / PES_PER_GROUP * self.layout.filled_rows + row];
        let bit = 1 << (col % PES_PER_GROUP);
        self.n_held -= usize::from(*word & bit == 0);
        match place {
            Place::Skipped => *word &= !bit,
            Place::Computed | Place::Masked if mutant::is_on(Mutant::HoldKept) => {}
            Place::Computed | Place::Masked => *word |= bit,
        }
        self.n_held += usize::from(*word & bit == 0);
    }

    /// Whether a PE holds.
    pub(super) fn holds(&self, row: usize, col: usize) -> bool {
        let word = self.works[col / PES_PER_GROUP * self.layout.filled_rows + row];
        word >> (col % PES_PER_GROUP) & 1 == 0
    }

    /// By group of columns and row, a bit per column of those PEs that work; `None` where all do.
    pub(super) fn works(&self) -> Option<&[u16]> {
        (0 < self.n_held).then_some(&self.works)
    }

    /// What the PEs that hold have made is nothing: `values` stand as the PEs do.
    pub(super) fn clear(&self, values: &mut [i32]) {
        if self.n_held == 0 || mutant::is_on(Mutant::HoldIgnored) {
            return;
        }
        for (row, values) in values.chunks_mut(self.layout.filled_cols).enumerate() {
            for (group, values) in values.chunks_mut(PES_PER_GROUP).enumerate() {
                let word = self.works[group * self.layout.filled_rows + row];
                for (col, value) in values.iter_mut().enumerate() {
                    *value &= -i32::from(word >> col & 1);
                }
            }
        }
    }
}
