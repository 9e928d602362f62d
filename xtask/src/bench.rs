//! Speed and memory, measured on the machine at hand: whole processes, one core, the least of several rounds.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

use crate::command::{output, run};
use crate::outside;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rounds of each row; the least time counts.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Where the Markdown table and the JSON go.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

/// One command to run and measure, in a process of its own so that its peak memory is its own.
#[derive(clap::Args)]
pub(crate) struct Measure {
    /// The program and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<String>,
}

/// A line of the table.
struct Row {
    work: String,
    figure: f64,
    unit: &'static str,
    target: &'static str,
    peak_mib: f64,
}

/// What a process cost.
struct Cost {
    cpu_seconds: f64,
    peak_mib: f64,
}

const BINARY: &str = "target/release/sysmt";

pub(crate) fn measure(measure: &Measure) -> anyhow::Result<()> {
    let (program, arguments) = measure.command.split_first().context("no command")?;
    let began = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        bail!("`{}` failed ({status})", measure.command.join(" "));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        let microseconds = u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0);
        Duration::from_micros(microseconds).as_secs_f64()
    };
    let cost = json!({
        "wall_seconds": began.elapsed().as_secs_f64(),
        "cpu_seconds": seconds(usage.user_time()) + seconds(usage.system_time()),
        "peak_kib": usage.max_rss(),
    });
    println!("{cost}");
    Ok(())
}

pub(crate) fn run_all(options: &Options) -> anyhow::Result<()> {
    outside::fetch()?;
    run("cargo build --release --package sysmt --package xtask")?;
    std::fs::create_dir_all(&options.out)?;
    let mut rows = vec![quickstart(options)?];
    rows.extend(thin_resnet(options)?);
    rows.extend(stepped(options)?);
    report(options, &rows)
}

fn least(options: &Options, arguments: &[&str]) -> anyhow::Result<Cost> {
    let mut best: Option<Cost> = None;
    for _ in 0..options.rounds.max(1) {
        let mut words = vec!["target/release/xtask", "measure", BINARY];
        words.extend(arguments);
        let answer: Value = serde_json::from_str(&output(&words.join(" "))?)?;
        let figure = |key: &str| answer[key].as_f64().with_context(|| format!("no {key}"));
        let cost = Cost {
            cpu_seconds: figure("cpu_seconds")?,
            peak_mib: figure("peak_kib")? / 1024.0,
        };
        if best
            .as_ref()
            .is_none_or(|best| cost.cpu_seconds < best.cpu_seconds)
        {
            best = Some(cost);
        }
    }
    best.context("no round was run")
}

fn quickstart(options: &Options) -> anyhow::Result<Row> {
    let out = options.out.join("quickstart").display().to_string();
    let cost = least(
        options,
        &[
            "run",
            "configs/runs/quickstart.toml",
            "--jobs",
            "1",
            "--out",
            &out,
        ],
    )?;
    Ok(Row {
        work: "`sysmt run configs/runs/quickstart.toml`, whole process with figures, one job".to_owned(),
        figure: cost.cpu_seconds,
        unit: "CPU s",
        target: "≤ 2",
        peak_mib: cost.peak_mib,
    })
}

/// A real 53-convolution network on one 224×224 photo.
fn thin_resnet(options: &Options) -> anyhow::Result<Vec<Row>> {
    let trace = options.out.join("resnet50-thin.safetensors");
    outside::capture_thin_resnet(BINARY, &trace, 1)?;
    let mut rows = Vec::new();
    for array in ["os-1t", "sysmt-2t", "sysmt-4t", "sparq-5opt"] {
        let run_file = options.out.join(format!("resnet50-thin-{array}.toml"));
        let arrays = std::fs::canonicalize("configs/arrays")?;
        let text = format!(
            "version = 1\narray = \"{}/{array}.toml\"\n[workload]\ntrace = \"resnet50-thin.safetensors\"\n",
            arrays.display()
        );
        std::fs::write(&run_file, text)?;
        let out = options.out.join(format!("resnet50-thin-{array}"));
        let run_file = run_file.display().to_string();
        let out = out.display().to_string();
        let cost = least(options, &["run", &run_file, "--jobs", "1", "--out", &out])?;
        rows.push(Row {
            work: format!("ResNet-50-thin, one image, `{array}`, whole process with figures, one job"),
            figure: cost.cpu_seconds,
            unit: "CPU s",
            target: if array == "sysmt-2t" {
                "≤ 1, ≤ 600 MiB"
            } else {
                "–"
            },
            peak_mib: cost.peak_mib,
        });
    }
    Ok(rows)
}

