//! The tiles of both phases.

use sim_core::ids::{Col, Row};
use sim_core::mutant::{self, Mutant};
use sim_core::prediction::{FillUp, OutputBound, OutputRules, OutputSchedule};
use sim_core::shape::widen;
use sim_core::spec::ArraySpec;

use super::outputs::holds;
use super::{ChannelSequence, PixelSequence, PredictedOutputs};
use crate::mapping::TileSequence;

/// How many of the next free pixels, in pixel order, fill phase 1 up: it leaves so many rows of its last tiles empty on an
/// array of so many rows. There may be fewer.
pub const fn n_filling(rows: usize, n_first: usize) -> usize {
    n_first.next_multiple_of(rows) - n_first
}

/// One of the two phases, which follow one another without overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputPhase {
    /// Phase 1: first pixels, and pixels that fill up its last rows; every channel.
    First,
    /// Phase 2: the other pixels, as the schedule has it.
    Free,
}

impl OutputPhase {
    /// Both, in their order.
    pub const ALL: [Self; 2] = [Self::First, Self::Free];
}

/// The tiles of one product whose outputs are predicted, on an output-stationary array.
#[derive(Clone, Debug)]
pub struct OutputPlan {
    pub(super) array: ArraySpec,
    pub(super) rules: OutputRules,
    outputs: PredictedOutputs,
    first: PhaseTiles,
    free: PhaseTiles,
    /// Outputs of first pixels, and of those that fill phase 1 up those that were to be skipped.
    n_first: u64,
    n_filled_up: u64,
    /// Tiles of phase 2 by the bounds.
    compact: u64,
    ideal: u64,
}

/// A sequence that is not that of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order has {found} {of}, but the product has {expected}")]
pub struct WrongOrder {
    /// `pixels` or `channels`.
    pub of: &'static str,
    /// How many the order has.
    pub found: usize,
    /// M or N.
    pub expected: usize,
}

impl OutputPlan {
    /// The plan of a product on an array.
    ///
    /// - Phase 1: first pixels in pixel order, all channels in channel order, as tiles of R by C. With fill-up, rows that
    ///   its last tiles leave empty take the next free pixels; all their outputs are kept from then on.
    /// - Phase 2: the free pixels that remain, under the schedule of the rules.
    /// - Errors: an order of another number of pixels or channels.
    pub fn new(
        array: &ArraySpec,
        rules: OutputRules,
        mut outputs: PredictedOutputs,
        pixels: &PixelSequence,
        channels: &ChannelSequence,
    ) -> Result<Self, WrongOrder> {
        let (pixels, channels) = (pixels.as_slice(), channels.as_slice());
        let shape = outputs.shape();
        for (of, found, expected) in [
            ("pixels", pixels.len(), shape.m()),
            ("channels", channels.len(), shape.n()),
        ] {
            if found != expected {
                return Err(WrongOrder { of, found, expected });
            }
        }
        let (rows, cols) = (array.rows(), array.cols());
        let (mut first, mut free): (Vec<usize>, Vec<usize>) =
            pixels.iter().partition(|&&pixel| outputs.is_first(pixel));
        if mutant::is_on(Mutant::FreePixelFirst) {
            first.extend(free.pop());
        }
        let n_first_outputs = outputs.n_outputs(first.len());
        let mut n_filled_up = 0;
        match rules.fill_up {
            FillUp::Off => {}
            FillUp::On => {
                for pixel in free.drain(..n_filling(rows, first.len()).min(free.len())) {
                    n_filled_up += outputs.n_outputs(1) - outputs.n_kept(&[pixel]);
                    outputs.keep_all(pixel);
                    first.push(pixel);
                }
            }
        }

        let n_kept_free = outputs.n_kept(&free);
        let by_channel = outputs.n_kept_by_channel(free.iter().copied());
        let most = |channels: &[usize]| channels.iter().map(|&n| by_channel[n]).max().unwrap_or(0);
        let compact = channels
            .chunks(cols)
            .map(|channels| most(channels).div_ceil(widen(rows)))
            .sum();
        let n_first = outputs.n_outputs(first.len());
        let panels = vec![Panel::of(first, channels.to_vec())];
        let first = PhaseTiles::new(array, panels, n_first);
        let panels = match rules.schedule {
            OutputSchedule::Gate => vec![Panel::of(free, channels.to_vec())],
            OutputSchedule::Rows => channels
                .chunks(cols)
                .map(|channels| {
                    let set = outputs.set_of(channels);
                    let keeps = |pixel: &usize| outputs.keeps_any(*pixel, &set);
                    Panel::of(free.iter().copied().filter(keeps).collect(), channels.to_vec())
                })
                .collect(),
            OutputSchedule::Columns => free
                .chunks(rows)
                .map(|pixels| {
                    let set = outputs.kept_by_any(pixels);
                    let is_kept = |channel: &usize| holds(&set, *channel);
                    Panel::of(
                        pixels.to_vec(),
                        channels.iter().copied().filter(is_kept).collect(),
                    )
                })
                .collect(),
        };
        Ok(Self {
            array: *array,
            rules,
            free: PhaseTiles::new(array, panels, n_kept_free),
            first,
            outputs,
            n_first: n_first_outputs,
            n_filled_up,
            compact,
            ideal: n_kept_free.div_ceil(array.n_pes()),
        })
    }

