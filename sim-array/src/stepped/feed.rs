//! The feeders at the array's edges: when each tile enters, and the skew after it.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use sim_core::ids::TileId;
use sim_core::mutant::{self, Mutant};
use sim_core::shape::widen;
use sim_core::spec::{ArraySpec, Tiles};
use sim_pe::lanes::PES_PER_GROUP;
use sim_pe::lanes::edge::Edge;

use super::registers::{Registers, control};
use super::streams::{ColStreams, RowStreams, control_stream, slide};
use super::window::{AHEAD, CycleBlock, overlap};
use crate::engine::Operands;
use crate::mapping::{KMap, TileSequence};

/// A tile whose operands are on their way through an edge.
struct Entering {
    /// The cycle in which its first step is at PE (0, 0).
    start: u64,
    controls: Rc<[u8]>,
    rows: Rc<RowStreams>,
    cols: Rc<ColStreams>,
}

/// Counters of the feeder, and the streams that it deals out.
pub(super) struct Feeder<'a> {
    operands: Operands<'a>,
    edge: Edge,
    tiles: Tiles,
    map: KMap,
    sequence: Rc<TileSequence<'a>>,
    /// Idle steps between two pipelined tiles.
    n_gap: u64,
    /// The next tile to enter, and the first cycle in which it may.
    next_tile: usize,
    next_start: u64,
    entering: VecDeque<Entering>,
    /// The cycle whose operands are loaded next, and how many are laid ready.
    now: u64,
    n_ready: usize,
    /// What is known of the activations that enter in a block, by lane and row.
    known: Vec<u8>,
    /// The control words of tiles of either parity.
    controls: [Rc<[u8]>; 2],
    /// Of the latest row of tiles and of columns of tiles, by their outputs.
    rows: Option<(Vec<usize>, Rc<RowStreams>)>,
    cols: HashMap<Vec<usize>, Rc<ColStreams>>,
    /// How many columns of tiles are kept.
    n_cols_kept: usize,
}

impl<'a> Feeder<'a> {
    pub(super) fn new(array: &ArraySpec, operands: &Operands<'a>, sequence: Rc<TileSequence<'a>>) -> Self {
        let map = KMap::new(array.pe(), operands.shape().k());
        // The next tile must not finish before a column has drained.
        let drain_cycles = array.dataflow().drain_cycles(widen(array.rows()));
        let n_gap = if mutant::is_on(Mutant::NextTileTooSoon) {
            0
        } else {
            drain_cycles.saturating_sub(widen(map.n_steps()))
        };
        Self {
            operands: *operands,
            edge: Edge::new(array.pe()),
            tiles: array.tiles(),
            map,
            sequence,
            n_gap,
            next_tile: 0,
            next_start: 0,
            entering: VecDeque::new(),
            now: 0,
            n_ready: 0,
            known: vec![0; AHEAD * map.n_lanes() * array.rows().next_multiple_of(PES_PER_GROUP)],
            controls: [0, control::PARITY].map(|parity| control_stream(map.n_steps(), parity)),
            rows: None,
            cols: HashMap::new(),
            n_cols_kept: operands.shape().n().div_ceil(array.cols()),
        }
    }

    /// Whether a tile is about to start after the one before has left (serial tiles).
    pub(super) fn starts_anew(&self, n_tiles_left_array: usize) -> bool {
        match self.tiles {
            Tiles::Serial => {
                0 < self.next_tile && self.next_start <= self.now && n_tiles_left_array == self.next_tile
            }
            Tiles::Pipelined => false,
        }
    }

    /// Cycles whose operands lie ready.
    pub(super) const fn n_ready(&self) -> usize {
        self.n_ready
    }

    /// Everything moves on by `n` PEs, to what lies ready.
    #[inline(always)]
    pub(super) fn pass(&mut self, n: usize, registers: &mut Registers) {
        registers.moving.base -= n;
        self.n_ready -= n;
        self.now += widen(n);
    }

    /// Everything moves on by one PE, and the edges load. `n_tiles_left_array` tiles have left so far.
    #[inline(always)]
    pub(super) fn advance(&mut self, n_tiles_left_array: usize, registers: &mut Registers) {
        if self.n_ready == 0 {
            self.make_ready(n_tiles_left_array, registers);
        }
        self.pass(1, registers);
    }

