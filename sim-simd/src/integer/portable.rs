//! Kernels in plain Rust, for any processor.

use super::table::ByteTable;
use super::{Entry, Outputs, PANEL_ROWS, Pair, PairPanel, Quad, QuadPanel, TILE_ROWS, TileWords, panel_of};

fn pair_product(a: Pair, w: Pair) -> i32 {
    i32::from(a[0]) * i32::from(w[0]) + i32::from(a[1]) * i32::from(w[1])
}

fn quad_product(a: [u8; 4], w: Quad) -> i32 {
    a.into_iter()
        .zip(w)
        .map(|(a, w)| i32::from(a) * i32::from(w))
        .sum()
}

pub(super) fn wide_tile(rows: &[i16], stride: usize, weights: &[TileWords<Pair>], outputs: &mut Outputs<'_>) {
    let sums = outputs.values.chunks_mut(outputs.stride);
    for (row, sums) in rows.chunks(stride).zip(sums).take(TILE_ROWS) {
        let (pairs, _) = row.as_chunks::<2>();
        for (&a, TileWords(weights)) in pairs.iter().zip(weights) {
            for (sum, &w) in sums.iter_mut().zip(weights) {
                *sum += pair_product(a, w);
            }
        }
    }
}

pub(super) fn small_tile(rows: &[u8], stride: usize, weights: &[TileWords<Quad>], outputs: &mut Outputs<'_>) {
    let sums = outputs.values.chunks_mut(outputs.stride);
    for (row, sums) in rows.chunks(stride).zip(sums).take(TILE_ROWS) {
        let (quads, _) = row.as_chunks::<4>();
        for (&a, TileWords(weights)) in quads.iter().zip(weights) {
            for (sum, &w) in sums.iter_mut().zip(weights) {
                *sum += quad_product(a, w);
            }
        }
    }
}

pub(super) fn small_column(panels: &[QuadPanel], entries: &[Entry<Quad>], sums: &mut [i32; PANEL_ROWS]) {
    for entry in entries {
        for (sum, &a) in sums.iter_mut().zip(&panels[panel_of(entry, panels)].0) {
            *sum += quad_product(a, entry.weights);
        }
    }
}

pub(super) fn wide_column(panels: &[PairPanel], entries: &[Entry<Pair>], sums: &mut [i32; PANEL_ROWS]) {
    for entry in entries {
        for (sum, &a) in sums.iter_mut().zip(&panels[panel_of(entry, panels)].0) {
            *sum += pair_product(a, entry.weights);
        }
    }
}

pub(super) fn look_up(table: &ByteTable, bytes: &[u8], out: &mut [u8]) {
    for (out, &byte) in out.iter_mut().zip(bytes) {
        *out = table.of(byte);
    }
}

pub(super) fn look_up_by_count(
    tables: &[ByteTable],
    by_count: [usize; 3],
    bytes: &[u8],
    counts: &[u8],
    out: &mut [u8],
) {
    for ((out, &byte), &count) in out.iter_mut().zip(bytes).zip(counts) {
        let table = match count {
            0 | 1 => by_count[0],
            2 => by_count[1],
            _ => by_count[2],
        };
        *out = tables[table].of(byte);
    }
}

/// Places are counted from `first` on.
pub(super) fn zeros(bytes: &[i8], first: usize, places: &mut Vec<usize>) {
    places.extend(
        (first..)
            .zip(bytes)
            .filter(|(_, byte)| **byte == 0)
            .map(|(place, _)| place),
    );
}

pub(super) fn transpose<T: Copy, L: AsMut<[T; LANES]>, const LANES: usize>(rows: &[&[T]], out: &mut [L]) {
    for (lane, row) in rows.iter().enumerate() {
        for (slot, &value) in out.iter_mut().zip(*row) {
            slot.as_mut()[lane] = value;
        }
    }
}
