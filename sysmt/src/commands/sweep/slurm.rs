//! Slurm: the batch script of a sweep's tasks, its submission, and whether tasks are still in the queue.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::args::SbatchArgs;
use crate::failure::Failure;
use crate::output::write_text;

/// In a sweep's folder.
const FOLDER: &str = "slurm";

/// The script that `sbatch` gets.
pub(super) struct Script<'a> {
    /// The command of a task, but for its shard and threads.
    task: String,
    name: String,
    n_shards: usize,
    sbatch: &'a SbatchArgs,
}

impl<'a> Script<'a> {
    /// Of tasks that run `n_shards` shards of the sweep `file` in the folder `out`.
    ///
    /// - Errors: paths that a script cannot hold.
    pub(super) fn new(
        file: &Path,
        out: &Path,
        n_shards: usize,
        sbatch: &'a SbatchArgs,
    ) -> Result<Self, Failure> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() || "-_.".contains(letter) {
                letter
            } else {
                '-'
            }
        };
        Ok(Self {
            task: task(file, out)?,
            name: stem.chars().map(plain).collect(),
            n_shards,
            sbatch,
        })
    }

    /// Logs go where it is submitted from. Later options win in `sbatch`, so the user's own stand last.
    pub(super) fn text(&self) -> String {
        let SbatchArgs {
            slurm_partition,
            slurm_time,
            slurm_mem,
            slurm_account,
            slurm_cpus,
            sbatch,
        } = self.sbatch;
        let cpus = slurm_cpus.map(|cpus| cpus.to_string());
        let mut text = format!(
            "#!/bin/sh\n#SBATCH --job-name=sysmt-{}\n#SBATCH --array=0-{}\n#SBATCH --output=%A_%a.log\n",
            self.name,
            self.n_shards - 1
        );
        for (option, value) in [
            ("partition", slurm_partition),
            ("time", slurm_time),
            ("mem", slurm_mem),
            ("account", slurm_account),
            ("cpus-per-task", &cpus),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("#SBATCH --{option}={value}\n"));
            }
        }
        for option in sbatch {
            text.push_str(&format!("#SBATCH {option}\n"));
        }
        let jobs = cpus.as_deref().unwrap_or("${SLURM_CPUS_PER_TASK:-1}");
        text.push_str(&format!(
            "exec {} --shard \"$SLURM_ARRAY_TASK_ID/{}\" --jobs \"{jobs}\"\n",
            self.task, self.n_shards
        ));
        text
    }
}

/// The command of a task, but for its shard.
pub(super) fn task(file: &Path, out: &Path) -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::User(format!(
            "the path of sysmt itself is unknown: {error}; start it by its path"
        ))
    })?;
    let [program, file, out] = [&program, file, out].map(absolute);
    Ok(format!("{} sweep {} --out {}", program?, file?, out?))
}

/// An absolute path as a word of a shell.
fn absolute(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path).map_err(|error| {
        Failure::User(format!(
            "{}: has no absolute path: {error}; check it",
            path.display()
        ))
    })?;
    absolute.to_str().map(quote).ok_or_else(|| {
        Failure::User(format!(
            "{}: is not UTF-8, so no script can name it; rename it",
            path.display()
        ))
    })
}

/// A text as one word of a shell.
pub(super) fn quote(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=+,@%:".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The file with the job's number.
fn job_file(out: &Path) -> PathBuf {
    out.join(FOLDER).join("job")
}

/// Write the script and submit it; the job's number.
///
/// - Errors: no Slurm here, and what it does not take.
pub(super) fn submit(out: &Path, script: &Script<'_>) -> Result<String, Failure> {
    let folder = out.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::User(format!(
            "{}: cannot make the folder: {error}; check the path, its permissions and free space",
            folder.display()
        ))
    })?;
    write_text(&folder.join("job.sh"), &script.text())?;
    let mut sbatch = Command::new("sbatch");
    sbatch.args(["--parsable", "job.sh"]).current_dir(&folder);
    let submitted = match sbatch.output() {
        Ok(submitted) => submitted,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::User(
                "there is no sbatch here; run this where Slurm's commands are, or share the points with --shards \
                 and start the tasks by other means"
                    .to_owned(),
            ));
        }
        Err(error) => {
            return Err(Failure::User(format!(
                "sbatch cannot be started: {error}; check it"
            )));
        }
    };
    let text = String::from_utf8_lossy(&submitted.stdout).trim().to_owned();
    if !submitted.status.success() || !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(Failure::User(format!(
            "sbatch does not take the job: {}; see the options of --slurm, and {} for the script",
            told(&submitted),
            folder.join("job.sh").display()
        )));
    }
    write_text(&job_file(out), &format!("{text}\n"))?;
    Ok(text)
}

/// What a command of Slurm says about its failure, on one line.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        output.status.to_string()
    } else {
        lines.join("; ")
    }
}

/// Whether tasks of the last job are in the queue. Where there is no such job or no `squeue`, locks have to tell.
///
/// - Errors: there are, or nobody knows.
pub(super) fn check_queue(out: &Path) -> Result<(), Failure> {
    let Ok(job) = fs::read_to_string(job_file(out)) else {
        return Ok(());
    };
    // With clusters, `NUMBER;CLUSTER`.
    let (job, cluster) = match job.trim().split_once(';') {
        Some((job, cluster)) => (job, Some(cluster)),
        None => (job.trim(), None),
    };
    let mut squeue = Command::new("squeue");
    squeue.args(["--noheader", "--array", "--format=%i"]);
    squeue.arg(format!("--jobs={job}"));
    squeue.args(cluster.map(|cluster| format!("--clusters={cluster}")));
    let queue = match squeue.output() {
        Ok(queue) => queue,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(Failure::User(format!(
                "squeue cannot be started: {error}; check it"
            )));
        }
    };
    if !queue.status.success() {
        // Slurm forgets a job some minutes after its end.
        if told(&queue).contains("Invalid job id") {
            return Ok(());
        }
        return Err(Failure::User(format!(
            "squeue does not tell whether tasks of job {job} run: {}; try again, or remove {} where none can",
            told(&queue),
            job_file(out).display()
        )));
    }
    // With a cluster there is a line of its name.
    let queue = String::from_utf8_lossy(&queue.stdout);
    let n_tasks = queue.lines().filter(|line| line.trim().starts_with(job)).count();
    if n_tasks == 0 {
        return Ok(());
    }
    Err(Failure::User(format!(
        "{}: {n_tasks} tasks of Slurm's job {job} run or wait; wait for them, or end them: scancel {job}",
        out.display()
    )))
}

/// There is no job any more.
pub(super) fn forget(out: &Path) -> Result<(), Failure> {
    match fs::remove_file(job_file(out)) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        Err(error) => Err(Failure::User(format!(
            "{}: cannot be removed: {error}; check its permissions",
            job_file(out).display()
        ))),
    }
}
