//! A sweep through a real Slurm: two nodes on the loopback, one of which dies in the middle of it.

mod cluster;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::command::{BUILD, root, run};
use crate::outside;
use cluster::{Cluster, wait_for};

/// Everything of the test, daemons' state and logs too.
const FOLDER: &str = "target/slurm-test";
/// A name that scripts have to quote.
const SWEEP: &str = "it's a sweep";
const N_POINTS: usize = 3 * 24;
/// Enough that some of them wait for a node.
const N_SHARDS: usize = 4;
/// How long anything may take; all together it is far less.
const PATIENCE: Duration = Duration::from_secs(300);

/// Run the sweep here and in Slurm, and compare.
pub(crate) fn test() -> anyhow::Result<()> {
    outside::debian_packages(outside::SLURM)?;
    run(BUILD)?;
    let folder = root().join(FOLDER);
    let cluster = Cluster::start(&folder)?;
    let sweep = Sweep::write(&folder, &cluster)?;
    let ended = sweep.survives_a_node();
    if ended.is_err() {
        eprintln!("the daemons' logs are in {FOLDER}");
    }
    ended
}

/// The sweep as its user has it.
struct Sweep<'a> {
    folder: &'a Path,
    cluster: &'a Cluster,
    sysmt: PathBuf,
}

impl<'a> Sweep<'a> {
    fn write(folder: &'a Path, cluster: &'a Cluster) -> anyhow::Result<Self> {
        let base = root().join("configs/runs/quickstart.toml");
        fs::write(
            folder.join(format!("{SWEEP}.toml")),
            format!(
                "base = {:?}\n[axes]\n\"pe.threads\" = [1, 2, 4]\n\
                 \"workload.activation-zeros\" = {{ from = 0.0, to = 0.92, steps = 24 }}\n",
                base.display().to_string()
            ),
        )?;
        Ok(Self {
            folder,
            cluster,
            sysmt: root().join("target/debug/sysmt"),
        })
    }

    fn survives_a_node(&self) -> anyhow::Result<()> {
        let cluster = self.cluster;
        self.good(&["--out", "local", "--jobs", "2"])?;
        let want = self.export("local")?;

        let shards = N_SHARDS.to_string();
        let submit = [
            "--out",
            "slurm",
            "--slurm",
            "--slurm-partition",
            "test",
            "--slurm-time",
            "5",
        ];
        let submit = [&submit[..], &["--slurm-cpus", "1", "--sbatch=--no-requeue"]].concat();
        let told = self.good(&[&submit[..], &["--shards", &shards]].concat())?;
        ensure!(
            told.contains(&format!("{N_POINTS} in {N_SHARDS} shards")),
            "a submission told {told:?}"
        );

        // Some points of a shard on the first node are there, and some are not.
        let (pid, log) = wait_for("a task in the middle of its shard", PATIENCE, || {
            let Some((pid, shard)) = cluster.task_on("n1")? else {
                return Ok(None);
            };
            let log = format!("{}.log", shard.replace('/', "-of-"));
            let n_stored = self.stored(Some(&log))?.len();
            Ok((2 <= n_stored && n_stored + 2 < N_POINTS / N_SHARDS).then_some((pid, log)))
        })?;
        cluster.kill_node("n1", pid)?;
        let lost = self.stored(Some(&log))?;
        println!(
            "slurm-test: a node died with {} points of {log} stored",
            lost.len()
        );
        ensure!(
            lost.len() < N_POINTS / N_SHARDS,
            "the task was done before it was killed"
        );

        self.refused(&["--out", "slurm", "--resume"], "run or wait; wait for them")?;
        self.refused(&["--out", "slurm"], "tasks hold the points of this sweep")?;
        let part = self.sysmt(&["--out", "slurm", "--collect"])?;
        ensure!(
            part.status.code() == Some(130),
            "taking a part ended with {}: {}",
            part.status,
            String::from_utf8_lossy(&part.stderr)
        );

        cluster.wait_until_idle(PATIENCE)?;
        let first = self.stored(None)?;
        ensure!(lost.is_subset(&first), "records are gone");
        let n_missing = N_POINTS - first.len();
        ensure!(n_missing != 0, "nothing was lost");
        let told = self.good(&[&submit[..], &["--resume", "--shards", "2"]].concat())?;
        ensure!(
            told.contains(&format!("{n_missing} in 2 shards")),
            "{n_missing} points are missing, and a submission told {told:?}"
        );
        cluster.wait_until_idle(PATIENCE)?;
        let second = self.stored(None)?;
        ensure!(
            second.len() == n_missing && second.is_disjoint(&first),
            "{n_missing} points were missing, {} ran, {} of them again",
            second.len(),
            second.intersection(&first).count()
        );
        self.good(&["--out", "slurm", "--collect"])?;
        ensure!(
            !self.folder.join("slurm/shards").exists(),
            "what the tasks wrote is still there"
        );
        ensure!(
            self.export("slurm")? == want,
            "the results differ from a local run's"
        );
        println!(
            "slurm-test: {N_POINTS} points on two nodes; one node died, {n_missing} points ran anew, all bytes are a \
             local run's"
        );
        Ok(())
    }

    fn sysmt(&self, options: &[&str]) -> anyhow::Result<Output> {
        let sweep = format!("{SWEEP}.toml");
        self.command(&[&["sweep", &sweep], options].concat())
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.cluster.command(&self.sysmt, arguments);
        command.current_dir(self.folder).stdin(Stdio::null());
        command.output().context("cannot start sysmt")
    }

    /// What it prints.
    fn good(&self, options: &[&str]) -> anyhow::Result<String> {
        let ran = self.sysmt(options)?;
        let error = String::from_utf8_lossy(&ran.stderr);
        ensure!(
            ran.status.success(),
            "sysmt sweep {options:?}: {}: {error}",
            ran.status
        );
        Ok(String::from_utf8(ran.stdout)?)
    }

    fn refused(&self, options: &[&str], why: &str) -> anyhow::Result<()> {
        let ran = self.sysmt(options)?;
        let error = String::from_utf8_lossy(&ran.stderr);
        ensure!(
            ran.status.code() == Some(2) && error.contains(why),
            "sysmt sweep {options:?} should be refused ({why}): {}: {error}",
            ran.status
        );
        Ok(())
    }

    fn export(&self, out: &str) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for (format, table) in [("jsonl", "points"), ("csv", "layers")] {
            let rows = self.command(&["export", out, "--format", format, "--table", table])?;
            ensure!(rows.status.success(), "{}", String::from_utf8_lossy(&rows.stderr));
            bytes.extend(rows.stdout);
        }
        Ok(bytes)
    }

    /// Points in the logs of the shards, or in one of them.
    fn stored(&self, only: Option<&str>) -> anyhow::Result<BTreeSet<String>> {
        let mut points = BTreeSet::new();
        let Ok(logs) = fs::read_dir(self.folder.join("slurm/shards")) else {
            return Ok(points);
        };
        for log in logs {
            let log = log?;
            let name = log.file_name().to_string_lossy().into_owned();
            if only.is_some_and(|only| only != name) || !name.ends_with(".log") {
                continue;
            }
            let text = fs::read_to_string(log.path())?;
            // A line is a checksum and a record that begins with its point.
            for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
                match line.split('"').nth(1) {
                    Some(point) => points.insert(point.to_owned()),
                    None => bail!("{name} holds `{line}`"),
                };
            }
        }
        Ok(points)
    }
}
