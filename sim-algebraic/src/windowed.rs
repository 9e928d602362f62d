//! Rows of activations as a product takes them: as given and, where pairs lie along K, after SPARQ's windows.

use sim_core::spec::Pe;
use sim_simd::integer::Kernels;

use super::components::{Rules, windows};
use super::operand_map::{Grouping, OperandMap, OperandMapper};
use super::plan::low_byte;

/// A block of rows, `[rows, k]`.
#[derive(Clone, Copy)]
pub(super) struct RowBlock<'r> {
    pub(super) given: &'r [u8],
    /// After windows; as given where the activations alone do not decide about them.
    pub(super) windowed: &'r [u8],
}

/// What makes blocks of rows.
pub(super) enum Windows {
    /// Of machines without pairs along K.
    None,
    /// Of one block after the other; product and statistics share them.
    Pairs {
        operand_map: Box<OperandMap>,
        mapper: OperandMapper,
        windowed: Vec<u8>,
    },
}

impl Windows {
    /// Those of a PE on rows of `k` activations.
    pub(super) fn of(kernels: Kernels, pe: Pe, k: usize) -> Self {
        match Rules::of(pe) {
            Rules::Exact | Rules::TwoThreads(_) | Rules::FourThreads(_) | Rules::Picked(_) => Self::None,
            Rules::Neighbours(rules) => {
                let [alone, both] = windows(&rules);
                Self::Pairs {
                    operand_map: Box::new(OperandMap::new([&alone, &both, &both], low_byte)),
                    mapper: OperandMapper::new(kernels, Grouping::Pairs, k),
                    windowed: Vec::new(),
                }
            }
        }
    }

    /// A block of these rows.
    pub(super) fn block<'r>(&'r mut self, given: &'r [u8]) -> RowBlock<'r> {
        let windowed = match self {
            Self::None => given,
            Self::Pairs {
                operand_map,
                mapper,
                windowed,
            } => {
                mapper.start();
                mapper.apply(operand_map, given, windowed);
                windowed
            }
        };
        RowBlock { given, windowed }
    }
}
