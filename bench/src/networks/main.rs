//! Networks of package registries: whether they open, compute what ONNX Runtime does, and run on an array.
//!
//! `networks FOLDER [PAGE.md]` measures what `bench/python/networks.py` has put into the folder, prints the table and puts
//! it between the marks of the page.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Context as _;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use sim_config::preprocessing::Override;
use sim_config::run::{ModelWorkload, Unreadable, Unsupported};
use sim_core::input_constant::InputConstant;
use sim_core::progress::Silent;
use sim_core::quantization::{LayerSelection, QuantizationSpec, SelectionSpec, SignedInputs};
use sim_core::record::EngineKind;
use sim_net::network::{HookError, Hooks, Wanted, WeightedCall};
use sim_quant::feed::Feed;
use sim_run::costs;
use sim_run::open::{Opened, Purpose};
use sim_run::simulate::point;
use sim_run::trace::PreparedTrace;
use sim_run::workers::{Engines, Workers};

/// Largest accepted difference, of the largest output.
const TOLERANCE: f64 = 1e-4;

/// A network of the list.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    package: String,
    file: String,
    model: PathBuf,
    images: PathBuf,
    outputs: PathBuf,
    constants: Vec<String>,
    /// Of ONNX Runtime, for an input.
    seconds: f64,
}

fn main() -> anyhow::Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().context("usage: networks FOLDER [PAGE.md]")?;
    let list = Path::new(&folder).join("networks.json");
    let text = std::fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let entries: Vec<Entry> = serde_json::from_str(&text)?;
    let mut n_good = 0;
    let mut rows = String::from(HEAD);
    for entry in &entries {
        let row = match measure(entry) {
            Ok(measured) => {
                n_good += usize::from(measured.error <= TOLERANCE);
                measured.row(entry)
            }
            Err(error) => {
                // The path of the model is of this computer.
                let text = format!("{error:#}").replace(&format!("{}: ", entry.model.display()), "");
                format!(
                    "| {} | {} | {} | no: {text} | | | | | | |\n",
                    entry.name, entry.package, entry.file
                )
            }
        };
        print(&row)?;
        rows.push_str(&row);
    }
    let last = format!(
        "\n{n_good} of {} equal ONNX Runtime within 10⁻⁴ of the largest output, on two inputs each.\n",
        entries.len()
    );
    print(&last)?;
    rows.push_str(&last);
    if let Some(page) = args.next() {
        put(Path::new(&page), &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// Put the table between the marks of a page.
fn put(page: &Path, table: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let parts = text
        .split_once(MARKS[0])
        .and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?.1)));
    let (before, after) = parts.with_context(|| format!("{}: the marks are missing", page.display()))?;
    let text = format!("{before}{}\n\n{table}\n{}{after}", MARKS[0], MARKS[1]);
    Ok(std::fs::write(page, text)?)
}

/// Around the table in a page.
const MARKS: [&str; 2] = ["<!-- table -->", "<!-- end of table -->"];

const HEAD: &str = "| network | package | file | layers | simulated | other products | share of MACs | speed-up of the network | \
                    error | seconds: FP32, ONNX Runtime, capture, run |\n|---|---|---|---|---|---|---|---|---|---|\n";

/// The arrays of the runs.
const RUN: &str = "configs/runs/quickstart.toml";

/// What is found of a network.
struct Measured {
    /// Largest difference of an output from ONNX Runtime's, by the largest output.
    error: f64,
    n_layers: usize,
    n_simulated: usize,
    n_others: usize,
    /// Of the MACs, and of the network; `None` where some MACs are not known.
    share: Option<f64>,
    speedup: Option<f64>,
    seconds: f64,
    capture_seconds: f64,
    run_seconds: f64,
}

impl Measured {
    fn row(&self, entry: &Entry) -> String {
        let unknown = || "not known".to_owned();
        let share = |share: f64| format!("{:.1} %", share * 100.0);
        let share = self.share.map_or_else(unknown, share);
        let speedup = |speedup: f64| format!("{speedup:.3}");
        let speedup = self.speedup.map_or_else(unknown, speedup);
        format!(
            "| {} | {} | {} | {} | {} | {} | {share} | {speedup} | {:.1e} | {:.3}, {:.3}, {:.2}, {:.2} |\n",
            entry.name,
            entry.package,
            entry.file,
            self.n_layers,
            self.n_simulated,
            self.n_others,
            self.error,
            self.seconds,
            entry.seconds,
            self.capture_seconds,
            self.run_seconds,
        )
    }
}

