//! The registers of the array, field by field; PE (r, c) is number r·C + c.
//!
//! What moves is kept as windows (`window.rs`): activations and what the edge found of them by rows, weights by
//! lines of columns, control words by diagonals, for all PEs of a diagonal hold the same one. Rows of PEs are filled up
//! to whole groups for the vectors of [`sim_pe::lanes`].

use sim_core::spec::{ArraySpec, Pe, WeightPattern};
use sim_pe::lanes::{BitStrides, Bits, PES_PER_GROUP, PeInputs, PlaneOperands, WordStrides, Words, edge};
use sim_pe::sparq::compress;

use super::holds::Holds;
use super::window::{AHEAD, Aligned, CycleBlock, RegisterWindow};

/// Bits of the control word that travels right with the activations.
pub mod control {
    /// A step of a tile; a bubble has none.
    pub const VALID: u8 = 1;
    /// The first step of a tile.
    pub const FIRST: u8 = 2;
    /// The last step of a tile.
    pub const LAST: u8 = 4;
    /// The parity of the tile.
    pub const PARITY: u8 = 8;
    /// The row has an output in this tile.
    pub const ROW_IS_REAL: u8 = 16;
}

/// Sizes of the planes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) pe: Pe,
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// Lanes of a step, and pairs of them.
    pub(super) n_lanes: usize,
    pub(super) n_pairs: usize,
    /// Lanes of a pair: two, or one where a step has but one.
    pub(super) n_beside: usize,
    /// Columns and rows, filled up to whole groups.
    pub(super) n_groups: usize,
    pub(super) filled_cols: usize,
    pub(super) filled_rows: usize,
    /// Forms of an activation, of a weight: as multiplied, reduced.
    pub(super) n_forms: [usize; 2],
    /// Whether activations are also kept as they came, for a multiplier that never sees them so.
    pub(super) keeps_raw: bool,
    /// Planes of bits of activations, of weights.
    pub(super) n_activation_planes: usize,
    pub(super) n_weight_planes: usize,
}

impl Layout {
    fn new(array: &ArraySpec) -> Self {
        let (rows, cols, pe) = (array.rows(), array.cols(), array.pe());
        let n_lanes = pe.k_per_step();
        Self {
            pe,
            rows,
            cols,
            n_lanes,
            n_pairs: n_lanes.div_ceil(2),
            n_beside: n_lanes.min(2),
            n_groups: cols.div_ceil(PES_PER_GROUP),
            filled_cols: cols.next_multiple_of(PES_PER_GROUP),
            filled_rows: rows.next_multiple_of(PES_PER_GROUP),
            n_forms: edge::reduces(pe).map(|reduces| 1 + usize::from(reduces)),
            keeps_raw: edge::hides_given(pe),
            // The last plane of either says where an output is.
            n_activation_planes: n_lanes * edge::n_activation_bits(pe) + 1,
            n_weight_planes: n_lanes * edge::N_WEIGHT_BITS + 1,
        }
    }
}

impl Layout {
    /// What the numbers of a stream of activations (0) or weights (1) are multiples of.
    #[inline(always)]
    pub(super) const fn unit(&self, operand: usize, strip: usize) -> i16 {
        let strips_of_form = if operand == 0 {
            self.n_pairs * self.rows
        } else {
            self.n_pairs
        };
        if self.n_forms[operand] == 2 && strip / strips_of_form == 1 {
            edge::unit_of_reduced(self.pe)
        } else {
            1
        }
    }
}

/// What moves from PE to PE.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    /// Where the windows stand.
    pub(super) base: usize,
    /// Whether a tile begins or ends in what is laid ready or shown.
    pub(super) has_edges: bool,
    /// Control words but for the row's bit, by diagonal; stages of the PE's pipeline follow one cycle later each.
    pub(super) controls: RegisterWindow<u8>,
    /// A strip per form, pair and row.
    pub(super) activations: RegisterWindow<i16>,
    /// A position holds all planes, a word per row with the bits of a group of columns.
    pub(super) activation_bits: RegisterWindow<u16>,
    /// A strip per form and pair.
    pub(super) weights: RegisterWindow<i16>,
    /// A strip per plane and group.
    pub(super) weight_bits: RegisterWindow<u16>,
    strides: Strides,
}

/// What every PE holds.
#[derive(Clone, Debug)]
pub struct Registers {
    pub(super) layout: Layout,
    pub(super) moving: Moving,
    pub(super) holds: Holds,
    /// Products between the first pipeline stage and the last, oldest last.
    pub(super) stages: Vec<Vec<i32>>,
    pub(super) accumulators: Aligned<i32>,
    pub(super) shadows: Vec<i32>,
    pub(super) shadow_parities: Vec<u8>,
}