/// Array cycles per CPU second of the stepped engine on 16×16.
fn stepped(options: &Options) -> anyhow::Result<Vec<Row>> {
    let (m, n, k) = (256, 256, 8192);
    let activations = options.out.join("A.npy");
    let weights = options.out.join("W.npy");
    write_npy(&activations, "|u1", m, k, 1)?;
    write_npy(&weights, "|i1", n, k, 2)?;
    let mut rows = Vec::new();
    for (array, target) in [("os-1t", "≥ 5"), ("sysmt-2t", "≥ 2"), ("sysmt-4t", "≥ 1")] {
        let array_file = format!("configs/arrays/{array}.toml");
        let a = activations.display().to_string();
        let w = weights.display().to_string();
        let arguments = [
            "gemm",
            "--array",
            &array_file,
            "--activations",
            &a,
            "--weights",
            &w,
            "--engine",
            "stepped",
            "--no-mse",
            "--jobs",
            "1",
            "--json",
        ];
        let answer: Value = serde_json::from_str(&output(&format!("{BINARY} {}", arguments.join(" ")))?)?;
        let cycles = answer["cycles"].as_f64().context("no cycles")?;
        let cost = least(options, &arguments)?;
        rows.push(Row {
            work: format!("stepped engine, 16×16 `{array}`, {m}×{n}×{k}, whole process"),
            figure: cycles / cost.cpu_seconds / 1e6,
            unit: "M array cycles / CPU s",
            target,
            peak_mib: cost.peak_mib,
        });
    }
    Ok(rows)
}

/// Seeded bytes, about half of them zero, as a NumPy file.
fn write_npy(path: &Path, dtype: &str, rows: usize, cols: usize, seed: u64) -> anyhow::Result<()> {
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len())?.to_le_bytes());
    bytes.extend(header.as_bytes());
    let mut state = seed;
    for _ in 0..rows * cols {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let [.., value, coin] = state.to_be_bytes()[..4] else {
            bail!("eight bytes have four")
        };
        bytes.push(if coin < 128 { 0 } else { value });
    }
    std::fs::write(path, bytes)?;
    Ok(())
}

fn report(options: &Options, rows: &[Row]) -> anyhow::Result<()> {
    let machine = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let machine = machine
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown");
    let machine = machine.trim_start_matches(['\t', ':', ' ']);
    let commit = output("git rev-parse --short HEAD")?;
    let mut text = format!(
        "{machine}, commit {}\n\n| work | figure | target | peak memory |\n",
        commit.trim()
    );
    text.push_str("|---|---|---|---|\n");
    for Row {
        work,
        figure,
        unit,
        target,
        peak_mib,
    } in rows
    {
        text.push_str(&format!(
            "| {work} | {figure:.2} {unit} | {target} | {peak_mib:.0} MiB |\n"
        ));
    }
    print!("{text}");
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({"work": row.work, "figure": row.figure, "unit": row.unit, "target": row.target,
                   "peak_mib": row.peak_mib})
        })
        .collect();
    let record = json!({"version": 1, "machine": machine, "commit": commit.trim(), "rows": rows});
    std::fs::write(options.out.join("bench.md"), text)?;
    std::fs::write(
        options.out.join("bench.json"),
        serde_json::to_string_pretty(&record)?,
    )?;
    Ok(())
}
