//! The shadow registers of each column, and the results that leave through them.

use std::rc::Rc;

use sim_core::ids::{Col, Row, TileId};
use sim_core::mutant::{self, Mutant};
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

use super::probe::Probe;
use super::registers::{Registers, control};
use crate::mapping::TileSequence;

/// The parity of a column at rest: no tile's.
const AT_REST: u8 = u8::MAX;

/// The drain of every column and the product as it arrives outside.
pub(super) struct Drain<'a> {
    tiles: Rc<TileSequence<'a>>,
    shape: Gemm,
    /// By column: results still to leave of the draining tile; 0 is at rest.
    n_left: Vec<usize>,
    /// Columns that are not at rest.
    n_draining: usize,
    /// By column: parity of the draining tile.
    parities: Vec<u8>,
    /// By column: tiles that have left.
    n_tiles: Vec<usize>,
    product: Vec<i32>,
    /// Tiles that have left through every column.
    n_tiles_left: usize,
    n_tiles_in_all: usize,
}

impl<'a> Drain<'a> {
    pub(super) fn new(array: &ArraySpec, shape: Gemm, tiles: Rc<TileSequence<'a>>) -> Self {
        Self {
            shape,
            n_left: vec![0; array.cols()],
            n_draining: 0,
            parities: vec![AT_REST; array.cols()],
            n_tiles: vec![0; array.cols()],
            product: vec![0; shape.m() * shape.n()],
            n_tiles_left: 0,
            n_tiles_in_all: tiles.n_tiles(),
            tiles,
        }
    }

    pub(super) const fn n_tiles_left(&self) -> usize {
        self.n_tiles_left
    }

    pub(super) const fn is_draining(&self) -> bool {
        0 < self.n_draining
    }

    pub(super) const fn is_done(&self) -> bool {
        self.n_tiles_left == self.n_tiles_in_all
    }

    pub(super) fn into_product(self) -> Vec<i32> {
        self.product
    }

    /// The clock edge of draining columns: the bottom result leaves, the others move down.
    #[inline(always)]
    pub(super) fn shift<P: Probe>(&mut self, now: Cycles, registers: &mut Registers, probe: &mut P) {
        if self.n_draining == 0 {
            return;
        }
        for col in 0..self.n_left.len() {
            if 0 < self.n_left[col] {
                self.leave(now, col, registers, probe);
            }
        }
        let width = registers.layout.filled_cols;
        for row in (1..registers.rows()).rev() {
            let (above, here) = registers.shadows.split_at_mut(row * width);
            let (parity_above, parity_here) = registers.shadow_parities.split_at_mut(row * width);
            move_down(
                &self.parities,
                (&mut here[..width], &mut parity_here[..width]),
                (&above[(row - 1) * width..], &parity_above[(row - 1) * width..]),
            );
        }
        for (parity, &n_left) in self.parities.iter_mut().zip(&self.n_left) {
            if n_left == 0 {
                *parity = AT_REST;
            }
        }
    }

    fn leave<P: Probe>(&mut self, now: Cycles, col: usize, registers: &Registers, probe: &mut P) {
        let bottom = registers.shadows[(registers.rows() - 1) * registers.layout.filled_cols + col];
        let tile = TileId(self.n_tiles[col]);
        self.n_left[col] -= 1;
        // The bottom row's result leaves first, so as many rows lie above the one leaving as results are left.
        let output = self
            .tiles
            .m_of(tile, Row(self.n_left[col]))
            .zip(self.tiles.n_of(tile, Col(col)));
        if let Some((m, n)) = output {
            self.product[m * self.shape.n() + n] = bottom;
            probe.output(now, m, n, bottom);
        }
        if self.n_left[col] == 0 {
            self.n_draining -= 1;
            self.n_tiles[col] += 1;
            self.n_tiles_left = self.n_tiles.iter().copied().min().unwrap_or(0);
        }
    }

    /// Columns whose bottom PE finishes a tile at this clock edge start to drain in the next cycle.
    pub(super) fn start(&mut self, registers: &Registers, n_between: usize) {
        let bottom_words = &registers.diagonals(n_between)[registers.rows() - 1..];
        for (col, &word) in bottom_words.iter().enumerate() {
            if word & control::LAST != 0 {
                self.n_draining += usize::from(self.n_left[col] == 0);
                self.n_left[col] = registers.rows();
                self.parities[col] = word & control::PARITY;
            }
        }
    }
}

/// A row of shadow registers takes what the row above holds, where both hold the draining tile's.
#[inline(always)]
fn move_down(parities: &[u8], here: (&mut [i32], &mut [u8]), above: (&[i32], &[u8])) {
    let here = here.0.iter_mut().zip(here.1);
    let above = above.0.iter().zip(above.1);
    for (((sum, found), (&sum_above, &found_above)), &parity) in here.zip(above).zip(parities) {
        let take_part = (*found == parity) & (found_above == parity);
        let is_any = mutant::is_on(Mutant::ParityDropped) && parity != AT_REST;
        if take_part | is_any {
            *sum = sum_above;
            *found = found_above;
        }
    }
}
