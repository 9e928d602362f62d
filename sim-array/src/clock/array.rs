//! The array: one tick of its clock.
//!
//! A cycle has two phases. `Array::evaluate` reads the registers as they stand and gives those after the clock edge;
//! the edge puts them in place. Nothing is written while anything is read, so no order of PEs can matter. Between
//! neighbours goes a word with a valid bit; a PE takes it when it is ready.

use sim_core::ids::{Col, Row};
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_pe::step::Step;

use super::drain::Drain;
use super::edges::{Entrance, Feeder, Source, evaluate_all};
use super::pe::{Column, Handshake, Registers};
use crate::engine::Operands;
use crate::mapping::TileSequence;
use crate::mapping::predicted::Place;

/// What stands outside and may keep a feeder waiting.
pub trait Memory {
    /// Whether a row's activations have come in `cycle`.
    fn has_activations(&self, cycle: Cycles, row: Row) -> bool;
    /// Whether a column's weights have come in `cycle`.
    fn has_weights(&self, cycle: Cycles, col: Col) -> bool;
}

/// Everything is there in time.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysReady;

impl Memory for AlwaysReady {
    fn has_activations(&self, _cycle: Cycles, _row: Row) -> bool {
        true
    }

    fn has_weights(&self, _cycle: Cycles, _col: Col) -> bool {
        true
    }
}

/// All registers of the array and of its edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) pes: Vec<Registers>,
    entrance: Entrance,
    rows: Vec<Feeder>,
    cols: Vec<Feeder>,
    drains: Vec<Drain>,
}

/// A result as it leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit {
    pub(super) output: (usize, usize),
    pub(super) value: i32,
}

/// The wires of a cycle, PE by PE: what follows from the registers before anything is sent.
pub(super) struct Wires {
    pub(super) handshakes: Vec<Handshake>,
    pub(super) steps: Vec<Step>,
}

/// An array in the middle of a product.
pub(super) struct Array<'a> {
    pub(super) spec: ArraySpec,
    source: Source<'a>,
    memory: &'a dyn Memory,
    pub(super) state: State,
}

impl<'a> Array<'a> {
    /// After reset, and after the one clock edge that loads PE (0, 0): that one is not counted.
    pub(super) fn new(
        spec: &ArraySpec,
        operands: &Operands<'a>,
        tiles: TileSequence<'a>,
        memory: &'a dyn Memory,
    ) -> Self {
        let mut array = Self {
            spec: *spec,
            source: Source::new(spec, operands, tiles),
            memory,
            state: State {
                pes: vec![Registers::reset(spec.pipeline_depth()); spec.rows() * spec.cols()],
                entrance: Entrance::reset(),
                rows: vec![Feeder::reset(); spec.rows()],
                cols: vec![Feeder::reset(); spec.cols()],
                drains: vec![Drain::reset(); spec.cols()],
            },
        };
        array.state = array.evaluate(Cycles(0), &array.wires());
        array
    }

    /// Whether no valid bit is left.
    pub(super) fn is_done(&self) -> bool {
        let State {
            pes,
            entrance: _,
            rows,
            cols,
            drains,
        } = &self.state;
        let n_tiles = self.source.n_tiles();
        let mut feeders = rows.iter().chain(cols);
        feeders.all(|feeder| feeder.has_sent(n_tiles))
            && !pes.iter().any(Registers::is_valid)
            && drains.iter().all(|drain| drain.leaving().is_none())
    }

    /// What follows from the registers alone. A PE is ready when it can pass on what it holds, so the wires run from the
    /// far corner back.
    pub(super) fn wires(&self) -> Wires {
        let (pes, n_cols) = (&self.state.pes, self.spec.cols());
        let mut handshakes = vec![Handshake::default(); pes.len()];
        for pe in (0..pes.len()).rev() {
            let is_right_ready =
                pe % n_cols == n_cols - 1 || pes[pe + 1].is_ready_for_activation(handshakes[pe + 1]);
            let is_below_ready =
                pes.len() <= pe + n_cols || pes[pe + n_cols].is_ready_for_weight(handshakes[pe + n_cols]);
            handshakes[pe] = pes[pe].handshake(self.column(pe), is_right_ready, is_below_ready);
        }
        Wires {
            handshakes,
            steps: pes
                .iter()
                .map(|registers| registers.step(self.spec.pe()))
                .collect(),
        }
    }

