//! `sysmt sweep` on more than one machine: shards add up to a local run, and Slurm is asked the right thing.

use std::fs;

use crate::support::{Folder, Ran};

const SWEEP: &str = "version = 1\nbase = \"run.toml\"\n[axes]\n\"pe.threads\" = [1, 2, 4]\n\
    \"workload.activation-zeros\" = { from = 0.0, to = 0.8, steps = 5 }\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("s.toml", SWEEP);
    folder
}

fn sweep(folder: &Folder, options: &[&str]) -> Ran {
    folder.sysmt(&[&["sweep", "s.toml", "--out", "s"], options].concat())
}

#[track_caller]
fn good(folder: &Folder, options: &[&str]) -> String {
    let ran = sweep(folder, options);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

#[track_caller]
fn refused(ran: &Ran, want: &str) {
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains(want), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn shards_add_up_to_a_local_run() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "local"]);
    let told = good(&folder, &["--shards", "4"]);
    assert!(
        told.starts_with("s: 15 points; 15 in 4 shards\neach I from 0 to 3 once, on any machine:\n  "),
        "{told}"
    );
    assert!(
        told.contains(" sweep FOLDER/s.toml --out FOLDER/s --shard I/4\n"),
        "{told}"
    );
    assert!(
        told.ends_with("\n  sysmt sweep s.toml --out s --collect\n"),
        "{told}"
    );
    assert_eq!(
        good(&folder, &["--shard", "0/4"]),
        "s, shard 0/4: 4 points; 4 ran\n"
    );
    assert_eq!(
        good(&folder, &["--shard", "0/4", "--jobs", "1"]),
        "s, shard 0/4: 4 points; 0 ran, 4 had results\n"
    );
    let part = sweep(&folder, &["--collect"]);
    assert_eq!(part.code, Some(130), "{}", part.stderr);
    assert_eq!(part.stdout, "s: 4 points have results, 11 are missing\n");
    assert!(
        part.stderr.starts_with(
            "4 new results from 1 shards\n11 points have no results yet; once no task runs, --resume"
        ),
        "{}",
        part.stderr
    );
    assert_eq!(
        good(&folder, &["--shard", "3/4"]),
        "s, shard 3/4: 3 points; 3 ran\n"
    );
    assert_eq!(
        good(&folder, &["--shard", "1/4"]),
        "s, shard 1/4: 4 points; 4 ran\n"
    );
    // Two shards are there that were not taken yet, one is missing: what is left is shared anew.
    let told = good(&folder, &["--shards", "8", "--resume"]);
    assert!(told.starts_with("s: 15 points; 4 in 4 shards\n"), "{told}");
    for shard in ["0/4", "1/4", "2/4", "3/4"] {
        assert!(
            good(&folder, &["--shard", shard]).contains(": 1 points; 1 ran"),
            "{shard}"
        );
    }
    assert_eq!(good(&folder, &["--collect"]), "s: 15 points have results\n");
    assert!(!folder.path("s/shards").exists());
    assert_eq!(folder.exports("s"), folder.exports("local"));
    assert_eq!(
        good(&folder, &["--shards", "2", "--resume"]),
        "s: no point is left to run\n"
    );
    assert_eq!(good(&folder, &["--collect"]), "s: 15 points have results\n");
}

#[test]
fn a_local_run_takes_back_what_tasks_have() {
    let folder = folder();
    good(&folder, &["--shards", "3"]);
    good(&folder, &["--shard", "1/3"]);
    refused(
        &sweep(&folder, &[]),
        "tasks hold the points of this sweep; --collect copies",
    );
    assert_eq!(
        good(&folder, &["--resume"]),
        "s: 15 points; 10 ran, 5 had results\n"
    );
    refused(&sweep(&folder, &["--shard", "2/3"]), "are not split into shards");
    assert_eq!(good(&folder, &["--collect"]), "s: 15 points have results\n");
    folder.good(&["sweep", "s.toml", "--out", "local"]);
    assert_eq!(folder.exports("s"), folder.exports("local"));
}

#[test]
fn tasks_leave_the_store_alone_and_refuse_what_they_cannot_run() {
    let folder = folder();
    refused(&sweep(&folder, &["--shard", "0/3"]), "are not split into shards");
    refused(&sweep(&folder, &["--collect"]), "holds no sweep");
    assert!(!folder.path("s").exists());
    good(&folder, &["--shards", "3"]);
    refused(
        &sweep(&folder, &["--shard", "0/2"]),
        "split into 3 shards, not 2; ask for a shard of 3",
    );
    let held =
        fs::File::create(folder.path("s/shards/1-of-3.lock")).unwrap_or_else(|error| panic!("{error}"));
    held.lock().unwrap_or_else(|error| panic!("{error}"));
    refused(
        &sweep(&folder, &["--shard", "1/3"]),
        "a process is running this shard",
    );
    refused(&sweep(&folder, &["--resume"]), "a process is running this shard");
    drop(held);
    let store = folder.read("s/sweep.sqlite");
    // Whoever has the store does not keep tasks from running.
    let main = fs::File::open(folder.path("s/sweep.lock")).unwrap_or_else(|error| panic!("{error}"));
    main.lock().unwrap_or_else(|error| panic!("{error}"));
    good(&folder, &["--shard", "1/3"]);
    assert_eq!(folder.read("s/sweep.sqlite"), store);
    drop(main);
    folder.write("s.toml", SWEEP.replace("[1, 2, 4]", "[1, 2]"));
    refused(
        &sweep(&folder, &["--shard", "2/3"]),
        "s.toml: 2 points of this shard are no longer points of the file",
    );
}