fn workload(entry: &Entry) -> anyhow::Result<ModelWorkload> {
    let constant = |text: &String| text.parse::<InputConstant>().map_err(anyhow::Error::from);
    Ok(ModelWorkload {
        model: entry.model.clone(),
        images: entry.images.clone(),
        calibration: None,
        classes: None,
        n_images: None,
        n_calibration: None,
        unreadable: Unreadable::Refused,
        inputs: entry.constants.iter().map(constant).collect::<Result<_, _>>()?,
        output: None,
        unsupported: Unsupported::Refused,
        preprocessing: Override::default(),
        selection: SelectionSpec {
            layers: LayerSelection::All,
            ..SelectionSpec::default()
        },
        quantization: QuantizationSpec {
            signed_inputs: SignedInputs::Shift,
            ..QuantizationSpec::default()
        },
    })
}

/// Counts the layers whose inputs hooks see.
#[derive(Default)]
struct Seen(Vec<usize>);

impl Hooks for Seen {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<sim_core::tensor::Tensor>, HookError> {
        self.0.push(call.index);
        Ok(None)
    }
}

fn measure(entry: &Entry) -> anyhow::Result<Measured> {
    let workload = workload(entry)?;
    let engines = Engines::default();
    let workers = Workers {
        jobs: 1,
        engines: &engines,
        stop: &AtomicBool::new(false),
        progress: &Silent,
    };
    let Opened {
        mut network,
        images,
        preprocessing,
        ..
    } = Opened::new(&workload, None, Purpose::Answers, &workers)?;
    network.want(&Wanted::Outputs(network.outputs().to_vec()))?;
    let feed = Feed::new(&network, &images, &preprocessing)?;
    let bytes = std::fs::read(&entry.outputs)?;
    let outputs = SafeTensors::deserialize(&bytes)?;
    let (mut worst, mut seconds) = (0.0_f64, 0.0);
    let mut seen = Seen::default();
    for index in 0..images.len() {
        let inputs = feed.of(index..index + 1)?;
        let start = Instant::now();
        let found = network.run_values(inputs, &mut seen)?;
        seconds += start.elapsed().as_secs_f64() / 2.0;
        for (name, found) in found {
            let want = outputs.tensor(&format!("{index}/{name}"))?;
            anyhow::ensure!(want.dtype() == Dtype::F32, "output {name} is not float32");
            anyhow::ensure!(
                want.shape() == found.shape,
                "output {name}: shape {:?} instead of {:?}",
                found.shape,
                want.shape()
            );
            let (values, _) = want.data().as_chunks();
            let want: Vec<f32> = values.iter().copied().map(f32::from_le_bytes).collect();
            let largest = want.iter().copied().fold(0.0_f32, |max, x| max.max(x.abs()));
            let error = found
                .data
                .iter()
                .zip(&want)
                .map(|(a, b)| f64::from((a - b).abs()))
                .fold(0.0, f64::max);
            worst = worst.max(error / f64::from(largest).max(f64::MIN_POSITIVE));
        }
    }
    seen.0.sort_unstable();
    seen.0.dedup();
    let start = Instant::now();
    let prepared = PreparedTrace::capture(&workload, None, None, &workers).context("capture")?;
    let capture_seconds = start.elapsed().as_secs_f64();
    let trace = &prepared.trace;
    let spec = sim_config::run::load(Path::new(RUN))?;
    let table = costs::of_run(&spec)?;
    let start = Instant::now();
    let records = prepared
        .simulate(&spec, EngineKind::Algebraic, spec.pe_map, &workers)
        .context("run")?;
    let run_seconds = start.elapsed().as_secs_f64();
    let coverage = point(&spec, &prepared, &records, &table).coverage();
    let missed: Vec<&str> = (0..network.layers().len())
        .filter(|layer| !seen.0.contains(layer))
        .map(|layer| network.layers()[layer].name.as_str())
        .filter(|name| trace.layers.iter().any(|layer| layer.name == *name))
        .collect();
    anyhow::ensure!(missed.is_empty(), "hooks do not see {missed:?}");
    Ok(Measured {
        error: worst,
        n_layers: network.layers().len(),
        n_simulated: trace.layers.len(),
        n_others: network.others().len(),
        share: coverage.share,
        speedup: coverage.speedup_network,
        seconds,
        capture_seconds,
        run_seconds,
    })
}
