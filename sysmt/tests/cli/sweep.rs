//! `sysmt sweep`: points are stored as they finish, and nothing that ends it loses one.

use std::time::{Duration, Instant};

use crate::support::{Folder, trace};

/// Points enough to be ended in the middle of.
const SWEEP: &str = "version = 1\nbase = \"run.toml\"\nseeds = [1, 2]\n[axes]\n\"pe.threads\" = [1, 2, 4]\n\
    \"workload.activation-zeros\" = { from = 0.0, to = 0.8, steps = 5 }\n\"workload.prune\" = [0.0, 0.5]\n\
    [[exclude]]\n\"pe.threads\" = 1\n\"workload.prune\" = 0.5\n";
const N_POINTS: usize = 5 * (1 + 2 * 4);

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("s.toml", SWEEP);
    folder
}

#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    let folder = folder();
    let begun = Instant::now();
    folder.good(&["sweep", "s.toml", "--out", "whole", "--jobs", "2"]);
    let took = begun.elapsed();
    let want = folder.exports("whole");
    assert_eq!(want.matches("\"status\":\"done\"").count(), N_POINTS);

    let mut n_killed = 0_u32;
    let mut n_attempts = 0;
    let mut instants = sim_instants(took);
    // Each kill is at another instant of what is left; a sweep that is done begins anew.
    while n_killed < 50 {
        n_attempts += 1;
        assert!(
            n_attempts < 500,
            "only {n_killed} of {n_attempts} were killed in time"
        );
        let args = ["sweep", "s.toml", "--out", "killed", "--jobs", "2", "--resume"];
        let mut child = folder.start(&args);
        std::thread::sleep(instants.next().unwrap_or_default());
        // SIGKILL.
        child.kill().unwrap_or_else(|error| panic!("{error}"));
        let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
        match status.code() {
            None => n_killed += 1,
            Some(code) => {
                assert_eq!(code, 0);
                assert_eq!(folder.exports("killed"), want);
                std::fs::remove_dir_all(folder.path("killed")).unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }
    folder.good(&["sweep", "s.toml", "--out", "killed", "--resume"]);
    assert_eq!(folder.exports("killed"), want);
}

/// Pseudo-random instants within a sweep.
fn sim_instants(took: Duration) -> impl Iterator<Item = Duration> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        Some(took * (state % 1000) / 1000)
    })
}

#[test]
fn results_do_not_depend_on_jobs_and_equal_points_run_once() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "one", "--jobs", "1"]);
    folder.good(&["sweep", "s.toml", "--out", "four", "--jobs", "4"]);
    assert_eq!(folder.exports("one"), folder.exports("four"));
    // Paths and the order of axes are not part of a point.
    folder.write("elsewhere/t.safetensors", folder.read("t.safetensors"));
    folder.write(
        "twice.toml",
        "base = \"run.toml\"\n[axes]\n\"workload.trace\" = [\"t.safetensors\", \"elsewhere/t.safetensors\"]\n",
    );
    let told = folder.good(&["sweep", "twice.toml", "--out", "twice"]);
    assert_eq!(told, "twice: 2 points, 1 different ones; 1 ran\n");
    assert_eq!(folder.exports("twice").matches("\"status\":\"done\"").count(), 2);
}

#[test]
fn a_changed_sweep_reuses_what_still_fits() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    folder.write("s.toml", SWEEP.replace("steps = 5", "steps = 3"));
    let told = folder.good(&["sweep", "s.toml", "--out", "s", "--resume"]);
    // 0, 0.4 and 0.8 were there.
    assert_eq!(told, "s: 25 points; 0 ran, 25 had results\n");
    folder.write("s.toml", SWEEP.replace("steps = 5", "steps = 9"));
    let told = folder.good(&["sweep", "s.toml", "--out", "s", "--resume"]);
    assert_eq!(told, "s: 85 points; 40 ran, 45 had results\n");
    folder.good(&["sweep", "s.toml", "--out", "new"]);
    assert_eq!(folder.exports("s"), folder.exports("new"));
}

