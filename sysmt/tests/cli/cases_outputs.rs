//! Nothing of the user's is replaced or deleted, and places to write to are looked at before work.

use std::fs;

use crate::support::{Folder, npy, pseudo_random};

/// Runs that end before any work: with this in their message, and with every file as it was.
#[track_caller]
fn refused(folder: &Folder, args: &[&str], want: &[&str]) {
    let before: Vec<(String, Vec<u8>)> = files(folder);
    let ran = folder.sysmt(args);
    assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{args:?}");
    for want in want {
        assert!(
            ran.stderr.contains(want),
            "{args:?}: no {want:?} in {}",
            ran.stderr
        );
    }
    for work in ["captured in", "images in", "MACs in"] {
        assert!(!ran.stderr.contains(work), "{args:?}: {}", ran.stderr);
    }
    assert!(before == files(folder), "{args:?}");
}

fn files(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| {
        let bytes = fs::read(folder.path(&name)).unwrap_or_default();
        (name, bytes)
    };
    folder.listing().into_iter().map(read).collect()
}

/// `args`, words with blanks between them.
fn words(args: &str) -> Vec<&str> {
    args.split_whitespace().collect()
}

const CAPTURE: &str = "capture m.onnx --images x.npz";
const EVAL: &str = "eval m.onnx --images x.npz --array 2t.toml";
const GEMM: &str = "gemm --array 2t.toml --activations a.npy --weights w.npy";
const WAVE: &str = "wave --array 2t.toml --activations a.npy --weights w.npy";

#[test]
fn an_output_without_a_folder_is_refused_before_the_work() {
    let folder = Folder::new();
    folder.write("taken/x", "");
    for (command, option) in [
        (CAPTURE, "--out"),
        (EVAL, "--predictions"),
        (GEMM, "--out"),
        (WAVE, "--out"),
    ] {
        let to = |path: &str| format!("{command} {option} {path}");
        let missing =
            "missing/out: cannot be written: there is no folder missing; make it, or choose another path";
        refused(&folder, &words(&to("missing/out")), &[missing]);
        let is_folder = "taken: cannot be written: it is a folder; name a file in it";
        refused(&folder, &words(&to("taken")), &[is_folder]);
        let is_file = "taken/x/out: cannot be written: taken/x is not a folder";
        refused(&folder, &words(&to("taken/x/out")), &[is_file]);
        // Not even root writes here.
        refused(
            &folder,
            &words(&to("/proc/out")),
            &["/proc/out: cannot be written"],
        );
        refused(&folder, &words(&to("/dev/null")), &["not a regular file"]);
    }
    let file = "taken/x: cannot be written: it is a file; name a folder";
    for command in ["run run.toml", EVAL] {
        refused(&folder, &words(&format!("{command} --out taken/x")), &[file]);
        refused(
            &folder,
            &words(&format!("{command} --out taken")),
            &["it holds x", "not a results folder"],
        );
        refused(
            &folder,
            &words(&format!("{command} --out /proc/r")),
            &["/proc/r: cannot be written"],
        );
    }
    folder.write("s.toml", "run = \"run.toml\"\n[axes]\nseed = [1]\n");
    refused(&folder, &words("sweep s.toml --out taken/x"), &[file]);
    refused(
        &folder,
        &words("sweep s.toml --out taken"),
        &["is not a folder of a sweep"],
    );
}

