//! Products whose outputs are predicted: which tiles the array runs, in which cycles, and which PEs of a tile idle.
//!
//! The definition is this project's own: two phases of ordinary tiles, whose rows may be any pixels and whose columns any
//! channels. An engine walks [`OutputPlan::tiles`] of each phase; time and PE-cycles follow from [`Schedule`](super::Schedule).

mod order;
mod outputs;
mod plan;
mod time;

pub use order::{ChannelSequence, OutputMap, PixelSequence};
pub use outputs::{OutputsError, PredictedOutputs};
pub use plan::{OutputPhase, OutputPlan, OutputTile, Place, WrongOrder, n_filling};
pub use time::PredictedTime;
