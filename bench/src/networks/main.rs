//! Networks of package registries: whether they open, and whether they compute what ONNX Runtime does.
//!
//! `networks FOLDER` reads what `bench/python/networks.py` has put there, and prints a table.

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
use sim_net::network::{HookError, Hooks, Wanted, WeightedCall};
use sim_quant::feed::Feed;
use sim_run::open::{Opened, Purpose};
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
    let folder = std::env::args().nth(1).context("usage: networks FOLDER")?;
    let list = Path::new(&folder).join("networks.json");
    let text = std::fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let entries: Vec<Entry> = serde_json::from_str(&text)?;
    let mut n_good = 0;
    for entry in &entries {
        match measure(entry) {
            Ok(row) => {
                n_good += usize::from(row.error <= TOLERANCE);
                println!("{:14} {}", entry.name, row.text(entry));
            }
            Err(error) => println!("{:14} {error:#}", entry.name),
        }
    }
    println!(
        "{n_good} of {} equal ONNX Runtime within {TOLERANCE} of the largest output",
        entries.len()
    );
    Ok(ExitCode::SUCCESS)
}

struct Row {
    error: f64,
    n_layers: usize,
    n_simulated: usize,
    n_seen: usize,
    others: usize,
    seconds: f64,
    capture_seconds: f64,
}

impl Row {
    fn text(&self, entry: &Entry) -> String {
        format!(
            "{:.1e} layers {} seen {} simulated {} others {} fp32 {:.3}s (ort {:.3}s) capture {:.2}s  {} {}",
            self.error,
            self.n_layers,
            self.n_seen,
            self.n_simulated,
            self.others,
            self.seconds,
            entry.seconds,
            self.capture_seconds,
            entry.package,
            entry.file
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

fn measure(entry: &Entry) -> anyhow::Result<Row> {
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
    network.set_image_input(images.array_names());
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
    let trace = PreparedTrace::capture(&workload, None, &workers).context("capture")?;
    Ok(Row {
        error: worst,
        n_layers: network.layers().len(),
        n_seen: seen.0.len(),
        n_simulated: trace.trace.layers.len(),
        others: network.others().len(),
        seconds,
        capture_seconds: start.elapsed().as_secs_f64(),
    })
}
