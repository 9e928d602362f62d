//! What a network answers on images with its layers on simulated arrays, next to FP32 and exact 8-bit.

mod layers;
mod machine;
mod planned;
mod side_by_side;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use sim_algebraic::Algebraic;
use sim_array::mapping::Schedule;
use sim_core::counters::ActiveSteps;
use sim_core::evaluation::{ArrayEvaluation, Evaluation, Outputs};
use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_core::prediction::Counts;
use sim_core::progress::Progress;
use sim_core::record::{LayerRecord, PlaceRecord, ProductRecord};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Batch};
use sim_images::sets::ImageSet;
use sim_net::network::{Hooks, Network, Statistics};
use sim_net::recalibrate::Recalibrated;
use sim_quant::capture::CaptureError;
use sim_quant::feed::Feed;
use sim_quant::prediction::{Gating, PlaceMethods};
use sim_quant::quantized::{QuantizedLayer, QuantizedNetwork};

use crate::sums;

pub use self::layers::{Products, SimulatedLayers};
pub use self::machine::Machine;

/// Batches whose answers wait in memory for those before them, per thread.
const BATCHES_PER_JOB: usize = 8;

/// What is evaluated.
#[derive(Clone, Copy)]
pub struct EvaluateOptions<'a> {
    /// The network in FP32.
    pub network: &'a Network,
    /// The network before it was pruned, if that is of interest.
    pub unpruned: Option<&'a Network>,
    /// Its simulated layers.
    pub quantized: &'a QuantizedNetwork,
    /// Images, with labels or without.
    pub images: &'a ImageSet,
    /// The same, as the network reads them.
    pub feed: &'a Feed<'a>,
    /// Any array of conventional PEs, for exact 8-bit.
    pub exact: ArraySpec,
    /// What is predicted in exact 8-bit; `None`: nothing.
    pub predicted: Option<&'a Adapted>,
    /// What multiplies.
    pub engine: &'a Algebraic,
    /// The arrays.
    pub machines: &'a [Machine],
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// Set from elsewhere to end after the images at hand.
    pub stop: &'a AtomicBool,
}

/// What is other around simulated layers than in the network's file.
#[derive(Clone, Debug, Default)]
pub struct Adapted {
    /// What skips outputs.
    pub methods: PlaceMethods,
    /// Of every batch norm, in place of those that the network stores.
    pub statistics: Option<Vec<Statistics>>,
}

impl Adapted {
    /// What `run` gives with the statistics around `gates`, which skip what [`Self::methods`] say.
    pub fn around<T>(&self, gates: &mut Gating<'_>, run: impl FnOnce(&mut dyn Hooks) -> T) -> T {
        match &self.statistics {
            Some(statistics) => run(&mut Recalibrated {
                statistics,
                hooks: gates,
            }),
            None => run(gates),
        }
    }
}

/// A network that cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// An image, or a network that cannot be run on it.
    #[error(transparent)]
    Run(#[from] CaptureError),
    /// Nothing to compare.
    #[error("image `{image}`: {found}; evaluation compares one output that is not empty and finite")]
    Outputs {
        /// The image.
        image: String,
        /// What there is instead.
        found: String,
    },
    /// A label that is not a class.
    #[error(
        "image `{image}` has label {label}, but the network has {n_classes} outputs, classes 0 to {}; are these images \
         for another network?",
        n_classes - 1
    )]
    Label {
        /// The image.
        image: String,
        /// Its label.
        label: usize,
        /// Outputs of the network.
        n_classes: usize,
    },
    /// Folders that are not the network's classes.
    #[error(
        "{n_folders} folders of images for {n_classes} classes; name the folders by class number, or give a list of the class \
         names: --classes FILE, or `classes` in [workload]"
    )]
    Folders {
        /// Folders.
        n_folders: usize,
        /// Outputs of the network.
        n_classes: usize,
    },
    /// A list of class names for another network.
    #[error(
        "the list of classes has {n_listed} names, but the network has {n_classes} outputs; give one name for each"
    )]
    ClassList {
        /// Names.
        n_listed: usize,
        /// Outputs of the network.
        n_classes: usize,
    },
    /// A layer that sees images in different sizes.
    #[error(
        "layer `{layer}`: image `{image}` makes another product than those before it: declare `resize`, so that all \
         images have one size"
    )]
    Sizes {
        /// The layer.
        layer: String,
        /// The image.
        image: String,
    },
    /// Stopped before the first image.
    #[error("stopped before the first images were done")]
    Stopped,
}

