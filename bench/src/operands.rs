//! Operands as a quantized ReLU network has them, the same in every run, and NumPy files of them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sim_array::engine::{EngineError, Operands};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, WeightPattern};

/// How many weights are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pruning {
    /// As trained.
    Dense,
    /// The smallest weights are zero, this many of a hundred.
    Percent(usize),
    /// The two smallest of each four along K are zero.
    TwoOfFour,
}

impl Pruning {
    /// For file names.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Dense => "dense".to_owned(),
            Self::Percent(percent) => format!("{percent}-percent"),
            Self::TwoOfFour => "2-of-4".to_owned(),
        }
    }
}

/// The operands of one product.
pub(crate) struct Matrices {
    pub(crate) shape: Gemm,
    pub(crate) activations: Vec<u8>,
    pub(crate) weights: Vec<i8>,
}

/// NumPy files of the operands.
pub(crate) struct Files {
    pub(crate) activations: PathBuf,
    pub(crate) weights: PathBuf,
}

/// A plain congruential generator: the high bits are good enough for values of operands.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u8 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0.to_be_bytes()[0]
    }
}

impl Matrices {
    /// Half of the activations zero, the rest falling off from 1 upwards, half of it below 16; weights bell-shaped
    /// about few zeros.
    pub(crate) fn new(m: usize, n: usize, k: usize) -> anyhow::Result<Self> {
        let shape = Gemm::new(m, n, k)?;
        let mut bytes = Bytes(1);
        let activations = (0..m * k)
            .map(|_| {
                let coin = bytes.next();
                // A product of three uniform values falls off nearly like an exponential.
                let parts = [bytes.next(), bytes.next(), bytes.next()].map(u32::from);
                let value = (parts[0] * parts[1] * parts[2]) >> 16;
                if coin < 128 {
                    0
                } else {
                    u8::try_from(value).unwrap_or(u8::MAX).max(1)
                }
            })
            .collect();
        let weights = (0..n * k)
            .map(|_| {
                let sum: u16 = (0..4).map(|_| u16::from(bytes.next())).sum();
                i8::try_from(sum / 8).unwrap_or(i8::MAX) - 64
            })
            .collect();
        Ok(Self {
            shape,
            activations,
            weights,
        })
    }

    pub(crate) fn pruned(&self, pruning: Pruning) -> Vec<i8> {
        match pruning {
            Pruning::Dense => self.weights.clone(),
            Pruning::Percent(percent) => prune(&self.weights, percent),
            Pruning::TwoOfFour => self
                .weights
                .chunks(self.shape.k())
                .flat_map(|row| row.chunks(4).flat_map(two_of_four))
                .collect(),
        }
    }

    /// The weights that an array takes.
    pub(crate) fn pruned_for(&self, array: &ArraySpec) -> Vec<i8> {
        match array.pe().weight_pattern() {
            WeightPattern::Any => self.pruned(Pruning::Dense),
            WeightPattern::TwoOfFour => self.pruned(Pruning::TwoOfFour),
        }
    }

    pub(crate) fn operands(&self) -> Result<Operands<'_>, EngineError> {
        Operands::new(self.shape, &self.activations, &self.weights)
    }

    /// Write both as NumPy files into a folder.
    pub(crate) fn write(&self, folder: &Path, pruning: Pruning) -> anyhow::Result<Files> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let files = Files {
            activations: folder.join("A.npy"),
            weights: folder.join(format!("W-{}.npy", pruning.name())),
        };
        let (m, n, k) = (self.shape.m(), self.shape.n(), self.shape.k());
        write_npy(&files.activations, "|u1", [m, k], self.activations.clone())?;
        let weights = self.pruned(pruning).into_iter().map(i8::cast_unsigned);
        write_npy(&files.weights, "|i1", [n, k], weights.collect())?;
        Ok(files)
    }
}

/// Zeros in place of the smallest weights; of equal ones the first.
fn prune(weights: &[i8], percent: usize) -> Vec<i8> {
    let mut n_left = weights.len() * percent / 100;
    let mut counts = [0_usize; 129];
    for w in weights {
        counts[usize::from(w.unsigned_abs())] += 1;
    }
    // How many of each magnitude go.
    let taken = counts.map(|count| {
        let taken = count.min(n_left);
        n_left -= taken;
        taken
    });
    let mut left = taken;
    weights
        .iter()
        .map(|&w| {
            let left = &mut left[usize::from(w.unsigned_abs())];
            if 0 < *left {
                *left -= 1;
                0
            } else {
                w
            }
        })
        .collect()
}

/// A group of at most four with zeros in place of all but the two largest.
fn two_of_four(group: &[i8]) -> Vec<i8> {
    let mut order: Vec<usize> = (0..group.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(group[at].unsigned_abs()));
    let mut kept = vec![0; group.len()];
    for &at in order.iter().take(2) {
        kept[at] = group[at];
    }
    kept
}

fn write_npy(path: &Path, dtype: &str, [rows, cols]: [usize; 2], values: Vec<u8>) -> anyhow::Result<()> {
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    // Values start at a multiple of 64 after ten bytes and a line feed.
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len())?.to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_look_like_a_network() {
        let matrices = Matrices::new(200, 100, 64).unwrap();
        let share = |n: usize, of: usize| 100 * n / of;
        let zeros = matrices.activations.iter().filter(|&&a| a == 0).count();
        let narrow = matrices.activations.iter().filter(|&&a| 0 < a && a < 16).count();
        assert!((48..=52).contains(&share(zeros, 12_800)));
        assert!((45..=55).contains(&share(narrow, 12_800 - zeros)));
        let zeros = matrices.weights.iter().filter(|&&w| w == 0).count();
        assert!(share(zeros, 6_400) < 4);
    }

    #[test]
    fn pruning_takes_the_smallest() {
        let weights = [5, -1, 3, 1, -4, 2, -128, 0, 2, 7];
        assert_eq!(prune(&weights, 40), [5, 0, 3, 0, -4, 0, -128, 0, 2, 7]);
        assert_eq!(prune(&weights, 0), weights);
        assert_eq!(two_of_four(&[1, -7, 3, 2]), [0, -7, 3, 0]);
        assert_eq!(two_of_four(&[4, 4, 4]), [4, 4, 0]); // Of equal ones the first stay.
    }

    #[test]
    fn a_numpy_file_starts_its_values_at_a_multiple_of_64() {
        let folder = std::env::temp_dir();
        let path = folder.join(format!("sim-bench-{}.npy", std::process::id()));
        write_npy(&path, "|u1", [2, 3], vec![1, 2, 3, 4, 5, 6]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(bytes.len() % 64, 6);
        assert!(bytes.ends_with(&[b'\n', 1, 2, 3, 4, 5, 6]));
    }
}
