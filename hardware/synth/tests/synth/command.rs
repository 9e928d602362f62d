//! What the command says of mistakes, and what it leaves behind.

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// Three gates and a flip-flop: enough to make any design of, and nothing that abc can time.
const TINY: &str = "library(tiny) {
  cell(INV) { area : 1; pin(A) { direction : input; } pin(Y) { direction : output; function : \"!A\"; } }
  cell(BUF) { area : 1; pin(A) { direction : input; } pin(Y) { direction : output; function : \"A\"; } }
  cell(NAND) { area : 2; pin(A) { direction : input; } pin(B) { direction : input; }
    pin(Y) { direction : output; function : \"!(A B)\"; } }
  cell(DFF) { area : 8; ff(IQ, IQN) { clocked_on : \"C\"; next_state : \"D\"; }
    pin(C) { direction : input; clock : true; } pin(D) { direction : input; }
    pin(Q) { direction : output; function : \"IQ\"; } }
}
";

fn folder(liberty: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tiny.lib"), liberty).unwrap();
    folder
}

fn command(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("sim-synth").unwrap();
    command.current_dir(folder);
    command
}

/// Run with `arguments`; the code, what was said, and whether the folder holds only the Liberty file still.
#[track_caller]
fn fails(folder: &TempDir, arguments: &[&str], path: Option<&str>, want: &str) {
    let mut command = command(folder.path());
    command.args(arguments);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(want), "{said}");
    assert!(!folder.path().join("configs").exists(), "a file was left behind");
}

const LIBERTY: [&str; 2] = ["--liberty", "tiny.lib"];

#[test]
fn a_missing_tool_names_its_package() {
    let folder = folder(TINY);
    fails(
        &folder,
        &LIBERTY,
        Some(""),
        "error: `yosys` is not installed: as root, apt-get install -y --no-install-recommends yosys",
    );
}

#[test]
fn a_bad_library_is_said_before_anything_is_written() {
    let without = TINY.replacen("!(A B)", "A B", 1);
    fails(
        &folder(&without),
        &LIBERTY,
        None,
        "tiny.lib has no 2-input NAND or NOR",
    );
    let open = TINY.trim_end().strip_suffix('}').unwrap();
    fails(
        &folder(open),
        &LIBERTY,
        None,
        "tiny.lib, line 1: the group `library` that starts here has no `}`",
    );
    let number = TINY.replacen("area : 8", "area : big", 1);
    fails(
        &folder(&number),
        &LIBERTY,
        None,
        "tiny.lib, line 6: `area` of cell(DFF) is `big`; a number belongs there",
    );
    let folder = folder(TINY);
    fails(
        &folder,
        &["--liberty", "none.lib"],
        None,
        "none.lib: No such file",
    );
}

#[test]
fn names_that_are_taken_or_unknown_are_refused() {
    let folder = folder(TINY);
    let with = |more: &[&'static str]| [&LIBERTY[..], more].concat();
    fails(
        &folder,
        &with(&["--name", "osu018"]),
        None,
        "`osu018` is the name of a table that comes with the project",
    );
    fails(
        &folder,
        &with(&["--name", "../x"]),
        None,
        "`../x` is not a name for a table",
    );
    fails(
        &folder,
        &["--designs", "nb-smt-3t"],
        None,
        "no design is called `nb-smt-3t`; names are conventional, ",
    );
}

#[test]
fn a_table_of_ones_own_repeats_to_the_byte() {
    let folder = folder(TINY);
    let arguments = [
        "--liberty",
        "tiny.lib",
        "--designs",
        "nb-smt-1t",
        "--node",
        "no node",
    ];
    let made = || {
        command(folder.path()).args(arguments).assert().success();
        std::fs::read_to_string(folder.path().join("configs/tech/tiny.toml")).unwrap()
    };
    let text = made();
    assert_eq!(made(), text);
    let table = sim_cost::table::Table::parse("tiny", &text).unwrap();
    assert_eq!(table.provenance().unwrap().rtl, sim_rtl::fingerprint());
    assert!(text.contains("gate-equivalents"), "{text}");
    let left: Vec<_> = std::fs::read_dir(folder.path().join("configs/tech"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1);
}
