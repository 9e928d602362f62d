//! The run file.

mod layers;
mod workload;

use std::path::{Path, PathBuf};

use sim_core::prune::PruneSpec;
use sim_core::quantization::{DepthwiseThreads, QuantizationSpec, SelectionSpec};
use sim_core::reorder::Reorder;
use sim_core::spec::ArraySpec;

use crate::array;
use crate::error::{ConfigError, into_result};
use crate::keys::{self, FileKind, Key, Section};
use crate::preprocessing::Override;
use crate::reader::{Flag, Problems, Reader};
use crate::source;

pub use layers::NamedLayers;

/// A checked run: what to simulate, on which array, and what to measure.
///
/// Invariant: the baseline has the array's batch option; on kinds other than nb-smt `depthwise_threads` is `None`, no
/// layer is named and K is not reordered; no layer has more threads than the array.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    array: ArraySpec,
    baseline: ArraySpec,
    workload: Workload,
    pruning: Option<PruneSpec>,
    depthwise_threads: DepthwiseThreads,
    reorder: Reorder,
    layers: NamedLayers,
    cost_table: Option<PathBuf>,
    error_measure: ErrorMeasure,
    seed: u64,
    array_file: Option<PathBuf>,
    baseline_file: Option<PathBuf>,
}

impl RunSpec {
    /// The simulated array.
    pub const fn array(&self) -> &ArraySpec {
        &self.array
    }

    /// The array that `speedup` compares with.
    pub const fn baseline(&self) -> &ArraySpec {
        &self.baseline
    }

    /// What is simulated.
    pub const fn workload(&self) -> &Workload {
        &self.workload
    }

    /// What prunes the weights of the workload before everything else; `None`: nothing.
    pub const fn pruning(&self) -> Option<PruneSpec> {
        self.pruning
    }

    /// Threads of depthwise convolutions.
    pub const fn depthwise_threads(&self) -> DepthwiseThreads {
        self.depthwise_threads
    }

    /// How K is reordered.
    pub const fn reorder(&self) -> Reorder {
        self.reorder
    }

    /// Layers that differ from the others.
    pub const fn layers(&self) -> &NamedLayers {
        &self.layers
    }

    /// The technology table; `None`: the built-in one.
    pub fn cost_table(&self) -> Option<&Path> {
        self.cost_table.as_deref()
    }

    /// Whether the error against the exact product is measured.
    pub const fn error_measure(&self) -> ErrorMeasure {
        self.error_measure
    }

    /// Seed of everything random.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The file that the array came from; `None`: the run file itself.
    pub fn array_file(&self) -> Option<&Path> {
        self.array_file.as_deref()
    }

    /// The file that the baseline came from; `None`: it is the default.
    pub fn baseline_file(&self) -> Option<&Path> {
        self.baseline_file.as_deref()
    }
}

/// Whether the error against the exact product is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorMeasure {
    /// It is.
    On,
    /// It is not; the engine may be faster.
    Off,
}

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// A stored layer trace.
    Trace(PathBuf),
    /// A network and images, quantized for this run.
    Model(Box<ModelWorkload>),
}

/// A network and images; paths are those of the run file, joined with its folder.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelWorkload {
    /// ONNX file.
    pub model: PathBuf,
    /// Images that go through it.
    pub images: PathBuf,
    /// Images that set ranges; `None`: the images themselves.
    pub calibration: Option<PathBuf>,
    /// How many of the images; `None`: all.
    pub n_images: Option<usize>,
    /// How many of the calibration images; `None`: all.
    pub n_calibration: Option<usize>,
    /// What the run file puts in place of the model's own preprocessing.
    pub preprocessing: Override,
    /// Which layers are simulated.
    pub selection: SelectionSpec,
    /// How tensors become codes.
    pub quantization: QuantizationSpec,
}

/// Read a run file and the array files that it names.
///
/// - Errors: a file that cannot be read, is not TOML, lacks a required key, has a key or value that is not allowed, or
///   keys that exclude each other.
pub fn load(path: &Path) -> Result<RunSpec, Box<ConfigError>> {
    parse(path, &source::read(path)?)
}