    /// Lay what enters in the next cycles into the windows, as far ahead as is known.
    #[inline(always)]
    fn make_ready(&mut self, n_tiles_left_array: usize, registers: &mut Registers) {
        if registers.moving.base == 0 {
            registers.moving.base = AHEAD;
            registers.moving.controls.wind_back();
            registers.moving.activations.wind_back();
            registers.moving.activation_bits.wind_back();
            registers.moving.weights.wind_back();
            registers.moving.weight_bits.wind_back();
        }
        let block = CycleBlock {
            first: self.now,
            n: self.plan(n_tiles_left_array, registers),
            base: registers.moving.base,
        };
        let layout = registers.layout;
        let n_cycles = widen(self.map.n_steps() + layout.rows + layout.cols + PES_PER_GROUP);
        while self
            .entering
            .front()
            .is_some_and(|tile| tile.start + n_cycles < self.now)
        {
            self.entering.pop_front();
        }
        let n_steps = self.map.n_steps();
        let width = layout.n_lanes * layout.filled_rows;
        match self.entering.back() {
            Some(tile) if is_between(tile, n_steps, block, registers) => {
                fill(tile, n_steps, block, registers);
                let n_after = tile.rows.known.len() / width - count(self.now + widen(block.n) - tile.start);
                let known = &tile.rows.known[n_after * width..][..block.n * width];
                slide(
                    &layout,
                    known,
                    registers.moving.activation_bits.block_and_before(block),
                );
            }
            Some(_) | None => {
                registers.moving.controls.clear(block);
                registers.moving.activations.clear(block);
                registers.moving.weights.clear(block);
                registers.moving.weight_bits.clear(block);
                let known = &mut self.known[..block.n * width];
                known.fill(0);
                for tile in &self.entering {
                    lay(tile, n_steps, block, registers);
                    know(tile, width, block, known);
                }
                slide(
                    &layout,
                    known,
                    registers.moving.activation_bits.block_and_before(block),
                );
            }
        }
        registers.moving.find_edges(block);
        self.n_ready = block.n;
    }

    /// Decide which tiles enter, and for how many cycles that is all.
    #[inline(never)]
    fn plan(&mut self, n_tiles_left_array: usize, registers: &Registers) -> usize {
        let (n_steps, end) = (widen(self.map.n_steps()), self.now + widen(registers.moving.base));
        let all_entered = self.next_tile == self.sequence.n_tiles();
        match self.tiles {
            Tiles::Pipelined => {
                while self.next_tile < self.sequence.n_tiles() && self.next_start < end {
                    self.enter(self.next_start, registers);
                    self.next_start += n_steps + self.n_gap;
                }
                registers.moving.base
            }
            Tiles::Serial => {
                if self.next_start <= self.now && !all_entered && self.next_tile <= n_tiles_left_array {
                    self.enter(self.now, registers);
                    self.next_start = self.now + n_steps;
                }
                match usize::try_from(self.next_start.min(end).saturating_sub(self.now)) {
                    // Whether the next tile may enter is known from cycle to cycle.
                    Ok(0) | Err(_) => 1,
                    Ok(n) => n,
                }
            }
        }
    }

    fn enter(&mut self, start: u64, registers: &Registers) {
        let (layout, edge, operands) = (&registers.layout, &self.edge, &self.operands);
        let tile = TileId(self.next_tile);
        let (output_rows, output_cols) = (self.sequence.rows_of(tile), self.sequence.cols_of(tile));
        let rows = match &self.rows {
            Some((of, rows)) if *of == output_rows => Rc::clone(rows),
            Some(_) | None => Rc::new(RowStreams::new(layout, self.map, edge, operands, &output_rows)),
        };
        self.rows = Some((output_rows, Rc::clone(&rows)));
        // Tiles of gathered channels may be of any; as many as a plain product has are kept.
        if self.cols.len() == self.n_cols_kept && !self.cols.contains_key(&output_cols) {
            self.cols.clear();
        }
        let map = self.map;
        let cols = self.cols.entry(output_cols).or_insert_with_key(|output_cols| {
            Rc::new(ColStreams::new(layout, map, edge, operands, output_cols))
        });
        self.entering.push_back(Entering {
            start,
            controls: Rc::clone(&self.controls[self.next_tile % 2]),
            rows,
            cols: Rc::clone(cols),
        });
        self.next_tile += 1;
    }
}

