//! The feeders at the array's edges: which step of which tile enters row 0 and column 0, and the skew after them.

use sim_core::ids::TileId;
use sim_core::spec::{ArraySpec, Pe, Tiles};
use sim_pe::mutant::{self, Mutant};
use sim_pe::sparq;

use super::registers::Registers;
use crate::engine::Operands;
use crate::mapping::{KMap, Tiling};

/// The most lanes of a step.
const MAX_LANES: usize = 4;

/// A step on its way along an edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) is_odd: bool,
    /// The output of PE (0, 0) in this tile.
    origin: (usize, usize),
    /// k per lane.
    k: [Option<usize>; MAX_LANES],
}

/// Counters of the feeder and the tokens in the skew registers.
pub(super) struct Feeder<'a> {
    operands: Operands<'a>,
    pe: Pe,
    tiles: Tiles,
    map: KMap,
    tiling: Tiling,
    /// Idle steps between two pipelined tiles.
    n_gap: usize,
    tile: usize,
    step: usize,
    gap_left: usize,
    /// Token that row r or column r sees: the one that entered r cycles ago.
    skew: Vec<Option<Token>>,
}

impl<'a> Feeder<'a> {
    pub(super) fn new(array: &ArraySpec, operands: &Operands<'a>) -> Self {
        let map = KMap::new(array.pe(), operands.shape().k());
        // A column needs R cycles to drain, so the next tile must not finish earlier than that.
        let n_gap = array.rows().saturating_sub(map.n_steps());
        Self {
            operands: *operands,
            pe: array.pe(),
            tiles: array.tiles(),
            map,
            tiling: Tiling::new(array, operands.shape()),
            n_gap: if mutant::is_on(Mutant::NextTileTooSoon) {
                0
            } else {
                n_gap
            },
            tile: 0,
            step: 0,
            gap_left: 0,
            skew: vec![None; array.rows().max(array.cols())],
        }
    }

    /// Whether a tile is about to start after the one before has left (serial tiles).
    pub(super) fn starts_anew(&self, n_tiles_left_array: usize) -> bool {
        match self.tiles {
            Tiles::Serial => 0 < self.tile && self.step == 0 && n_tiles_left_array == self.tile,
            Tiles::Pipelined => false,
        }
    }

    /// Move the skew on by one cycle and load both edges. `n_tiles_left_array` tiles have left so far.
    #[inline(always)]
    pub(super) fn advance(&mut self, n_tiles_left_array: usize, registers: &mut Registers) {
        let entering = self.next(n_tiles_left_array);
        self.skew.rotate_right(1);
        self.skew[0] = entering;
        for row in 0..registers.rows() {
            self.load_left(row, registers);
        }
        for col in 0..registers.cols() {
            self.load_top(col, registers);
        }
    }

    #[inline(always)]
    fn next(&mut self, n_tiles_left_array: usize) -> Option<Token> {
        let waits = match self.tiles {
            Tiles::Serial => self.step == 0 && n_tiles_left_array < self.tile,
            Tiles::Pipelined => 0 < self.gap_left,
        };
        if waits {
            self.gap_left = self.gap_left.saturating_sub(1);
            return None;
        }
        if self.tile == self.tiling.n_tiles() {
            return None;
        }
        let token = Token {
            is_first: self.step == 0,
            is_last: self.step + 1 == self.map.n_steps(),
            is_odd: self.tile % 2 == 1,
            origin: self.tiling.origin(TileId(self.tile)),
            k: std::array::from_fn(|lane| {
                if lane < self.map.n_lanes() {
                    self.map.k_at(self.step, lane)
                } else {
                    None
                }
            }),
        };
        self.step += 1;
        if token.is_last {
            self.step = 0;
            self.tile += 1;
            self.gap_left = match self.tiles {
                Tiles::Serial => 0,
                Tiles::Pipelined => self.n_gap,
            };
        }
        Some(token)
    }

    #[inline(always)]
    fn load_left(&self, row: usize, registers: &mut Registers) {
        let Some(token) = &self.skew[row] else {
            return registers.load_left(row, &[0; MAX_LANES], &[false; MAX_LANES], 0);
        };
        let m = token.origin.0 + row;
        let is_real = m < self.operands.shape().m();
        let mut values = [0; MAX_LANES];
        if is_real {
            let x = self.operands.activation_row(m);
            values = token.k.map(|k| k.map_or(0, |k| x[k]));
        }
        let mut changed = [false; MAX_LANES];
        match self.pe {
            Pe::Sparq(rules) => {
                let raw = [values[0], values[1]];
                let kept = sparq::windowed_pair(raw, &rules);
                values[..2].copy_from_slice(&kept);
                changed[..2].copy_from_slice(&[kept[0] != raw[0], kept[1] != raw[1]]);
            }
            Pe::Conventional | Pe::NbSmt(_) | Pe::SparqStc(_) => {}
        }
        registers.load_left(row, &values, &changed, token.control(is_real));
    }

    #[inline(always)]
    fn load_top(&self, col: usize, registers: &mut Registers) {
        let Some(token) = &self.skew[col] else {
            return registers.load_top(col, &[0; MAX_LANES], [0; 2], false);
        };
        let n = token.origin.1 + col;
        let is_real = n < self.operands.shape().n();
        let mut values = [0; MAX_LANES];
        if is_real {
            let w = self.operands.weight_row(n);
            values = token.k.map(|k| k.map_or(0, |k| w[k]));
        }
        let mut positions = [0; 2];
        match self.pe {
            Pe::SparqStc(_) => {
                let kept = sparq::compress(values);
                values[..2].copy_from_slice(&kept.weights);
                positions = kept.positions;
            }
            Pe::Conventional | Pe::NbSmt(_) | Pe::Sparq(_) => {}
        }
        registers.load_top(col, &values, positions, is_real);
    }
}
