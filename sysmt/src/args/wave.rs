//! Arguments of `sysmt wave`.

use std::path::PathBuf;

use clap::Args;
use sim_wave::PeBlock;

#[derive(Debug, Args)]
pub(crate) struct WaveArgs {
    /// Array file
    #[arg(long, value_name = "ARRAY.toml")]
    pub(crate) array: PathBuf,
    /// Activations, uint8 [M, K]
    #[arg(long, value_name = "A.npy")]
    pub(crate) activations: PathBuf,
    /// Weights, int8 [N, K]
    #[arg(long, value_name = "W.npy")]
    pub(crate) weights: PathBuf,
    /// Tile of the product, from 0, row tiles outside: from its first step to its last value drained [default: 0, or all
    /// tiles with --from or --to]
    #[arg(long, value_name = "I", allow_negative_numbers = true)]
    pub(crate) tile: Option<usize>,
    /// First cycle of the run to show; with --tile, of those in which the tile is in the array
    #[arg(long, value_name = "CYCLE", allow_negative_numbers = true)]
    pub(crate) from: Option<u64>,
    /// Cycle before which to end; it is left out
    #[arg(long, value_name = "CYCLE", allow_negative_numbers = true)]
    pub(crate) to: Option<u64>,
    /// PEs to show, the end of each range left out: 0..4,8..12 is rows 0 to 3 and columns 8 to 11 [default: all]
    #[arg(long, value_name = "ROWS,COLS", allow_hyphen_values = true)]
    pub(crate) pes: Option<PeBlock>,
    /// Where to write the waveform, as FST; a nanosecond in it is a cycle
    #[arg(long, value_name = "FILE.fst")]
    pub(crate) out: PathBuf,
}
