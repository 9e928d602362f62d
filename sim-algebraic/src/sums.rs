//! A sum of products by one plan.

use sim_array::engine::{Mse, StreamedOperands};
use sim_simd::integer::Runs;
use sim_simd::integer::{Kernels, Pair, Quad};

use super::components::Residue;
use super::operand_map::{OperandMap, OperandMapper};
use super::packed::{Packed, TileRows};
use super::pattern::PatternProduct;
use super::pattern::four_threads::FourThreads;
use super::plan::{ProductPlan, SmallActivations, SmallWeights, WideActivations};
use super::sparse::Sparse;
use super::sparse_weights::SparseWeights;
use super::weights::MappedWeights;
use super::windowed::RowBlock;

/// A sum of products by one plan.
pub(super) struct Sums {
    k: usize,
    n: usize,
    mapper: OperandMapper,
    /// A block of rows as the wide product takes them, where it does not take them as given.
    wide_mapped: Vec<u8>,
    /// A block of rows under an operand map.
    mapped: Vec<u8>,
    /// The same in whole words.
    padded: Vec<u8>,
    wide: Packed<Pair>,
    wide_activations: WideActivations,
    wide_rows: TileRows<i16>,
    dense: Option<Dense>,
    sparse: Vec<(SmallActivations, Sparse)>,
    picked: Option<PatternProduct<FourThreads>>,
    /// What takes the offsets of activations off again, by column; empty where there are none.
    bias: Vec<i32>,
}

/// A small product that visits all words.
struct DenseProduct {
    activations: SmallActivations,
    max_activation: u8,
    words: Vec<Quad>,
}

/// Small products that share their sums: their terms follow one another.
struct Dense {
    activations: Vec<SmallActivations>,
    words: Packed<Quad>,
    rows: TileRows<u8>,
    runs: Vec<Runs>,
}

impl Sums {
    /// Pack the weights of a product.
    pub(super) fn new(
        kernels: Kernels,
        residue: &Residue,
        operands: &StreamedOperands<'_>,
        mse: Mse,
    ) -> Self {
        let (n, k) = (operands.shape().n(), operands.shape().k());
        let mut weights = MappedWeights::new(kernels, residue.grouping, operands);
        let plan = ProductPlan::new(residue, operands, &mut weights, mse);
        let mut sums = Self {
            k,
            n,
            mapper: OperandMapper::new(kernels, residue.grouping, k),
            wide_mapped: Vec::new(),
            mapped: Vec::new(),
            padded: Vec::new(),
            wide: pack_wide(kernels, &mut weights, &plan.wide.weights, n, k),
            wide_activations: plan.wide.activations,
            wide_rows: TileRows::default(),
            dense: None,
            sparse: Vec::new(),
            picked: None,
            bias: Vec::new(),
        };
        let n_words = k.div_ceil(4);
        let mut dense = Vec::new();
        for small in plan.small {
            let sparse = match small.weights {
                SmallWeights::Sparse(sparse) => sparse,
                SmallWeights::Words { words, cost } if cost.prefers_sparse() => {
                    SparseWeights::of_words(kernels, &words, n_words)
                }
                SmallWeights::Words { words, .. } => {
                    if small.offset != 0 {
                        for (col, words) in words.chunks(n_words).enumerate() {
                            let sum = kernels.vectorized(
                                #[inline(always)]
                                || sum_of(words.as_flattened()),
                            );
                            sums.take_off(col, i32::from(small.offset) * sum);
                        }
                    }
                    dense.push(DenseProduct {
                        activations: small.activations,
                        max_activation: small.max_activation,
                        words,
                    });
                    continue;
                }
            };
            for (col, entries) in sparse.columns().enumerate() {
                let sum: i32 = entries.iter().map(|entry| sum_of(&entry.weights)).sum();
                sums.take_off(col, i32::from(small.offset) * sum);
            }
            sums.sparse
                .push((small.activations, Sparse::new(sparse, small.max_run)));
        }
        if !dense.is_empty() {
            sums.dense = Some(Dense::new(kernels, n, n_words, dense));
        }
        if let Some(rule) = plan.picked {
            let pattern = PatternProduct::new(rule, operands.weights(), k);
            pattern.for_each_entry(|col, rule, part, weights| {
                sums.take_off(col, rule.offset_sum(part, *weights));
            });
            sums.picked = Some(pattern);
        }
        sums
    }

    fn take_off(&mut self, col: usize, sum: i32) {
        if sum != 0 {
            self.bias.resize(self.n, 0);
            self.bias[col] -= sum;
        }
    }

    /// Whether the wide product is all there is.
    pub(super) fn is_exact(&self) -> bool {
        self.dense.is_none() && self.sparse.is_empty() && self.picked.is_none()
    }

    /// Take some rows, `[rows, k]`, for the wide product.
    pub(super) fn load_wide(&mut self, kernels: Kernels, block: RowBlock<'_>) {
        let k = self.k;
        self.wide_rows.reserve(block.given.len() / k, k);
        let source = match &self.wide_activations {
            WideActivations::Windowed => block.windowed,
            WideActivations::Mapped(operand_map) if operand_map.is_identity() => block.given,
            WideActivations::Mapped(operand_map) => {
                self.mapper.start();
                self.mapper.apply(operand_map, block.given, &mut self.wide_mapped);
                &self.wide_mapped
            }
        };
        let wide_rows = &mut self.wide_rows;
        kernels.vectorized(
            #[inline(always)]
            || {
                for (out, row) in wide_rows.rows_mut().zip(source.chunks(k)) {
                    for (value, &byte) in out.iter_mut().zip(row) {
                        *value = i16::from(byte);
                    }
                }
            },
        );
    }

