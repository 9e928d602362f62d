//! What the PEs of an array hold in a cycle: windows onto what moves through it.

/// PEs of a row whose bits share a word; rows are filled up to whole groups of columns, and columns to as many rows.
pub const PES_PER_GROUP: usize = 16;

/// Operands as 16-bit numbers, the lanes of a step in pairs: `[as held or reduced][pair][row][column][lane of the pair]`.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Where they are.
    pub cells: &'a [i16],
    /// The first row's.
    pub first: usize,
    /// From a row to the next.
    pub row_stride: usize,
    /// From a pair to the next.
    pub pair_stride: usize,
    /// From operands as held to reduced ones.
    pub reduced_stride: usize,
}

impl<'a> Words<'a> {
    /// A row of a pair, `2 · PES_PER_GROUP` numbers per group.
    #[inline(always)]
    pub(super) fn row(&self, reduced: usize, pair: usize, row: usize, n_groups: usize) -> &'a [i16] {
        let first =
            self.first + reduced * self.reduced_stride + pair * self.pair_stride + row * self.row_stride;
        &self.cells[first..first + n_groups * 2 * PES_PER_GROUP]
    }
}

/// What is known of operands: a bit per PE, `[what][group][row]`.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    /// Where they are.
    pub cells: &'a [u16],
    /// The first plane's first group's first row's.
    pub first: usize,
    /// From a plane to the next.
    pub plane_stride: usize,
    /// From a group to the next.
    pub group_stride: usize,
}

impl<'a> Bits<'a> {
    /// Rows `first_row..first_row + PES_PER_GROUP` of a group.
    #[inline(always)]
    pub(super) fn rows(&self, plane: usize, group: usize, first_row: usize) -> &'a [u16; PES_PER_GROUP] {
        let first = self.first + plane * self.plane_stride + group * self.group_stride + first_row;
        self.cells[first..]
            .first_chunk()
            .expect("rows are filled up to whole groups")
    }

    /// One PE's.
    #[inline(always)]
    pub fn of(&self, plane: usize, row: usize, col: usize) -> bool {
        let first = self.first + plane * self.plane_stride + col / PES_PER_GROUP * self.group_stride;
        self.cells[first + row] >> (col % PES_PER_GROUP) & 1 == 1
    }
}

/// What every PE holds. Columns beyond the array's hold weights of zero and no bits, rows beyond it no bits.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Rows of PEs.
    pub n_rows: usize,
    /// Groups of columns.
    pub n_groups: usize,
    /// Pairs of lanes.
    pub n_pairs: usize,
    /// Activations.
    pub activations: Words<'a>,
    /// Weights.
    pub weights: Words<'a>,
    /// By lane what [`super::edge`] found of the activations; then whether the row has an output.
    pub activation_bits: Bits<'a>,
    /// By lane what [`super::edge`] found of the weights; then whether the column has an output.
    pub weight_bits: Bits<'a>,
}
