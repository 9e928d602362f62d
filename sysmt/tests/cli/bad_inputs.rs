//! Every bad input ends with exit code 2, a message that names the place and the remedy, and nothing left behind.

mod config;
mod evaluation;
mod images;
mod layers;
mod models;
mod operands;
mod traces;
mod waves;

use crate::support::{Folder, Ran};

/// One bad input.
pub(crate) struct Case {
    /// Files beside the good ones, or in place of them.
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    pub(crate) args: Vec<&'static str>,
    /// What the message must contain.
    pub(crate) want: &'static [&'static str],
}

/// A bad input of one file.
pub(crate) fn case(
    name: &'static str,
    bytes: impl AsRef<[u8]>,
    args: &[&'static str],
    want: &'static [&'static str],
) -> Case {
    Case {
        files: vec![(name, bytes.as_ref().to_vec())],
        args: args.to_vec(),
        want,
    }
}

/// Check a list of bad inputs, all of them before any complaint; how many there were.
#[track_caller]
fn check(cases: Vec<Case>) -> usize {
    let n_cases = cases.len();
    let complaints: Vec<String> = cases.into_iter().filter_map(|case| complaint(&case)).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    n_cases
}

fn complaint(case: &Case) -> Option<String> {
    let folder = Folder::new();
    for (name, bytes) in &case.files {
        folder.write(name, bytes);
    }
    let before = folder.listing();
    let Ran { code, stdout, stderr } = folder.sysmt(&case.args);
    let mut wrong = Vec::new();
    if code != Some(2) {
        wrong.push(format!("exit code {code:?}"));
    }
    if !stdout.is_empty() {
        wrong.push("something on stdout".to_owned());
    }
    wrong.extend(
        case.want
            .iter()
            .filter(|fragment| !stderr.contains(**fragment))
            .map(|fragment| format!("no {fragment:?}")),
    );
    if stderr.contains("panicked") || stderr.contains("RUST_BACKTRACE") {
        wrong.push("a panic".to_owned());
    }
    if folder.listing() != before {
        wrong.push("left something behind".to_owned());
    }
    let names: Vec<&str> = case.files.iter().map(|(name, _)| *name).collect();
    (!wrong.is_empty()).then(|| format!("{names:?} {:?}: {}\n{stderr}", case.args, wrong.join(", ")))
}

#[test]
fn configuration_files() {
    assert!(20 <= check(config::cases()));
}

#[test]
fn arguments() {
    assert!(10 <= check(config::arguments()));
}

#[test]
fn layers_and_orders() {
    assert!(12 <= check(layers::cases()));
}

#[test]
fn matrices() {
    assert!(12 <= check(operands::cases()));
}

#[test]
fn trace_files() {
    assert!(12 <= check(traces::cases()));
}

#[test]
fn image_sets() {
    assert!(12 <= check(images::cases()));
}

#[test]
fn evaluations() {
    assert!(12 <= check(evaluation::cases()));
}

#[test]
fn model_files() {
    assert!(18 <= check(models::cases()));
}

#[test]
fn waveforms() {
    assert!(25 <= check(waves::cases()));
}
