//! Whole processes: wall time, processor time and peak memory of one command.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

use crate::rounds::Cost;

/// The simulator's command line, from the root of the repository.
pub(crate) const SYSMT: &str = "target/release/sysmt";

/// One command to run and measure, in a process of its own so that its peak memory is its own.
#[derive(clap::Args)]
pub(crate) struct Measure {
    /// The program and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<String>,
}

/// What the measuring process says.
#[derive(Serialize, Deserialize)]
struct Answer {
    wall_seconds: f64,
    cpu_seconds: f64,
    peak_kib: i64,
}

/// Run the command and print what it cost.
#[expect(clippy::print_stdout, reason = "the answer goes to the process that asked")]
pub(crate) fn answer(measure: &Measure) -> anyhow::Result<()> {
    let (program, arguments) = measure.command.split_first().context("no command")?;
    let began = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    let wall_seconds = began.elapsed().as_secs_f64();
    if !status.success() {
        bail!(
            "`{}` failed ({status}); run it to see why",
            measure.command.join(" ")
        );
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let answer = Answer {
        wall_seconds,
        cpu_seconds: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak_kib: usage.max_rss(),
    };
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}

/// Run a command in a measuring process.
pub(crate) fn measured(command: &[String]) -> anyhow::Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .arg("measure")
        .args(command)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("`{}` could not be measured", command.join(" "));
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)?;
    let peak_kib = u32::try_from(answer.peak_kib).context("a peak of less than 4 TiB")?;
    Ok(Cost {
        wall_seconds: answer.wall_seconds,
        cpu_seconds: answer.cpu_seconds,
        peak_mib: f64::from(peak_kib) / 1024.0,
    })
}

/// `sysmt` with the words of a line, and then with arguments that may hold spaces.
pub(crate) fn sysmt(line: &str, more: &[&str]) -> Vec<String> {
    let words = std::iter::once(SYSMT).chain(line.split_whitespace());
    words.chain(more.iter().copied()).map(str::to_owned).collect()
}

/// What a command prints.
pub(crate) fn output(command: &[String]) -> anyhow::Result<String> {
    let (program, arguments) = command.split_first().context("no command")?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {why}", command.join(" "), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Processor time that this process has used.
pub(crate) fn own_cpu_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn seconds(time: TimeVal) -> f64 {
    let microseconds = u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0);
    Duration::from_micros(microseconds).as_secs_f64()
}
