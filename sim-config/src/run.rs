//! The run file.

pub mod design;
mod layers;
pub mod prediction;
pub(crate) mod workload;

use std::path::{Path, PathBuf};

use sim_core::busy::PeMap;
use sim_core::counters::Mse;
use sim_core::input_constant::InputConstant;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::synthetic::ActivationZeros;
use sim_toml::complaint::Complaints;
use sim_toml::error::ConfigError;
use sim_toml::source;
use toml::de::DeTable;

use crate::keys::{self, FileKind, Section};
use crate::preprocessing::Override;
use crate::reader::KeyReader;
use crate::run::prediction::{On, PredictionSpec};

pub use design::DesignSpec;
pub use layers::NamedLayers;

/// A checked run: what to simulate, on which array, and what to measure. Only reading a file makes one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunSpec {
    /// The array with the methods around it.
    pub design: DesignSpec,
    /// What is simulated.
    pub workload: Workload,
    /// What prunes the weights of the workload before everything else; `None`: nothing.
    pub pruning: Option<PruneSpec>,
    /// Zeros that are made up among the activations of the workload, at least some; `None`: none are.
    pub activation_zeros: Option<ActivationZeros>,
    /// The technology table; `None`: the built-in one.
    pub cost_table: Option<PathBuf>,
    /// Whether the error against the exact product is measured.
    pub mse: Mse,
    /// Whether busy steps are counted for each PE.
    pub pe_map: PeMap,
    /// Seed of everything random.
    pub seed: u64,
}

impl RunSpec {
    /// The same with no more calibration images than `n_images`, where it names some.
    pub(crate) fn with_calibration_of(mut self, n_images: usize) -> Self {
        if let Workload::Model(model) = &mut self.workload
            && model.calibration.is_some()
        {
            model.n_calibration = Some(model.n_calibration.map_or(n_images, |n| n.min(n_images)));
        }
        self
    }
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

/// What becomes of layers that depend on operators which are not supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsupported {
    /// They end the work.
    #[default]
    Refused,
    /// They are left out, and listed.
    LeftOut,
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
    /// Names of the network's classes, for folders of images.
    pub classes: Option<PathBuf>,
    /// How many of the images; `None`: all.
    pub n_images: Option<usize>,
    /// How many of the calibration images; `None`: all.
    pub n_calibration: Option<usize>,
    /// What becomes of images that cannot be decoded.
    pub unreadable: Unreadable,
    /// Inputs of the network that are the same for all images.
    pub inputs: Vec<InputConstant>,
    /// The output that is evaluated; `None`: the first with one value for each class.
    pub output: Option<String>,
    /// What becomes of layers that depend on operators which are not supported.
    pub unsupported: Unsupported,
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
    match read(path, text, &table, NeedOfWorkload::Required)? {
        Described::Run(run) => Ok(run),
        // Without complaints there is one; saying so again costs less than trusting it.
        Described::Design(_) => Err(ConfigError::file(
            path,
            "the run names no workload",
            "add [workload]",
        )),
    }
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
    Ok(
        match read_tables(place, table, complaints, NeedOfWorkload::Required)? {
            Some(Described::Run(run)) => Some(run),
            Some(Described::Design(_)) | None => None,
        },
    )
}

/// What a run file describes.
enum Described {
    Run(RunSpec),
    /// There is no workload.
    Design(DesignSpec),
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
) -> Result<Described, Box<ConfigError>> {
    let place = Place {
        path,
        text,
        folder: path.parent().unwrap_or(Path::new("")),
    };
    let complaints = Complaints::default();
    let described = read_tables(place, table, &complaints, need)?;
    complaints.check(path, text)?;
    described.ok_or_else(|| ConfigError::file(path, "the run names no array", "add `array`"))
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
) -> Result<Option<Described>, Box<ConfigError>> {
    let top = KeyReader::top(FileKind::Run, &[Section::Top, Section::Run], table, complaints);
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
    let on = match top.section(&[Section::Workload]).span_of(&keys::TRACE) {
        Some(_) => On::Trace,
        None => On::Network,
    };
    let (prediction, place_keys) = prediction::read(&top, folder, on);
    let named_layers = NamedLayers::read(path, text, &top, (array_spec, place_keys));
    let costs = top.section(&[Section::Costs]);
    let cost_table = costs
        .optional_path(&keys::COST_TABLE)
        .map(|table| folder.join(table));
    let price = prediction::read_price(&costs, place_keys);
    costs.finish(None);
    let measure = top.section(&[Section::Measure]);
    let mse = if measure.flag(&keys::MSE) {
        Mse::Measure
    } else {
        Mse::Skip
    };
    let pe_map = if measure.flag(&keys::PE_MAP) {
        PeMap::Count
    } else {
        PeMap::Off
    };
    measure.finish(None);
    top.finish(None);
    let Some(array) = array else {
        return Ok(None);
    };
    let design = DesignSpec {
        depthwise_threads,
        reorder,
        layers: named_layers,
        prediction: prediction.map(|prediction| PredictionSpec { price, ..prediction }),
        ..DesignSpec::new(path, array, baseline)
    };
    Ok(Some(match workload {
        None => Described::Design(design),
        Some(workload) => Described::Run(RunSpec {
            design,
            workload,
            pruning,
            activation_zeros,
            cost_table,
            mse,
            pe_map,
            seed: u64::try_from(seed).unwrap_or(0),
        }),
    }))
}
