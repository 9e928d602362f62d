//! What a tile sends through the array's edges, prepared once: skewed, and with all that depends on one operand found.
//! Every stream holds its newest value first, as a [`super::window`] takes it.

use std::ops::Range;
use std::rc::Rc;

use sim_pe::lanes::{PES_PER_GROUP, edge};
use sim_pe::nbsmt;

use super::registers::{Layout, control};
use crate::engine::Operands;
use crate::mapping::KMap;
use edge::Edge;

/// The most lanes of a step.
const MAX_LANES: usize = 4;

/// Steps that are prepared for all rows or columns before the next: as many as lie in the nearest cache.
const N_STEPS_AT_ONCE: usize = 512;

/// The place of the bit that says that a row has an output.
const ROW_IS_REAL: usize = 7;

/// The activations of a row of tiles.
#[derive(Debug)]
pub(super) struct RowStreams {
    /// By form, pair and row: a step's two lanes, as they enter that row; reduced ones in their unit.
    pub(super) operands: Vec<u8>,
    /// Lines of lanes and rows: what is known of the activations; [`ROW_IS_REAL`] is in the first lane's.
    pub(super) known: Vec<u8>,
}

/// The weights of a column of tiles.
#[derive(Debug)]
pub(super) struct ColStreams {
    /// By form and pair: lines of columns; reduced ones in their unit.
    pub(super) operands: Vec<i8>,
    /// By plane and group: words with the bits of a group of columns.
    pub(super) bits: Vec<u16>,
}

impl RowStreams {
    /// Those of the tiles whose rows of PEs compute these output rows, from the first on.
    pub(super) fn new(
        layout: &Layout,
        map: KMap,
        edge: &Edge,
        operands: &Operands<'_>,
        output_rows: &[usize],
    ) -> Self {
        let (n_steps, n_lanes, filled_rows) = (map.n_steps(), layout.n_lanes, layout.filled_rows);
        let n_forms = layout.n_forms[0] + usize::from(layout.keeps_raw);
        let n_entering = n_steps + layout.rows - 1;
        let unit = edge::unit_of_reduced(layout.pe).trailing_zeros();
        let mut all = vec![0; n_forms * layout.n_pairs * layout.rows * n_steps * layout.n_beside];
        let mut known = vec![0_u8; n_entering * n_lanes * filled_rows];
        let mut raw = [[0_u8; N_STEPS_AT_ONCE]; MAX_LANES];
        for (steps, row) in by_parts(n_steps, output_rows.len()) {
            for (lane, raw) in raw.iter_mut().enumerate().take(n_lanes) {
                gather(
                    &mut raw[..steps.len()],
                    map,
                    steps.start,
                    lane,
                    operands.activation_row(output_rows[row]),
                );
            }
            for lane in 0..n_lanes {
                let partners = &raw[if n_lanes == 1 { 0 } else { lane ^ 1 }];
                let strip = lane / 2 * layout.rows + row;
                for (step, (&x, &partner)) in steps.clone().zip(raw[lane].iter().zip(partners)) {
                    let carried = edge.activation(x, partner);
                    let line = n_entering - 1 - step - row;
                    known[(line * n_lanes + lane) * filled_rows + row] =
                        carried.bits | u8::from(lane == 0) << ROW_IS_REAL;
                    let forms =
                        [carried.words[0], carried.words[1] >> unit].map(|word| word.to_le_bytes()[0]);
                    let mut put = |form: usize, value: u8| {
                        let strip = form * layout.n_pairs * layout.rows + strip;
                        all[(strip * n_steps + n_steps - 1 - step) * layout.n_beside + lane % 2] = value;
                    };
                    put(0, forms[0]);
                    if layout.n_forms[0] == 2 {
                        put(1, forms[1]);
                    }
                    if layout.keeps_raw {
                        put(2, x);
                    }
                }
            }
        }
        Self { operands: all, known }
    }
}

/// Lines of bits by plane and row, the last of them there already, from what is known of the activations that enter: a
/// word's lowest bit is a group's first column's, and moves on.
#[inline(always)]
pub(super) fn slide(layout: &Layout, known: &[u8], lines: &mut [u16]) {
    let rows = layout.filled_rows;
    let n_bits = edge::n_activation_bits(layout.pe);
    let width = layout.n_activation_planes * rows;
    let n_lines = lines.len() / width - 1;
    for plane in 0..layout.n_activation_planes {
        let (lane, bit) = if plane < layout.n_lanes * n_bits {
            (plane / n_bits, plane % n_bits)
        } else {
            (0, ROW_IS_REAL)
        };
        for first_row in (0..rows).step_by(PES_PER_GROUP) {
            let (from, into) = (lane * rows + first_row, plane * rows + first_row);
            let mut words = *words_at(lines, n_lines * width + into);
            for line in (0..n_lines).rev() {
                let known = &known[line * layout.n_lanes * rows + from..][..PES_PER_GROUP];
                for (word, &known) in words.iter_mut().zip(known) {
                    *word = *word << 1 | u16::from(known >> bit & 1);
                }
                *words_at(lines, line * width + into) = words;
            }
        }
    }
}