/// Answers of the network in FP32, in exact 8-bit and on every machine, and what the machines count.
///
/// Images run by themselves, some of them side by side, on as many threads as asked for; answers and counts are put
/// together in their order, so nothing depends on the number of threads. Where the stop flag is set, the record holds the images done so far.
///
/// - Memory: some images per thread, and a few words per image.
/// - Errors: images that cannot be loaded or preprocessed, a network that cannot be run on them, outputs that are not
///   one for each class, labels that are not classes, and a stop before the first images.
pub fn evaluate(options: &EvaluateOptions<'_>, progress: &dyn Progress) -> Result<Evaluation, EvaluateError> {
    let images = options.images;
    progress.begin("evaluating", images.len());
    let mut evaluation = Evaluation {
        outputs: Outputs::default(),
        n_classes: 0,
        n_asked: images.len(),
        images: Vec::new(),
        arrays: Vec::new(),
        predicted: Vec::new(),
    };
    let n_layers = options.quantized.n_layers();
    let mut sums: Vec<Vec<Option<ProductRecord>>> =
        options.machines.iter().map(|_| vec![None; n_layers]).collect();
    let mut counts: Vec<Vec<Counts>> = vec![Vec::new(); options.machines.len()];
    let batches: Vec<Range<usize>> = side_by_side::batches(options);
    for chunk in batches.chunks(options.jobs.clamp(1, 1024) * BATCHES_PER_JOB) {
        let done = parallel_map(chunk, options.jobs, options.stop, |batch| {
            let done = side_by_side::run(options, batch)?;
            for name in &images.names()[batch.clone()] {
                progress.advance(name);
            }
            Ok(done)
        });
        let done = match done {
            Ok(done) => done,
            Err(Unfinished::Stopped) => break,
            // A run that was stopped in the middle of an image says so as an error of the network.
            Err(Unfinished::Failed(_)) if options.stop.load(Ordering::Relaxed) => break,
            Err(Unfinished::Failed(error)) => return Err(error),
        };
        for part in done.into_iter().flatten() {
            let image = &images.names()[evaluation.images.len()];
            evaluation.n_classes = part.n_classes;
            evaluation.outputs = part.outputs;
            evaluation.images.extend(part.records);
            add_counts(&mut evaluation.predicted, &part.predicted);
            for (all, own) in counts.iter_mut().zip(&part.counts) {
                add_counts(all, own);
            }
            for (all, own) in sums.iter_mut().zip(part.sums) {
                add_layers(options, image, all, own)?;
            }
        }
    }
    if evaluation.images.is_empty() {
        return Err(EvaluateError::Stopped);
    }
    let n_images = evaluation.images.len();
    evaluation.arrays = options
        .machines
        .iter()
        .zip(sums.into_iter().zip(counts))
        .map(|(machine, (sums, predicted))| ArrayEvaluation {
            name: machine.name.clone(),
            array: *machine.machines.array(),
            baseline: machine.baseline,
            layers: records(options, machine, (sums, &predicted), n_images),
            predicted,
        })
        .collect();
    Ok(evaluation)
}

/// Add the counts of more images, by place.
fn add_counts(all: &mut Vec<Counts>, more: &[Counts]) {
    all.resize(more.len(), Counts::default());
    all.iter_mut().zip(more).for_each(|(all, one)| all.add(one));
}

fn add_layers(
    options: &EvaluateOptions<'_>,
    image: &str,
    all: &mut [Option<ProductRecord>],
    own: Vec<Option<ProductRecord>>,
) -> Result<(), EvaluateError> {
    for (index, (all, own)) in all.iter_mut().zip(own).enumerate() {
        match (all, own) {
            (_, None) => {}
            (all @ None, own) => *all = own,
            (Some(all), Some(own)) => {
                if all.shape != own.shape {
                    return Err(EvaluateError::Sizes {
                        layer: options.network.layers()[index].name.clone(),
                        image: image.to_owned(),
                    });
                }
                sums::add(all, &own);
            }
        }
    }
    Ok(())
}

/// One record for each simulated layer.
fn records(
    EvaluateOptions {
        network, quantized, ..
    }: &EvaluateOptions<'_>,
    machine: &Machine,
    (sums, predicted): (Vec<Option<ProductRecord>>, &[Counts]),
    n_images: usize,
) -> Vec<LayerRecord> {
    network
        .layers()
        .iter()
        .zip(sums)
        .enumerate()
        .filter_map(|(index, (layer, sums))| {
            let sums = sums?;
            // A map of a layer is an image to it, of which a network may make several.
            let n_maps = sums.n_products / widen(layer.groups.max(1));
            let n_maps = usize::try_from(n_maps).unwrap_or(n_images);
            let product = folded(machine, sums, n_maps);
            Some(LayerRecord {
                name: layer.name.clone(),
                groups: layer.groups,
                images: n_maps,
                threads: product.array.pe().threads(),
                place: product
                    .predicted
                    .and(machine.planned(index))
                    .map(|planned| PlaceRecord {
                        method: planned.method,
                        counts: predicted.get(planned.place).copied(),
                    }),
                product,
                kind: layer.kind,
                quantized: quantized.layer(index).map(QuantizedLayer::record),
            })
        })
        .collect()
}

/// Where the array folds images, the pixels of all of them are one M: what is counted in steps of outputs stays, time is
/// that of the folded product.
fn folded(machine: &Machine, sums: ProductRecord, n_maps: usize) -> ProductRecord {
    match sums.array.batch() {
        Batch::Separate => sums,
        Batch::Folded => {
            let shape = sums.shape;
            // M is a number of pixels in memory for each image; their sum cannot leave usize on such a machine.
            let Ok(shape) = Gemm::new(shape.m() * n_maps, shape.n(), shape.k()) else {
                return sums;
            };
            let n_products = sums.n_products / widen(n_maps.max(1));
            let mut folded = ProductRecord {
                shape,
                n_products: 0,
                cycles: sim_core::units::Cycles::default(),
                baseline_cycles: sim_core::units::Cycles::default(),
                ..sums
            };
            let active = folded.counters.pe_cycles.active;
            // Time depends on shapes alone, so every group takes the same.
            let mut pe_cycles =
                sim_core::counters::PeCycles::zero(machine.machines.array().pe().max_active());
            for _ in 0..n_products {
                folded.n_products += 1;
                folded.cycles += Schedule::new(&folded.array, shape).cycles();
                folded.baseline_cycles += Schedule::new(&machine.baseline, shape).cycles();
                pe_cycles += Schedule::new(&folded.array, shape)
                    .pe_cycles(ActiveSteps::zero(active.counts().len() - 1));
            }
            pe_cycles.active = active;
            folded.counters.pe_cycles = pe_cycles;
            folded
        }
    }
}
