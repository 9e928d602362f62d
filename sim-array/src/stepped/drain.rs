//! The shadow registers of each column, and the results that leave through them.

use sim_core::ids::TileId;
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_pe::mutant::{self, Mutant};

use super::probe::Probe;
use super::registers::{Registers, control};
use crate::mapping::Tiling;

/// A column on its way out.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    /// Results still to leave of the draining tile; 0 is at rest.
    n_left: usize,
    /// Parity of the draining tile.
    parity: u8,
    /// Tiles that have left.
    n_tiles: usize,
}

/// The drain of every column and the product as it arrives outside.
pub(super) struct Drain {
    tiling: Tiling,
    shape: Gemm,
    columns: Vec<Column>,
    product: Vec<i32>,
    /// Tiles that have left through every column.
    n_tiles_left: usize,
}

impl Drain {
    pub(super) fn new(array: &ArraySpec, shape: Gemm) -> Self {
        Self {
            tiling: Tiling::new(array, shape),
            shape,
            columns: vec![Column::default(); array.cols()],
            product: vec![0; shape.m() * shape.n()],
            n_tiles_left: 0,
        }
    }

    pub(super) const fn n_tiles_left(&self) -> usize {
        self.n_tiles_left
    }

    pub(super) const fn is_done(&self) -> bool {
        self.n_tiles_left == self.tiling.n_tiles()
    }

    pub(super) fn into_product(self) -> Vec<i32> {
        self.product
    }

    /// The clock edge of draining columns: the bottom result leaves, the others move down.
    pub(super) fn shift<P: Probe>(&mut self, now: Cycles, registers: &mut Registers, probe: &mut P) {
        for col in 0..self.columns.len() {
            if self.columns[col].n_left == 0 {
                continue;
            }
            self.leave(now, col, registers, probe);
            let parity = self.columns[col].parity;
            let takes_part = |found: u8| found == parity || mutant::is_on(Mutant::ParityDropped);
            for row in (1..registers.rows()).rev() {
                let (pe, above) = (row * registers.cols() + col, (row - 1) * registers.cols() + col);
                if takes_part(registers.shadow_parities[pe]) && takes_part(registers.shadow_parities[above]) {
                    registers.shadows[pe] = registers.shadows[above];
                    registers.shadow_parities[pe] = registers.shadow_parities[above];
                }
            }
        }
    }

    fn leave<P: Probe>(&mut self, now: Cycles, col: usize, registers: &Registers, probe: &mut P) {
        let column = &mut self.columns[col];
        let bottom = registers.shadows[(registers.rows() - 1) * registers.cols() + col];
        let (first_m, first_n) = self.tiling.origin(TileId(column.n_tiles));
        column.n_left -= 1;
        // The bottom row's result leaves first, so as many rows lie above the one leaving as results are left.
        let (m, n) = (first_m + column.n_left, first_n + col);
        if m < self.shape.m() && n < self.shape.n() {
            self.product[m * self.shape.n() + n] = bottom;
            probe.output(now, m, n, bottom);
        }
        if column.n_left == 0 {
            column.n_tiles += 1;
            self.n_tiles_left = self
                .columns
                .iter()
                .map(|column| column.n_tiles)
                .min()
                .unwrap_or(0);
        }
    }

    /// Columns whose bottom PE finishes a tile at this clock edge start to drain in the next cycle.
    pub(super) fn start(&mut self, registers_rows: usize, bottom_controls: &[u8]) {
        for (column, &word) in self.columns.iter_mut().zip(bottom_controls) {
            if word & control::LAST != 0 {
                column.n_left = registers_rows;
                column.parity = word & control::PARITY;
            }
        }
    }
}
