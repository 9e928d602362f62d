//! What a network answers on images with its layers on simulated arrays, next to FP32 and exact 8-bit.

pub mod counts;
mod layers;
mod machine;

use std::sync::atomic::{AtomicBool, Ordering};

use sim_array::algebraic::timing;
use sim_core::counters::ActiveSteps;
use sim_core::evaluation::{Answer, ArrayEvaluation, Evaluation, ImageRecord, OutputErrors};
use sim_core::preprocessing::Preprocessing;
use sim_core::record::{EngineKind, LayerRecord, ProductRecord};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Batch};

pub use self::layers::SimulatedLayers;
use self::layers::{LayerSums, Products};
pub use self::machine::Machine;
use crate::capture_error::CaptureError;
use crate::images::ImageSet;
use crate::network::{Hooks, Network, NoHooks};
use crate::preprocess::batch;
use crate::progress::Progress;
use crate::quantized::QuantizedNetwork;
use crate::recalibrate::Recalibrated;
use crate::share::{Unfinished, share};
use crate::tensor::Tensor;

/// Images whose answers wait in memory for those before them, per thread.
const IMAGES_PER_JOB: usize = 8;

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
    /// How pixels become input.
    pub preprocessing: &'a Preprocessing,
    /// Any array of conventional PEs, for exact 8-bit.
    pub exact: ArraySpec,
    /// The arrays.
    pub machines: &'a [Machine],
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// Set from elsewhere to end after the images at hand.
    pub stop: &'a AtomicBool,
}

/// A network that cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// An image, or a network that cannot be run on it.
    #[error(transparent)]
    Run(#[from] CaptureError),
    /// No classes.
    #[error("image `{image}`: {found}; evaluation needs one output per class and image")]
    Outputs {
        /// The image.
        image: String,
        /// What there is instead.
        found: String,
    },
    /// A label that is no class.
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
/// Images run by themselves, on as many threads as asked for; answers and counts are put together in their order, so
/// nothing depends on the number of threads. Where the stop flag is set, the record holds the images done so far.
///
/// - Memory: some images per thread, and a few words per image.
/// - Errors: images that cannot be loaded or preprocessed, a network that cannot be run on them, outputs that are not
///   one for each class, labels that are no class, and a stop before the first images.
pub fn evaluate(options: &EvaluateOptions<'_>, progress: &dyn Progress) -> Result<Evaluation, EvaluateError> {
    let images = options.images;
    progress.begin("evaluating", images.len());
    let mut evaluation = Evaluation {
        n_classes: 0,
        n_asked: images.len(),
        images: Vec::new(),
        arrays: Vec::new(),
    };
    let n_layers = options.quantized.n_layers();
    let mut sums: Vec<Vec<Option<LayerSums>>> =
        options.machines.iter().map(|_| vec![None; n_layers]).collect();
    let indices: Vec<usize> = (0..images.len()).collect();
    for chunk in indices.chunks(options.jobs.clamp(1, 1024) * IMAGES_PER_JOB) {
        let done = share(chunk, options.jobs, options.stop, |&index| {
            let one = one_image(options, index)?;
            progress.advance(&images.names()[index]);
            Ok(one)
        });
        let done = match done {
            Ok(done) => done,
            Err(Unfinished::Stopped) => break,
            // A run that was stopped in the middle of an image says so as an error of the network.
            Err(Unfinished::Failed(_)) if options.stop.load(Ordering::Relaxed) => break,
            Err(Unfinished::Failed(error)) => return Err(error),
        };
        for (&index, one) in chunk.iter().zip(done) {
            evaluation.n_classes = one.n_classes;
            evaluation.images.push(one.record);
            for (all, own) in sums.iter_mut().zip(one.sums) {
                add_layers(options, &images.names()[index], all, own)?;
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
        .zip(sums)
        .map(|(machine, sums)| ArrayEvaluation {
            name: machine.name.clone(),
            array: *machine.machines.array(),
            baseline: machine.baseline,
            layers: records(options.network, machine, sums, n_images),
        })
        .collect();
    Ok(evaluation)
}

/// Everything about one image.
struct OneImage {
    n_classes: usize,
    record: ImageRecord,
    /// By machine and layer of the network.
    sums: Vec<Vec<Option<LayerSums>>>,
}

fn one_image(options: &EvaluateOptions<'_>, index: usize) -> Result<OneImage, EvaluateError> {
    let name = &options.images.names()[index];
    let images = options
        .images
        .load(index..index + 1)
        .map_err(CaptureError::from)?;
    let input = batch(options.preprocessing, &images).map_err(CaptureError::from)?;
    let run = |hooks: &mut dyn Hooks| outputs(options.network, &input, name, hooks);
    let unpruned = options
        .unpruned
        .map(|network| outputs(network, &input, name, &mut NoHooks))
        .transpose()?;

    let fp32 = run(&mut NoHooks)?;
    let n_classes = fp32.len();
    let label = options.images.labels().map(|labels| labels[index]);
    if let Some(label) = label.filter(|&label| n_classes <= label) {
        return Err(EvaluateError::Label {
            image: name.clone(),
            label,
            n_classes,
        });
    }
    let exact = Products::Exact(&options.exact);
    let int8 = run(&mut SimulatedLayers::new(options.quantized, exact, options.stop))?;
    let mut record = ImageRecord {
        label,
        unpruned: unpruned.map(|outputs| Answer::of(&outputs, label)),
        fp32: Answer::of(&fp32, label),
        int8: Answer::of(&int8, label),
        arrays: Vec::new(),
        output_errors: OutputErrors {
            int8: distance(&int8, &fp32),
            arrays: Vec::new(),
        },
    };
    let mut sums = Vec::new();
    for machine in options.machines {
        let mut layers = SimulatedLayers::new(options.quantized, Products::Array(machine), options.stop);
        let found = match &machine.statistics {
            Some(statistics) => run(&mut Recalibrated {
                statistics,
                hooks: &mut layers,
            })?,
            None => run(&mut layers)?,
        };
        record.arrays.push(Answer::of(&found, label));
        record.output_errors.arrays.push(distance(&found, &fp32));
        sums.push(layers.into_sums());
    }
    Ok(OneImage {
        n_classes,
        record,
        sums,
    })
}

/// One output for each class.
fn outputs(
    network: &Network,
    input: &Tensor,
    image: &str,
    hooks: &mut dyn Hooks,
) -> Result<Vec<f32>, EvaluateError> {
    let outputs = network.run(input, hooks).map_err(|error| CaptureError::Network {
        image: image.to_owned(),
        error: Box::new(error),
    })?;
    let unfit = |found: String| EvaluateError::Outputs {
        image: image.to_owned(),
        found,
    };
    match <[(String, Tensor); 1]>::try_from(outputs) {
        Ok([(name, tensor)]) => {
            let is_list =
                tensor.shape.first() == Some(&1) && 1 < tensor.shape.len() && !tensor.data.is_empty();
            if !is_list || tensor.shape.get(1) != Some(&tensor.data.len()) {
                return Err(unfit(format!(
                    "output `{name}` of the network has the shape {:?}",
                    tensor.shape
                )));
            }
            if tensor.data.iter().any(|value| !value.is_finite()) {
                return Err(unfit(format!("output `{name}` of the network is not finite")));
            }
            Ok(tensor.data)
        }
        Err(outputs) => Err(unfit(format!("the network has {} outputs", outputs.len()))),
    }
}

/// Mean of |a − b|.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs())
        .sum();
    sum / sim_core::units::count_as_f64(sim_core::shape::widen(a.len().max(1)))
}

fn add_layers(
    options: &EvaluateOptions<'_>,
    image: &str,
    all: &mut [Option<LayerSums>],
    own: Vec<Option<LayerSums>>,
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
                all.add(&own);
            }
        }
    }
    Ok(())
}

