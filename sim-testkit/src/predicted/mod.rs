//! Products whose outputs are predicted: the definition of tiles, cycles and PE-cycles as plain enumeration, and random
//! ones.

mod draws;

pub use draws::{predicted, predicted_on};

use sim_array::engine::Outcome;
use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPlan, PixelSequence, PredictedOutputs,
};
use sim_core::counters::PeCycles;
use sim_core::ids::{Col, Row};
use sim_core::prediction::{
    ChannelOrder, FillUp, OutputBound, OutputRules, OutputSchedule, PixelOrder, PredictorLanes,
};
use sim_core::shape::widen;
use sim_core::spec::Tiles;
use sim_core::units::Cycles;

use crate::cases::Case;
use crate::oracle::{self, Fate, Output};

/// A product whose outputs are predicted, and what an array does with it by the definition, one tile and PE after the other.
#[derive(Clone, Debug)]
pub struct Predicted {
    /// The machine and the operands.
    pub case: Case,
    /// A map of outputs.
    pub map: OutputMap,
    /// Maps behind one another.
    pub n_images: usize,
    /// How pixels are ordered.
    pub pixels: PixelOrder,
    /// How channels are ordered.
    pub channels: ChannelOrder,
    /// What the order by density follows.
    pub densities: Vec<u64>,
    /// What the array does.
    pub rules: OutputRules,
    /// 1 for each pixel that is computed without asking.
    pub first: Vec<u8>,
    /// 1 for each output that is computed, `[m, n]`.
    pub kept: Vec<u8>,
}

/// Pixels and channels of a tile.
pub type Tile = (Vec<usize>, Vec<usize>);

impl Predicted {
    fn rows(&self) -> usize {
        self.case.array.rows()
    }

    fn cols(&self) -> usize {
        self.case.array.cols()
    }

    fn m(&self) -> usize {
        self.case.shape.m()
    }

    /// N.
    pub fn n(&self) -> usize {
        self.case.shape.n()
    }

    /// The plan of it.
    ///
    /// # Panics
    /// Where the product is not one.
    pub fn plan(&self) -> OutputPlan {
        let outputs = PredictedOutputs::new(self.case.shape, &self.first, &self.kept).expect("outputs");
        let pixels = PixelSequence::new(self.pixels, self.map, self.n_images, self.rows());
        let channels = ChannelSequence::new(self.channels, &self.densities);
        OutputPlan::new(&self.case.array, self.rules, outputs, &pixels, &channels).expect("a plan")
    }

    /// S.
    fn n_steps(&self) -> u64 {
        widen(oracle::n_steps(self.case.array.pe(), self.case.shape.k()))
    }

    /// Whether an output is kept.
    pub fn is_kept(&self, pixel: usize, channel: usize) -> bool {
        self.kept[pixel * self.n() + channel] == 1
    }

    /// The pixels by image, block and place in the block.
    fn pixel_order(&self) -> Vec<usize> {
        let rows = self.rows();
        let height = (1..=rows)
            .rfind(|&h| h.is_power_of_two() && h * h <= rows && rows.is_multiple_of(h))
            .expect("1 is one");
        let mut pixels: Vec<usize> = (0..self.m()).collect();
        match self.pixels {
            PixelOrder::Raster => {}
            PixelOrder::Block => pixels.sort_by_key(|pixel| {
                let (line, x) = (pixel / self.map.width, pixel % self.map.width);
                let (image, y) = (line / self.map.height, line % self.map.height);
                let width = rows / height;
                (image, y / height, x / width, y % height, x % width)
            }),
        }
        pixels
    }

    /// The channels in the order in which they are dealt.
    pub fn channel_order(&self) -> Vec<usize> {
        let mut channels: Vec<usize> = (0..self.n()).collect();
        match self.channels {
            ChannelOrder::Natural => {}
            ChannelOrder::Density => {
                channels.sort_by_key(|&channel| (u64::MAX - self.densities[channel], channel));
            }
        }
        channels
    }

