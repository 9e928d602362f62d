//! Reordering of K: columns that are often wide meet columns that rarely are.

use std::sync::atomic::AtomicBool;

use sim_array::engine::ActivationRows as _;
use sim_core::parallel_map::{Unfinished, parallel_map_largest_first};
use sim_core::reorder::Reorder;
use sim_core::shape::widen;
use sim_core::spec::{ArraySpec, KOrder, Threads};
use sim_pe::operand::Operand as _;
use sim_trace::trace::Layer;

use crate::lowering::{LoweredActivations, Lowering};

/// Rows that are counted at a time: what a byte can count.
const ROWS_AT_A_TIME: usize = 255;

/// The columns of K in the order of a machine's threads, for one group.
///
/// Invariant: every column of K once, and empty ones that fill K up to a multiple of the threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnOrder {
    columns: Vec<Option<usize>>,
    /// K without empty columns.
    n_columns: usize,
}

/// Why columns cannot be put in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReorderError {
    /// PEs that do not split K among threads.
    #[error(
        "an array of kind \"{kind}\" does not split K among threads, so reordering it does nothing; take \
         `reorder = \"off\"`, or an nb-smt array"
    )]
    Kind {
        /// Kind of the array's PEs.
        kind: &'static str,
    },
    /// A trace that was made without counts.
    #[error(
        "layer `{layer}` holds no `wide_counts` of calibration images, which `reorder = \"calibration\"` needs; capture \
         it again, or take `reorder = \"oracle\"` or `\"weights\"`"
    )]
    NoCounts {
        /// The layer.
        layer: String,
    },
}

impl ColumnOrder {
    /// The order for `counts` of wide operands, one for each column of K; `None` for one thread, to which order is all
    /// the same.
    pub fn new(counts: &[u64], threads: Threads) -> Option<Self> {
        let is_reversed: &[bool] = match threads {
            Threads::One => return None,
            Threads::Two => &[false, true],
            Threads::Four => &[false, true, false, true],
        };
        let n_steps = counts.len().div_ceil(threads.count());
        let mut columns: Vec<Option<usize>> = (0..counts.len()).map(Some).collect();
        columns.resize(n_steps * threads.count(), None);
        columns.sort_by_key(|column| column.map_or(0, |column| counts[column]));
        if 0 < n_steps {
            for (segment, is_reversed) in columns.chunks_mut(n_steps).zip(is_reversed) {
                if *is_reversed {
                    segment.reverse();
                }
            }
        }
        Some(Self {
            columns,
            n_columns: counts.len(),
        })
    }

    /// Which column stands where; `None` is an empty one.
    pub fn columns(&self) -> &[Option<usize>] {
        &self.columns
    }

    /// K without empty columns.
    pub const fn k(&self) -> usize {
        self.n_columns
    }

    /// K with empty columns.
    pub const fn padded_k(&self) -> usize {
        self.columns.len()
    }

    /// Rows of W, `[n, k]`, in this order: `[n, padded k]`. Empty columns are 0.
    ///
    /// # Panics
    /// Where K is not that of the counts.
    pub fn weights(&self, weights: &[i8]) -> Vec<i8> {
        let rows = weights.chunks(self.n_columns);
        // Empty columns read the 0 behind a row.
        let places: Vec<usize> = (self.columns.iter())
            .map(|column| column.unwrap_or(self.n_columns))
            .collect();
        let mut ordered = Vec::with_capacity(rows.len() * places.len());
        let mut with_zero = vec![0; self.n_columns + 1];
        for row in rows {
            with_zero[..self.n_columns].copy_from_slice(row);
            ordered.extend(places.iter().map(|&place| with_zero[place]));
        }
        ordered
    }
}

