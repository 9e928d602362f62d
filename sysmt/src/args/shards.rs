//! Arguments of `sysmt sweep` for more than one machine.

use clap::Args;
use sim_sweep::shards::ShardId;

/// Shards that tasks of Slurm share the points by, where nothing else is said.
const SHARDS: usize = 16;

#[derive(Debug, Args)]
#[command(next_help_heading = "More than one machine")]
pub(crate) struct ShardArgs {
    /// Submit the points to Slurm as one array job, of which each task runs a shard
    #[arg(long)]
    slurm: bool,
    /// Split the points into N shards, one for each task. Without --slurm you start the tasks yourself, with the command
    /// that is then printed [default with --slurm: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    shards: Option<u32>,
    #[command(flatten)]
    sbatch: SbatchArgs,
    /// Copy what the tasks have stored so far, while they run or after; run nothing
    #[arg(long, conflicts_with_all = ["slurm", "shards", "shard", "resume", "dry_run"])]
    collect: bool,
    /// Run shard I of N, counted from 0, as each task does; its points are those that the last --slurm or --shards split
    #[arg(long, value_name = "I/N", conflicts_with_all = ["slurm", "shards", "resume", "dry_run"])]
    shard: Option<ShardId>,
}

/// What `sbatch` is told.
#[derive(Debug, Args)]
pub(crate) struct SbatchArgs {
    /// Slurm's partition
    #[arg(long, value_name = "PARTITION", requires = "slurm", value_parser = word)]
    pub(crate) slurm_partition: Option<String>,
    /// Time limit of a task, as Slurm has it: 90 (minutes), 8:00:00, 2-12
    #[arg(long, value_name = "TIME", requires = "slurm", value_parser = word)]
    pub(crate) slurm_time: Option<String>,
    /// Memory of a task, as Slurm has it: 4G
    #[arg(long, value_name = "SIZE", requires = "slurm", value_parser = word)]
    pub(crate) slurm_mem: Option<String>,
    /// Account to charge
    #[arg(long, value_name = "ACCOUNT", requires = "slurm", value_parser = word)]
    pub(crate) slurm_account: Option<String>,
    /// Processors of a task, and its threads [default: the site's, most often 1]
    #[arg(long, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) slurm_cpus: Option<u32>,
    /// Another option of sbatch, such as --sbatch=--constraint=avx2; may be given several times
    #[arg(long, value_name = "OPTION", requires = "slurm", allow_hyphen_values = true, value_parser = line)]
    pub(crate) sbatch: Vec<String>,
}

/// Who runs the points.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode<'a> {
    /// This process, all of them.
    Here,
    /// Tasks that Slurm starts.
    Slurm(usize, &'a SbatchArgs),
    /// Tasks that the user starts.
    Tasks(usize),
    /// This process, one shard.
    Shard(ShardId),
    /// Nobody; what tasks have is taken over.
    Collect,
}

impl ShardArgs {
    /// What the options together mean.
    pub(crate) fn mode(&self) -> Mode<'_> {
        let shards = self.shards.and_then(|shards| usize::try_from(shards).ok());
        match (self.slurm, shards, self.shard, self.collect) {
            (true, shards, _, _) => Mode::Slurm(shards.unwrap_or(SHARDS), &self.sbatch),
            (false, Some(shards), _, _) => Mode::Tasks(shards),
            (false, None, Some(shard), _) => Mode::Shard(shard),
            (false, None, None, true) => Mode::Collect,
            (false, None, None, false) => Mode::Here,
        }
    }
}

/// A value in a line of a batch script, where words end at blanks and quotes begin something.
fn word(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.:,/@+%=".contains(letter);
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err(format!(
            "`{text}` is not a value that sbatch takes; write it without blanks and quotes"
        ));
    }
    Ok(text.to_owned())
}

/// An option as it stands in a batch script behind `#SBATCH`.
fn line(text: &str) -> Result<String, String> {
    let text = text.trim();
    let option = text.strip_prefix("#SBATCH").unwrap_or(text).trim_start();
    if !option.starts_with('-') || option.chars().any(char::is_control) {
        return Err(format!(
            "`{option}` is not an option of sbatch; write one line that begins with a hyphen, as in --constraint=avx2"
        ));
    }
    Ok(option.to_owned())
}