impl Registers {
    pub(super) fn new(array: &ArraySpec) -> Self {
        let layout = Layout::new(array);
        let n_between = usize::from(array.pipeline_depth()) - 1;
        let n_filled = layout.rows * layout.filled_cols;
        let [x_forms, w_forms] = layout.n_forms;
        let x_strips = (x_forms + usize::from(layout.keeps_raw)) * layout.n_pairs * layout.rows;
        let activations = RegisterWindow::new(x_strips, layout.n_beside, layout.filled_cols);
        let width_of_bits = layout.n_activation_planes * layout.filled_rows;
        let activation_bits =
            RegisterWindow::new(1, width_of_bits, (layout.n_groups - 1) * PES_PER_GROUP + 1);
        let width = layout.n_beside * layout.filled_cols;
        let weights = RegisterWindow::new(w_forms * layout.n_pairs, width, layout.rows);
        let weight_bits =
            RegisterWindow::new(layout.n_weight_planes * layout.n_groups, 1, layout.filled_rows);
        let n_diagonals = layout.rows + layout.cols + n_between;
        let words = |row: usize, pair: usize, step: usize| WordStrides {
            row,
            pair,
            reduced: layout.n_pairs * pair,
            step,
        };
        let strides = Strides {
            activations: words(
                activations.strip_len(),
                layout.rows * activations.strip_len(),
                layout.n_beside,
            ),
            weights: words(width, weights.strip_len(), width),
            activation_bits: BitStrides {
                plane: layout.filled_rows,
                // A group sees what the group before it saw as many cycles ago as it has columns.
                group: PES_PER_GROUP * width_of_bits,
                step: width_of_bits,
            },
            weight_bits: BitStrides {
                plane: layout.n_groups * weight_bits.strip_len(),
                group: weight_bits.strip_len(),
                step: 1,
            },
        };
        Self {
            layout,
            moving: Moving {
                base: AHEAD,
                has_edges: false,
                controls: RegisterWindow::new(1, 1, n_diagonals.next_multiple_of(PES_PER_GROUP)),
                activations,
                activation_bits,
                weights,
                weight_bits,
                strides,
            },
            holds: Holds::new(layout),
            stages: vec![vec![0; n_filled]; n_between],
            accumulators: Aligned::new(n_filled),
            shadows: vec![0; n_filled],
            shadow_parities: vec![0; n_filled],
        }
    }

    /// R.
    pub const fn rows(&self) -> usize {
        self.layout.rows
    }

    /// C.
    pub const fn cols(&self) -> usize {
        self.layout.cols
    }

    /// R·C.
    pub const fn n_pes(&self) -> usize {
        self.layout.rows * self.layout.cols
    }

    /// Activations that a PE holds.
    pub const fn n_lanes(&self) -> usize {
        self.layout.n_lanes
    }

    /// Weights that a PE holds.
    pub const fn n_weights(&self) -> usize {
        self.layout.pe.n_weights()
    }

    /// The control word, moving right.
    pub fn control(&self, pe: usize) -> u8 {
        let (row, col) = self.place(pe);
        let last_plane = self.layout.n_activation_planes - 1;
        let row_is_real = self.moving.activation_bits().of(last_plane, row, col);
        let word = self.moving.controls.since(0, self.moving.base, row + col)[0];
        word | if row_is_real { control::ROW_IS_REAL } else { 0 }
    }

    /// The activation of a lane, moving right. For SPARQ it has been windowed at the edge.
    pub fn activation(&self, lane: usize, pe: usize) -> u8 {
        let (row, col) = self.place(pe);
        let form = if self.layout.keeps_raw {
            self.layout.n_forms[0]
        } else {
            0
        };
        let strip = (form * self.layout.n_pairs + lane / 2) * self.layout.rows + row;
        u8::try_from(self.moving.activations.since(strip, self.moving.base, col)[lane % 2]).unwrap_or(u8::MAX)
    }

    /// A weight, moving down. With 2:4 weights one of the two of a group that are not zero.
    pub fn weight(&self, slot: usize, pe: usize) -> i8 {
        match self.layout.pe.weight_pattern() {
            WeightPattern::Any => self.weight_of_lane(slot, pe),
            WeightPattern::TwoOfFour => {
                compress(std::array::from_fn(|lane| self.weight_of_lane(lane, pe))).weights[slot]
            }
        }
    }

    /// Where a 2:4 weight stood in its group, moving down with it.
    pub fn position(&self, slot: usize, pe: usize) -> u8 {
        compress(std::array::from_fn(|lane| self.weight_of_lane(lane, pe))).positions[slot]
    }

    /// The weight that meets a lane's activation.
    pub fn weight_of_lane(&self, lane: usize, pe: usize) -> i8 {
        let (row, col) = self.place(pe);
        let line = self.moving.weights.since(lane / 2, self.moving.base, row);
        i8::try_from(line[self.layout.n_beside * col + lane % 2]).unwrap_or(i8::MAX)
    }

    /// Whether the column has an output in this tile, moving down.
    pub fn col_is_real(&self, pe: usize) -> bool {
        let (row, col) = self.place(pe);
        self.moving
            .weight_bits()
            .of(self.layout.n_weight_planes - 1, row, col)
    }

    /// The product at a stage between the first pipeline stage and the last, oldest last.
    pub fn stage_product(&self, stage: usize, pe: usize) -> i32 {
        self.stages[stage][self.filled(pe)]
    }