    /// Add the wide product of the rows that were loaded to `outputs`, `[rows, n]`.
    pub(super) fn add_wide(&self, kernels: Kernels, outputs: &mut [i32]) {
        self.wide.multiply(kernels, &self.wide_rows, outputs);
    }

    /// Add all other products of the same rows.
    pub(super) fn add_rest(&mut self, kernels: Kernels, block: RowBlock<'_>, outputs: &mut [i32]) {
        let (n, k) = (self.n, self.k);
        let n_rows = block.given.len() / k;
        if !self.bias.is_empty() {
            kernels.vectorized(
                #[inline(always)]
                || {
                    for outputs in outputs.chunks_mut(n) {
                        for (output, bias) in outputs.iter_mut().zip(&self.bias) {
                            *output += bias;
                        }
                    }
                },
            );
        }
        let padded_k = k.next_multiple_of(4);
        if let Some(dense) = &mut self.dense {
            dense.rows.reserve(n_rows, padded_k * dense.activations.len());
        }
        self.mapper.start();
        if let Some(dense) = &mut self.dense {
            for (index, activations) in dense.activations.iter().enumerate() {
                activations.write(
                    kernels,
                    &mut self.mapper,
                    block,
                    &self.wide_mapped,
                    &mut self.mapped,
                );
                for (out, row) in dense.rows.rows_mut().zip(self.mapped.chunks(k)) {
                    out[index * padded_k..][..k].copy_from_slice(row);
                }
            }
        }
        for (activations, sparse) in &mut self.sparse {
            activations.write(
                kernels,
                &mut self.mapper,
                block,
                &self.wide_mapped,
                &mut self.mapped,
            );
            if k == padded_k {
                sparse.multiply(kernels, &self.mapped, k, outputs);
            } else {
                self.padded.resize(n_rows * padded_k, 0);
                for (out, row) in self.padded.chunks_mut(padded_k).zip(self.mapped.chunks(k)) {
                    out[..k].copy_from_slice(row);
                }
                sparse.multiply(kernels, &self.padded, padded_k, outputs);
            }
        }
        if let Some(dense) = &self.dense {
            dense.words.multiply(kernels, &dense.rows, &dense.runs, outputs);
        }
        if let Some(picked) = &mut self.picked {
            picked.multiply(kernels, block.given, outputs);
        }
    }
}

impl Dense {
    /// Of products, each with `n_words` words per column.
    fn new(kernels: Kernels, n: usize, n_words: usize, products: Vec<DenseProduct>) -> Self {
        let mut words = Packed::new(n, n_words * products.len());
        words.fill(kernels, |first, columns: &mut [Quad]| {
            for (col, out) in (first..).zip(columns.chunks_mut(n_words * products.len())) {
                for (out, product) in out.chunks_mut(n_words).zip(&products) {
                    out.copy_from_slice(&product.words[col * n_words..][..n_words]);
                }
            }
        });
        let runs = words.runs(kernels, |word| products[word / n_words].max_activation);
        Self {
            words,
            runs,
            activations: products.into_iter().map(|product| product.activations).collect(),
            rows: TileRows::default(),
        }
    }
}

impl SmallActivations {
    /// Write them for some rows; `wide` is what the wide product takes instead of the rows.
    fn write(
        &self,
        kernels: Kernels,
        mapper: &mut OperandMapper,
        block: RowBlock<'_>,
        wide: &[u8],
        out: &mut Vec<u8>,
    ) {
        match self {
            Self::Mapped(operand_map) => mapper.apply(operand_map, block.given, out),
            Self::GivenMinusWide(offset) => subtract(kernels, block.given, wide, *offset, out),
            Self::WindowedMinusGiven(offset) => {
                subtract(kernels, block.windowed, block.given, *offset, out);
            }
        }
    }
}

/// `out = a − b + offset`, which fits bytes.
fn subtract(kernels: Kernels, a: &[u8], b: &[u8], offset: u8, out: &mut Vec<u8>) {
    out.resize(a.len(), 0);
    kernels.vectorized(
        #[inline(always)]
        || {
            for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                *out = a.wrapping_sub(*b).wrapping_add(offset);
            }
        },
    );
}

/// W under an operand map, as 16-bit pairs.
fn pack_wide(
    kernels: Kernels,
    weights: &mut MappedWeights<'_>,
    operand_map: &OperandMap,
    n: usize,
    k: usize,
) -> Packed<Pair> {
    let n_words = k.div_ceil(2);
    let mut packed = Packed::new(n, n_words);
    packed.fill(kernels, |first, columns: &mut [Pair]| {
        let mapped = weights.panel(operand_map, first);
        kernels.vectorized(
            #[inline(always)]
            || {
                for (row, out) in mapped.chunks(k).zip(columns.chunks_mut(n_words)) {
                    for (value, &w) in out.as_flattened_mut().iter_mut().zip(row) {
                        *value = i16::from(w);
                    }
                }
            },
        );
    });
    packed
}

#[inline(always)]
fn sum_of(weights: &[i8]) -> i32 {
    weights.iter().fold(0, |sum, &w| sum + i32::from(w))
}