    /// The array that the plan is for.
    pub const fn array(&self) -> &ArraySpec {
        &self.array
    }

    /// Which outputs the array computes: those that were given, and with fill-up those of the pixels that fill.
    pub const fn outputs(&self) -> &PredictedOutputs {
        &self.outputs
    }

    /// Outputs of first pixels.
    pub const fn n_first(&self) -> u64 {
        self.n_first
    }

    /// Outputs that were to be skipped and are computed, since their pixels fill phase 1 up.
    pub const fn n_filled_up(&self) -> u64 {
        self.n_filled_up
    }

    /// The tiles of a phase, for an engine.
    pub fn sequence(&self, phase: OutputPhase) -> TileSequence<'_> {
        TileSequence::Phase(self.tiles(phase).collect())
    }

    /// The tiles of a phase in the order in which the array runs them.
    pub fn tiles(&self, phase: OutputPhase) -> impl Iterator<Item = OutputTile<'_>> {
        let (rows, cols) = (self.array.rows(), self.array.cols());
        let panels = self.phase(phase).panels.iter();
        panels.flat_map(move |panel| {
            panel.pixels.chunks(rows).flat_map(move |pixels| {
                panel.channels.chunks(cols).map(move |channels| OutputTile {
                    outputs: &self.outputs,
                    pixels,
                    channels,
                })
            })
        })
    }

    /// Tiles of a phase.
    pub const fn n_tiles(&self, phase: OutputPhase) -> u64 {
        self.phase(phase).n_tiles
    }

    /// The outputs that a phase computes.
    pub const fn n_computed(&self, phase: OutputPhase) -> u64 {
        self.phase(phase).n_computed
    }

    /// The outputs that are skipped in a phase although a PE has a place for them.
    pub const fn n_idle(&self, phase: OutputPhase) -> u64 {
        let phase = self.phase(phase);
        phase.n_outputs - phase.n_computed
    }

    /// In how many tiles each pixel has PEs, times the channels there: outputs by pixel, skipped ones too.
    pub fn n_places_by_pixel(&self) -> Vec<u64> {
        self.count_places(self.outputs.shape().m(), |panel| (&panel.pixels, &panel.channels))
    }

    /// The same by channel.
    pub fn n_places_by_channel(&self) -> Vec<u64> {
        self.count_places(self.outputs.shape().n(), |panel| (&panel.channels, &panel.pixels))
    }

    fn count_places(&self, n: usize, sides: impl Fn(&Panel) -> (&Vec<usize>, &Vec<usize>)) -> Vec<u64> {
        let mut counts = vec![0; n];
        for panel in [&self.first, &self.free]
            .into_iter()
            .flat_map(|phase| &phase.panels)
        {
            let (own, others) = sides(panel);
            for &index in own {
                counts[index] += widen(others.len());
            }
        }
        counts
    }

    /// How few tiles phase 2 could have.
    ///
    /// - Compact: Σ over tiles of C channels of ⌈most kept pixels of any of its channels / R⌉. Ideal: ⌈kept outputs / (R·C)⌉.
    ///   Both are of the pixels that phase 2 has, without those that fill up phase 1.
    pub const fn bound(&self, bound: OutputBound) -> u64 {
        match bound {
            OutputBound::Compact => self.compact,
            OutputBound::Ideal => self.ideal,
        }
    }

    pub(super) const fn phase(&self, phase: OutputPhase) -> &PhaseTiles {
        match phase {
            OutputPhase::First => &self.first,
            OutputPhase::Free => &self.free,
        }
    }
}

