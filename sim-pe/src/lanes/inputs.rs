//! What the PEs of an array hold in a cycle: windows onto what moves through it.

/// PEs of a row whose bits share a word; rows are filled up to whole groups of columns, and columns to as many rows.
pub const PES_PER_GROUP: usize = 16;

/// Operands as 16-bit numbers, the lanes of a step in pairs: `[as held or reduced][pair][row][column][lane of the pair]`.
/// A step of one lane is a pair of one.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Where they are.
    pub cells: &'a [i16],
    /// The first row's.
    pub first: usize,
    /// How they lie.
    pub strides: &'a WordStrides,
}

/// How far operands lie from one another.
#[derive(Clone, Copy, Debug)]
pub struct WordStrides {
    /// From a row to the next.
    pub row: usize,
    /// From a pair to the next.
    pub pair: usize,
    /// From operands as held to reduced ones.
    pub reduced: usize,
    /// Back from what is held in a step to what is held in the next.
    pub step: usize,
}

impl<'a> Words<'a> {
    /// A row of a pair, as many numbers as asked for.
    #[inline(always)]
    pub(super) fn row(&self, reduced: usize, pair: usize, row: usize, len: usize) -> &'a [i16] {
        let WordStrides {
            row: by_row,
            pair: by_pair,
            reduced: by_form,
            step: _,
        } = self.strides;
        let first = self.first + reduced * by_form + pair * by_pair + row * by_row;
        &self.cells[first..first + len]
    }
}

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
    /// Rows of PEs.
    pub n_rows: usize,
    /// Groups of columns.
    pub n_groups: usize,
    /// Pairs of lanes.
    pub n_pairs: usize,
    /// Lanes of a pair: two, or one where a step has but one.
    pub n_beside: usize,
    /// Activations.
    pub activations: Words<'a>,
    /// Weights.
    pub weights: Words<'a>,
    /// By lane what [`super::edge`] found of the activations; then whether the row has an output.
    pub activation_bits: Bits<'a>,
    /// By lane what [`super::edge`] found of the weights; then whether the column has an output.
    pub weight_bits: Bits<'a>,
}

impl PeInputs<'_> {
    /// What every PE holds `n` steps later.
    #[inline(always)]
    pub(super) fn later(&self, n: usize) -> Self {
        let mut later = *self;
        later.activations.first -= n * self.activations.strides.step;
        later.weights.first -= n * self.weights.strides.step;
        later.activation_bits.first -= n * self.activation_bits.strides.step;
        later.weight_bits.first -= n * self.weight_bits.strides.step;
        later
    }
}
