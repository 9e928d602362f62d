//! How busy each PE of an array was.

use std::ops::AddAssign;

use crate::ids::{Col, Row};

/// Whether busy steps are counted for each PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeMap {
    /// They are not; nothing is slower.
    Off,
    /// They are.
    Count,
}

impl PeMap {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Off, Self::Count];

    /// A map of an array of `rows` by `cols` without steps, where they are counted.
    pub fn empty(self, rows: usize, cols: usize) -> Option<BusyMap> {
        match self {
            Self::Off => None,
            Self::Count => Some(BusyMap::zero(rows, cols)),
        }
    }
}

/// Busy PE-steps of every PE: steps of a real output with at least one active thread.
///
/// Over all PEs they are Σ active\[n\], n ≥ 1, of the same steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyMap {
    cols: usize,
    /// R·C, row-major.
    steps: Vec<u64>,
}

impl BusyMap {
    /// No steps yet, for an array of `rows` by `cols`.
    pub fn zero(rows: usize, cols: usize) -> Self {
        Self {
            cols,
            steps: vec![0; rows * cols],
        }
    }

    /// R.
    pub const fn rows(&self) -> usize {
        match self.steps.len().checked_div(self.cols) {
            Some(rows) => rows,
            None => 0,
        }
    }

    /// C.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// Count `n_steps` busy steps of a PE.
    ///
    /// # Panics
    /// Where the array has no such PE.
    pub fn add(&mut self, row: Row, col: Col, n_steps: u64) {
        assert!(col.idx() < self.cols, "column {} of {}", col.idx(), self.cols);
        self.steps[row.idx() * self.cols + col.idx()] += n_steps;
    }

    /// Every PE with its busy steps, row by row.
    pub fn iter(&self) -> impl Iterator<Item = (Row, Col, u64)> {
        self.steps
            .iter()
            .enumerate()
            .map(|(pe, &n_steps)| (Row(pe / self.cols), Col(pe % self.cols), n_steps))
    }

    /// The sum over all PEs.
    pub fn total(&self) -> u64 {
        self.steps.iter().sum()
    }

    /// Whether the other map is one of as many rows and columns.
    const fn has_shape_of(&self, other: &Self) -> bool {
        self.cols == other.cols && self.steps.len() == other.steps.len()
    }
}

/// PE by PE: products run on the same array one after the other.
///
/// # Panics
/// Where the maps are of arrays of different sizes.
impl AddAssign<&Self> for BusyMap {
    fn add_assign(&mut self, other: &Self) {
        assert!(self.has_shape_of(other), "maps of arrays of different sizes");
        for (steps, more) in self.steps.iter_mut().zip(&other.steps) {
            *steps += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_add_up_pe_by_pe() {
        let mut one = BusyMap::zero(2, 3);
        one.add(Row(1), Col(2), 5);
        one.add(Row(0), Col(1), 7);
        let mut two = one.clone();
        two.add(Row(1), Col(2), 1);
        one += &two;
        let found: Vec<_> = one
            .iter()
            .map(|(row, col, n)| (row.idx(), col.idx(), n))
            .collect();
        assert_eq!(
            found,
            [(0, 0, 0), (0, 1, 14), (0, 2, 0), (1, 0, 0), (1, 1, 0), (1, 2, 11)]
        );
        assert_eq!((one.rows(), one.cols(), one.total()), (2, 3, 25));
    }

    #[test]
    fn maps_of_different_sizes_do_not_add_up() {
        for (rows, cols) in [(3, 2), (2, 4), (1, 6)] {
            let sum = std::panic::catch_unwind(|| {
                let mut map = BusyMap::zero(2, 3);
                map += &BusyMap::zero(rows, cols);
            });
            assert!(sum.is_err(), "{rows}×{cols}");
        }
    }
}