/// One record for each simulated layer.
fn records(
    network: &Network,
    machine: &Machine,
    sums: Vec<Option<LayerSums>>,
    n_images: usize,
) -> Vec<LayerRecord> {
    network
        .layers()
        .iter()
        .zip(sums)
        .filter_map(|(layer, sums)| {
            let sums = folded(machine, sums?, n_images);
            Some(LayerRecord {
                name: layer.name.clone(),
                groups: sums.groups,
                images: n_images,
                threads: sums.array.pe().threads(),
                product: ProductRecord {
                    shape: sums.shape,
                    n_products: sums.n_products,
                    engine: EngineKind::Algebraic,
                    array: sums.array,
                    cycles: sums.cycles,
                    baseline_cycles: sums.baseline_cycles,
                    counters: sums.counters,
                    error: sums.error,
                },
            })
        })
        .collect()
}

/// Where the array folds images, the pixels of all of them are one M: what is counted in steps of outputs stays, time is
/// that of the folded product.
fn folded(machine: &Machine, sums: LayerSums, n_images: usize) -> LayerSums {
    match sums.array.batch() {
        Batch::Separate => sums,
        Batch::Folded => {
            let shape = sums.shape;
            // M is a number of pixels in memory for each image; their sum cannot leave usize on such a machine.
            let Ok(shape) = Gemm::new(shape.m() * n_images, shape.n(), shape.k()) else {
                return sums;
            };
            let n_products = sums.n_products / sim_core::shape::widen(n_images.max(1));
            let mut folded = LayerSums {
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
                folded.cycles += timing::cycles(&folded.array, shape);
                folded.baseline_cycles += timing::cycles(&machine.baseline, shape);
                pe_cycles +=
                    timing::pe_cycles(&folded.array, shape, ActiveSteps::zero(active.counts().len() - 1));
            }
            pe_cycles.active = active;
            folded.counters.pe_cycles = pe_cycles;
            folded
        }
    }
}