#[test]
fn points_that_fail_in_tasks_are_told_at_the_end() {
    let folder = folder();
    folder.write(
        "run.toml",
        "array = \"stc.toml\"\n[workload]\ntrace = \"t.safetensors\"\n",
    );
    folder.write(
        "s.toml",
        "base = \"run.toml\"\n[axes]\n\"workload.prune\" = [0.0, \"2:4\"]\n",
    );
    good(&folder, &["--shards", "2"]);
    let failed = sweep(&folder, &["--shard", "0/2"]);
    assert_eq!(
        (failed.code, &*failed.stdout),
        (Some(2), "s, shard 0/2: 1 points; 0 ran, 1 failed\n")
    );
    good(&folder, &["--shard", "1/2"]);
    let ended = sweep(&folder, &["--collect"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (Some(2), "s: 1 points have results, 1 failed\n")
    );
    assert!(
        ended.stderr.contains("error: 1 points failed"),
        "{}",
        ended.stderr
    );
    let told = good(&folder, &["--shards", "2", "--resume"]);
    assert!(told.starts_with("s: 2 points; 1 in 1 shards\n"), "{told}");
    let none = sweep(&folder, &["--collect"]);
    assert_eq!(none.stdout, "s: 1 points have results, 1 failed\n");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let folder = folder();
    let before = folder.listing();
    for options in [
        &["--collect", "--slurm"][..],
        &["--collect", "--shards", "2"],
        &["--collect", "--shard", "0/2"],
        &["--collect", "--resume"],
        &["--collect", "--dry-run"],
        &["--shard", "0/2", "--slurm"],
        &["--shard", "0/2", "--shards", "2"],
        &["--shard", "0/2", "--resume"],
        &["--shard", "0/2", "--dry-run"],
        &["--slurm-time", "5"],
        &["--slurm-cpus", "5", "--shards", "2"],
        &["--sbatch=--exclusive"],
    ] {
        let ran = sweep(&folder, options);
        assert_eq!(ran.code, Some(2), "{options:?}");
        assert!(
            ran.stderr.contains("cannot be used with") || ran.stderr.contains("required arguments"),
            "{options:?}: {}",
            ran.stderr
        );
    }
    for (options, want) in [
        (
            ["--shard", "2/2"],
            "there is no shard 2 of 2; write I/N, as in 0/8",
        ),
        (["--shard", "two"], "`two` is not a shard; write I/N"),
        (["--shards", "0"], "0 is not in 1..=1000000"),
        (
            ["--slurm-time", "5 # m"],
            "not a value that sbatch takes; write it without blanks",
        ),
        (["--slurm-account", ""], "not a value that sbatch takes"),
        (["--slurm-cpus", "0"], "0 is not in 1..=1024"),
        (
            ["--sbatch", "exclusive"],
            "write one line that begins with a hyphen",
        ),
        (
            ["--sbatch", "--a\n--b"],
            "write one line that begins with a hyphen",
        ),
    ] {
        refused(&sweep(&folder, &[&["--slurm"][..], &options].concat()), want);
    }
    assert_eq!(folder.listing(), before);
}

#[test]
fn a_script_says_all_of_it_and_a_dry_run_only_prints_it() {
    let folder = folder();
    let name = "it's a \"sweep\"; $(x).toml";
    folder.write(name, SWEEP);
    let before = folder.listing();
    let printed = folder.good(&[
        "sweep",
        name,
        "--out",
        "my $HOME",
        "--slurm",
        "--dry-run",
        "--shards",
        "8",
        "--slurm-partition",
        "short,long",
        "--slurm-time",
        "1-12:00:00",
        "--slurm-mem",
        "4G",
        "--slurm-account",
        "group@site",
        "--slurm-cpus",
        "6",
        "--sbatch=--constraint=\"avx2&ib\"",
        "--sbatch",
        "#SBATCH --mail-type=END",
    ]);
    let program = env!("CARGO_BIN_EXE_sysmt");
    assert!(printed.contains(program), "{printed}");
    insta::assert_snapshot!(printed.replace(program, "SYSMT"), @r#"
    #!/bin/sh
    #SBATCH --job-name=sysmt-it-s-a--sweep-----x-
    #SBATCH --array=0-7
    #SBATCH --output=%A_%a.log
    #SBATCH --partition=short,long
    #SBATCH --time=1-12:00:00
    #SBATCH --mem=4G
    #SBATCH --account=group@site
    #SBATCH --cpus-per-task=6
    #SBATCH --constraint="avx2&ib"
    #SBATCH --mail-type=END
    exec SYSMT sweep 'FOLDER/it'\''s a "sweep"; $(x).toml' --out 'FOLDER/my $HOME' --shard "$SLURM_ARRAY_TASK_ID/8" --jobs "6"
    "#);
    // Not more tasks than points; threads as Slurm gives them.
    let printed = folder.good(&["sweep", "s.toml", "--slurm", "--dry-run"]);
    assert!(printed.contains("#SBATCH --array=0-14\n"), "{printed}");
    assert!(
        printed.ends_with("--shard \"$SLURM_ARRAY_TASK_ID/15\" --jobs \"${SLURM_CPUS_PER_TASK:-1}\"\n"),
        "{printed}"
    );
    assert_eq!(folder.listing(), before);
}

#[cfg(unix)]
mod with_commands_of_slurm {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A command that a shell runs in its place.
    fn command(folder: &Folder, name: &str, script: &str) {
        let path = format!("bin/{name}");
        folder.write(&path, format!("#!/bin/sh\n{script}\n"));
        let permissions = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(&path), permissions).unwrap_or_else(|error| panic!("{error}"));
    }

    fn slurm(folder: &Folder, options: &[&str]) -> Ran {
        let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
        let arguments = [&["sweep", "s.toml", "--out", "s"], options].concat();
        folder.sysmt_in(&[("PATH", &path)], &arguments)
    }

    #[test]
    fn a_submission_that_fails_leaves_the_sweep_as_it_was() {
        let folder = folder();
        let none = folder.sysmt_in(
            &[("PATH", "/nowhere")],
            &["sweep", "s.toml", "--out", "s", "--slurm"],
        );
        refused(
            &none,
            "there is no sbatch here; run this where Slurm's commands are",
        );
        command(
            &folder,
            "sbatch",
            "echo 'sbatch: error: invalid partition specified: x' >&2\necho >&2; echo 'sbatch: again' >&2\nexit 1",
        );
        refused(
            &slurm(&folder, &["--slurm"]),
            "sbatch does not take the job: sbatch: error: invalid partition specified: x; sbatch: again; see",
        );
        command(&folder, "sbatch", "echo nonsense");
        refused(&slurm(&folder, &["--slurm"]), "sbatch does not take the job");
        // Nothing is with tasks.
        assert_eq!(slurm(&folder, &[]).stdout, "s: 15 points; 15 ran\n");
    }

    #[test]
    fn a_job_is_submitted_once_and_asked_for_before_it_is_taken_back() {
        let folder = folder();
        // Runs every task, too, as the script says.
        command(
            &folder,
            "sbatch",
            "echo \"$@\" >../../asked\nfor task in 0 1 2; do SLURM_ARRAY_TASK_ID=$task sh job.sh >&2 || exit 1; done\n\
             echo '123;here'",
        );
        let ran = slurm(&folder, &["--slurm", "--shards", "3"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(
            ran.stdout,
            "s: 15 points; 15 in 3 shards\nSlurm job 123;here; when it is done, or before:\n  \
             sysmt sweep s.toml --out s --collect\n"
        );
        assert_eq!(folder.read("asked"), b"--parsable job.sh\n");
        refused(
            &slurm(&folder, &["--slurm"]),
            "tasks hold the points of this sweep",
        );
        command(
            &folder,
            "squeue",
            "echo \"$@\" >asked\necho 'CLUSTER: here'\necho 123_1\necho 123_2",
        );
        for options in [
            &["--resume"][..],
            &["--slurm", "--resume"],
            &["--shards", "2", "--resume"],
        ] {
            refused(
                &slurm(&folder, options),
                "s: 2 tasks of Slurm's job 123 run or wait; wait for them, or end them: scancel 123",
            );
        }
        assert_eq!(
            folder.read("asked"),
            b"--noheader --array --format=%i --jobs=123 --clusters=here\n"
        );
        command(
            &folder,
            "squeue",
            "echo 'slurm_load_jobs error: Unable to contact' >&2\nexit 1",
        );
        refused(
            &slurm(&folder, &["--resume"]),
            "squeue does not tell whether tasks of job 123 run: slurm_load_jobs error: Unable to contact; try again",
        );
        command(
            &folder,
            "squeue",
            "echo 'slurm_load_jobs error: Invalid job id specified' >&2\nexit 1",
        );
        let ran = slurm(&folder, &["--slurm", "--resume"]);
        assert_eq!(
            (ran.code, &*ran.stdout, &*ran.stderr),
            (
                Some(0),
                "s: no point is left to run\n",
                "15 new results from 3 shards\n"
            )
        );
        assert!(!folder.path("s/slurm/job").exists());
    }
}
