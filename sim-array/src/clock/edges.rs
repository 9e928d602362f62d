//! What feeds the array: an entrance that lets tiles in, and a feeder for each row and each column.

use sim_core::ids::{Col, Row, TileId};
use sim_core::mutant::{self, Mutant};
use sim_core::spec::{ArraySpec, Pe, Tiles, WeightPattern};
use sim_pe::sparq;

use super::pe::{ActivationWord, Control, WeightWord};
use crate::engine::Operands;
use crate::mapping::predicted::Place;
use crate::mapping::{KMap, TileSequence};

/// What lies in memory, and how it is dealt.
pub(super) struct Source<'a> {
    pe: Pe,
    operands: Operands<'a>,
    map: KMap,
    tiles: TileSequence<'a>,
}

/// Lets tiles in: its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entrance {
    /// Tiles that were let in.
    n_tiles: usize,
    /// Cycles since the last one was, at least those that a column drains.
    n_cycles: usize,
}

impl Entrance {
    pub(super) const fn reset() -> Self {
        Self {
            n_tiles: 0,
            n_cycles: 0,
        }
    }

    /// Tiles that may have begun after this clock edge, when `n_left` tiles have left the array; `first` are the feeders
    /// of PE (0, 0).
    pub(super) fn n_granted(
        &self,
        array: &ArraySpec,
        source: &Source<'_>,
        first: [&Feeder; 2],
        n_left: usize,
    ) -> usize {
        let has_room = match array.tiles() {
            Tiles::Serial => n_left == self.n_tiles,
            // A column needs a cycle for each row to drain.
            Tiles::Pipelined => array.rows() <= self.n_cycles || self.n_tiles == 0,
        };
        let is_next = first.iter().all(|feeder| feeder.has_sent(self.n_tiles));
        self.n_tiles + usize::from(has_room && is_next && self.n_tiles < source.n_tiles())
    }

    /// After the clock edge.
    pub(super) fn evaluate(&self, array: &ArraySpec, n_granted: usize) -> Self {
        Self {
            n_tiles: n_granted,
            n_cycles: if n_granted == self.n_tiles {
                array.rows().min(self.n_cycles + 1)
            } else {
                1 + usize::from(mutant::is_on(Mutant::ClockTileEarly))
            },
        }
    }
}

/// Feeds a row or a column: its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Feeder {
    /// The tile and the step that it sends next.
    tile: usize,
    step: usize,
    /// Tiles that it may begin: those that the feeder before it has begun.
    n_granted: usize,
}

impl Feeder {
    pub(super) const fn reset() -> Self {
        Self {
            tile: 0,
            step: 0,
            n_granted: 0,
        }
    }

    /// Whether it has sent all of `n_tiles` tiles and nothing of another.
    pub(super) const fn has_sent(&self, n_tiles: usize) -> bool {
        self.tile == n_tiles && self.step == 0
    }

    /// Tiles that it has begun.
    fn n_begun(&self) -> usize {
        self.tile + usize::from(0 < self.step)
    }

    /// Tiles that it may begin.
    pub(super) const fn n_granted(&self) -> usize {
        self.n_granted
    }

    /// The step that it sends, if it may.
    pub(super) fn sends(&self, n_granted: usize) -> Option<(TileId, usize)> {
        (0 < self.step || self.tile < n_granted).then_some((TileId(self.tile), self.step))
    }

    /// After the clock edge.
    fn evaluate(&self, is_taken: bool, n_steps: usize) -> Self {
        let step = self.step + usize::from(is_taken);
        Self {
            tile: self.tile + usize::from(step == n_steps),
            step: if step == n_steps { 0 } else { step },
            n_granted: self.n_granted,
        }
    }
}

/// Feeders side by side after the clock edge: each may begin what the one before it has begun.
pub(super) fn evaluate_all(
    feeders: &[Feeder],
    n_steps: usize,
    is_taken: impl Fn(usize) -> bool,
) -> Vec<Feeder> {
    let mut n_granted = 0;
    let next = |(number, feeder): (usize, &Feeder)| {
        let next = Feeder {
            n_granted,
            ..feeder.evaluate(is_taken(number), n_steps)
        };
        n_granted = next.n_begun();
        next
    };
    feeders.iter().enumerate().map(next).collect()
}

impl<'a> Source<'a> {
    pub(super) fn new(array: &ArraySpec, operands: &Operands<'a>, tiles: TileSequence<'a>) -> Self {
        Self {
            pe: array.pe(),
            operands: *operands,
            map: KMap::new(array.pe(), operands.shape().k()),
            tiles,
        }
    }

    pub(super) const fn n_tiles(&self) -> usize {
        self.tiles.n_tiles()
    }

    pub(super) const fn n_steps(&self) -> usize {
        self.map.n_steps()
    }

    /// Where the result of a PE goes, if it is one.
    pub(super) fn output(&self, tile: TileId, row: Row, col: Col) -> Option<(usize, usize)> {
        self.tiles.m_of(tile, row).zip(self.tiles.n_of(tile, col))
    }

    /// What a PE does in a tile.
    pub(super) fn place(&self, tile: TileId, row: Row, col: Col) -> Place {
        self.tiles.place(tile, row, col)
    }

    /// The activations of a step for a row of PEs; zeros where the row has no output.
    pub(super) fn activations(&self, row: Row, (tile, step): (TileId, usize)) -> ActivationWord {
        let m = self.tiles.m_of(tile, row);
        let given = std::array::from_fn(|lane| match (m, self.k_at(step, lane)) {
            (Some(m), Some(k)) => self.operands.activation_row(m)[k],
            (None, _) | (_, None) => 0,
        });
        ActivationWord {
            control: Control {
                valid: true,
                first: step == 0,
                last: step == self.map.n_steps() - 1,
                parity: tile.idx() % 2 == 1,
                row_is_real: m.is_some(),
            },
            lanes: match self.pe.edge_window() {
                None => given,
                Some(rules) => {
                    let [x0, x1] = sparq::windowed_pair([given[0], given[1]], &rules);
                    [x0, x1, 0, 0]
                }
            },
            given,
            tile,
        }
    }

    /// The weights of a step for a column of PEs; zeros where the column has no output.
    pub(super) fn weights(&self, col: Col, (tile, step): (TileId, usize)) -> WeightWord {
        let n = self.tiles.n_of(tile, col);
        let weights = std::array::from_fn(|lane| match (n, self.k_at(step, lane)) {
            (Some(n), Some(k)) => self.operands.weight_row(n)[k],
            (None, _) | (_, None) => 0,
        });
        let word = WeightWord {
            valid: true,
            col_is_real: n.is_some(),
            weights,
            positions: [0; 2],
        };
        match self.pe.weight_pattern() {
            WeightPattern::Any => word,
            WeightPattern::TwoOfFour => {
                let kept = sparq::compress(weights);
                let [first, second] = kept.weights;
                WeightWord {
                    weights: [first, second, 0, 0],
                    positions: kept.positions,
                    ..word
                }
            }
        }
    }

    fn k_at(&self, step: usize, lane: usize) -> Option<usize> {
        if lane < self.map.n_lanes() {
            self.map.k_at(step, lane)
        } else {
            None
        }
    }
}
