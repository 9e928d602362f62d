//! What the PEs of an array hold in a cycle: windows onto what moves through it.

pub use sim_simd::plane::{PES_PER_GROUP, PlaneOperands, WordStrides, Words};

/// What is known of operands: a bit per PE, `[what][group][row]`.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    /// Where they are.
    pub cells: &'a [u16],
    /// The first plane's first group's first row's.
    pub first: usize,
    /// How they lie.
    pub strides: &'a BitStrides,
}

/// How far words of bits lie from one another.
#[derive(Clone, Copy, Debug)]
pub struct BitStrides {
    /// From a plane to the next.
    pub plane: usize,
    /// From a group to the next.
    pub group: usize,
    /// Back from what is held in a step to what is held in the next.
    pub step: usize,
}

impl<'a> Bits<'a> {
    /// Rows `first_row..first_row + PES_PER_GROUP` of a group.
    #[inline(always)]
    pub(super) fn rows(&self, plane: usize, group: usize, first_row: usize) -> &'a [u16; PES_PER_GROUP] {
        let first = self.first + plane * self.strides.plane + group * self.strides.group + first_row;
        self.cells[first..]
            .first_chunk()
            .expect("rows are filled up to whole groups")
    }

    /// One PE's.
    #[inline(always)]
    pub fn of(&self, plane: usize, row: usize, col: usize) -> bool {
        let first = self.first + plane * self.strides.plane + col / PES_PER_GROUP * self.strides.group;
        self.cells[first + row] >> (col % PES_PER_GROUP) & 1 == 1
    }
}

/// What every PE holds. Columns beyond the array's hold weights of zero and no bits, rows beyond it no bits.
#[derive(Clone, Copy, Debug)]
pub struct PeInputs<'a> {
    /// What is multiplied.
    pub operands: PlaneOperands<'a>,
    /// By lane what [`super::edge`] found of the activations; then whether the row has an output.
    pub activation_bits: Bits<'a>,
    /// By lane what [`super::edge`] found of the weights; then whether the column has an output.
    pub weight_bits: Bits<'a>,
    /// By group of columns and row, a bit per column: the PE works. `None`: all do. The sums of one that does not are of no
    /// account.
    pub works: Option<&'a [u16]>,
}

impl PeInputs<'_> {
    /// The PEs of rows `first_row..first_row + PES_PER_GROUP` of a group that work, where some do not.
    #[inline(always)]
    pub(super) fn works(&self, group: usize, first_row: usize) -> Option<&[u16; PES_PER_GROUP]> {
        let works = self.works?;
        let n_rows = works.len() / self.operands.n_groups;
        works[group * n_rows + first_row..].first_chunk()
    }

    /// What every PE holds `n` steps later.
    #[inline(always)]
    pub(super) fn later(&self, n: usize) -> Self {
        let mut later = *self;
        later.operands.activations.first -= n * self.operands.activations.strides.step;
        later.operands.weights.first -= n * self.operands.weights.strides.step;
        later.activation_bits.first -= n * self.activation_bits.strides.step;
        later.weight_bits.first -= n * self.weight_bits.strides.step;
        later
    }
}
