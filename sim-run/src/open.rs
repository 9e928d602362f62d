//! A network with its images, from the files that a workload names.

use std::path::Path;

use sim_config::preprocessing;
use sim_config::run::prediction::PredictorBatchNorms;
use sim_config::run::{ModelWorkload, Unreadable, Unsupported};
use sim_core::parallel_map::Unfinished;
use sim_core::preprocessing::{ImageValues, Preprocessing};
use sim_core::prune::{LayerSparsity, PruneSpec};
use sim_core::quantization::Levels;
use sim_images::classes::ClassList;
use sim_images::sets::{self, ImageSet, Names, Numbering, OpenOptions};
use sim_net::network::{Given, Input, IntKind, Network, Wanted};
use sim_quant::calibrate::calibrate;
use sim_quant::capture::{CaptureOptions, CapturedImages, ModelFile, capture_calibrated};
use sim_quant::coverage;
use sim_quant::feed::Feed;
use sim_quant::prediction::PlaceMethods;
use sim_quant::prune::{prune_network, simulated};
use sim_quant::selection::{choose, cut_off};
use sim_trace::trace::Trace;

use crate::error::RunError;
use crate::prediction::{Chosen, Prediction, PredictionAsk};
use crate::workers::Workers;

/// Stands for the images of a network of which nothing depends on an input.
static NO_INPUT: Input = Input {
    name: String::new(),
    shape: Vec::new(),
    kind: None,
};

/// A network, pruned as asked for, with its images.
#[derive(Debug)]
pub struct Opened {
    /// The network, pruned.
    pub network: Network,
    /// Images that go through it.
    pub images: ImageSet,
    /// Images that set ranges; `None`: the images themselves.
    pub calibration: Option<ImageSet>,
    /// Images that were left out because they cannot be decoded.
    pub skipped: Vec<String>,
    /// The same of the calibration images.
    pub skipped_calibration: Vec<String>,
    /// How pixels become input.
    pub preprocessing: Preprocessing,
    /// The layers that were pruned.
    pub pruned: Vec<LayerSparsity>,
    /// Shapes of inputs that branches of the network were chosen by.
    pub(crate) shapes: Vec<(String, Vec<usize>)>,
    /// The output that is looked at, where the network has several.
    pub output: Option<String>,
}

impl Opened {
    /// Read a network, prune it, and open its images.
    ///
    /// - Errors: files that cannot be read or are not what they should be.
    pub fn new(
        workload: &ModelWorkload,
        pruning: Option<PruneSpec>,
        purpose: Purpose,
        workers: &Workers<'_>,
    ) -> Result<Self, RunError> {
        match (pruning, workload.quantization.levels) {
            (Some(_), Levels::MidRise) => {
                return Err(RunError::user(
                    "",
                    &"weights that were pruned are not zero with `mid-rise` levels, which have no code for zero; leave one of \
                      the two out",
                ));
            }
            (None, _) | (Some(_), Levels::MidTread) => {}
        }
        let declared = preprocessing::load_beside(&workload.model)?;
        let declared =
            (workload.preprocessing.settle(declared)).map_err(|error| RunError::user("", &error))?;
        let mut network = load(workload, Vec::new())?;
        for kind in network.widened() {
            workers.progress.note(&format!(
                "{}: its {} constants become float32; the network runs in float32",
                workload.model.display(),
                kind.name()
            ));
        }
        let input = network.images().map(|input| input.name.clone());
        let open = |path: &Path, limit| {
            let options = OpenOptions {
                limit,
                input: input.as_deref(),
            };
            open_set(path, options, workload.unreadable, workers)
        };
        let (images, skipped) = open(&workload.images, workload.n_images)?;
        let calibration = workload
            .calibration
            .as_ref()
            .map(|path| open(path, workload.n_calibration))
            .transpose()?;
        let (calibration, skipped_calibration) = calibration.unzip();
        let (images, calibration) = match class_list(workload)? {
            None => (images, calibration),
            Some(list) => {
                let calibration = calibration.map(|set| listed(set, &list)).transpose()?;
                (images.listed(&list)?, calibration)
            }
        };
        if let (Some(path), Some(set)) = (&workload.calibration, &calibration) {
            check_alike(path, set, &workload.images, &images)?;
        }
        let kind = network.images().and_then(|input| input.kind);
        let preprocessing = settle(declared, workload, images.values(), kind, workers)?;
        let failed = |error| RunError::capture(&workload.model, error);
        let mut shapes = Vec::new();
        if network.has_branches() {
            shapes = Feed::shapes(&network, &images, &preprocessing).map_err(failed)?;
            network = load(workload, shapes.clone())?;
        }
        let pruned = pruning.map_or_else(Vec::new, |spec| {
            let choices = choose(network.layers(), &workload.selection, &workload.quantization);
            prune_network(&mut network, &simulated(&choices), spec)
        });
        let mut output = workload.output.clone();
        if purpose == Purpose::Answers && output.is_none() && 1 < network.outputs().len() {
            output = class_output(&network, &images, &preprocessing);
        }
        want(&mut network, workload, purpose, output.as_deref())?;
        Ok(Self {
            output,
            shapes,
            skipped,
            skipped_calibration: skipped_calibration.unwrap_or_default(),
            network,
            images,
            calibration,
            preprocessing,
            pruned,
        })
    }

