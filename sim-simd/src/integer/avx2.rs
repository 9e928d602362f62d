//! Kernels on 256-bit vectors: `vpmaddwd` adds two 16-bit products into each of eight 32-bit lanes, `vpmaddubsw` two
//! products of an unsigned and a signed byte into each of sixteen 16-bit lanes.
#![expect(
    unsafe_code,
    reason = "vector loads and stores, and calls of functions that need AVX2"
)]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_and_si256,
    _mm256_blendv_epi8, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};

use bytemuck::cast_ref;

use super::portable;
use super::runs::Runs;
use super::table::{Base, ByteTable};
use super::{
    Dword, Entry, Outputs, PANEL_ROWS, Pair, PairPanel, Quad, QuadPanel, TILE_COLS, TILE_ROWS, TileWords,
    panel_of,
};
use crate::HasAvx2;

/// 32-bit lanes of a vector.
pub(super) const LANES: usize = 8;
/// Vectors across a tile.
pub(super) const TILE_VECTORS: usize = TILE_COLS / LANES;
/// Vectors down a panel.
pub(super) const PANEL_VECTORS: usize = PANEL_ROWS / LANES;
/// Bytes of a vector.
const BYTES: usize = 32;

/// The kernels of a processor with AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(pub(super) HasAvx2);

impl Avx2 {
    pub(super) fn wide_tile(
        self,
        rows: &[i16],
        stride: usize,
        weights: &[TileWords<Pair>],
        outputs: &mut Outputs<'_>,
    ) {
        // SAFETY: `self` exists, so the processor has AVX2; `Kernels` checked the lengths.
        unsafe { wide_tile(rows, stride, weights, outputs) }
    }

    pub(super) fn small_tile(
        self,
        rows: &[u8],
        stride: usize,
        weights: &[TileWords<Quad>],
        runs: &Runs,
        outputs: &mut Outputs<'_>,
    ) {
        // SAFETY: as above.
        unsafe { small_tile(rows, stride, weights, runs, outputs) }
    }

    pub(super) fn small_column(
        self,
        panels: &[QuadPanel],
        entries: &[Entry<Quad>],
        max_run: usize,
        sums: &mut [i32; PANEL_ROWS],
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { small_column(panels, entries, max_run, sums) }
    }

    pub(super) fn wide_column(
        self,
        panels: &[PairPanel],
        entries: &[Entry<Pair>],
        sums: &mut [i32; PANEL_ROWS],
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { wide_column(panels, entries, sums) }
    }

    pub(super) fn look_up(self, table: &ByteTable, bytes: &[u8], out: &mut [u8]) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { look_up(table, bytes, out) }
    }

    pub(super) fn look_up_by_count(
        self,
        tables: &[ByteTable],
        by_count: [usize; 3],
        bytes: &[u8],
        counts: &[u8],
        out: &mut [u8],
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { look_up_by_count(tables, by_count, bytes, counts, out) }
    }

    pub(super) fn zeros(self, bytes: &[i8], places: &mut Vec<usize>) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { zeros(bytes, places) }
    }

    pub(super) fn transpose<T: Dword, L: AsMut<[T; N]>, const N: usize>(self, rows: &[&[T]], out: &mut [L]) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { transpose(rows, out) }
    }
}

/// Eight 32-bit lanes, whatever they are called.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn load<T: Dword>(lanes: &[T; LANES]) -> __m256i {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: eight times four bytes are readable, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(std::ptr::from_ref(lanes).cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn store<T: Dword>(lanes: &mut [T; LANES], vector: __m256i) {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: eight times four bytes are writable, and any bytes are a `T`.
    unsafe { _mm256_storeu_si256(std::ptr::from_mut(lanes).cast(), vector) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_bytes(bytes: &[u8; BYTES]) -> __m256i {
    // SAFETY: 32 bytes are readable, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(std::ptr::from_ref(bytes).cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store_bytes(bytes: &mut [u8; BYTES], vector: __m256i) {
    // SAFETY: 32 bytes are writable, and the store needs no alignment.
    unsafe { _mm256_storeu_si256(std::ptr::from_mut(bytes).cast(), vector) }
}

/// Sixteen bytes in both halves.
#[target_feature(enable = "avx2")]
#[inline]
fn load_twice(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: 16 bytes are readable, and the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(std::ptr::from_ref(bytes).cast()) })
}

