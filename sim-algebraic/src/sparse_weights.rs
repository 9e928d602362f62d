//! Weights of small products as lists of the words of four that are not all zero.

use sim_array::mapping::KMap;
use sim_simd::integer::{Entry, Kernels, Quad};

/// The words of all columns that are not zero, by column and place.
pub(super) struct SparseWeights {
    /// Words of a column, zeros and all.
    n_words: usize,
    /// The first entry of each column, and the end of the last.
    starts: Vec<usize>,
    /// Panels are words of the column.
    entries: Vec<Entry<Quad>>,
}

/// Zeros are few where at most one weight of so many is zero.
const FEW: usize = 16;

impl SparseWeights {
    /// From columns of `n_words` words.
    pub(super) fn of_words(kernels: Kernels, words: &[Quad], n_words: usize) -> Self {
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for column in words.chunks(n_words) {
            kernels.vectorized(
                #[inline(always)]
                || keep_nonzero(column, &mut entries),
            );
            starts.push(entries.len());
        }
        Self {
            n_words,
            starts,
            entries,
        }
    }

    /// The weights of two threads, `[n, k]`, that meet a zero of the other thread in their step; `None` where zeros are not
    /// few, so that lists of them would be long. A weight whose step has no other is not among them.
    pub(super) fn lone(kernels: Kernels, weights: &[i8], k: usize) -> Option<Self> {
        let n_steps = KMap::of_threads(2, k).n_steps();
        let mut starts = vec![0];
        let mut entries: Vec<Entry<Quad>> = Vec::new();
        let mut zeros = Vec::new();
        let mut n_zeros = 0;
        for row in weights.chunks(k) {
            zeros.clear();
            kernels.zeros(row, &mut zeros);
            n_zeros += zeros.len();
            if weights.len() < FEW * n_zeros {
                return None;
            }
            let (first, second) = zeros.split_at(zeros.partition_point(|&zero| zero < n_steps));
            let lone = second
                .iter()
                .map(|zero| zero - n_steps)
                .chain(first.iter().map(|zero| zero + n_steps).filter(|&other| other < k));
            let start = entries.len();
            for at in lone.filter(|&at| row[at] != 0) {
                let panel = u32::try_from(at / 4).expect("K is limited");
                let lane = at % 4;
                match entries[start..].last_mut() {
                    Some(last) if last.panel == panel => last.weights[lane] = row[at],
                    Some(_) | None => {
                        let mut weights = [0; 4];
                        weights[lane] = row[at];
                        entries.push(Entry { panel, weights });
                    }
                }
            }
            starts.push(entries.len());
        }
        Some(Self {
            n_words: k.div_ceil(4),
            starts,
            entries,
        })
    }

    /// Words of a column, zeros and all.
    pub(super) const fn n_words(&self) -> usize {
        self.n_words
    }

    /// Columns.
    pub(super) fn n_cols(&self) -> usize {
        self.starts.len() - 1
    }

    /// Words that are not zero.
    pub(super) fn n_visited(&self) -> usize {
        self.entries.len()
    }

    /// The words of each column.
    pub(super) fn columns(&self) -> impl Iterator<Item = &[Entry<Quad>]> {
        self.starts.windows(2).map(|ends| &self.entries[ends[0]..ends[1]])
    }

    /// The first entry of each column and the end of the last, and all entries.
    pub(super) fn into_parts(self) -> (Vec<usize>, Vec<Entry<Quad>>) {
        (self.starts, self.entries)
    }
}

/// Words that are looked at together.
const GROUP: usize = 16;

/// Add the words of a column that are not zero.
#[inline(always)]
fn keep_nonzero(column: &[Quad], entries: &mut Vec<Entry<Quad>>) {
    let (groups, rest) = column.as_chunks::<GROUP>();
    let mut panel = 0;
    for group in groups {
        // Written always, kept where it is not zero: which words are is too irregular to branch on.
        let mut kept = [Entry::default(); GROUP];
        let mut n_kept = 0;
        for (panel, &weights) in (panel..).zip(group) {
            kept[n_kept] = Entry { panel, weights };
            n_kept += usize::from(weights != [0; 4]);
        }
        entries.extend_from_slice(&kept[..n_kept]);
        panel += 16;
    }
    entries.extend(
        (panel..)
            .zip(rest)
            .filter(|(_, weights)| **weights != [0; 4])
            .map(|(panel, &weights)| Entry { panel, weights }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(sparse: &SparseWeights) -> Vec<Vec<i8>> {
        sparse
            .columns()
            .map(|entries| {
                let mut column = vec![[0; 4]; sparse.n_words()];
                for entry in entries {
                    column[usize::try_from(entry.panel).expect("small")] = entry.weights;
                }
                column.as_flattened().to_vec()
            })
            .collect()
    }

    #[test]
    fn a_list_holds_the_words_that_are_not_zero() {
        let mut words = vec![[0; 4]; 3 * 21];
        for (index, word) in words.iter_mut().enumerate().step_by(5) {
            word[index % 4] = 7;
        }
        let sparse = SparseWeights::of_words(Kernels::fastest(), &words, 21);
        assert_eq!(sparse.n_visited(), 13);
        assert_eq!(dense(&sparse).concat(), words.as_flattened());
    }

    #[test]
    fn lone_weights_are_next_to_a_zero() {
        for k in [64_usize, 65, 66, 67] {
            let n_steps = k.div_ceil(2);
            let mut row = vec![3_i8; k];
            row[5] = 0;
            row[n_steps - 1] = 0;
            row[n_steps + 5] = 0;
            row[n_steps + 8] = 0;
            let weights = [vec![1; k], row.clone()].concat();
            let sparse = SparseWeights::lone(Kernels::fastest(), &weights, k).expect("few zeros");
            let mut want = vec![0; k.next_multiple_of(4)];
            want[8] = 3;
            if 2 * n_steps == k {
                want[k - 1] = 3;
            }
            assert_eq!(dense(&sparse), [vec![0; want.len()], want], "K = {k}");
        }
    }

    #[test]
    fn many_zeros_have_no_list() {
        assert!(SparseWeights::lone(Kernels::fastest(), &[0, 1, 1, 1], 4).is_none());
    }
}