    /// How the workload is captured.
    ///
    /// - Errors: the model cannot be read.
    pub fn capture_options<'a>(
        &self,
        workload: &ModelWorkload,
        workers: &Workers<'a>,
    ) -> Result<CaptureOptions<'a>, RunError> {
        Ok(CaptureOptions {
            model: ModelFile::of(&workload.model)?,
            preprocessing: self.preprocessing.clone(),
            quantization: workload.quantization,
            selection: workload.selection,
            jobs: workers.jobs,
            stop: workers.stop,
        })
    }

    /// The trace of the network on its images, with predicted zeros where they are asked for; and what predicted them.
    pub(crate) fn capture(
        &self,
        workload: &ModelWorkload,
        ask: Option<&PredictionAsk>,
        workers: &Workers<'_>,
    ) -> Result<(Trace, Option<Prediction>), RunError> {
        let options = self.capture_options(workload, workers)?;
        let failed = |error| RunError::capture(&workload.model, error);
        let calibration = self.calibration_images();
        let decided = calibrate(&self.network, calibration, &options, workers.progress).map_err(failed)?;
        let predict = |ask: &PredictionAsk| {
            let macs = coverage::macs(&self.network, &self.images, &options).map_err(failed)?;
            let chosen = Chosen {
                opened: self,
                choices: &decided.choices,
                macs: &macs.layers,
            };
            ask.resolve(chosen, &options, workers)
        };
        let mut prediction = ask.map(predict).transpose()?;
        if let Some(prediction) = &mut prediction {
            match prediction.batch_norms {
                PredictorBatchNorms::Kept => {}
                PredictorBatchNorms::Recalibrated => prediction.warnings.push(
                    "recalibrate-predictors: a capture recalibrates no batch norms, so those of predictors stay as trained"
                        .to_owned(),
                ),
            }
        }
        let none = PlaceMethods::default();
        let methods = prediction
            .as_ref()
            .map_or(&none, |prediction| &prediction.methods);
        let images = CapturedImages {
            images: &self.images,
            calibration,
        };
        let trace = capture_calibrated(
            &self.network,
            images,
            (&decided, methods),
            &options,
            workers.progress,
        );
        Ok((trace.map_err(failed)?, prediction))
    }

    /// The input of the network that is the images.
    pub fn image_input(&self) -> &Input {
        self.network.images().unwrap_or(&NO_INPUT)
    }

    /// Images that set ranges.
    pub fn calibration_images(&self) -> &ImageSet {
        self.calibration.as_ref().unwrap_or(&self.images)
    }
}

/// A set of images, and the names of those that were left out of it. A limit counts the files that are there, whether they
/// can be decoded or not.
pub(crate) fn open_set(
    path: &Path,
    options: OpenOptions<'_>,
    unreadable: Unreadable,
    workers: &Workers<'_>,
) -> Result<(ImageSet, Vec<String>), RunError> {
    let set = ImageSet::open(path, options)?;
    if let Some(note) = strays(path, set.strays()) {
        workers.progress.note(&note);
    }
    match unreadable {
        Unreadable::Refused => Ok((set, Vec::new())),
        Unreadable::Skipped => set
            .only_readable(workers.jobs, workers.stop, workers.progress)
            .map_err(|error| match error {
                Unfinished::Stopped => RunError::stopped(),
                Unfinished::Failed(error) => error.into(),
            }),
    }
}

/// The names of the classes, where they are given.
pub(crate) fn class_list(workload: &ModelWorkload) -> Result<Option<ClassList>, RunError> {
    let list = workload.classes.as_deref().map(ClassList::read).transpose();
    list.map_err(|error| RunError::at(&error.path, &error.fault))
}

/// A further set, whose folders may or may not be classes.
pub(crate) fn listed(set: ImageSet, list: &ClassList) -> Result<ImageSet, RunError> {
    match set.numbering() {
        Numbering::Folders(_) => Ok(set.listed(list)?),
        Numbering::Classes | Numbering::Listed(_) => Ok(set),
    }
}

