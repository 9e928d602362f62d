//! Outputs that are predicted to be zero: how the array passes over them.
//!
//! The outputs of a product are *pixels* (M) times *channels* (N). *First* pixels are computed without asking, in phase 1.
//! A predictor then says which outputs of the other, *free*, pixels are *kept*: these are computed in phase 2, and the
//! rest is skipped and is 0. How an array runs the phases is this project's own definition.

use std::iter::Sum;

use serde::{Deserialize, Serialize};

use crate::named;
use crate::units::Cycles;

/// Multiply-adds of a predictor for each output of its convolution: two depthwise 3×3 convolutions.
pub const PREDICTOR_MACS_PER_OUTPUT: u64 = 2 * 3 * 3;

named! {
    /// Which tiles the outputs of phase 2 form.
    #[derive(Default)]
    pub enum OutputSchedule {
        /// Every free pixel with every channel. A PE idles where its output is skipped. One bit for each PE and tile.
        #[default]
        Gate = "gate",
        /// For each tile of channels, only pixels that keep an output there. Pixels are gathered for each tile column.
        Rows = "rows",
        /// For each tile of free pixels, only channels that keep an output there. Weights are gathered for each tile row.
        Columns = "columns",
    }
}

impl OutputSchedule {
    /// The order of pixels where none is given.
    pub const fn default_pixels(self) -> PixelOrder {
        match self {
            Self::Gate | Self::Rows => PixelOrder::Raster,
            // Neighbours keep similar channels.
            Self::Columns => PixelOrder::Block,
        }
    }
}

named! {
    /// In which order pixels are dealt to the rows of tiles.
    pub enum PixelOrder {
        /// Row by row of the map.
        Raster = "raster",
        /// Block by block of as many pixels as the array has rows.
        Block = "block",
    }
}

named! {
    /// In which order channels are dealt to the columns of tiles.
    #[derive(Default)]
    pub enum ChannelOrder {
        /// As the network has them.
        #[default]
        Natural = "natural",
        /// By kept outputs of free pixels, most first.
        Density = "density",
    }
}

named! {
    /// Tiles of phase 2 on an array that is not output-stationary. A bound is reported and never run.
    pub enum OutputBound {
        /// Each column of a tile takes pixels of its own: R·C activation ports instead of R. `gate` and `rows` never take
        /// fewer tiles; `columns` may, since it forms tiles of channels anew for each tile of pixels.
        Compact = "compact",
        /// Any PE takes any output. No schedule takes fewer tiles.
        Ideal = "ideal",
    }
}

/// Whether rows that the last tiles of phase 1 leave empty take free pixels, which are then computed without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FillUp {
    /// They stay empty.
    #[default]
    Off,
    /// They take the next free pixels.
    On,
}

impl FillUp {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Off, Self::On];
}

named! {
    /// Which pixels of a window of neighbours are computed first.
    pub enum Diagonal {
        /// From the upper left corner.
        Main = "main",
        /// From the upper right corner.
        Anti = "anti",
    }
}

/// What the strided 1×1 convolution of a shortcut does whose only reader is the sum of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shortcuts {
    /// All its outputs.
    #[default]
    Computed,
    /// The outputs that the place keeps.
    Predicted,
}

/// V, multiply-adds per cycle of the unit beside the array that predicts; with 0 of them prediction takes no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PredictorLanes(pub u32);

impl PredictorLanes {
    /// From the first cycle of phase 1 to the last decision: ⌈18·`n_outputs`/V⌉ for all outputs of a product.
    pub fn cycles(self, n_outputs: u64) -> Cycles {
        match u64::from(self.0) {
            0 => Cycles(0),
            n_lanes => Cycles((PREDICTOR_MACS_PER_OUTPUT * n_outputs).div_ceil(n_lanes)),
        }
    }
}

/// What an array does with predicted outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutputRules {
    /// The tiles of phase 2.
    pub schedule: OutputSchedule,
    /// What the empty rows of phase 1 take.
    pub fill_up: FillUp,
    /// How fast the predictor is.
    pub predictor_lanes: PredictorLanes,
}

