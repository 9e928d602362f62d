//! What energy is spent on.

use std::fmt;

use sim_core::counters::MAX_THREADS;

/// What a row of energies is the price of: a PE-cycle of some kind, or an event in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A PE-cycle before the first step.
    Fill,
    /// A step of a real output with so many active threads.
    Active(usize),
    /// A step of a tile in which the PE has no output.
    Masked,
    /// A PE-cycle between two tiles.
    Stall,
    /// A PE-cycle after the last step.
    Drain,
    /// A bit of an activation that changes.
    ActivationBit,
    /// A bit of a weight that changes.
    WeightBit,
    /// A bit of an activation that changes where the weight is not zero before or after.
    LiveActivationBit,
    /// A bit of a weight that changes where the activation is not zero before or after.
    LiveWeightBit,
    /// A product of one bit of each operand that changes.
    PartialProductBit,
    /// A lane whose product begins or ceases to be zero.
    LaneEdge,
    /// A pair of operands whose product is not zero, both wide.
    PairA8W8,
    /// Such a pair of a wide activation and a narrow weight.
    PairA8W4,
    /// Such a pair of a narrow activation and a wide weight.
    PairA4W8,
    /// Such a pair, both narrow.
    PairA4W4,
    /// A finished sum that goes to the shadow register.
    ResultLoad,
    /// A result that passes through the shadow register of a row below.
    ResultMove,
    /// The clock of one PE-cycle of any kind.
    Clock,
}

impl Mode {
    /// The prices of events: a table has all of them for a PE, or none.
    pub const EVENTS: [Self; 12] = [
        Self::ActivationBit,
        Self::WeightBit,
        Self::LiveActivationBit,
        Self::LiveWeightBit,
        Self::PartialProductBit,
        Self::LaneEdge,
        Self::PairA8W8,
        Self::PairA8W4,
        Self::PairA4W8,
        Self::PairA4W4,
        Self::ResultLoad,
        Self::ResultMove,
    ];

    /// Every mode, in the order of reports.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Fill];
        all.extend((0..=MAX_THREADS).map(Self::Active));
        all.extend([Self::Masked, Self::Stall, Self::Drain]);
        all.extend(Self::EVENTS);
        all.push(Self::Clock);
        all
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Active(n) => return write!(f, "active-{n}"),
            Self::Fill => "fill",
            Self::Masked => "masked",
            Self::Stall => "stall",
            Self::Drain => "drain",
            Self::ActivationBit => "activation-bit",
            Self::WeightBit => "weight-bit",
            Self::LiveActivationBit => "live-activation-bit",
            Self::LiveWeightBit => "live-weight-bit",
            Self::PartialProductBit => "partial-product-bit",
            Self::LaneEdge => "lane-edge",
            Self::PairA8W8 => "pair-a8w8",
            Self::PairA8W4 => "pair-a8w4",
            Self::PairA4W8 => "pair-a4w8",
            Self::PairA4W4 => "pair-a4w4",
            Self::ResultLoad => "result-load",
            Self::ResultMove => "result-move",
            Self::Clock => "clock",
        };
        f.write_str(name)
    }
}
