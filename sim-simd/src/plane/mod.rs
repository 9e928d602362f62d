//! The products of a step of all PEs of an array, added to where they belong.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

use crate::HasAvx2;

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
    fn row(&self, reduced: usize, pair: usize, row: usize, len: usize) -> &'a [i16] {
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

/// The operands of a step of all PEs.
#[derive(Clone, Copy, Debug)]
pub struct PlaneOperands<'a> {
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
}

/// Which operands a step reduces: a bit per PE and lane, by pair, group and row, a pair's second lane in the upper half of a
/// word.
#[derive(Clone, Debug)]
pub struct Cuts {
    words: Vec<u32>,
    n_groups: usize,
    n_rows: usize,
}

impl Cuts {
    /// Where no step reduces any.
    pub const fn none() -> Self {
        Self {
            words: Vec::new(),
            n_groups: 0,
            n_rows: 0,
        }
    }

    /// None yet. `n_rows` are rows filled up to whole groups.
    pub fn of(n_pairs: usize, n_groups: usize, n_rows: usize) -> Self {
        Self {
            words: vec![0; n_pairs * n_groups * n_rows],
            n_groups,
            n_rows,
        }
    }

    /// Whether a step reduces any.
    pub const fn are_used(&self) -> bool {
        !self.words.is_empty()
    }

    /// One where operands are multiplied as held, two where some are reduced.
    const fn n_forms(&self) -> usize {
        if self.are_used() { 2 } else { 1 }
    }

    const fn first(&self, pair: usize, group: usize) -> usize {
        (pair * self.n_groups + group) * self.n_rows
    }

    /// The rows of a group.
    #[inline(always)]
    fn rows(&self, pair: usize, group: usize) -> &[u32] {
        let first = self.first(pair, group);
        &self.words[first..first + self.n_rows]
    }

    /// Sixteen rows of a group.
    #[inline(always)]
    pub fn rows_mut(&mut self, pair: usize, group: usize, first_row: usize) -> &mut [u32; PES_PER_GROUP] {
        let first = self.first(pair, group) + first_row;
        self.words[first..].first_chunk_mut().expect("rows are filled up")
    }
}

/// Add each PE's products to `sums`, `[row][column]` with rows filled up to whole groups; `cuts` say which activations and
/// which weights are reduced.
#[inline(always)]
pub fn add_products(avx2: Option<HasAvx2>, plane: &PlaneOperands<'_>, cuts: &[Cuts; 2], sums: &mut [i32]) {
    match avx2 {
        #[cfg(target_arch = "x86_64")]
        Some(found) => avx2::add_products(found, plane, cuts, sums),
        _ => portable::add_products(plane, cuts, sums),
    }
}