#[test]
fn a_point_that_fails_is_stored_and_stops_no_other() {
    let folder = folder();
    folder.write(
        "stc-run.toml",
        "array = \"stc.toml\"\n[workload]\ntrace = \"t.safetensors\"\n",
    );
    folder.write(
        "s.toml",
        "base = \"stc-run.toml\"\n[axes]\n\"workload.prune\" = [0.0, \"2:4\", 0.1]\n",
    );
    let ran = folder.sysmt(&["sweep", "s.toml", "--out", "s"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.stdout, "s: 3 points; 1 ran, 2 failed\n");
    assert!(ran.stderr.contains("error: 2 points failed"), "{}", ran.stderr);
    let rows = folder.good(&[
        "export",
        "s",
        "--format",
        "jsonl",
        "--columns",
        "workload.prune,status,error",
    ]);
    let rows: Vec<&str> = rows.lines().collect();
    assert!(
        rows[0].contains("\"failed\"") && rows[0].contains("prune the network with `2:4`"),
        "{}",
        rows[0]
    );
    assert_eq!(
        rows[1],
        "{\"workload.prune\":\"2:4\",\"status\":\"done\",\"error\":null}"
    );
    assert!(rows[2].contains("\"failed\""), "{}", rows[2]);
    // Failed points run again: what made them fail may have been mended.
    let ran = folder.sysmt(&["sweep", "s.toml", "--out", "s", "--resume"]);
    assert_eq!(
        (ran.code, &*ran.stdout),
        (Some(2), "s: 3 points; 0 ran, 1 had results, 2 failed\n")
    );
}

#[test]
fn a_point_that_does_not_fit_in_memory_is_refused_as_a_run_is() {
    let folder = folder();
    let mut padded = trace::tiny();
    // 32767² pixels of 4096 channels, of four bytes.
    padded.layers[1] = trace::layer("huge", [1, 1, 1], [4096, 1, 1, 1], 1);
    padded.layers[1].geometry.padding = [16_383; 4];
    folder.write("padded.safetensors", trace::bytes(&padded));
    folder.write(
        "s.toml",
        "base = \"run.toml\"\n[axes]\n\"workload.trace\" = [\"t.safetensors\", \"padded.safetensors\"]\n",
    );
    let ran = folder.sysmt(&["sweep", "s.toml", "--out", "s"]);
    assert_eq!(
        (ran.code, &*ran.stdout),
        (Some(2), "s: 2 points; 1 ran, 1 failed\n")
    );
    let rows = folder.good(&["export", "s", "--format", "jsonl", "--columns", "error"]);
    assert!(
        rows.contains("padded.safetensors: the largest products, those of layer `huge` first, need"),
        "{rows}"
    );
}

#[test]
fn a_point_has_the_answers_of_an_evaluation() {
    let folder = folder();
    folder.write(
        "model-run.toml",
        "array = \"2t.toml\"\n[workload]\nmodel = \"m.onnx\"\nimages = \"x.npz\"\n",
    );
    folder.write(
        "s.toml",
        "base = \"model-run.toml\"\n[axes]\n\"pe.threads\" = [1, 2]\n\"workload.prune\" = [0.0, 0.5]\n[measure]\naccuracy = { images = 2 }\n",
    );
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    let columns = "pe.threads,workload.prune,evaluated_images,cycles,agreement,energy_pj";
    let rows = folder.good(&["export", "s", "--format", "jsonl", "--columns", columns]);
    assert_eq!(rows.lines().count(), 4);
    for (row, prune) in rows.lines().zip(["0", "0.5", "0", "0.5"]) {
        let row: serde_json::Value = serde_json::from_str(row).unwrap_or_default();
        assert_eq!(row["evaluated_images"], 2);
        let threads = row["pe.threads"].as_u64().unwrap_or(0);
        folder.write(
            "threads.toml",
            format!("[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = {threads}\n"),
        );
        let object = folder.good(&[
            "eval",
            "m.onnx",
            "--images",
            "x.npz",
            "--array",
            "threads.toml",
            "--prune",
            prune,
            "--json",
        ]);
        let object: serde_json::Value = serde_json::from_str(&object).unwrap_or_default();
        assert_eq!(row["cycles"], object["cycles"]);
        assert_eq!(row["agreement"], object["agreement"]);
        assert_eq!(row["energy_pj"], object["energy_pj"]["value"]);
    }
}

#[test]
fn a_point_is_the_run_that_it_stands_for() {
    let folder = folder();
    folder.write(
        "s.toml",
        "base = \"run.toml\"\nseeds = [3]\n[axes]\n\"pe.threads\" = [4]\n\"workload.activation-zeros\" = [0.5]\n",
    );
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    folder.write(
        "single.toml",
        "seed = 3\n[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 4\n[workload]\ntrace = \"t.safetensors\"\nactivation-zeros = 0.5\n",
    );
    let summary = folder.good(&["run", "single.toml", "--out", "r"]);
    assert!(summary.contains("synthetic sparsity"), "{summary}");
    let columns = "name,cycles,mse,a8w8,energy_pj,active_4";
    let rows = |folder: &Folder, from: &str| {
        folder.good(&[
            "export",
            from,
            "--format",
            "csv",
            "--table",
            "layers",
            "--columns",
            columns,
        ])
    };
    assert_eq!(rows(&folder, "s"), rows(&folder, "r"));
}

#[test]
fn one_process_at_a_time_and_only_folders_of_sweeps() {
    #[track_caller]
    fn refused(folder: &Folder, args: &[&str], want: &str) {
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(want), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let folder = folder();
    folder.write("other/notes.txt", "mine");
    refused(
        &folder,
        &["sweep", "s.toml", "--out", "other"],
        "is not a folder of a sweep",
    );
    refused(
        &folder,
        &["sweep", "s.toml", "--out", "s.toml"],
        "it is a file; name a folder",
    );
    // Not even root writes here.
    refused(
        &folder,
        &["sweep", "s.toml", "--out", "/proc/s"],
        "/proc/s: cannot be written",
    );
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    refused(
        &folder,
        &["sweep", "s.toml", "--out", "s"],
        "add --resume to go on with it",
    );
    let held = std::fs::File::open(folder.path("s/sweep.lock")).unwrap_or_else(|error| panic!("{error}"));
    held.lock().unwrap_or_else(|error| panic!("{error}"));
    refused(
        &folder,
        &["sweep", "s.toml", "--out", "s", "--resume"],
        "another process is running this sweep",
    );
    drop(held);
    folder.write(
        "broken/sweep.sqlite",
        "SQLite format 3 but not really, and long enough to be read as a page",
    );
    refused(
        &folder,
        &["sweep", "s.toml", "--out", "broken", "--resume"],
        "is not a store of a sweep",
    );
    refused(
        &folder,
        &["export", "broken", "--format", "csv"],
        "is not a store of a sweep",
    );
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let folder = folder();
    folder.write("s.toml", SWEEP.replace("[1, 2, 4]", "[1, 2, 3]"));
    let before = folder.listing();
    for args in [&["sweep", "s.toml"][..], &["sweep", "s.toml", "--dry-run"]] {
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.stderr.contains("s.toml:5: pe.threads = 3 is not allowed"),
            "{}",
            ran.stderr
        );
    }
    folder.write("s.toml", SWEEP.replace("run.toml", "nowhere.toml"));
    let ran = folder.sysmt(&["sweep", "s.toml"]);
    assert!(
        ran.stderr.contains("nowhere.toml: there is no such file"),
        "{}",
        ran.stderr
    );
    folder.write(
        "s.toml",
        "base = \"run.toml\"\n[axes]\n\"workload.trace\" = [\"gone.safetensors\"]\n",
    );
    let ran = folder.sysmt(&["sweep", "s.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("gone.safetensors"), "{}", ran.stderr);
    assert_eq!(folder.listing(), before);
}

#[test]
fn a_dry_run_lists_the_points_and_writes_nothing() {
    let folder = folder();
    let before = folder.listing();
    let ran = folder.sysmt(&["sweep", "s.toml", "--dry-run", "--jobs", "1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 1 + N_POINTS);
    assert!(
        ran.stdout
            .starts_with("point,pe.threads,workload.activation-zeros,workload.prune,seed\n1,1,0,0,–\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr
            .contains("45 points, 10 excluded; 45 have no results in results/s"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("about "), "{}", ran.stderr);
    assert_eq!(folder.listing(), before);
}

#[test]
fn a_sweep_is_drawn_and_shown_on_a_page_without_simulating() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    // Nothing is left to simulate from.
    std::fs::remove_file(folder.path("t.safetensors")).unwrap_or_else(|error| panic!("{error}"));
    folder.write("s.toml", "no longer there");
    folder.good(&[
        "plot",
        "s",
        "--kind",
        "utilization-by-sparsity",
        "--where",
        "workload.prune=0",
        "--format",
        "svg",
    ]);
    let svg = String::from_utf8_lossy(&folder.read("s/plots/utilization-by-sparsity.svg")).into_owned();
    assert!(svg.contains("synthetic zeros, 2 seeds"), "{svg}");
    assert!(svg.contains("sysmt sweep s.toml"), "{svg}");
    // Means over seeds: five probabilities for each number of threads.
    let csv = String::from_utf8_lossy(&folder.read("s/plots/utilization-by-sparsity.csv")).into_owned();
    assert_eq!(csv.lines().count(), 1 + 3 * 5, "{csv}");
    folder.good(&["report", "s"]);
    let page = String::from_utf8_lossy(&folder.read("s/report.html")).into_owned();
    assert!(page.contains("Synthetic operands") && page.contains("activation-zeros"));
    assert!(page.len() < 3_000_000);
}