/// What is done with images of these values.
///
/// - Errors: floats, and keys that only pixels can have.
fn settle(
    declared: Preprocessing,
    workload: &ModelWorkload,
    values: ImageValues,
    kind: Option<IntKind>,
    workers: &Workers<'_>,
) -> Result<Preprocessing, RunError> {
    match values {
        // A network that reads integers wants pixels as they are, where nobody says otherwise.
        ImageValues::Uint8 if kind.is_some() && is_unscaled(&declared, workload) => {
            return Ok(Preprocessing {
                scale: 1.0,
                ..declared
            });
        }
        ImageValues::Uint8 => return Ok(declared),
        ImageValues::Float32 | ImageValues::Integers => {}
        ImageValues::Float64 | ImageValues::Float16 => workers.progress.note(&format!(
            "{}: its {values} images are converted to float32",
            workload.images.display()
        )),
    }
    let given = workload.preprocessing.of_pixels();
    if !given.is_empty() {
        let given: Vec<String> = given.iter().map(|key| format!("`{key}`")).collect();
        return Err(RunError::at(
            &workload.images,
            &format!(
                "holds {values} images, which are the network's input as they stand, but {} {} given, for pixels; leave {} out, \
                 or save the pixels as uint8",
                given.join(", "),
                if given.len() == 1 { "is" } else { "are" },
                if given.len() == 1 { "it" } else { "them" },
            ),
        ));
    }
    // What is declared beside the model is for pixels, but where the network has its channels.
    let layout = workload.preprocessing.layout.unwrap_or(declared.model_layout);
    Ok(Preprocessing::of_floats(values, layout, declared.model_layout))
}

/// Whether nobody has said what a pixel is multiplied with, less and divided by.
fn is_unscaled(declared: &Preprocessing, workload: &ModelWorkload) -> bool {
    let Preprocessing { scale, mean, std, .. } = Preprocessing::default();
    let given = &workload.preprocessing;
    let is_given = given.scale.is_some() || given.mean.is_some() || given.std.is_some();
    !is_given && declared.scale == scale && declared.mean == mean && declared.std == std
}

/// Images that are preprocessed in one way are pixels, or floats.
pub(crate) fn check_alike(
    path: &Path,
    set: &ImageSet,
    images_path: &Path,
    images: &ImageSet,
) -> Result<(), RunError> {
    let (found, want) = (set.values(), images.values());
    if found.are_pixels() == want.are_pixels() {
        return Ok(());
    }
    let message = format!(
        "holds {found} images, but {} holds {want}: pixels are preprocessed, and floats are not; give both in one form",
        images_path.display()
    );
    Err(RunError::at(path, &message))
}

/// What a folder of images holds that nobody looks at.
fn strays(folder: &Path, names: &[String]) -> Option<String> {
    let are = match names.len() {
        0 => return None,
        1 => "1 file is not JPEG or PNG and was".to_owned(),
        n_files => format!("{n_files} files are not JPEG or PNG and were"),
    };
    let folder = folder.display();
    Some(format!("{folder}: {are} left out: {}", Names(names.to_vec())))
}

/// The network of a workload, of whose inputs these shapes are known.
pub(crate) fn load(workload: &ModelWorkload, shapes: Vec<(String, Vec<usize>)>) -> Result<Network, RunError> {
    let given = Given {
        constants: workload.inputs.clone(),
        shapes,
        arrays: sets::array_names(&workload.images)?,
    };
    Network::load_given(&workload.model, &given).map_err(|error| RunError::model(&workload.model, &error))
}

/// What a network is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What its simulated layers read.
    Trace,
    /// The same, and what is made at their places.
    PredictedTrace,
    /// What it answers.
    Answers,
    /// What its ReLUs make, where that may be predicted.
    Places,
}

/// Let a network run what its purpose needs, and nothing else; of its outputs this one, or all.
pub(crate) fn want(
    network: &mut Network,
    workload: &ModelWorkload,
    purpose: Purpose,
    output: Option<&str>,
) -> Result<(), RunError> {
    let wanted = match purpose {
        Purpose::Answers => Wanted::Outputs(
            output.map_or_else(|| network.outputs().to_vec(), |output| vec![output.to_owned()]),
        ),
        Purpose::Trace | Purpose::PredictedTrace => {
            let (selection, quantization) = (&workload.selection, &workload.quantization);
            let mut layers = simulated(&choose(network.layers(), selection, quantization));
            if workload.unsupported == Unsupported::Refused {
                network
                    .check_products()
                    .map_err(|error| RunError::model(&workload.model, &error))?;
                layers.extend(cut_off(network.layers(), selection, quantization));
            }
            if purpose == Purpose::PredictedTrace {
                Wanted::LayersAndPlaces(layers)
            } else {
                Wanted::Layers(layers)
            }
        }
        Purpose::Places => Wanted::Places,
    };
    network
        .want(&wanted)
        .map_err(|error| RunError::model(&workload.model, &error))
}

/// The first output with one value for each of several classes, for the first image; else the first output.
fn class_output(network: &Network, images: &ImageSet, preprocessing: &Preprocessing) -> Option<String> {
    let is_list = |shape: &Vec<usize>| matches!(shape[..], [1, n] if 1 < n);
    let shapes = || {
        let inputs = Feed::new(network, images, preprocessing).ok()?.of(0..1).ok()?;
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
        network.output_shapes(&shapes).ok()
    };
    let place = shapes()
        .and_then(|shapes| shapes.iter().position(is_list))
        .unwrap_or(0);
    network.outputs().get(place).cloned()
}