/// The four bytes at `pointer` in every lane.
///
/// # Safety
/// Four bytes from `pointer` are readable.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) unsafe fn broadcast<T>(pointer: *const T) -> __m256i {
    // SAFETY: the caller vouches for four bytes; the read needs no alignment.
    _mm256_set1_epi32(unsafe { pointer.cast::<i32>().read_unaligned() })
}

/// Add a vector to eight sums.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn add_to(sums: &mut [i32; LANES], vector: __m256i) {
    let sum = _mm256_add_epi32(load(sums), vector);
    store(sums, sum);
}

/// Add a tile of vectors to a tile of outputs.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn add_tile(outputs: &mut Outputs<'_>, vectors: [[__m256i; TILE_VECTORS]; TILE_ROWS]) {
    for (r, row) in vectors.into_iter().enumerate() {
        let sums = &mut outputs.values[r * outputs.stride..][..TILE_COLS];
        let (chunks, _) = sums.as_chunks_mut::<LANES>();
        for (chunk, vector) in chunks.iter_mut().zip(row) {
            add_to(chunk, vector);
        }
    }
}

/// # Safety
/// `rows` holds [`TILE_ROWS`] rows of `2·weights.len()`, `stride` apart.
#[target_feature(enable = "avx2")]
unsafe fn wide_tile(rows: &[i16], stride: usize, weights: &[TileWords<Pair>], outputs: &mut Outputs<'_>) {
    // Twelve accumulators, two weight vectors and one broadcast: all sixteen registers but one.
    let mut accumulators = [[_mm256_setzero_si256(); TILE_VECTORS]; TILE_ROWS];
    let upper = rows.as_ptr();
    // Two pointers and multiples of the stride reach all rows by addressing modes.
    let lower = upper.wrapping_add(3 * stride);
    for (i, TileWords(weights)) in weights.iter().enumerate() {
        let (chunks, _) = weights.as_chunks::<LANES>();
        let weights = [load(&chunks[0]), load(&chunks[1])];
        for (r, row) in accumulators.iter_mut().enumerate() {
            let half = if r < 3 { upper } else { lower };
            // SAFETY: row r and terms 2i and 2i + 1 are within `rows`, as the caller vouches.
            let a = unsafe { broadcast(half.add(2 * i + r % 3 * stride)) };
            for (sum, w) in row.iter_mut().zip(weights) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(a, w));
            }
        }
    }
    add_tile(outputs, accumulators);
}

/// # Safety
/// `rows` holds [`TILE_ROWS`] rows of `4·weights.len()`, `stride` apart.
#[target_feature(enable = "avx2")]
unsafe fn small_tile(
    rows: &[u8],
    stride: usize,
    weights: &[TileWords<Quad>],
    runs: &Runs,
    outputs: &mut Outputs<'_>,
) {
    let ones = _mm256_set1_epi16(1);
    let mut upper = rows.as_ptr();
    let mut rest = weights;
    for &length in runs.lengths() {
        let Some((run, behind)) = rest.split_at_checked(length) else {
            break;
        };
        rest = behind;
        let mut accumulators = [[_mm256_setzero_si256(); TILE_VECTORS]; TILE_ROWS];
        let lower = upper.wrapping_add(3 * stride);
        for (i, TileWords(weights)) in run.iter().enumerate() {
            let (chunks, _) = weights.as_chunks::<LANES>();
            let weights = [load(&chunks[0]), load(&chunks[1])];
            for (r, row) in accumulators.iter_mut().enumerate() {
                let half = if r < 3 { upper } else { lower };
                // SAFETY: row r and its four terms from 4i on are within `rows`, as the caller vouches.
                let a = unsafe { broadcast(half.add(4 * i + r % 3 * stride)) };
                for (sum, w) in row.iter_mut().zip(weights) {
                    *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16(a, w));
                }
            }
        }
        // Loops, not `map`: a closure that needs AVX2 is not inlined into a function that does not.
        for row in &mut accumulators {
            for sum in row {
                *sum = _mm256_madd_epi16(*sum, ones);
            }
        }
        add_tile(outputs, accumulators);
        upper = upper.wrapping_add(4 * run.len());
    }
}