/// What predicts at a place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum PlaceMethod {
    /// A trained predictor.
    #[serde(rename_all = "kebab-case")]
    Zap {
        /// The type of its mask, 0 to 10.
        mask: u8,
        /// What a score had to be above.
        threshold: f32,
    },
    /// Windows.
    #[serde(rename_all = "kebab-case")]
    CrossNeuron {
        /// Rows and columns, 2 to 255.
        window: u8,
        /// What was computed first.
        diagonal: Diagonal,
        /// What counted as zero.
        zero_up_to: f32,
    },
}

impl PlaceMethod {
    /// Whether its numbers are those of a method.
    pub fn is_valid(self) -> bool {
        match self {
            Self::Zap { mask, threshold } => mask <= 10 && threshold.is_finite(),
            Self::CrossNeuron {
                window,
                diagonal: _,
                zero_up_to,
            } => 2 <= window && zero_up_to.is_finite() && 0.0 <= zero_up_to,
        }
    }
}

/// Outputs of a place, by what was predicted and what they would have been.
///
/// `outputs` = `precomputed` + `free`, `free` = `kept` + `skipped`, `skipped` = `hit_zero` + `miss_value`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Counts {
    /// All.
    pub outputs: u64,
    /// Computed without asking.
    pub precomputed: u64,
    /// Not computed without asking.
    pub free: u64,
    /// Of the free ones: computed.
    pub kept: u64,
    /// Not computed.
    pub skipped: u64,
    /// Skipped, and not above 0.
    pub hit_zero: u64,
    /// Kept among the free ones, and above 0.
    pub hit_nonzero: u64,
    /// Skipped, and above 0.
    pub miss_value: u64,
    /// Kept among the free ones, and not above 0.
    pub miss_work: u64,
    /// Sum of what was skipped.
    pub sum_skipped: f64,
    /// Sum of all outputs.
    pub sum: f64,
}

impl Counts {
    /// Add those of another image, or of another place.
    pub fn add(&mut self, other: &Self) {
        let Self {
            outputs,
            precomputed,
            free,
            kept,
            skipped,
            hit_zero,
            hit_nonzero,
            miss_value,
            miss_work,
            sum_skipped,
            sum,
        } = other;
        self.outputs += outputs;
        self.precomputed += precomputed;
        self.free += free;
        self.kept += kept;
        self.skipped += skipped;
        self.hit_zero += hit_zero;
        self.hit_nonzero += hit_nonzero;
        self.miss_value += miss_value;
        self.miss_work += miss_work;
        self.sum_skipped += sum_skipped;
        self.sum += sum;
    }

    /// The part of the sum of all outputs that was skipped; 0 where that sum is 0.
    pub fn lost(&self) -> f64 {
        if self.sum == 0.0 {
            0.0
        } else {
            self.sum_skipped / self.sum
        }
    }
}

impl<'a> Sum<&'a Self> for Counts {
    fn sum<I: Iterator<Item = &'a Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut all, one| {
            all.add(one);
            all
        })
    }
}

/// What an array does with predicted outputs, and in which orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayPrediction {
    /// Which tiles it makes.
    pub rules: OutputRules,
    /// In which order pixels are dealt.
    pub pixels: PixelOrder,
    /// In which order channels are dealt.
    pub channels: ChannelOrder,
    /// What shortcuts do that share a place.
    pub shortcuts: Shortcuts,
}

impl Default for ArrayPrediction {
    fn default() -> Self {
        let rules = OutputRules::default();
        Self {
            rules,
            pixels: rules.schedule.default_pixels(),
            channels: ChannelOrder::default(),
            shortcuts: Shortcuts::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_take_whole_cycles() {
        #[track_caller]
        fn check(n_lanes: u32, n_outputs: u64, want: u64) {
            assert_eq!(PredictorLanes(n_lanes).cycles(n_outputs), Cycles(want));
        }
        check(0, 1000, 0); // No time.
        check(1, 1, 18);
        check(4, 1, 5); // 4.5 cycles.
        check(18, 7, 7);
        check(64, 1, 1);
    }
}