    /// The control word at such a stage, but for the row's bit.
    pub fn stage_control(&self, stage: usize, pe: usize) -> u8 {
        let (row, col) = self.place(pe);
        self.moving
            .controls
            .since(0, self.moving.base, row + col + 1 + stage)[0]
    }

    /// Stages between the first and the last.
    pub const fn n_stages_between(&self) -> usize {
        self.stages.len()
    }

    /// Whether the PE holds: its output in the tile that it works on is skipped.
    pub fn holds(&self, pe: usize) -> bool {
        let (row, col) = self.place(pe);
        self.holds.holds(row, col)
    }

    /// The accumulator.
    pub fn accumulator(&self, pe: usize) -> i32 {
        self.accumulators[self.filled(pe)]
    }

    /// The shadow register.
    pub fn shadow(&self, pe: usize) -> i32 {
        self.shadows[self.filled(pe)]
    }

    /// The parity of the shadow register.
    pub fn shadow_parity(&self, pe: usize) -> u8 {
        self.shadow_parities[self.filled(pe)]
    }

    /// Control words by diagonal: PE (r, c) is on diagonal r + c. `n_stages` stages of the PE's pipeline lie behind.
    #[inline(always)]
    pub(super) fn diagonals(&self, n_stages: usize) -> &[u8] {
        &self.moving.controls.since(0, self.moving.base, n_stages)[..self.layout.rows + self.layout.cols - 1]
    }

    /// Whether a tile begins or ends anywhere in the array; it may also just have done so.
    #[inline(always)]
    pub(super) fn is_at_edge_of_tile(&self) -> bool {
        if !self.moving.has_edges {
            return false;
        }
        let words = self
            .moving
            .controls
            .since(0, self.moving.base, 0)
            .as_chunks::<8>()
            .0;
        let words = words[..self.moving.controls.n_shown() / 8].iter();
        let any = words.fold(0, |any, &words| any | u64::from_ne_bytes(words));
        any & u64::from_ne_bytes([control::FIRST | control::LAST; 8]) != 0
    }

    /// What the PEs multiply.
    #[inline(always)]
    pub(super) fn held(&self) -> PeInputs<'_> {
        self.moving.held(&self.layout, &self.holds)
    }

    /// What the PEs multiply, what they add it to, and which of them do not.
    #[inline(always)]
    pub(super) fn held_and_accumulators(&mut self) -> (PeInputs<'_>, &mut [i32], &Holds) {
        let held = self.moving.held(&self.layout, &self.holds);
        (held, &mut self.accumulators, &self.holds)
    }

    const fn place(&self, pe: usize) -> (usize, usize) {
        (pe / self.layout.cols, pe % self.layout.cols)
    }

    /// A PE's place in a plane with rows filled up.
    const fn filled(&self, pe: usize) -> usize {
        let (row, col) = self.place(pe);
        row * self.layout.filled_cols + col
    }
}

impl Moving {
    /// Note whether a tile begins or ends in a block that was laid, or in what the windows show before it.
    #[inline(always)]
    pub(super) fn find_edges(&mut self, block: CycleBlock) {
        let first = block.base - block.n;
        let words = &self.controls.cells()[first..block.base + self.controls.n_shown()];
        let any = words.iter().fold(0, |any, word| any | word);
        self.has_edges = any & (control::FIRST | control::LAST) != 0;
    }

    /// What the PEs multiply.
    #[inline(always)]
    fn held<'a>(&'a self, layout: &Layout, holds: &'a Holds) -> PeInputs<'a> {
        PeInputs {
            operands: PlaneOperands {
                n_rows: layout.rows,
                n_groups: layout.n_groups,
                n_pairs: layout.n_pairs,
                n_beside: layout.n_beside,
                activations: Words {
                    cells: self.activations.cells(),
                    first: self.base * self.activations.width(),
                    strides: &self.strides.activations,
                },
                weights: Words {
                    cells: self.weights.cells(),
                    first: self.base * self.weights.width(),
                    strides: &self.strides.weights,
                },
            },
            activation_bits: self.activation_bits(),
            weight_bits: self.weight_bits(),
            works: holds.works(),
        }
    }

    #[inline(always)]
    fn activation_bits(&self) -> Bits<'_> {
        Bits {
            cells: self.activation_bits.cells(),
            first: self.base * self.activation_bits.width(),
            strides: &self.strides.activation_bits,
        }
    }

    #[inline(always)]
    fn weight_bits(&self) -> Bits<'_> {
        Bits {
            cells: self.weight_bits.cells(),
            first: self.base,
            strides: &self.strides.weight_bits,
        }
    }
}

/// How the planes lie in their windows.
#[derive(Clone, Copy, Debug)]
struct Strides {
    activations: WordStrides,
    weights: WordStrides,
    activation_bits: BitStrides,
    weight_bits: BitStrides,
}

/// The PEs of a diagonal: row and column.
#[inline(always)]
pub(super) fn diagonal(layout: &Layout, number: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
    let first_row = (number + 1).saturating_sub(layout.cols);
    let rows = first_row..layout.rows.min(number + 1);
    rows.map(move |row| (row, number - row))
}