    /// Pixels of phase 1, of which so many fill it up, and pixels of phase 2.
    pub fn pixels_of_phases(&self) -> (Vec<usize>, usize, Vec<usize>) {
        let order = self.pixel_order();
        let of = |wanted: u8| {
            order
                .iter()
                .copied()
                .filter(move |&pixel| self.first[pixel] == wanted)
        };
        let (mut first, mut free): (Vec<usize>, Vec<usize>) = (of(1).collect(), of(0).collect());
        let mut n_filled = 0;
        while self.rules.fill_up == FillUp::On && !first.len().is_multiple_of(self.rows()) && !free.is_empty()
        {
            first.push(free.remove(0));
            n_filled += 1;
        }
        (first, n_filled, free)
    }

    /// The tiles of phase 1.
    pub fn first_tiles(&self, first: &[usize]) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for pixels in first.chunks(self.rows()) {
            for channels in self.channel_order().chunks(self.cols()) {
                tiles.push((pixels.to_vec(), channels.to_vec()));
            }
        }
        tiles
    }

    /// The tiles of phase 2.
    pub fn free_tiles(&self, free: &[usize]) -> Vec<Tile> {
        let channels = self.channel_order();
        let mut tiles = Vec::new();
        match self.rules.schedule {
            OutputSchedule::Gate => {
                for pixels in free.chunks(self.rows()) {
                    for channels in channels.chunks(self.cols()) {
                        tiles.push((pixels.to_vec(), channels.to_vec()));
                    }
                }
            }
            OutputSchedule::Rows => {
                for channels in channels.chunks(self.cols()) {
                    let wanted: Vec<usize> = free
                        .iter()
                        .copied()
                        .filter(|&pixel| channels.iter().any(|&channel| self.is_kept(pixel, channel)))
                        .collect();
                    for pixels in wanted.chunks(self.rows()) {
                        tiles.push((pixels.to_vec(), channels.to_vec()));
                    }
                }
            }
            OutputSchedule::Columns => {
                for pixels in free.chunks(self.rows()) {
                    let wanted: Vec<usize> = channels
                        .iter()
                        .copied()
                        .filter(|&channel| pixels.iter().any(|&pixel| self.is_kept(pixel, channel)))
                        .collect();
                    for channels in wanted.chunks(self.cols()) {
                        tiles.push((pixels.to_vec(), channels.to_vec()));
                    }
                }
            }
        }
        tiles
    }

    /// Tiles of phase 2 by a bound.
    pub fn bound(&self, free: &[usize], bound: OutputBound) -> u64 {
        let kept_of = |channel: usize| free.iter().filter(|&&pixel| self.is_kept(pixel, channel)).count();
        let tiles = match bound {
            OutputBound::Compact => self
                .channel_order()
                .chunks(self.cols())
                .map(|channels| {
                    let counts = channels
                        .iter()
                        .map(|&channel| kept_of(channel).div_ceil(self.rows()));
                    counts.max().expect("a channel")
                })
                .sum(),
            OutputBound::Ideal => {
                let n_kept: usize = (0..self.n()).map(kept_of).sum();
                n_kept.div_ceil(self.rows() * self.cols())
            }
        };
        widen(tiles)
    }

    /// Cycles of so many tiles.
    pub fn cycles(&self, n_tiles: usize) -> u64 {
        let (r, c, s) = (widen(self.rows()), widen(self.cols()), self.n_steps());
        let one = s + 2 * r + c - 2 + u64::from(self.case.array.pipeline_depth()) - 1;
        match (n_tiles, self.case.array.tiles()) {
            (0, Tiles::Serial | Tiles::Pipelined) => 0,
            (_, Tiles::Serial) => widen(n_tiles) * one,
            (_, Tiles::Pipelined) => (widen(n_tiles) - 1) * s.max(r) + one,
        }
    }

    /// Cycles between the phases, of so many tiles.
    pub fn waiting(&self, n_first: usize, n_free: usize) -> u64 {
        let PredictorLanes(n_lanes) = self.rules.predictor_lanes;
        if n_lanes == 0 || n_first == 0 || n_free == 0 {
            return 0;
        }
        let decided = (18 * widen(self.m() * self.n())).div_ceil(u64::from(n_lanes));
        decided.saturating_sub(self.cycles(n_first))
    }

    /// Every PE of every tile of both phases, counted one by one.
    pub fn pe_cycles(&self, phases: &[Vec<Tile>; 2]) -> PeCycles {
        let mut sums = PeCycles::zero(0);
        let mut n_computed = 0;
        for (phase, tiles) in phases.iter().enumerate() {
            for (pixels, channels) in tiles {
                for row in 0..self.rows() {
                    for col in 0..self.cols() {
                        // Pixels that fill phase 1 up are computed whatever was kept.
                        let is_computed =
                            |pixel: usize, channel: usize| phase == 0 || self.is_kept(pixel, channel);
                        *match (pixels.get(row), channels.get(col)) {
                            (Some(&pixel), Some(&channel)) if is_computed(pixel, channel) => &mut n_computed,
                            (Some(_), Some(_)) => &mut sums.skipped,
                            (None, _) | (_, None) => &mut sums.masked,
                        } += self.n_steps();
                    }
                }
            }
            let n_tiles = widen(tiles.len());
            let n_passages = match self.case.array.tiles() {
                Tiles::Serial => n_tiles,
                Tiles::Pipelined => n_tiles.min(1),
            };
            let (r, c, s) = (widen(self.rows()), widen(self.cols()), self.n_steps());
            for skew in (0..r).flat_map(|row| (0..c).map(move |col| row + col)) {
                sums.fill += n_passages * skew;
                sums.drain +=
                    n_passages * (2 * r + c - 2 - skew + u64::from(self.case.array.pipeline_depth()) - 1);
                sums.stall += (n_tiles - n_passages) * (s.max(r) - s);
            }
        }
        sums.active.add(0, n_computed);
        sums.waiting = widen(self.rows() * self.cols()) * self.waiting(phases[0].len(), phases[1].len());
        sums
    }

    /// The tiles of both phases.
    pub fn tiles_of_phases(&self) -> [Vec<Tile>; 2] {
        let (first, _, free) = self.pixels_of_phases();
        [self.first_tiles(&first), self.free_tiles(&free)]
    }

    /// What every engine must say of it when asked for all there is.
    pub fn truth(&self) -> Outcome {
        let tiles = self.tiles_of_phases();
        let Case {
            array,
            shape,
            activations,
            weights,
        } = &self.case;
        let mut outputs = Vec::new();
        for (phase, tiles) in tiles.iter().enumerate() {
            for (pixels, channels) in tiles {
                for (row, &m) in pixels.iter().enumerate() {
                    outputs.extend(channels.iter().enumerate().map(|(col, &n)| Output {
                        at: (m, n),
                        pe: (Row(row), Col(col)),
                        fate: if phase == 0 || self.is_kept(m, n) {
                            Fate::Computed
                        } else {
                            Fate::Skipped
                        },
                    }));
                }
            }
        }
        let mut work = oracle::work(array, *shape, activations, weights, outputs.into_iter());
        work.counters.pe_cycles = PeCycles {
            active: work.counters.pe_cycles.active,
            ..self.pe_cycles(&tiles)
        };
        let [n_first, n_free] = tiles.each_ref().map(Vec::len);
        let cycles = self.cycles(n_first) + self.waiting(n_first, n_free) + self.cycles(n_free);
        Outcome {
            product: work.product,
            cycles: Cycles(cycles),
            counters: work.counters,
            error: Some(work.error),
            busy: Some(work.busy),
        }
    }
}