    fn column(&self, pe: usize) -> Column {
        let n_cols = self.spec.cols();
        Column {
            drains: self.state.drains[pe % n_cols].drains(),
            above: pe.checked_sub(n_cols).map(|above| self.state.pes[above].shadow),
        }
    }

    /// Tiles that have left after the clock edge that ends this cycle.
    pub(super) fn n_tiles_left(&self) -> usize {
        let n_left = self.state.drains.iter().map(Drain::n_tiles_left);
        n_left.min().unwrap_or(0)
    }

    /// Whether this cycle is a tile's last.
    pub(super) fn a_tile_leaves(&self) -> bool {
        let n_left = self.state.drains.iter().map(Drain::n_tiles).min();
        n_left.is_some_and(|n_left| n_left < self.n_tiles_left())
    }

    /// The results that leave in this cycle.
    pub(super) fn exits(&self) -> impl Iterator<Item = Exit> {
        let bottom = &self.state.pes[self.state.pes.len() - self.spec.cols()..];
        let feet = self.state.drains.iter().zip(bottom).enumerate();
        feet.filter_map(|(col, (drain, registers))| {
            let (tile, row) = drain.leaving()?;
            Some(Exit {
                output: self.source.output(tile, Row(row), Col(col))?,
                value: registers.shadow.sum,
            })
        })
    }

    /// All registers after the clock edge that ends cycle `now`.
    pub(super) fn evaluate(&self, now: Cycles, Wires { handshakes, steps }: &Wires) -> State {
        let State {
            pes,
            entrance,
            rows,
            cols,
            drains,
        } = &self.state;
        let (spec, source, memory) = (&self.spec, &self.source, self.memory);
        let (n_rows, n_cols) = (spec.rows(), spec.cols());
        let n_granted = entrance.n_granted(spec, source, [&rows[0], &cols[0]], self.n_tiles_left());

        // What the feeders send: a step of a tile, if they may begin it and memory has it.
        let in_row = |row: usize| {
            let sent = rows[row].sends(if row == 0 {
                n_granted
            } else {
                rows[row].n_granted()
            });
            sent.filter(|_| memory.has_activations(now, Row(row)))
        };
        let in_col = |col: usize| {
            let sent = cols[col].sends(if col == 0 {
                n_granted
            } else {
                cols[col].n_granted()
            });
            sent.filter(|_| memory.has_weights(now, Col(col)))
        };

        // What each PE gets: from its left neighbour and the PE above, or from the edges.
        let activation_for = |pe: usize| match pe % n_cols {
            0 => in_row(pe / n_cols).map(|step| source.activations(Row(pe / n_cols), step)),
            _ => handshakes[pe - 1].fires.then(|| pes[pe - 1].activation),
        };
        let weight_for = |pe: usize| match pe.checked_sub(n_cols) {
            None => in_col(pe).map(|step| source.weights(Col(pe), step)),
            Some(above) => handshakes[above].fires.then(|| pes[above].weight),
        };
        let next_pe = |pe: usize| {
            let (activation, weight) = (activation_for(pe), weight_for(pe));
            let place = match activation {
                Some(word) => source.place(word.tile, Row(pe / n_cols), Col(pe % n_cols)),
                None => Place::Masked,
            };
            pes[pe].evaluate(
                steps[pe],
                handshakes[pe],
                self.column(pe),
                (activation.unwrap_or_default(), place),
                weight.unwrap_or_default(),
            )
        };
        let next_drain = |(col, drain): (usize, &Drain)| {
            let bottom = (n_rows - 1) * n_cols + col;
            drain.evaluate(n_rows, pes[bottom].finishes(handshakes[bottom]))
        };
        State {
            pes: (0..pes.len()).map(next_pe).collect(),
            entrance: entrance.evaluate(spec, n_granted),
            rows: evaluate_all(rows, source.n_steps(), |row| {
                let first = row * n_cols;
                pes[first].is_ready_for_activation(handshakes[first]) && in_row(row).is_some()
            }),
            cols: evaluate_all(cols, source.n_steps(), |col| {
                pes[col].is_ready_for_weight(handshakes[col]) && in_col(col).is_some()
            }),
            drains: drains.iter().enumerate().map(next_drain).collect(),
        }
    }
}