#[test]
fn weights_of_a_network_are_not_replaced_by_its_trace() {
    let folder = Folder::new();
    folder.write("m.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    let want = "m.safetensors: is there and is not a trace that `sysmt capture` wrote, so it is not replaced; name another \
                path with --out, or add --force";
    refused(&folder, &words(CAPTURE), &[want]);
    // What was captured is replaced without a word, and so is an empty file.
    folder.write("empty", "");
    for out in ["other.safetensors", "other.safetensors", "empty"] {
        folder.good(&words(&format!("{CAPTURE} --out {out}")));
    }
    folder.good(&words(&format!("{CAPTURE} --force")));
    assert_eq!(folder.read("m.safetensors"), folder.read("other.safetensors"));
}

#[test]
fn an_empty_folder_becomes_a_results_folder() {
    let folder = Folder::new();
    for (name, command) in [("run", "run run.toml"), ("eval", EVAL)] {
        fs::create_dir(folder.path(name)).unwrap();
        folder.good(&words(&format!("{command} --out {name}")));
        assert!(folder.path(name).join("result.json").is_file());
    }
}

#[test]
fn an_input_is_never_an_output() {
    let folder = Folder::new();
    let input = "this command reads it, so it is not written to; choose another path";
    folder.write("m.toml", "mean = 0.5\n");
    fs::hard_link(folder.path("m.onnx"), folder.path("hard.onnx")).unwrap();
    let mut commands = vec![
        format!("{CAPTURE} --out m.onnx"),
        format!("{CAPTURE} --out ./x.npz"),
        format!("{CAPTURE} --out m.toml"),
        format!("{CAPTURE} --out hard.onnx"),
        format!("{EVAL} --predictions x.npz"),
        format!("{EVAL} --predictions 2t.toml"),
        format!("{EVAL} --recalibrate-bn --save-model m.onnx"),
        format!("{GEMM} --out a.npy"),
        format!("{GEMM} --out w.npy"),
        format!("{WAVE} --out 2t.toml"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("m.onnx", folder.path("soft.onnx")).unwrap();
        commands.push(format!("{CAPTURE} --out soft.onnx"));
    }
    for command in &commands {
        refused(&folder, &words(command), &[input]);
        refused(&folder, &words(&format!("{command} --force")), &[input]);
    }
    folder.good(&words("run run.toml --out results"));
    let export = "export results --format csv --out results/result.json --force";
    refused(&folder, &words(export), &[input]);
    // A figure of this name would have its points there.
    let figure = "[[figure]]\nname = \"pe_map\"\ntable = \"layers\"\nx = \"macs\"\ny = \"speedup\"\n";
    folder.write("figures.toml", figure);
    let plot = "plot results --figures figures.toml --out results --force";
    refused(
        &folder,
        &words(plot),
        &["results/pe_map.csv: results are read from it"],
    );
    // An image of a folder is an input too.
    folder.write("photos/a.png", crate::support::png(8, 8, 1));
    let photo = "capture m.onnx --images photos --out photos/a.png --force";
    refused(&folder, &words(photo), &[input]);
}

#[test]
fn two_outputs_are_two_files() {
    let folder = Folder::new();
    let same = format!("{EVAL} --recalibrate-bn --save-model new --predictions ./new");
    refused(
        &folder,
        &words(&same),
        &["this command would write two files there"],
    );
    let inside = format!("{EVAL} --out results --predictions ./results/predictions.csv");
    let want = "./results/predictions.csv: lies in results, where this command puts all its results; choose another path";
    refused(&folder, &words(&inside), &[want]);
    fs::create_dir(folder.path("results")).unwrap();
    refused(&folder, &words(&inside), &[want]);
}

#[test]
fn files_of_others_are_replaced_by_force_alone() {
    let folder = Folder::new();
    folder.good(&words("run run.toml --out results"));
    folder.write("notes", "index,name\n1,mine\n");
    // Another matrix of the user's is not a product.
    folder.write("mine.npy", npy("|u1", "False", "(5, 6)", &pseudo_random(30, 7)));
    for (command, old) in [
        (format!("{GEMM} --out"), "mine.npy"),
        (format!("{GEMM} --out"), "notes"),
        (format!("{WAVE} --out"), "notes"),
        (format!("{EVAL} --predictions"), "notes"),
        ("export results --format csv --out".to_owned(), "notes"),
        ("export results --format parquet --out".to_owned(), "mine.npy"),
        ("report results --out".to_owned(), "notes"),
    ] {
        let bytes = folder.read(old);
        let to_old = format!("{command} {old}");
        refused(&folder, &words(&to_old), &["is there and is not", "add --force"]);
        folder.good(&words(&format!("{to_old} --force")));
        assert_ne!(folder.read(old), bytes, "{command}");
        // What it wrote itself it replaces.
        folder.good(&words(&to_old));
        folder.write(old, bytes);
    }
}

#[test]
fn notes_in_a_results_folder_stay() {
    let folder = Folder::new();
    let notes = [
        "results/mine/notes.md",
        "results/thesis.tex",
        "results/plots/own.svg",
    ];
    for command in ["run run.toml --out results", &format!("{EVAL} --out results")] {
        folder.good(&words(command));
        for name in notes {
            folder.write(name, "my analysis");
        }
        folder.good(&words(command));
        for name in notes {
            assert_eq!(folder.read(name), b"my analysis", "{name}");
        }
    }
    assert!(
        !folder.path("results/plots/utilization.svg").exists(),
        "of the run"
    );
    folder.write("results/summary.md", "my words");
    let want = "results: sysmt did not write summary.md, or somebody has changed it since, so it is not replaced; move it \
                away, name another folder, or add --force";
    refused(&folder, &words(&format!("{EVAL} --out results")), &[want]);
    folder.good(&words(&format!("{EVAL} --out results --force")));
    assert_ne!(folder.read("results/summary.md"), b"my words");
    // Another program's result is nobody's to replace.
    folder.write("theirs/result.json", "{\"version\": 1}");
    refused(
        &folder,
        &words("run run.toml --out theirs"),
        &["it holds result.json and no results of sysmt"],
    );
}

#[test]
fn figures_and_pages_that_somebody_worked_on_stay() {
    let folder = Folder::new();
    folder.good(&words("run run.toml --out results"));
    for out in ["results/plots", "figures"] {
        let plot = format!("plot results --out {out}");
        folder.good(&words(&plot));
        folder.good(&words(&plot));
        let script = format!("{out}/speedup.py");
        folder.write(&script, "# my colours");
        refused(
            &folder,
            &words(&plot),
            &["speedup.py, or somebody has changed it since"],
        );
        folder.good(&words(&format!("{plot} --kind energy")));
        folder.good(&words(&format!("{plot} --force")));
        assert_ne!(folder.read(&script), b"# my colours");
    }
    folder.write("results/report.html", "my page");
    refused(&folder, &words("report results"), &["did not write report.html"]);
    folder.good(&words("report results --force"));
    folder.good(&words("report results"));
    // Figures that were drawn before are no obstacle to new results.
    folder.good(&words("run run.toml --out results"));
    assert!(!folder.path("results/plots/roofline.svg").exists());
}

#[test]
fn files_beside_a_new_page_stay() {
    let folder = Folder::new();
    folder.write("s.toml", "base = \"run.toml\"\n[axes]\n\"pe.threads\" = [1, 2]\n");
    folder.good(&words("sweep s.toml --out s"));
    folder.write("page/points.csv", "my points");
    let report = "report s --markdown page.md";
    let beside = "page/points.csv: is there without the page page.md, so it is not replaced";
    refused(&folder, &words(report), &[beside]);
    folder.good(&words(&format!("{report} --force")));
    assert_ne!(folder.read("page/points.csv"), b"my points");
    // They are the page's now.
    folder.good(&words(report));
    refused(&folder, &words("report s --markdown page"), &["it is a folder"]);
    refused(
        &folder,
        &words("report s --markdown other"),
        &["give it one, such as .md"],
    );
}
