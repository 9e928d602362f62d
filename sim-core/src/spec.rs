//! Checked specs of the array and of its processing elements.

use crate::fixed::{Overflow, Rounding};
use crate::named;
pub use crate::policy::{BasePolicy, Policy, Sparsity, Threads};
use crate::units::Megahertz;

/// Most rows or columns of an array.
pub const MAX_SIDE: usize = 1024;
/// Deepest PE pipeline.
pub const MAX_PIPELINE_DEPTH: u8 = 16;
/// Fastest clock.
pub const MAX_CLOCK_MHZ: u32 = 100_000;

named! {
    /// Which bits of an activation a SPARQ window may keep.
    pub enum Window {
        /// Four bits at shifts 4 to 0.
        Opt5 = "5opt",
        /// Four bits at shifts 4, 2, 0.
        Opt3 = "3opt",
        /// Four bits at shifts 4, 0.
        Opt2 = "2opt",
        /// Three bits at shifts 5 to 0.
        Opt6 = "6opt",
        /// Two bits at shifts 6 to 0.
        Opt7 = "7opt",
    }
}

named! {
    /// What happens to the bits below a SPARQ window.
    pub enum WindowRounding {
        /// Rounded half to even, saturating within the window.
        Round = "round",
        /// Dropped.
        Trim = "trim",
    }
}

/// Whether an activation may use the bits of a zero partner (vSPARQ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pairs {
    /// A zero partner's bits are used.
    On,
    /// Every activation is windowed by itself.
    Off,
}

impl Pairs {
    /// Both.
    pub const ALL: [Self; 2] = [Self::On, Self::Off];
}

/// The rules of an NB-SMT PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NbSmt {
    /// Threads that share the multiplier.
    pub threads: Threads,
    /// What a collision reduces.
    pub policy: Policy,
    /// How a reduced operand is rounded.
    pub rounding: Rounding,
    /// What happens to a nibble that rounding overflowed.
    pub overflow: Overflow,
}

/// The rules of a SPARQ PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sparq {
    /// Bits that an activation may keep.
    pub window: Window,
    /// What happens to the bits below.
    pub rounding: WindowRounding,
    /// Whether a zero partner's bits are used.
    pub pairs: Pairs,
}

named! {
    /// The kinds of processing elements.
    pub enum PeKind {
        /// One exact 8b×8b product a cycle.
        Conventional = "conventional",
        /// Non-blocking simultaneous multithreading.
        NbSmt = "nb-smt",
        /// Two activations a cycle, windowed at the array's edge.
        Sparq = "sparq",
        /// Two of four activations a cycle, selected by 2:4 sparse weights.
        SparqStc = "sparq-stc",
    }
}

/// A processing element: a kind with its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pe {
    /// [`PeKind::Conventional`].
    Conventional,
    /// [`PeKind::NbSmt`].
    NbSmt(NbSmt),
    /// [`PeKind::Sparq`].
    Sparq(Sparq),
    /// [`PeKind::SparqStc`].
    SparqStc(Sparq),
}

impl Pe {
    /// The kind.
    pub const fn kind(self) -> PeKind {
        match self {
            Self::Conventional => PeKind::Conventional,
            Self::NbSmt(_) => PeKind::NbSmt,
            Self::Sparq(_) => PeKind::Sparq,
            Self::SparqStc(_) => PeKind::SparqStc,
        }
    }

    /// The rules of threads that share a multiplier; `None` for kinds that do not split K among threads.
    pub const fn nb_smt(self) -> Option<NbSmt> {
        match self {
            Self::NbSmt(rules) => Some(rules),
            Self::Conventional | Self::Sparq(_) | Self::SparqStc(_) => None,
        }
    }

    /// The rules of windows at the array's edge; `None` for kinds whose activations move as they were given.
    pub const fn edge_window(self) -> Option<Sparq> {
        match self {
            Self::Sparq(rules) => Some(rules),
            Self::Conventional | Self::NbSmt(_) | Self::SparqStc(_) => None,
        }
    }

    /// The threads that every step costs, where zeros free nothing.
    pub fn full_collision(self) -> Option<usize> {
        let rules = self.nb_smt()?;
        match rules.policy.sparsity() {
            Sparsity::Off => Some(rules.threads.count()),
            Sparsity::On => None,
        }
    }

    /// How many consecutive or segmented K values one step consumes: T threads, a pair, or a group of four.
    pub const fn k_per_step(self) -> usize {
        match self {
            Self::Conventional => 1,
            Self::NbSmt(rules) => rules.threads.count(),
            Self::Sparq(_) => 2,
            Self::SparqStc(_) => 4,
        }
    }

    /// S, the steps of a tile for `k` terms.
    pub const fn n_steps(self, k: usize) -> usize {
        k.div_ceil(self.k_per_step())
    }

    /// The most products a step can use: T threads, or 2 of a pair.
    pub const fn max_active(self) -> usize {
        match self {
            Self::Conventional => 1,
            Self::NbSmt(rules) => rules.threads.count(),
            Self::Sparq(_) | Self::SparqStc(_) => 2,
        }
    }

    /// The threads that a result names: one for conventional, none for SPARQ.
    pub const fn threads(self) -> Option<Threads> {
        match self {
            Self::Conventional => Some(Threads::One),
            Self::NbSmt(rules) => Some(rules.threads),
            Self::Sparq(_) | Self::SparqStc(_) => None,
        }
    }

    /// Whether K is laid out channel fastest, `(kh, kw, c)`, when a convolution is lowered; else `(c, kh, kw)`.
    pub const fn k_order(self) -> KOrder {
        match self {
            Self::Conventional | Self::NbSmt(_) => KOrder::ChannelMajor,
            Self::Sparq(_) | Self::SparqStc(_) => KOrder::ChannelFastest,
        }
    }

    /// The largest K whose every product fits a 32-bit accumulator.
    pub const fn max_k(self) -> usize {
        match self {
            // An extended activation reaches 256: K·256·128 must stay below 2^31.
            Self::NbSmt(NbSmt {
                overflow: Overflow::Extend,
                ..
            }) => 65_535,
            // K·255·128 must stay below 2^31.
            Self::Conventional | Self::NbSmt(_) | Self::Sparq(_) | Self::SparqStc(_) => 65_793,
        }
    }
}

/// How the K of a convolution is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KOrder {
    /// `(c, kh, kw)`.
    ChannelMajor,
    /// `(kh, kw, c)`.
    ChannelFastest,
}

named! {
    /// What stays in a PE while the other operands move.
    pub enum Dataflow {
        /// The sum of an output.
        OutputStationary = "output-stationary",
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