#[target_feature(enable = "avx2")]
fn small_column(panels: &[QuadPanel], entries: &[Entry<Quad>], max_run: usize, sums: &mut [i32; PANEL_ROWS]) {
    let ones = _mm256_set1_epi16(1);
    let mut accumulators = [_mm256_setzero_si256(); PANEL_VECTORS];
    for run in entries.chunks(max_run) {
        let mut narrow = [_mm256_setzero_si256(); PANEL_VECTORS];
        for entry in run {
            // SAFETY: a quad is four bytes.
            let w = unsafe { broadcast(entry.weights.as_ptr()) };
            let (chunks, _) = panels[panel_of(entry, panels)].0.as_chunks::<LANES>();
            for (sum, chunk) in narrow.iter_mut().zip(chunks) {
                *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16(load(chunk), w));
            }
        }
        for (sum, narrow) in accumulators.iter_mut().zip(narrow) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(narrow, ones));
        }
    }
    add_panel(sums, accumulators);
}

#[target_feature(enable = "avx2")]
fn wide_column(panels: &[PairPanel], entries: &[Entry<Pair>], sums: &mut [i32; PANEL_ROWS]) {
    let mut accumulators = [_mm256_setzero_si256(); PANEL_VECTORS];
    for entry in entries {
        // SAFETY: a pair is four bytes.
        let w = unsafe { broadcast(entry.weights.as_ptr()) };
        let (chunks, _) = panels[panel_of(entry, panels)].0.as_chunks::<LANES>();
        for (sum, chunk) in accumulators.iter_mut().zip(chunks) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(load(chunk), w));
        }
    }
    add_panel(sums, accumulators);
}

/// Add a panel of vectors to a panel of sums.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn add_panel(sums: &mut [i32; PANEL_ROWS], vectors: [__m256i; PANEL_VECTORS]) {
    let (chunks, _) = sums.as_chunks_mut::<LANES>();
    for (chunk, vector) in chunks.iter_mut().zip(vectors) {
        add_to(chunk, vector);
    }
}

#[target_feature(enable = "avx2")]
fn look_up(table: &ByteTable, bytes: &[u8], out: &mut [u8]) {
    let (chunks, rest) = bytes.as_chunks::<BYTES>();
    let (outs, out_rest) = out.as_chunks_mut::<BYTES>();
    for (chunk, out) in chunks.iter().zip(outs) {
        store_bytes(out, look_up_vector(table, load_bytes(chunk)));
    }
    for (out, &byte) in out_rest.iter_mut().zip(rest) {
        *out = table.of(byte);
    }
}

#[target_feature(enable = "avx2")]
fn look_up_by_count(tables: &[ByteTable], by_count: [usize; 3], bytes: &[u8], counts: &[u8], out: &mut [u8]) {
    let [alone, two, more] = by_count;
    let (chunks, rest) = bytes.as_chunks::<BYTES>();
    let (count_chunks, counts_rest) = counts.as_chunks::<BYTES>();
    let (outs, out_rest) = out.as_chunks_mut::<BYTES>();
    let is_two = _mm256_set1_epi8(2);
    for ((chunk, counts), out) in chunks.iter().zip(count_chunks).zip(outs) {
        let (own, counts) = (load_bytes(chunk), load_bytes(counts));
        let mut found = look_up_vector(&tables[alone], own);
        // Counts are small, so a signed comparison will do.
        if two != alone {
            let takes = _mm256_cmpeq_epi8(counts, is_two);
            found = _mm256_blendv_epi8(found, look_up_vector(&tables[two], own), takes);
        }
        if more != alone {
            let takes = _mm256_cmpgt_epi8(counts, is_two);
            found = _mm256_blendv_epi8(found, look_up_vector(&tables[more], own), takes);
        }
        store_bytes(out, found);
    }
    portable::look_up_by_count(tables, by_count, rest, counts_rest, out_rest);
}

#[target_feature(enable = "avx2")]
fn zeros(bytes: &[i8], places: &mut Vec<usize>) {
    let (chunks, rest) = bytes.as_chunks::<BYTES>();
    let mut first = 0;
    for chunk in chunks {
        let is_zero = _mm256_cmpeq_epi8(load_bytes(cast_ref(chunk)), _mm256_setzero_si256());
        let mut left = _mm256_movemask_epi8(is_zero).cast_unsigned();
        while left != 0 {
            places.push(first + usize::try_from(left.trailing_zeros()).unwrap_or(0));
            left &= left - 1;
        }
        first += BYTES;
    }
    portable::zeros(rest, first, places);
}