/// The words of a group's rows.
#[inline(always)]
fn words_at(lines: &mut [u16], first: usize) -> &mut [u16; PES_PER_GROUP] {
    lines[first..]
        .first_chunk_mut()
        .expect("rows are filled up to whole groups")
}

impl ColStreams {
    /// Those of the tiles whose columns of PEs compute these output columns, from the first on.
    pub(super) fn new(
        layout: &Layout,
        map: KMap,
        edge: &Edge,
        operands: &Operands<'_>,
        output_cols: &[usize],
    ) -> Self {
        let (n_steps, n_lanes) = (map.n_steps(), layout.n_lanes);
        let (n_entering, width) = (n_steps + layout.cols - 1, layout.n_beside * layout.filled_cols);
        let n_forms = layout.n_forms[1];
        let unit = edge::unit_of_reduced(layout.pe).trailing_zeros();
        let mut all = vec![0; n_forms * layout.n_pairs * n_entering * width];
        let mut bits = vec![0; layout.n_weight_planes * layout.n_groups * n_entering];
        let mut raw = [0; N_STEPS_AT_ONCE];
        for (steps, col) in by_parts(n_steps, output_cols.len()) {
            let (group, column) = (col / PES_PER_GROUP, 1 << (col % PES_PER_GROUP));
            let line_of = |step: usize| n_entering - 1 - step - col;
            let strip_of = |plane: usize| (plane * layout.n_groups + group) * n_entering;
            for lane in 0..n_lanes {
                let row = operands.weight_row(output_cols[col]);
                gather(
                    &mut raw[..steps.len()],
                    map,
                    steps.start,
                    met_by(layout, lane),
                    row,
                );
                let planes =
                    [edge::NONZERO, edge::WIDE].map(|bit| strip_of(lane * edge::N_WEIGHT_BITS + bit));
                for (step, &w) in steps.clone().zip(&raw) {
                    let (carried, line) = (edge.weight(w), line_of(step));
                    let forms = [carried.words[0], carried.words[1] >> unit]
                        .map(|word| word.to_le_bytes()[0].cast_signed());
                    for (form, &value) in forms.iter().enumerate().take(n_forms) {
                        let strip = form * layout.n_pairs + lane / 2;
                        all[(strip * n_entering + line) * width + layout.n_beside * col + lane % 2] = value;
                    }
                    for (bit, plane) in planes.into_iter().enumerate() {
                        bits[plane + line] |= column * u16::from(carried.bits >> bit & 1);
                    }
                }
            }
            for step in steps {
                bits[strip_of(layout.n_weight_planes - 1) + line_of(step)] |= column;
            }
        }
        Self { operands: all, bits }
    }
}

/// The control words of a tile.
pub(super) fn control_stream(n_steps: usize, parity: u8) -> Rc<[u8]> {
    let mut words = vec![control::VALID | parity; n_steps];
    words[0] |= control::LAST;
    words[n_steps - 1] |= control::FIRST;
    words.into()
}

/// The lane whose weight meets a lane's activation.
fn met_by(layout: &Layout, lane: usize) -> usize {
    match layout.pe.nb_smt() {
        Some(_) => nbsmt::weight_of(lane, layout.n_lanes),
        None => lane,
    }
}

/// Parts of all steps, each for every row or column before the next.
fn by_parts(n_steps: usize, n: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
    let firsts = (0..n_steps).step_by(N_STEPS_AT_ONCE);
    firsts.flat_map(move |first| {
        let steps = first..n_steps.min(first + N_STEPS_AT_ONCE);
        (0..n).map(move |number| (steps.clone(), number))
    })
}

/// A lane's operands from a step on; padding is 0.
fn gather<T: Copy + Default>(into: &mut [T], map: KMap, first_step: usize, lane: usize, row: &[T]) {
    for (step, value) in (first_step..).zip(into) {
        *value = map.k_at(step, lane).map_or(T::default(), |k| row[k]);
    }
}