/// Check the text of a run file; paths in it are relative to the folder of `path`.
///
/// - Errors: as [`load`], less reading the run file itself.
pub fn parse(path: &Path, text: &str) -> Result<RunSpec, Box<ConfigError>> {
    let table = source::parse(path, text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let problems = Problems::default();
    let top = Reader::top(FileKind::Run, &[Section::Top, Section::Run], &table, &problems);
    top.integer(&keys::VERSION);
    let seed = top.integer(&keys::SEED);
    let array = read_array(&top, &problems, folder)?;
    let baseline = read_baseline(&top, folder)?;
    let layers = top.section(&[Section::Layers]);
    let (workload, pruning) = workload::read(&top, &layers, folder);
    let array_spec = array.as_ref().map(|array| &array.spec);
    let depthwise_threads = layers::read_depthwise_threads(&layers, array_spec);
    let reorder = layers::read_reorder(&layers, array_spec);
    layers.finish(None);
    let named_layers = NamedLayers::read(path, text, &top, array_spec);
    let costs = top.section(&[Section::Costs]);
    let cost_table = costs
        .optional_path(&keys::COST_TABLE)
        .map(|table| folder.join(table));
    costs.finish(None);
    let measure = top.section(&[Section::Measure]);
    let error_measure = match measure.flag(&keys::MSE) {
        Flag::On => ErrorMeasure::On,
        Flag::Off => ErrorMeasure::Off,
    };
    measure.finish(None);
    top.finish(None);
    into_result(path, text, problems.into_vec())?;
    // Without complaints both are there; saying so again costs less than trusting it.
    let (Some(array), Some(workload)) = (array, workload) else {
        return Err(ConfigError::file(
            path,
            "the run names no array or no workload",
            "add `array` and [workload]",
        ));
    };
    let (baseline, baseline_file) = match baseline {
        Some(Named { spec, file }) => (spec, file),
        None => (array.spec.default_baseline(), None),
    };
    Ok(RunSpec {
        array: array.spec,
        baseline: baseline.with_batch(array.spec.batch()),
        workload,
        pruning,
        depthwise_threads,
        reorder,
        layers: named_layers,
        cost_table,
        error_measure,
        seed: u64::try_from(seed).unwrap_or(0),
        array_file: array.file,
        baseline_file,
    })
}

/// An array, and the file that it came from.
struct Named {
    spec: ArraySpec,
    file: Option<PathBuf>,
}

/// The array, from a file or in place; `None` after a complaint.
fn read_array(
    top: &Reader<'_>,
    problems: &Problems,
    folder: &Path,
) -> Result<Option<Named>, Box<ConfigError>> {
    let n_before = problems.count();
    if top.holds_table(&keys::ARRAY) {
        let spec = array::read(top, problems);
        return Ok(spec
            .ok()
            .filter(|_| problems.count() == n_before)
            .map(|spec| Named { spec, file: None }));
    }
    let file = top.optional_path(&keys::ARRAY);
    let pe = top.section(&[Section::Pe]);
    if pe.is_given() {
        problems.add(
            pe.span(),
            "[pe] stands beside `array`, which names a file that has its own",
            "take [pe] out, or write [array] and [pe] in this file",
        );
    }
    file.map_or(Ok(None), |file| load_named(top, &keys::ARRAY, folder, &file))
}

fn read_baseline(top: &Reader<'_>, folder: &Path) -> Result<Option<Named>, Box<ConfigError>> {
    let file = top.optional_path(&keys::BASELINE);
    file.map_or(Ok(None), |file| load_named(top, &keys::BASELINE, folder, &file))
}

/// An array file that `key` names. One that cannot be read is a complaint about `key`.
fn load_named(
    top: &Reader<'_>,
    key: &Key,
    folder: &Path,
    file: &Path,
) -> Result<Option<Named>, Box<ConfigError>> {
    let path = folder.join(file);
    match source::read(&path) {
        Ok(text) => Ok(Some(Named {
            spec: array::parse(&path, &text)?,
            file: Some(path),
        })),
        Err(error) => {
            top.complain(
                key,
                error.to_string(),
                "paths are relative to this file, or absolute",
            );
            Ok(None)
        }
    }
}