/// The tiles of a phase, and their sums.
#[derive(Clone, Debug)]
pub(super) struct PhaseTiles {
    panels: Vec<Panel>,
    n_tiles: u64,
    /// Outputs with a place in a tile, skipped ones too.
    pub(super) n_outputs: u64,
    n_computed: u64,
}

impl PhaseTiles {
    fn new(array: &ArraySpec, panels: Vec<Panel>, n_computed: u64) -> Self {
        let tiles = |panel: &Panel| {
            let n_rows = panel.pixels.len().div_ceil(array.rows());
            widen(n_rows) * widen(panel.channels.len().div_ceil(array.cols()))
        };
        Self {
            n_tiles: panels.iter().map(tiles).sum(),
            n_outputs: panels
                .iter()
                .map(|panel| widen(panel.pixels.len()) * widen(panel.channels.len()))
                .sum(),
            n_computed,
            panels,
        }
    }
}

/// Pixels that meet all of some channels: tiles of R pixels outside, of C channels inside.
#[derive(Clone, Debug)]
struct Panel {
    pixels: Vec<usize>,
    channels: Vec<usize>,
}

impl Panel {
    const fn of(pixels: Vec<usize>, channels: Vec<usize>) -> Self {
        Self { pixels, channels }
    }
}

/// A tile: at most R pixels, one for each row of PEs, and at most C channels, one for each column.
#[derive(Clone, Copy, Debug)]
pub struct OutputTile<'a> {
    outputs: &'a PredictedOutputs,
    pixels: &'a [usize],
    channels: &'a [usize],
}

/// What a PE does in the steps of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It computes its output.
    Computed,
    /// It idles: its output is skipped. Operands pass through.
    Skipped,
    /// It has no output.
    Masked,
}

impl<'a> OutputTile<'a> {
    /// The pixels, from row 0 on.
    pub const fn pixels(&self) -> &'a [usize] {
        self.pixels
    }

    /// The channels, from column 0 on.
    pub const fn channels(&self) -> &'a [usize] {
        self.channels
    }

    /// What the PE at a row and column does.
    pub fn place(&self, row: Row, col: Col) -> Place {
        match (self.pixels.get(row.idx()), self.channels.get(col.idx())) {
            (Some(&pixel), Some(&channel)) if self.outputs.is_kept(pixel, channel) => Place::Computed,
            (Some(_), Some(_)) => Place::Skipped,
            (None, _) | (_, None) => Place::Masked,
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::prediction::{ChannelOrder, PixelOrder};
    use sim_core::shape::Gemm;
    use sim_core::spec::Pe;

    use super::*;
    use crate::mapping::predicted::OutputMap;

    #[test]
    fn an_order_of_another_product_is_an_error() {
        #[track_caller]
        fn check(width: usize, n_channels: usize, want: &str) {
            let shape = Gemm::new(6, 2, 1).expect("not empty");
            let outputs = PredictedOutputs::new(shape, &[0; 6], &[1; 12]).expect("outputs");
            let map = OutputMap { height: 2, width };
            let pixels = PixelSequence::new(PixelOrder::Raster, map, 1, 4);
            let channels = ChannelSequence::new(ChannelOrder::Natural, &vec![0; n_channels]);
            let array = ArraySpec::new(4, 3, Pe::Conventional).expect("an array");
            let error = OutputPlan::new(&array, OutputRules::default(), outputs, &pixels, &channels);
            assert_eq!(error.expect_err("another product").to_string(), want);
        }
        check(4, 2, "the order has 8 pixels, but the product has 6");
        check(3, 5, "the order has 5 channels, but the product has 2");
    }
}