/// Wide activations of each column in the first `n_rows` rows of A.
pub fn wide_activations(activations: &LoweredActivations<'_>, n_rows: usize) -> Vec<u64> {
    let mut counts = vec![0_u64; activations.k()];
    let mut buffer = Vec::new();
    for first in (0..n_rows).step_by(ROWS_AT_A_TIME) {
        let block = first..n_rows.min(first + ROWS_AT_A_TIME);
        add_wide(&mut counts, activations.rows(block, &mut buffer), |code| {
            !code.is_narrow()
        });
    }
    counts
}

/// Wide weights of each column of W, `[n, k]`.
pub fn wide_weights(weights: &[i8], k: usize) -> Vec<u64> {
    let mut counts = vec![0_u64; k];
    for block in weights.chunks(k * ROWS_AT_A_TIME) {
        add_wide(&mut counts, block, |weight| !weight.is_narrow());
    }
    counts
}

/// Add the wide operands of each column of a block of rows, which bytes can count.
fn add_wide<T: Copy>(counts: &mut [u64], block: &[T], is_wide: impl Fn(T) -> bool) {
    let mut counts_of_block = vec![0_u8; counts.len()];
    for row in block.chunks(counts.len()) {
        for (count, &operand) in counts_of_block.iter_mut().zip(row) {
            *count += u8::from(is_wide(operand));
        }
    }
    for (count, of_block) in counts.iter_mut().zip(counts_of_block) {
        *count += u64::from(of_block);
    }
}

/// A layer that may be put in order, with the array that it runs on.
pub struct Candidate<'a> {
    /// The layer.
    pub layer: &'a Layer,
    /// Its shape.
    pub lowering: Lowering,
    /// The array that it runs on.
    pub array: ArraySpec,
}

impl Candidate<'_> {
    /// The order of each group; empty where K stays as it is.
    fn orders(&self, mode: Reorder) -> Result<Vec<ColumnOrder>, ReorderError> {
        let pe = self.array.pe();
        let threads = pe.nb_smt().map(|rules| rules.threads);
        let threads = threads.ok_or(ReorderError::Kind {
            kind: pe.kind().name(),
        })?;
        if threads == Threads::One {
            return Ok(Vec::new());
        }
        let Self { layer, lowering, .. } = self;
        let k = lowering.k();
        let groups = 0..lowering.groups();
        let counts: Vec<Vec<u64>> = match mode {
            Reorder::Off => Vec::new(),
            Reorder::Calibration => {
                let Some(counts) = &layer.wide_counts else {
                    return Err(ReorderError::NoCounts {
                        layer: layer.name.clone(),
                    });
                };
                counts.chunks(k).map(<[u64]>::to_vec).collect()
            }
            Reorder::Oracle => {
                let n_rows = layer.input_shape[0] * lowering.m();
                groups
                    .map(|group| {
                        let order = KOrder::ChannelMajor;
                        let activations = lowering.activations(&layer.input, layer.zero_point, group, order);
                        wide_activations(&activations, n_rows)
                    })
                    .collect()
            }
            Reorder::Weights => groups
                .map(|group| wide_weights(&lowering.weights(&layer.weight, group, KOrder::ChannelMajor), k))
                .collect(),
        };
        Ok(counts
            .iter()
            .filter_map(|counts| ColumnOrder::new(counts, threads))
            .collect())
    }
}

/// The orders of K of all layers, by group; a layer whose K stays as it is has none.
///
/// - Errors: the first layer on PEs that do not split K, or without the counts that `mode` needs, and a stop.
pub fn orders(
    layers: &[Candidate<'_>],
    mode: Reorder,
    n_jobs: usize,
    stop: &AtomicBool,
) -> Result<Vec<Vec<ColumnOrder>>, Unfinished<ReorderError>> {
    if mode == Reorder::Off {
        return Ok(vec![Vec::new(); layers.len()]);
    }
    let size = |candidate: &Candidate<'_>| widen(candidate.layer.input.len());
    parallel_map_largest_first(layers, size, n_jobs, stop, |candidate| candidate.orders(mode))
}
