//! Sums over the rows of each column that are kept, for counts that all rows of a column would share otherwise.
//!
//! Four rows have sixteen sums, whatever the column: they are made once, and a column adds the one that it needs.

use sim_core::mutant::{self, Mutant};
use sim_simd::HasAvx2;
use sim_simd::byte_sums::{N_BYTES, add_bytes};

/// Rows of a set.
pub const SET_ROWS: usize = 4;
/// Sums of a set.
const N_SUMS: usize = 1 << SET_ROWS;

/// Counts of a row at as many places, or sums of such counts: bytes.
pub type Plane = [u8; N_BYTES];
/// Planes whose sums are made together: as many as vectors have room for.
const N_TOGETHER: usize = 8;

/// Which rows of a block are kept, for each column.
#[derive(Clone, Debug, Default)]
pub struct KeptRows {
    n_cols: usize,
    n_rows: usize,
    /// By set of rows and column: a bit for each row of the set.
    sets: Vec<u8>,
}

impl KeptRows {
    /// No rows of `n_cols` columns yet.
    pub const fn new(n_cols: usize) -> Self {
        Self {
            n_cols,
            n_rows: 0,
            sets: Vec::new(),
        }
    }

    /// Rows so far.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Forget all rows.
    pub fn clear(&mut self) {
        self.n_rows = 0;
        self.sets.clear();
    }

    /// The next row: a bit per column from the low bit of a word up.
    pub fn push(&mut self, kept: &[u64]) {
        let mut place = self.n_rows % SET_ROWS;
        if place == 0 {
            self.sets.resize(self.sets.len() + self.n_cols, 0);
        }
        self.n_rows += 1;
        if mutant::is_on(Mutant::KeptRowShifted) {
            place = 0;
        }
        let first = self.sets.len() - self.n_cols;
        for (sets, &word) in self.sets[first..].chunks_mut(64).zip(kept) {
            for (bit, set) in sets.iter_mut().enumerate() {
                *set |= u8::from(word >> bit & 1 == 1) << place;
            }
        }
    }

    /// Give each column the sums over its kept rows; `rows` are what is counted of each row, from the set `first_set` on.
    /// Inlined into code that was compiled for AVX2 where there is proof of it.
    #[inline(always)]
    pub fn for_each_column<const P: usize>(
        &self,
        avx2: Option<HasAvx2>,
        first_set: usize,
        rows: &[[Plane; P]],
        mut see: impl FnMut(usize, &[Plane; P]),
    ) {
        let subsets = sums_of_subsets(avx2, rows);
        let sets = &self.sets[first_set * self.n_cols..];
        let mut sums = [[0; N_BYTES]; P];
        for col in 0..self.n_cols {
            let sets = sets[col..].iter().step_by(self.n_cols);
            let column = Column {
                avx2,
                subsets: &subsets,
                sets: sets.copied(),
            };
            if P <= N_TOGETHER {
                column.sum(0, &mut sums);
            } else {
                let (together, rest) = sums.as_chunks_mut::<N_TOGETHER>();
                for (index, sums) in together.iter_mut().enumerate() {
                    column.sum(index * N_TOGETHER, sums);
                }
                let first = P - rest.len();
                for (index, sum) in rest.iter_mut().enumerate() {
                    column.sum(first + index, std::array::from_mut(sum));
                }
            }
            see(col, &sums);
        }
    }
}

/// The sums that a column picks.
struct Column<'a, S, const P: usize> {
    avx2: Option<HasAvx2>,
    subsets: &'a [[Plane; P]],
    sets: S,
}

impl<S: Iterator<Item = u8> + Clone, const P: usize> Column<'_, S, P> {
    /// Some planes from one on.
    #[inline(always)]
    fn sum<const G: usize>(&self, first: usize, sums: &mut [Plane; G]) {
        let mut together = [[0; N_BYTES]; G];
        for (subsets, set) in self.subsets.as_chunks::<N_SUMS>().0.iter().zip(self.sets.clone()) {
            if let Some(planes) = subsets[usize::from(set) % N_SUMS][first..].first_chunk::<G>() {
                for plane in 0..G {
                    add_bytes(self.avx2, &mut together[plane], &planes[plane]);
                }
            }
        }
        *sums = together;
    }
}

/// The sums of each subset of four rows, one set after the other.
#[inline(always)]
fn sums_of_subsets<const P: usize>(avx2: Option<HasAvx2>, rows: &[[Plane; P]]) -> Vec<[Plane; P]> {
    let mut sums: Vec<[Plane; P]> = Vec::with_capacity(rows.len().div_ceil(SET_ROWS) * N_SUMS);
    for rows in rows.chunks(SET_ROWS) {
        let none = sums.len();
        sums.push([[0; N_BYTES]; P]);
        for subset in 1..N_SUMS {
            let lowest = (0..SET_ROWS).find(|place| subset >> place & 1 == 1).unwrap_or(0);
            let mut sum = sums[none + (subset & (subset - 1))];
            if let Some(row) = rows.get(lowest) {
                for (sum, plane) in sum.iter_mut().zip(row) {
                    add_bytes(avx2, sum, plane);
                }
            }
            sums.push(sum);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_sums_its_own_rows() {
        let n_cols = 70;
        let kept = |row: usize, col: usize| (row * 7 + col * 3) % 5 < 2;
        let mut rows = KeptRows::new(n_cols);
        // A set that is whole, and one that is not; then others in their place.
        for n_rows in [6, 3] {
            rows.clear();
            for row in 0..n_rows {
                let mut words = [0_u64; 2];
                for col in (0..n_cols).filter(|&col| kept(row, col)) {
                    words[col / 64] |= 1 << (col % 64);
                }
                rows.push(&words);
            }
            // More planes than are summed together.
            let values: Vec<[Plane; 11]> = (1..=6).take(n_rows).map(|value| [[value; N_BYTES]; 11]).collect();
            let mut n_seen = 0;
            rows.for_each_column(HasAvx2::detect(), 0, &values, |col, sums| {
                let of_kept = (0..n_rows)
                    .filter(|&row| kept(row, col))
                    .map(|row| values[row][0][0]);
                assert_eq!(
                    *sums,
                    [[of_kept.sum::<u8>(); N_BYTES]; 11],
                    "{n_rows} rows, column {col}"
                );
                n_seen += 1;
            });
            assert_eq!((n_seen, rows.n_rows()), (n_cols, n_rows));
        }
    }
}
