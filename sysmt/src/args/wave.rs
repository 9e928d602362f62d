//! Arguments of `sysmt wave`.

use std::path::PathBuf;

use clap::Args;
use sim_wave::PeBlock;

use super::ForceArgs;

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
    /// Tile to show, from its first step until its last value has drained. Tiles are counted from 0, row by row of the
    /// product [default: 0, or all tiles with --from or --to]
    #[arg(long, value_name = "I", allow_negative_numbers = true)]
    pub(crate) tile: Option<usize>,
    /// First cycle of the run to show; with --tile, the cycles in which the tile is not in the array are left out
    #[arg(long, value_name = "CYCLE", allow_negative_numbers = true)]
    pub(crate) from: Option<u64>,
    /// Cycle at which to end; it is not shown
    #[arg(long, value_name = "CYCLE", allow_negative_numbers = true)]
    pub(crate) to: Option<u64>,
    /// PEs to show, the end of each range left out: 0..4,8..12 is rows 0 to 3 and columns 8 to 11 [default: all]
    #[arg(long, value_name = "ROWS,COLS", allow_hyphen_values = true)]
    pub(crate) pes: Option<PeBlock>,
    /// Where to write the waveform, as FST; one nanosecond in it stands for one cycle
    #[arg(long, value_name = "FILE.fst")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}
