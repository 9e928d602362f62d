//! Deliberate faults, to show that the tests would see them. Without the `mutants` feature nothing of this is
//! compiled into the machine: [`is_on`] is a constant `false`.

/// One deliberate fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// Half-even reduction rounds towards minus infinity.
    FloorForHalfEven,
    /// Saturating reduction does not clamp.
    NoSaturation,
    /// 16 counts as a narrow activation.
    NarrowActivationLimit,
    /// 8 counts as a narrow weight.
    NarrowWeightLimit,
    /// Threads 0 and 1 of a PE trade their weights.
    SwappedThreads,
    /// Two active threads of four follow the 3-or-4 rule.
    WrongCountRule,
    /// *Reduced* counts the operands of idle threads too.
    IdleReduced,
    /// A tie below a SPARQ window rounds up instead of to even.
    WindowTie,
    /// A SPARQ activation is windowed although its partner is zero.
    PairIgnoresPartner,
    /// K is dealt to the threads in turn instead of in segments.
    InterleavedThreads,
    /// Column tiles run outside, row tiles inside.
    TileOrder,
    /// The first step of a tile adds to the sum of the tile before.
    FirstLost,
    /// Shadow registers move whatever tile they hold.
    ParityDropped,
    /// A column starts to drain one cycle early.
    EarlyDrain,
    /// The next tile follows after S cycles even where a column still drains.
    NextTileTooSoon,
    /// Unused PEs of an edge tile count as working.
    EdgeMaskMissing,
    /// A stall cycle is counted twice.
    StallTwice,
    /// The accumulator ignores the PE's pipeline.
    PipelineIgnored,
    /// The reference clock adds the first step of a tile to the sum of the tile before.
    ClockFirstKept,
    /// The reference clock's shadow register takes the sum as it stood a cycle before.
    ClockShadowLate,
    /// The reference clock lets a tile in one cycle before a column has drained.
    ClockTileEarly,
    /// The algebraic engine's time is one cycle long.
    AlgebraicCycle,
    /// The algebraic engine forgets the pipeline in serial tiles.
    AlgebraicSerialDepth,
    /// The algebraic engine counts fill and drain the wrong way round.
    AlgebraicFillDrain,
    /// A PE whose output is skipped multiplies and adds.
    HoldIgnored,
    /// A PE that held for a tile holds for all that follow.
    HoldKept,
    /// The fast clock counts a skipped output's steps as those of a PE without an output.
    SkippedMasked,
    /// The reference clock's PE multiplies and adds although its output is skipped.
    ClockHoldIgnored,
    /// A free pixel runs in phase 1.
    FreePixelFirst,
    /// The array waits for the predictor once for each tile.
    WaitingPerTile,
    /// Phase 2 begins in the last cycle of phase 1.
    PhasesOverlap,
    /// The channel with the fewest kept outputs comes first.
    DensityAscending,
    /// Operands that move past a PE that holds are not counted.
    PassingUncounted,
    /// Counts of a channel take in a row beside one that it keeps.
    KeptRowShifted,
    /// The error takes in outputs that are skipped.
    SkippedInError,
    /// Masks begin one pixel further right.
    MaskAnchor,
    /// An output whose score is the threshold is kept.
    ThresholdInclusive,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Self; 37] = [
        Self::FloorForHalfEven,
        Self::NoSaturation,
        Self::NarrowActivationLimit,
        Self::NarrowWeightLimit,
        Self::SwappedThreads,
        Self::WrongCountRule,
        Self::IdleReduced,
        Self::WindowTie,
        Self::PairIgnoresPartner,
        Self::InterleavedThreads,
        Self::TileOrder,
        Self::FirstLost,
        Self::ParityDropped,
        Self::EarlyDrain,
        Self::NextTileTooSoon,
        Self::EdgeMaskMissing,
        Self::StallTwice,
        Self::PipelineIgnored,
        Self::ClockFirstKept,
        Self::ClockShadowLate,
        Self::ClockTileEarly,
        Self::AlgebraicCycle,
        Self::AlgebraicSerialDepth,
        Self::AlgebraicFillDrain,
        Self::HoldIgnored,
        Self::HoldKept,
        Self::SkippedMasked,
        Self::ClockHoldIgnored,
        Self::FreePixelFirst,
        Self::WaitingPerTile,
        Self::PhasesOverlap,
        Self::DensityAscending,
        Self::PassingUncounted,
        Self::KeptRowShifted,
        Self::SkippedInError,
        Self::MaskAnchor,
        Self::ThresholdInclusive,
    ];
}

/// Whether a test may switch one of them on.
pub const ARE_COMPILED_IN: bool = cfg!(feature = "mutants");

#[cfg(feature = "mutants")]
mod selection {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static SELECTED: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Whether this thread runs the faulty machine `mutant`.
    pub fn is_on(mutant: Mutant) -> bool {
        SELECTED.get() == Some(mutant)
    }

    /// Run `body` on the faulty machine; faults do not reach threads that it starts.
    pub fn with<R>(mutant: Mutant, body: impl FnOnce() -> R) -> R {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                SELECTED.set(None);
            }
        }
        let _reset = Reset;
        SELECTED.set(Some(mutant));
        body()
    }
}

#[cfg(feature = "mutants")]
pub use selection::{is_on, with};

/// Whether `mutant` is selected: never, without the `mutants` feature.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn is_on(mutant: Mutant) -> bool {
    // Named so that both builds share a signature.
    let _ = mutant;
    false
}
