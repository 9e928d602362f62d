//! Waveforms: the registers of the stepped engine, cycle by cycle, in an FST file for waveform viewers.
//!
//! Nothing here clocks or computes an array: what is written was read from the engine through its probe, and what a step
//! did is asked of `sim-pe`.

mod fst;
mod mode;
mod signals;
mod tiles;
mod view;
mod watch;

pub use fst::is_waveform;
pub use mode::Mode;
pub use view::{MAX_PES, PeBlock, PeBlockError, Request, View, ViewError};
pub use watch::{WaveError, Written, write};
