//! The run file.

pub mod design;
mod layers;
mod workload;

use std::path::{Path, PathBuf};

use sim_core::busy::PeMap;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{DepthwiseThreads, QuantizationSpec, SelectionSpec};
use sim_core::reorder::Reorder;
use sim_core::spec::ArraySpec;
use sim_core::synthetic::ActivationZeros;
use sim_toml::complaint::Complaints;
use sim_toml::error::ConfigError;
use sim_toml::source;
use toml::de::DeTable;

use crate::keys::{self, FileKind, Section};
use crate::preprocessing::Override;
use crate::reader::{Flag, Reader};

pub use design::DesignSpec;
pub use layers::NamedLayers;

/// A checked run: what to simulate, on which array, and what to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    design: DesignSpec,
    workload: Workload,
    pruning: Option<PruneSpec>,
    activation_zeros: Option<ActivationZeros>,
    cost_table: Option<PathBuf>,
    error_measure: ErrorMeasure,
    pe_map: PeMap,
    seed: u64,
}

impl RunSpec {
    /// `None` without a workload.
    fn of(parts: Parts) -> Option<Self> {
        Some(Self {
            design: parts.design,
            workload: parts.workload?,
            pruning: parts.pruning,
            activation_zeros: parts.activation_zeros,
            cost_table: parts.cost_table,
            error_measure: parts.error_measure,
            pe_map: parts.pe_map,
            seed: parts.seed,
        })
    }

    /// The same with no more calibration images than `n_images`, where it names some.
    pub(crate) fn with_calibration_of(mut self, n_images: usize) -> Self {
        if let Workload::Model(model) = &mut self.workload
            && model.calibration.is_some()
        {
            model.n_calibration = Some(model.n_calibration.map_or(n_images, |n| n.min(n_images)));
        }
        self
    }

    /// The array with the methods around it.
    pub const fn design(&self) -> &DesignSpec {
        &self.design
    }

    /// The simulated array.
    pub const fn array(&self) -> &ArraySpec {
        self.design.array()
    }

    /// The array that `speedup` compares with.
    pub const fn baseline(&self) -> &ArraySpec {
        self.design.baseline()
    }

    /// What is simulated.
    pub const fn workload(&self) -> &Workload {
        &self.workload
    }

    /// What prunes the weights of the workload before everything else; `None`: nothing.
    pub const fn pruning(&self) -> Option<PruneSpec> {
        self.pruning
    }

    /// Zeros that are made up among the activations of the workload; `None`: none are.
    pub fn activation_zeros(&self) -> Option<ActivationZeros> {
        self.activation_zeros.filter(|zeros| !zeros.is_none())
    }

    /// Threads of depthwise convolutions.
    pub const fn depthwise_threads(&self) -> DepthwiseThreads {
        self.design.depthwise_threads()
    }

    /// How K is reordered.
    pub const fn reorder(&self) -> Reorder {
        self.design.reorder()
    }

    /// Layers that differ from the others.
    pub const fn layers(&self) -> &NamedLayers {
        self.design.layers()
    }

    /// The technology table; `None`: the built-in one.
    pub fn cost_table(&self) -> Option<&Path> {
        self.cost_table.as_deref()
    }

    /// Whether the error against the exact product is measured.
    pub const fn error_measure(&self) -> ErrorMeasure {
        self.error_measure
    }

    /// Whether busy steps are counted for each PE.
    pub const fn pe_map(&self) -> PeMap {
        self.pe_map
    }

    /// Seed of everything random.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The file that the array came from; `None`: the run file itself.
    pub fn array_file(&self) -> Option<&Path> {
        self.design.array_file()
    }

    /// The file that the baseline came from; `None`: it is the default.
    pub fn baseline_file(&self) -> Option<&Path> {
        self.design.baseline_file()
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

/// What becomes of files in a folder of images that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unreadable {
    /// The first one ends the work.
    #[default]
    Refused,
    /// They are left out, and counted.
    Skipped,
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
    /// What becomes of images that cannot be decoded.
    pub unreadable: Unreadable,
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
    let parts = read(path, text, &table, NeedOfWorkload::Required)?;
    // Without complaints it is there; saying so again costs less than trusting it.
    RunSpec::of(parts).ok_or_else(|| ConfigError::file(path, "the run names no workload", "add [workload]"))
}

/// A run from tables whose paths are those of the working folder; `None` after complaints.
///
/// - Errors: array files that the run names.
pub(crate) fn of_table(
    path: &Path,
    text: &str,
    table: &DeTable<'_>,
    complaints: &Complaints,
) -> Result<Option<RunSpec>, Box<ConfigError>> {
    let place = Place {
        path,
        text,
        folder: Path::new(""),
    };
    let parts = read_tables(place, table, complaints, NeedOfWorkload::Required)?;
    Ok(parts.and_then(RunSpec::of))
}

/// What a run file holds.
struct Parts {
    design: DesignSpec,
    workload: Option<Workload>,
    pruning: Option<PruneSpec>,
    activation_zeros: Option<ActivationZeros>,
    cost_table: Option<PathBuf>,
    error_measure: ErrorMeasure,
    pe_map: PeMap,
    seed: u64,
}

/// Whether a run file must say what is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NeedOfWorkload {
    Required,
    /// The file may leave [workload] out.
    Optional,
}

fn read(
    path: &Path,
    text: &str,
    table: &DeTable<'_>,
    need: NeedOfWorkload,
) -> Result<Parts, Box<ConfigError>> {
    let place = Place {
        path,
        text,
        folder: path.parent().unwrap_or(Path::new("")),
    };
    let complaints = Complaints::default();
    let parts = read_tables(place, table, &complaints, need)?;
    complaints.check(path, text)?;
    parts.ok_or_else(|| ConfigError::file(path, "the run names no array", "add `array`"))
}

/// The file that complaints are about, and the folder that its paths are relative to.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a Path,
    text: &'a str,
    folder: &'a Path,
}

/// What tables say; `None` without an array, after a complaint.
fn read_tables(
    Place { path, text, folder }: Place<'_>,
    table: &DeTable<'_>,
    complaints: &Complaints,
    need: NeedOfWorkload,
) -> Result<Option<Parts>, Box<ConfigError>> {
    let top = Reader::top(FileKind::Run, &[Section::Top, Section::Run], table, complaints);
    top.integer(&keys::VERSION);
    let seed = top.integer(&keys::SEED);
    let array = design::read_array(&top, complaints, folder)?;
    let baseline = design::read_baseline(&top, folder)?;
    let layers = top.section(&[Section::Layers]);
    let workload::Read {
        workload,
        pruning,
        activation_zeros,
    } = workload::read(&top, &layers, folder, need);
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
    let pe_map = match measure.flag(&keys::PE_MAP) {
        Flag::On => PeMap::Count,
        Flag::Off => PeMap::Off,
    };
    measure.finish(None);
    top.finish(None);
    let Some(array) = array else {
        return Ok(None);
    };
    let mut design = DesignSpec::new(path, array, baseline);
    design.depthwise_threads = depthwise_threads;
    design.reorder = reorder;
    design.layers = named_layers;
    Ok(Some(Parts {
        design,
        workload,
        pruning,
        activation_zeros,
        cost_table,
        error_measure,
        pe_map,
        seed: u64::try_from(seed).unwrap_or(0),
    }))
}
