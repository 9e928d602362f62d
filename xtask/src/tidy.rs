//! What a reviewer should not have to check: crate edges, module headers, file sizes, stray words.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};

use crate::command::output;

/// The longest source file, in lines. A file has one subject.
const MAX_LINES: usize = 500;

/// Crates of the workspace and those of them that each may depend on. Edges for tests are not listed.
const EDGES: &[(&str, &[&str])] = &[
    ("sim-core", &[]),
    ("sim-toml", &[]),
    ("sim-simd", &["sim-core"]),
    ("sim-cost", &["sim-core", "sim-toml"]),
    ("sim-draw", &["sim-core"]),
    ("reports", &["sim-core", "sim-cost", "sim-draw"]),
    ("sim-figures", &["sim-core", "sim-toml", "sim-draw", "reports"]),
    ("sim-pe", &["sim-core", "sim-simd"]),
    ("sim-array", &["sim-core", "sim-simd", "sim-pe"]),
    ("sim-algebraic", &["sim-core", "sim-simd", "sim-pe", "sim-array"]),
    ("sim-config", &["sim-core", "sim-toml", "sim-predict"]),
    ("sim-images", &["sim-core"]),
    ("sim-onnx", &["sim-core"]),
    ("sim-net", &["sim-core", "sim-simd", "sim-onnx"]),
    ("sim-trace", &["sim-core"]),
    ("sim-predict", &["sim-core", "sim-simd"]),
    (
        "sim-quant",
        &[
            "sim-core",
            "sim-simd",
            "sim-pe",
            "sim-array",
            "sim-images",
            "sim-net",
            "sim-predict",
            "sim-trace",
        ],
    ),
    (
        "sim-layers",
        &[
            "sim-core",
            "sim-simd",
            "sim-array",
            "sim-algebraic",
            "sim-images",
            "sim-net",
            "sim-trace",
            "sim-predict",
            "sim-quant",
        ],
    ),
    (
        "sim-run",
        &[
            "sim-core",
            "sim-simd",
            "sim-toml",
            "sim-cost",
            "reports",
            "sim-pe",
            "sim-array",
            "sim-config",
            "sim-images",
            "sim-net",
            "sim-trace",
            "sim-predict",
            "sim-quant",
            "sim-layers",
        ],
    ),
    (
        "sim-sweep",
        &[
            "sim-core",
            "sim-toml",
            "reports",
            "sim-figures",
            "sim-config",
            "sim-run",
        ],
    ),
    (
        "sim-bench",
        &[
            "sim-core",
            "sim-draw",
            "sim-array",
            "sim-algebraic",
            "sim-config",
            "sim-trace",
            "sim-images",
            "sim-net",
            "sim-quant",
            "sim-layers",
            "sim-run",
            "sim-sweep",
        ],
    ),
    ("sim-rtl", &["sim-core"]),
    ("sim-synth", &["sim-core", "sim-cost", "sim-rtl"]),
    ("sim-testkit", &["sim-core", "sim-array"]),
    (
        "sim-cosim",
        &[
            "sim-core",
            "sim-pe",
            "sim-array",
            "sim-trace",
            "sim-quant",
            "sim-rtl",
            "sim-synth",
            "sim-testkit",
        ],
    ),
    (
        "sim-energy",
        &[
            "sim-core",
            "sim-cost",
            "sim-pe",
            "sim-array",
            "sim-trace",
            "sim-quant",
            "sim-rtl",
            "sim-synth",
            "sim-testkit",
        ],
    ),
    ("sim-tests", &[]),
    ("sim-wave", &["sim-core", "sim-pe", "sim-array"]),
    (
        "sysmt",
        &[
            "sim-core",
            "sim-simd",
            "sim-toml",
            "sim-draw",
            "reports",
            "sim-figures",
            "sim-array",
            "sim-predict",
            "sim-config",
            "sim-images",
            "sim-net",
            "sim-trace",
            "sim-run",
            "sim-sweep",
            "sim-wave",
        ],
    ),
    ("xtask", &[]),
];

/// Folders of a crate, and what no path in their code may name: what has to stay independent inside a crate.
const NOT_NAMED: &[(&str, &[&str])] = &[
    // The reference clock is the truth for time: it knows neither the other engines nor a formula for cycles.
    (
        "sim-array/src/clock/",
        &[
            "stepped",
            "algebraic",
            "lanes",
            "Schedule",
            "switching",
            "lockstep",
        ],
    ),
    ("sim-array/src/stepped/", &["clock", "Schedule"]),
    ("sim-algebraic/src/", &["clock", "stepped", "lockstep"]),
];

/// Where `unsafe` may stand: vector instructions and raw memory, the peaks that benchmarks measure, compiled hardware.
const UNSAFE: [&str; 3] = [
    "sim-simd/src/",
    "bench/src/peaks.rs",
    "hardware/cosim/src/model.rs",
];

/// The oracle, and what it may name of the workspace: the vocabulary, not the code that it is compared with.
const ORACLE: &str = "sim-testkit/src/oracle.rs";
const VOCABULARY: &str = "sim_core::";
const NAMES_OF_CODE: [&str; 3] = ["sim_", "crate::", "super::"];

/// Marks of unfinished work and of tests that do not run.
const STRAY_WORDS: &[&str] = &[
    "TODO",
    "FIXME",
    "#[ignore",
    "should_panic",
    "todo!(",
    "unimplemented!(",
];

