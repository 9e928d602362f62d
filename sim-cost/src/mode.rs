//! What energy is spent on.

use std::fmt;

use sim_core::counters::{MAX_THREADS, OperandWidths, Switching};
use sim_core::named;

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
    /// A step of a tile in which the PE has an output that is predicted to be zero.
    Skipped,
    /// A PE-cycle between two phases; it costs what a stall costs.
    Waiting,
    /// A multiply-add of the unit beside the array that predicts outputs.
    PredictorMac,
    /// An event.
    Event(Event),
    /// The clock of one PE-cycle of any kind.
    Clock,
}

named! {
    /// An event in a PE-cycle: a table has the prices of all of them for a PE, or none.
    pub enum Event {
        /// A bit of an activation that changes.
        ActivationBit = "activation-bit",
        /// A bit of a weight that changes.
        WeightBit = "weight-bit",
        /// A bit of an activation that changes where the weight is not zero before or after.
        LiveActivationBit = "live-activation-bit",
        /// A bit of a weight that changes where the activation is not zero before or after.
        LiveWeightBit = "live-weight-bit",
        /// A product of one bit of each operand that changes.
        PartialProductBit = "partial-product-bit",
        /// A lane whose product begins or ceases to be zero.
        LaneEdge = "lane-edge",
        /// A pair of operands whose product is not zero, both wide.
        PairA8W8 = "pair-a8w8",
        /// Such a pair of a wide activation and a narrow weight.
        PairA8W4 = "pair-a8w4",
        /// Such a pair of a narrow activation and a wide weight.
        PairA4W8 = "pair-a4w8",
        /// Such a pair, both narrow.
        PairA4W4 = "pair-a4w4",
        /// A finished sum that goes to the shadow register.
        ResultLoad = "result-load",
        /// A result that passes through the shadow register of a row below.
        ResultMove = "result-move",
    }
}

impl Mode {
    /// Every mode, in the order of reports.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Fill];
        all.extend((0..=MAX_THREADS).map(Self::Active));
        all.extend([Self::Masked, Self::Stall, Self::Drain]);
        all.extend([Self::Skipped, Self::Waiting, Self::PredictorMac]);
        all.extend(Event::ALL.map(Self::Event));
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
            Self::Skipped => "skipped",
            Self::Waiting => "waiting",
            Self::PredictorMac => "predictor-mac",
            Self::Event(event) => event.name(),
            Self::Clock => "clock",
        };
        f.write_str(name)
    }
}

/// Events that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// Operand pairs by width.
    pub operand_widths: OperandWidths,
    /// What changed from step to step.
    pub switching: Switching,
    /// Finished sums that went to the shadow registers.
    pub result_loads: u64,
    /// Results that passed through shadow registers of rows below.
    pub result_moves: u64,
}

impl Events {
    /// How often an event happened.
    pub const fn count(&self, event: Event) -> u64 {
        let (widths, switching) = (&self.operand_widths, &self.switching);
        match event {
            Event::ActivationBit => switching.activation_bits,
            Event::WeightBit => switching.weight_bits,
            Event::LiveActivationBit => switching.live_activation_bits,
            Event::LiveWeightBit => switching.live_weight_bits,
            Event::PartialProductBit => switching.partial_product_bits,
            Event::LaneEdge => switching.lane_edges,
            Event::PairA8W8 => widths.a8w8,
            Event::PairA8W4 => widths.a8w4,
            Event::PairA4W8 => widths.a4w8,
            Event::PairA4W4 => widths.a4w4,
            Event::ResultLoad => self.result_loads,
            Event::ResultMove => self.result_moves,
        }
    }
}
