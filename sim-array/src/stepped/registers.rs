//! The registers of the array, field by field; PE (r, c) is entry r·C + c of each.

use sim_core::spec::{ArraySpec, Pe};

use super::feed::Token;

/// Bits of the control word that travels right with the activations.
pub mod control {
    /// A step of a tile; a bubble has none.
    pub const VALID: u8 = 1;
    /// The first step of a tile.
    pub const FIRST: u8 = 2;
    /// The last step of a tile.
    pub const LAST: u8 = 4;
    /// The parity of the tile.
    pub const PARITY: u8 = 8;
    /// The row has an output in this tile.
    pub const ROW_IS_REAL: u8 = 16;
}

/// What every PE holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    rows: usize,
    cols: usize,
    /// Activations by lane, moving right. For SPARQ they have been windowed at the edge.
    pub activations: Vec<Vec<u8>>,
    /// Whether the window changed an activation, by lane, moving right with it; empty but for SPARQ.
    pub changed: Vec<Vec<u8>>,
    /// Weights by lane, moving down. With 2:4 weights the two of a group that are not zero.
    pub weights: Vec<Vec<i8>>,
    /// Where those two stood in their group, moving down with them; empty but for 2:4 weights.
    pub positions: Vec<Vec<u8>>,
    /// Control words, moving right.
    pub control: Vec<u8>,
    /// 1 where the column has an output in this tile, moving down.
    pub col_is_real: Vec<u8>,
    /// Products and control words between the first pipeline stage and the last, oldest last.
    pub pipeline: Vec<(Vec<i32>, Vec<u8>)>,
    /// Accumulators.
    pub accumulators: Vec<i32>,
    /// Shadow registers.
    pub shadows: Vec<i32>,
    /// Parities of the shadow registers.
    pub shadow_parities: Vec<u8>,
}

impl Registers {
    pub(super) fn new(array: &ArraySpec) -> Self {
        let (rows, cols) = (array.rows(), array.cols());
        let n_pes = rows * cols;
        let n_lanes = array.pe().k_per_step();
        let n_stages_between = usize::from(array.pipeline_depth()) - 1;
        let (n_changed, n_weights, n_positions) = match array.pe() {
            Pe::Conventional | Pe::NbSmt(_) => (0, n_lanes, 0),
            Pe::Sparq(_) => (n_lanes, n_lanes, 0),
            Pe::SparqStc(_) => (0, 2, 2),
        };
        Self {
            rows,
            cols,
            activations: vec![vec![0; n_pes]; n_lanes],
            changed: vec![vec![0; n_pes]; n_changed],
            weights: vec![vec![0; n_pes]; n_weights],
            positions: vec![vec![0; n_pes]; n_positions],
            control: vec![0; n_pes],
            col_is_real: vec![0; n_pes],
            pipeline: vec![(vec![0; n_pes], vec![0; n_pes]); n_stages_between],
            accumulators: vec![0; n_pes],
            shadows: vec![0; n_pes],
            shadow_parities: vec![0; n_pes],
        }
    }

    /// R.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// C.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// Every operand one PE to the right or down; the edges are left to be loaded.
    #[inline(always)]
    pub(super) fn move_operands(&mut self) {
        // Shifting the whole plane right also carries each row's last entry into the next row's first, which the edge
        // load overwrites.
        let moving_right = self
            .activations
            .iter_mut()
            .chain(&mut self.changed)
            .chain([&mut self.control]);
        for plane in moving_right {
            let len = plane.len();
            plane.copy_within(..len - 1, 1);
        }
        for plane in &mut self.weights {
            let len = plane.len();
            plane.copy_within(..len - self.cols, self.cols);
        }
        for plane in self.positions.iter_mut().chain([&mut self.col_is_real]) {
            let len = plane.len();
            plane.copy_within(..len - self.cols, self.cols);
        }
    }

    /// Load the left edge of `row`.
    #[inline(always)]
    pub(super) fn load_left(&mut self, row: usize, values: &[u8], changed: &[bool], control: u8) {
        let pe = row * self.cols;
        for (plane, &value) in self.activations.iter_mut().zip(values) {
            plane[pe] = value;
        }
        for (plane, &changed) in self.changed.iter_mut().zip(changed) {
            plane[pe] = u8::from(changed);
        }
        self.control[pe] = control;
    }

    /// Load the top edge of `col`.
    #[inline(always)]
    pub(super) fn load_top(&mut self, col: usize, values: &[i8], positions: [u8; 2], is_real: bool) {
        for (plane, &value) in self.weights.iter_mut().zip(values) {
            plane[col] = value;
        }
        for (plane, position) in self.positions.iter_mut().zip(positions) {
            plane[col] = position;
        }
        self.col_is_real[col] = u8::from(is_real);
    }
}

impl Token {
    /// The control word of this token in a row.
    pub(super) fn control(&self, row_is_real: bool) -> u8 {
        let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
        control::VALID
            | bit(self.is_first, control::FIRST)
            | bit(self.is_last, control::LAST)
            | bit(self.is_odd, control::PARITY)
            | bit(row_is_real, control::ROW_IS_REAL)
    }
}
