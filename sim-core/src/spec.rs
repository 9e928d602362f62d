//! Checked specs of the array.

use crate::named;
pub use crate::pe::{
    KOrder, KSplit, NbSmt, Pairs, Pe, PeKind, RuleSet, Sparq, WeightPattern, Window, WindowPlace,
    WindowRounding,
};
pub use crate::policy::{BasePolicy, Policy, Sparsity, Threads};
use crate::units::Megahertz;

/// Most rows or columns of an array.
pub const MAX_SIDE: usize = 1024;
/// Deepest PE pipeline.
pub const MAX_PIPELINE_DEPTH: u8 = 16;
/// Fastest clock.
pub const MAX_CLOCK_MHZ: u32 = 100_000;

named! {
    /// What stays in a PE while the other operands move.
    pub enum Dataflow {
        /// The sum of an output.
        OutputStationary = "output-stationary",
    }
}

impl Dataflow {
    /// The operands that enter an array of `rows` by `cols` at its edges for one k of a tile.
    pub const fn edge_operands(self, rows: u64, cols: u64) -> u64 {
        match self {
            // Activations enter every row, weights every column.
            Self::OutputStationary => rows + cols,
        }
    }

    /// Cycles in which a column lets the results of a tile out, one after the other.
    pub const fn drain_cycles(self, rows: u64) -> u64 {
        match self {
            // A result of each row.
            Self::OutputStationary => rows,
        }
    }

    /// How often the results of a tile pass PEs on their way out of a column.
    pub const fn result_moves(self, rows: u64) -> u64 {
        match self {
            // The result of row r passes the rows below it.
            Self::OutputStationary => rows * (rows - 1) / 2,
        }
    }
}

named! {
    /// Whether tiles overlap.
    pub enum Tiles {
        /// The operands of the next tile follow at once.
        Pipelined = "pipelined",
        /// Each tile waits until the one before has left.
        Serial = "serial",
    }
}

named! {
    /// Whether the images of a layer form one product or one each.
    pub enum Batch {
        /// One product per image.
        Separate = "separate",
        /// The pixels of all images form one M.
        Folded = "folded",
    }
}

/// A value outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value} is outside {min}..={max}")]
pub struct OutOfRange {
    /// The configuration key, such as `array.rows`.
    pub key: &'static str,
    /// What was given.
    pub value: i64,
    /// Least allowed.
    pub min: i64,
    /// Most allowed.
    pub max: i64,
}

/// An array of identical PEs.
///
/// Invariant: `rows` and `cols` are in `1..=MAX_SIDE`, `pipeline_depth` in `1..=MAX_PIPELINE_DEPTH`, the clock in
/// `1..=MAX_CLOCK_MHZ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArraySpec {
    rows: usize,
    cols: usize,
    dataflow: Dataflow,
    clock: Megahertz,
    tiles: Tiles,
    batch: Batch,
    pipeline_depth: u8,
    pe: Pe,
}

impl ArraySpec {
    /// An output-stationary, pipelined array at 500 MHz with single-cycle PEs and one product per image.
    pub fn new(rows: usize, cols: usize, pe: Pe) -> Result<Self, OutOfRange> {
        for (key, side) in [("array.rows", rows), ("array.cols", cols)] {
            if !(1..=MAX_SIDE).contains(&side) {
                return Err(out_of_range(key, i64::try_from(side).unwrap_or(i64::MAX), 1024));
            }
        }
        Ok(Self {
            rows,
            cols,
            dataflow: Dataflow::OutputStationary,
            clock: Megahertz(500),
            tiles: Tiles::Pipelined,
            batch: Batch::Separate,
            pipeline_depth: 1,
            pe,
        })
    }

    /// The same array with another clock.
    pub fn with_clock(self, clock: Megahertz) -> Result<Self, OutOfRange> {
        if !(1..=MAX_CLOCK_MHZ).contains(&clock.0) {
            return Err(out_of_range(
                "array.clock-mhz",
                i64::from(clock.0),
                i64::from(MAX_CLOCK_MHZ),
            ));
        }
        Ok(Self { clock, ..self })
    }

    /// The same array with another PE pipeline depth.
    pub fn with_pipeline_depth(self, depth: u8) -> Result<Self, OutOfRange> {
        if !(1..=MAX_PIPELINE_DEPTH).contains(&depth) {
            return Err(out_of_range(
                "pe.pipeline-depth",
                i64::from(depth),
                i64::from(MAX_PIPELINE_DEPTH),
            ));
        }
        Ok(Self {
            pipeline_depth: depth,
            ..self
        })
    }

    /// The same array with another dataflow.
    pub const fn with_dataflow(self, dataflow: Dataflow) -> Self {
        Self { dataflow, ..self }
    }

    /// The same array with overlapping or serial tiles.
    pub const fn with_tiles(self, tiles: Tiles) -> Self {
        Self { tiles, ..self }
    }

    /// The same array with images apart or folded.
    pub const fn with_batch(self, batch: Batch) -> Self {
        Self { batch, ..self }
    }

    /// The same array with other PEs.
    pub const fn with_pe(self, pe: Pe) -> Self {
        Self { pe, ..self }
    }

    /// The array a machine is compared with by default: conventional PEs, the same size and timing.
    pub const fn default_baseline(self) -> Self {
        self.with_pe(Pe::Conventional)
    }

    /// R.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// C.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// R·C.
    pub const fn n_pes(&self) -> u64 {
        crate::shape::widen(self.rows * self.cols)
    }

    /// What stays in a PE.
    pub const fn dataflow(&self) -> Dataflow {
        self.dataflow
    }

    /// The clock.
    pub const fn clock(&self) -> Megahertz {
        self.clock
    }

    /// Whether tiles overlap.
    pub const fn tiles(&self) -> Tiles {
        self.tiles
    }

    /// Whether images are folded.
    pub const fn batch(&self) -> Batch {
        self.batch
    }

    /// p, the PE's pipeline stages.
    pub const fn pipeline_depth(&self) -> u8 {
        self.pipeline_depth
    }

    /// The PE.
    pub const fn pe(&self) -> Pe {
        self.pe
    }
}

const fn out_of_range(key: &'static str, value: i64, max: i64) -> OutOfRange {
    OutOfRange {
        key,
        value,
        min: 1,
        max,
    }
}