#[target_feature(enable = "avx2")]
#[inline]
fn look_up_vector(table: &ByteTable, own: __m256i) -> __m256i {
    let low_nibble = _mm256_set1_epi8(15);
    let low = _mm256_and_si256(own, low_nibble);
    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(own), low_nibble);
    let mut added = _mm256_setzero_si256();
    for class in table.classes() {
        let values = _mm256_shuffle_epi8(load_twice(&class.added), low);
        let belongs = _mm256_shuffle_epi8(load_twice(&class.of), high);
        added = _mm256_or_si256(added, _mm256_and_si256(values, belongs));
    }
    let base = match table.base() {
        Base::Own => own,
        Base::Constant(byte) => _mm256_set1_epi8(byte.cast_signed()),
    };
    _mm256_add_epi8(base, added)
}

#[target_feature(enable = "avx2")]
fn transpose<T: Dword, L: AsMut<[T; N]>, const N: usize>(rows: &[&[T]], out: &mut [L]) {
    for (group, rows) in rows.chunks(LANES).enumerate() {
        let first_lane = group * LANES;
        let Ok(rows) = <&[&[T]; LANES]>::try_from(rows) else {
            transpose_rest(rows, first_lane, 0, out);
            continue;
        };
        let n_whole = out.len() / LANES * LANES;
        for i in (0..n_whole).step_by(LANES) {
            let mut vectors = [_mm256_setzero_si256(); LANES];
            for (vector, row) in vectors.iter_mut().zip(rows) {
                if let Some(chunk) = row[i..].first_chunk::<LANES>() {
                    *vector = load(chunk);
                }
            }
            for (slot, vector) in out[i..].iter_mut().zip(transpose_vectors(vectors)) {
                if let Some(lanes) = slot.as_mut()[first_lane..].first_chunk_mut::<LANES>() {
                    store(lanes, vector);
                }
            }
        }
        transpose_rest(rows, first_lane, n_whole, out);
    }
}

fn transpose_rest<T: Copy, L: AsMut<[T; N]>, const N: usize>(
    rows: &[&[T]],
    first_lane: usize,
    from: usize,
    out: &mut [L],
) {
    for (lane, row) in (first_lane..).zip(rows) {
        for (slot, &value) in out[from..].iter_mut().zip(&row[from..]) {
            slot.as_mut()[lane] = value;
        }
    }
}

/// Eight rows of eight 32-bit lanes.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose_vectors(rows: [__m256i; LANES]) -> [__m256i; LANES] {
    let [a, b, c, d, e, f, g, h] = rows;
    let pairs = [
        _mm256_unpacklo_epi32(a, b),
        _mm256_unpackhi_epi32(a, b),
        _mm256_unpacklo_epi32(c, d),
        _mm256_unpackhi_epi32(c, d),
        _mm256_unpacklo_epi32(e, f),
        _mm256_unpackhi_epi32(e, f),
        _mm256_unpacklo_epi32(g, h),
        _mm256_unpackhi_epi32(g, h),
    ];
    let [a, b, c, d, e, f, g, h] = pairs;
    let upper = [
        _mm256_unpacklo_epi64(a, c),
        _mm256_unpackhi_epi64(a, c),
        _mm256_unpacklo_epi64(b, d),
        _mm256_unpackhi_epi64(b, d),
    ];
    let lower = [
        _mm256_unpacklo_epi64(e, g),
        _mm256_unpackhi_epi64(e, g),
        _mm256_unpacklo_epi64(f, h),
        _mm256_unpackhi_epi64(f, h),
    ];
    let [a, b, c, d] = upper;
    let [e, f, g, h] = lower;
    [
        _mm256_permute2x128_si256::<0x20>(a, e),
        _mm256_permute2x128_si256::<0x20>(b, f),
        _mm256_permute2x128_si256::<0x20>(c, g),
        _mm256_permute2x128_si256::<0x20>(d, h),
        _mm256_permute2x128_si256::<0x31>(a, e),
        _mm256_permute2x128_si256::<0x31>(b, f),
        _mm256_permute2x128_si256::<0x31>(c, g),
        _mm256_permute2x128_si256::<0x31>(d, h),
    ]
}