pub(crate) fn run() -> anyhow::Result<()> {
    let mut complaints = edges()?;
    let files = output("git ls-files --cached --others --exclude-standard")?;
    let mut n_sources = 0;
    for name in files
        .lines()
        .filter(|name| name.ends_with(".rs") && Path::new(name).exists())
    {
        let text = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
        complaints.extend(source(name, &text));
        n_sources += 1;
    }
    if n_sources == 0 {
        bail!("tidy found no source file: is this a git checkout?");
    }
    complaints.extend(oracle()?);
    complaints.extend(invariants()?);
    for name in files.lines().filter(|name| name.starts_with("docs/adr/")) {
        let text = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
        let lacks = |field: &&str| !text.lines().any(|line| line.starts_with(field));
        let missing = ["Status: ", "Date: "].into_iter().filter(lacks);
        complaints.extend(missing.map(|field| format!("{name}: a decision has a line `{field}…`")));
    }
    if complaints.is_empty() {
        println!(
            "tidy: {n_sources} source files, {} crates, no complaint",
            EDGES.len()
        );
        return Ok(());
    }
    bail!("tidy:\n  {}", complaints.join("\n  "))
}

/// Dependencies between crates of the workspace that the table does not allow, and crates it does not know.
fn edges() -> anyhow::Result<Vec<String>> {
    let metadata: serde_json::Value =
        serde_json::from_str(&output("cargo metadata --format-version 1 --no-deps")?)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let names: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let mut complaints = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = EDGES.iter().find(|(from, _)| *from == name) else {
            complaints.push(format!(
                "{name} is not in the table of crate edges in xtask/src/tidy.rs"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let is_for_tests = dependency["kind"] == "dev";
            if names.contains(to) && !is_for_tests && !allowed.contains(&to) {
                complaints.push(format!("{name} must not depend on {to}"));
            }
            if to == "sysmt" {
                complaints.push(format!("{name} must not depend on the command line"));
            }
        }
    }
    Ok(complaints)
}

fn source(name: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let n_lines = text.lines().count();
    let is_generated = text.lines().take(3).any(|line| line.contains("@generated"));
    if MAX_LINES < n_lines && !is_generated {
        complaints.push(format!(
            "{name}: {n_lines} lines; a file has one subject and at most {MAX_LINES} lines"
        ));
    }
    if !text.starts_with("//! ") && !is_generated {
        complaints.push(format!(
            "{name}:1: the first line says what the file holds (`//! …`)"
        ));
    }
    for (folder, words) in NOT_NAMED.iter().filter(|(folder, _)| name.starts_with(folder)) {
        for (line, number) in text.lines().zip(1..).filter(|_| !name.ends_with("tests.rs")) {
            if let Some(word) = words.iter().find(|word| is_in_a_path(line, word)) {
                complaints.push(format!(
                    "{name}:{number}: code of {folder} must not name `{word}`"
                ));
            }
        }
    }
    if name != "xtask/src/tidy.rs" {
        if !UNSAFE.iter().any(|place| name.starts_with(place)) {
            let of_unsafe = |line: &str| {
                let code = line.split("//").next().unwrap_or_default();
                code.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .any(|word| word == "unsafe")
            };
            let lines = text.lines().zip(1..).filter(|(line, _)| of_unsafe(line));
            complaints.extend(lines.map(|(_, number)| {
                format!("{name}:{number}: `unsafe` stands in {} alone", UNSAFE.join(", "))
            }));
        }
        for (line, number) in text.lines().zip(1..) {
            for word in STRAY_WORDS.iter().filter(|word| line.contains(**word)) {
                complaints.push(format!("{name}:{number}: `{word}`"));
            }
        }
    }
    complaints
}

/// Whether a line of code has a word as a part of a path.
fn is_in_a_path(line: &str, word: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(start, _)| {
        let (before, after) = (&code[..start], &code[start + word.len()..]);
        let is_whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        is_whole && (before.ends_with("::") || after.starts_with("::"))
    })
}

/// Lines in which the oracle names more of the workspace than the vocabulary.
fn oracle() -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(ORACLE).with_context(|| format!("cannot read {ORACLE}"))?;
    let names_code = |line: &str| {
        let rest = line.replace(VOCABULARY, "");
        NAMES_OF_CODE.iter().any(|name| rest.contains(name))
    };
    let lines = text.lines().zip(1..).filter(|(line, _)| names_code(line));
    Ok(lines
        .map(|(_, number)| format!("{ORACLE}:{number}: the oracle names `{VOCABULARY}` alone"))
        .collect())
}

/// Each invariant of ARCHITECTURE.md names a test (`held by `name``) that exists.
fn invariants() -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string("ARCHITECTURE.md").context("cannot read ARCHITECTURE.md")?;
    let sources = output(
        "git grep --no-color --untracked --only-matching --extended-regexp -h fn[[:space:]][a-z0-9_]+ -- *.rs",
    )?;
    let functions: BTreeSet<&str> = sources
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    let mut complaints = Vec::new();
    let mut n_invariants = 0;
    for held in text.split("Held by ").skip(1) {
        n_invariants += 1;
        let sentence = held.split('.').next().unwrap_or_default();
        for name in sentence
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| !name.contains(' '))
        {
            if !functions.contains(name) {
                complaints.push(format!(
                    "ARCHITECTURE.md: `{name}` holds an invariant but is not a function"
                ));
            }
        }
    }
    if n_invariants == 0 {
        complaints.push("ARCHITECTURE.md: no invariant names its test".to_owned());
    }
    Ok(complaints)
}
