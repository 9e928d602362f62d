//! What changes in the operands from step to step, summed over all real outputs.
//!
//! Every quantity is a sum of products of something of the activations and something of the weights, so the sum over
//! M·N outputs splits into sums over M and over N: `K·(M + N)` work. Where outputs are skipped, each channel has sums of its
//! own. Both engines report it; it knows no time.

mod kept;
mod sums;
mod windows;

use sim_core::counters::Switching;
use sim_core::mutant::{self, Mutant};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::Pe;

use sim_simd::integer::Kernels;

use crate::engine::Operands;
use crate::kept_sums::KeptRows;
use crate::mapping::KMap;
use kept::KeptSwitching;
use sums::{Met, N_ROWS_IN_BYTES, Sums};
use windows::Windows;

/// Count a whole product.
pub(crate) fn count(pe: Pe, operands: &Operands<'_>) -> Switching {
    let k = operands.shape().k();
    let windows = pe.edge_window().map(|rules| Windows::new(&rules));
    let mut tally = SwitchingCount::new(pe, operands.shape());
    let places = operands.plan().map(|plan| (plan, plan.n_places_by_pixel()));
    let mut seen = Vec::new();
    let mut kept = KeptRows::new(operands.shape().n());
    for (rows, first) in operands
        .activations()
        .chunks(k * N_ROWS_IN_BYTES)
        .zip((0..).step_by(N_ROWS_IN_BYTES))
    {
        let rows = match &windows {
            None => rows,
            Some(windows) => {
                seen.resize(rows.len(), 0);
                for (row, seen) in rows.chunks(k).zip(seen.chunks_mut(k)) {
                    windows.apply(row, seen);
                }
                &seen
            }
        };
        match &places {
            None => tally.add(rows),
            Some((plan, places)) => {
                let pixels = first..first + rows.len() / k;
                kept.clear();
                for pixel in pixels.clone() {
                    kept.push(plan.outputs().kept_channels(pixel));
                }
                tally.add_kept(Kernels::fastest(), rows, &kept, operands.weights());
                tally.add_passing(rows, &places[pixels]);
            }
        }
    }
    match operands.plan() {
        None => tally.finish(operands.weights()),
        Some(plan) => tally.finish_planned(operands.weights(), &plan.n_places_by_channel()),
    }
}

/// The count under way: rows of activations come first.
pub struct SwitchingCount {
    shape: Gemm,
    map: KMap,
    /// Rows with every output, and what they sum to.
    n_rows: u64,
    activations: Sums,
    weights: Sums,
    /// Of rows with some outputs.
    kept: KeptSwitching,
}

impl SwitchingCount {
    /// Nothing yet.
    pub fn new(pe: Pe, shape: Gemm) -> Self {
        let map = KMap::new(pe, shape.k());
        Self {
            shape,
            map,
            n_rows: 0,
            activations: Sums::zero(map),
            weights: Sums::zero(map),
            kept: KeptSwitching::new(map),
        }
    }

    /// Take some rows of A as the multipliers see them, `[rows, k]`.
    #[inline(always)]
    pub fn add(&mut self, rows: &[u8]) {
        self.n_rows += widen(rows.len() / self.shape.k());
        self.activations.add(rows, self.shape.k(), self.map);
    }

    /// Take some rows, `[rows, k]`, of which each column has its own.
    #[inline(always)]
    pub fn add_kept(&mut self, kernels: Kernels, rows: &[u8], kept: &KeptRows, weights: &[i8]) {
        self.kept.add(kernels, rows, kept, weights, self.shape.k());
    }

    /// Take rows, `[rows, k]`, that move past PEs: so many outputs of each have one, skipped ones too.
    #[inline(always)]
    pub fn add_passing(&mut self, rows: &[u8], n_places: &[u64]) {
        self.kept.total.activation_bits += passing_bits(self.map, rows.chunks(self.shape.k()), n_places);
    }

    /// The counts, after all rows of A; `weights` is `[n, k]`.
    #[inline(always)]
    pub fn finish(mut self, weights: &[i8]) -> Switching {
        let (k, map) = (self.shape.k(), self.map);
        let mut bytes = vec![0; k * N_ROWS_IN_BYTES];
        for rows in weights.chunks(k * N_ROWS_IN_BYTES) {
            let bytes = &mut bytes[..rows.len()];
            as_bytes(rows, bytes);
            self.weights.add(bytes, k, map);
        }
        let Met {
            changed_activation,
            changed_weight,
            live_activation,
            live_weight,
            partial_products,
            lane_edges,
        } = self.activations.meet(&self.weights, map);
        let mut total = self.kept.total;
        total += Switching {
            activation_bits: changed_activation * widen(self.shape.n()),
            weight_bits: changed_weight * self.n_rows,
            live_activation_bits: live_activation,
            live_weight_bits: live_weight,
            partial_product_bits: partial_products,
            lane_edges,
        };
        total
    }

    /// The counts, after all rows of A, where outputs are predicted: so many outputs of each channel have a PE, skipped ones
    /// too.
    #[inline(always)]
    pub fn finish_planned(mut self, weights: &[i8], n_places: &[u64]) -> Switching {
        let k = self.shape.k();
        let mut bytes = vec![0; k];
        for (row, n_places) in weights.chunks(k).zip(n_places) {
            as_bytes(row, &mut bytes);
            // Rows with every output are counted with all weights at once.
            let n_places = n_places - self.n_rows;
            self.kept.total.weight_bits += passing_bits(self.map, std::iter::once(&bytes[..]), &[n_places]);
        }
        self.finish(weights)
    }
}

/// Bits that change along rows, each times its number of places.
#[inline(always)]
fn passing_bits<'r>(map: KMap, rows: impl Iterator<Item = &'r [u8]>, n_places: &[u64]) -> u64 {
    let mut padded = vec![0; sums::n_places(map)];
    let mut bits = 0;
    if mutant::is_on(Mutant::PassingUncounted) {
        return 0;
    }
    for (row, n_places) in rows.zip(n_places) {
        padded[..row.len()].copy_from_slice(row);
        let mut changed = 0_u64;
        for run in sums::runs(map) {
            let n_pairs = run.len().saturating_sub(map.stride());
            let (before, now) = (
                &padded[run.start..][..n_pairs],
                &padded[run.end - n_pairs..][..n_pairs],
            );
            // Words at a time: vectors count the bits of words well.
            let (before, last_before) = before.as_chunks();
            let (now, last_now) = now.as_chunks();
            for (before, now) in before.iter().zip(now) {
                let word = u64::from_le_bytes(*before) ^ u64::from_le_bytes(*now);
                changed += u64::from(word.count_ones());
            }
            for (before, now) in last_before.iter().zip(last_now) {
                changed += u64::from((before ^ now).count_ones());
            }
        }
        bits += changed * n_places;
    }
    bits
}

#[inline(always)]
fn as_bytes(weights: &[i8], bytes: &mut [u8]) {
    for (byte, w) in bytes.iter_mut().zip(weights) {
        *byte = w.cast_unsigned();
    }
}
