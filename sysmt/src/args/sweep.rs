//! Arguments of `sysmt sweep`.

use std::path::PathBuf;

use clap::Args;

use super::{JobsArgs, ShardArgs};

#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// Sweep file
    #[arg(value_name = "SWEEP.toml")]
    pub(crate) file: PathBuf,
    /// The sweep's folder [default: results/SWEEP]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with the sweep in the folder, or start it where there is none. Points with results stay, and failed ones run
    /// again. The file may have changed
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print the points and how long they may take; run none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Try a sweep that evaluates: take only the first N images, and as many for calibration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with_all = ["shards", "slurm", "shard", "collect"])]
    pub(crate) n_images: Option<u32>,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) shards: ShardArgs,
}