/// Whether a tile and nothing else enters everywhere along the edges during a whole block.
fn is_between(tile: &Entering, n_steps: usize, block: CycleBlock, registers: &Registers) -> bool {
    let layout = &registers.layout;
    let skew = widen(layout.rows.max(layout.cols) + PES_PER_GROUP);
    tile.start + skew < block.first && block.first + widen(block.n) < tile.start + widen(n_steps)
}

/// Fill a block in the middle of a tile.
#[inline(always)]
fn fill(tile: &Entering, n_steps: usize, block: CycleBlock, registers: &mut Registers) {
    let layout = registers.layout;
    let n_left = n_steps - count(block.first + widen(block.n) - tile.start);
    let n_entering = n_steps + layout.cols - 1;
    registers
        .moving
        .controls
        .fill(0, block, n_left, &tile.controls, |word| word);
    for (strip, operands) in tile
        .rows
        .operands
        .chunks_exact(layout.n_beside * n_steps)
        .enumerate()
    {
        let (unit, row) = (layout.unit(0, strip), strip % layout.rows);
        let value = |x| i16::from(x) * unit;
        registers
            .moving
            .activations
            .fill(strip, block, n_left + row, operands, value);
    }
    let n_after = n_left + layout.cols - 1;
    for (strip, operands) in tile
        .cols
        .operands
        .chunks_exact(n_entering * layout.n_beside * layout.filled_cols)
        .enumerate()
    {
        let unit = layout.unit(1, strip);
        let value = |w| i16::from(w) * unit;
        registers
            .moving
            .weights
            .fill(strip, block, n_after, operands, value);
    }
    for (strip, bits) in tile.cols.bits.chunks_exact(n_entering).enumerate() {
        registers
            .moving
            .weight_bits
            .fill(strip, block, n_after, bits, |bits| bits);
    }
}

/// What is known of the part of a tile's activations that falls into a block.
#[inline(never)]
fn know(tile: &Entering, width: usize, block: CycleBlock, known: &mut [u8]) {
    if let Some((from, into)) = overlap(block, tile.start, tile.rows.known.len() / width) {
        let into = known[(into.start + block.n - block.base) * width..].iter_mut();
        let from = &tile.rows.known[from.start * width..from.end * width];
        for (into, from) in into.zip(from) {
            *into |= from;
        }
    }
}

/// Lay the part of a tile that falls into a block.
#[inline(never)]
fn lay(tile: &Entering, n_steps: usize, block: CycleBlock, registers: &mut Registers) {
    let layout = registers.layout;
    registers
        .moving
        .controls
        .lay(0, block, tile.start, &tile.controls, |word| word);
    for (strip, operands) in tile
        .rows
        .operands
        .chunks_exact(layout.n_beside * n_steps)
        .enumerate()
    {
        let (unit, row) = (layout.unit(0, strip), strip % layout.rows);
        let value = |x| i16::from(x) * unit;
        registers
            .moving
            .activations
            .lay(strip, block, tile.start + widen(row), operands, value);
    }
    let n_entering = n_steps + layout.cols - 1;
    for (strip, operands) in tile
        .cols
        .operands
        .chunks_exact(n_entering * layout.n_beside * layout.filled_cols)
        .enumerate()
    {
        let unit = layout.unit(1, strip);
        let value = |w| i16::from(w) * unit;
        registers
            .moving
            .weights
            .lay(strip, block, tile.start, operands, value);
    }
    for (strip, bits) in tile.cols.bits.chunks_exact(n_entering).enumerate() {
        registers
            .moving
            .weight_bits
            .lay(strip, block, tile.start, bits, |bits| bits);
    }
}

/// Cycles of a tile, as a number of lines.
fn count(cycles: u64) -> usize {
    usize::try_from(cycles).expect("a tile's steps were counted in as many bits")
}
