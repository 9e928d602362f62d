//! Products whose outputs are predicted: which tiles the array runs, in which cycles, and which PEs of a tile idle.
//!
//! The definition is this project's own: two phases of ordinary tiles, whose rows may be any pixels and whose columns any
//! channels.

mod order;

pub use order::{ChannelSequence, OutputMap, PixelSequence};
