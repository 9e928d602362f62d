//! Running other programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// A command from a line split at spaces; no shell is involved.
pub(crate) fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("true"));
    command.args(words);
    command
}

/// Run a command, show its output, and fail with its line when it fails.
pub(crate) fn run(line: &str) -> anyhow::Result<()> {
    eprintln!("$ {line}");
    let began = Instant::now();
    let status = command(line)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    eprintln!("  {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// Builds all programs and tests of the workspace. Together, since any other selection has other features of what
/// packages share, and compiles that anew.
pub(crate) const BUILD: &str = "cargo build --workspace --bins --tests";

/// Whether a command exists and succeeds, its output thrown away.
pub(crate) fn succeeds(line: &str) -> bool {
    command(line)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a command prints on stdout.
pub(crate) fn output(line: &str) -> anyhow::Result<String> {
    let output = command(line)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// What a chore hands on to the program that it runs.
#[derive(clap::Args)]
pub(crate) struct HandedOn {
    /// Handed on as they are; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl HandedOn {
    /// Whether there is nothing to hand on.
    pub(crate) const fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }

    /// Whether one of these options is there, or a question for help.
    pub(crate) fn has(&self, options: &[&str]) -> bool {
        let mut words = self.arguments.iter().filter_map(|word| word.split('=').next());
        words.any(|word| matches!(word, "--help" | "-h") || options.contains(&word))
    }

    /// Run a program. Where it fails it has said why, and its exit code is this program's.
    pub(crate) fn run(&self, line: &str) -> anyhow::Result<()> {
        let status = command(line)
            .args(&self.arguments)
            .status()
            .with_context(|| format!("cannot start `{line}`"))?;
        if !status.success() {
            std::process::exit(status.code().unwrap_or(1));
        }
        Ok(())
    }
}
