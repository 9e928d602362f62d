//! Which tile is where: counted from the first and last steps that the registers show.

use sim_array::stepped::registers::{Registers, control};
use sim_core::spec::{ArraySpec, Tiles};

use crate::mode::Mode;

/// The drain of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Column {
    /// Results still to leave of the draining tile.
    n_left: usize,
    /// Tiles that have left.
    n_drained: u64,
}

impl Column {
    /// Whether a result leaves in this cycle.
    pub(crate) const fn is_draining(&self) -> bool {
        0 < self.n_left
    }

    /// The tile that drains, or did last.
    pub(crate) const fn tile(&self) -> Option<u64> {
        if self.is_draining() {
            Some(self.n_drained)
        } else {
            self.n_drained.checked_sub(1)
        }
    }
}

/// The tiles as they pass through the array.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    rows: usize,
    cols: usize,
    tiles: Tiles,
    n_tiles: u64,
    /// By diagonal, whose PEs do the same: tiles whose first step has come.
    n_begun: Vec<u64>,
    columns: Vec<Column>,
}

impl Passage {
    pub(crate) fn new(array: &ArraySpec, n_tiles: u64) -> Self {
        Self {
            rows: array.rows(),
            cols: array.cols(),
            tiles: array.tiles(),
            n_tiles,
            n_begun: vec![0; array.rows() + array.cols() - 1],
            columns: vec![Column::default(); array.cols()],
        }
    }

    /// The registers during a cycle.
    pub(crate) fn see(&mut self, registers: &Registers) {
        // The PEs of the first row, then those of the last column, are one for each diagonal.
        let first_row = 0..self.cols;
        let last_col = (1..self.rows).map(|row| row * self.cols + self.cols - 1);
        for (pe, n_begun) in first_row.chain(last_col).zip(&mut self.n_begun) {
            *n_begun += u64::from(registers.control(pe) & control::FIRST != 0);
        }
    }

    /// The clock edge at the end of that cycle.
    pub(crate) fn pass(&mut self, registers: &Registers) {
        let last_stage = registers.n_stages_between().checked_sub(1);
        for (col, column) in self.columns.iter_mut().enumerate() {
            if column.is_draining() {
                column.n_left -= 1;
                column.n_drained += u64::from(column.n_left == 0);
            }
            let bottom = (self.rows - 1) * self.cols + col;
            let word = match last_stage {
                None => registers.control(bottom),
                Some(stage) => registers.stage_control(stage, bottom),
            };
            if word & control::LAST != 0 {
                column.n_left = self.rows;
            }
        }
    }

    /// The tile whose operands entered last.
    pub(crate) fn entered(&self) -> Option<u64> {
        self.tile_at(0, 0)
    }

    /// The tile whose step a PE executes, or executed last.
    pub(crate) fn tile_at(&self, row: usize, col: usize) -> Option<u64> {
        self.n_begun[row + col].checked_sub(1)
    }

    /// What a PE does that executes no step.
    pub(crate) fn between(&self, row: usize, col: usize) -> Mode {
        let n_begun = self.n_begun[row + col];
        // The last column is the last one to drain.
        let n_left_the_array = self.columns[self.cols - 1].n_drained;
        match self.tiles {
            Tiles::Pipelined if n_begun == 0 => Mode::Fill,
            Tiles::Pipelined if n_begun < self.n_tiles => Mode::Stall,
            Tiles::Serial if n_begun == n_left_the_array => Mode::Fill,
            Tiles::Pipelined | Tiles::Serial => Mode::Drain,
        }
    }

    /// The drain of a column.
    pub(crate) fn column(&self, col: usize) -> &Column {
        &self.columns[col]
    }

    /// Columns that drain in this cycle.
    pub(crate) fn n_draining(&self) -> usize {
        self.columns.iter().filter(|column| column.is_draining()).count()
    }
}
