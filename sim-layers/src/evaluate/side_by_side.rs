//! Some images side by side through FP32, exact 8-bit and every machine.

use std::ops::Range;
use std::sync::atomic::Ordering;

use sim_core::evaluation::{Answer, ImageRecord, OutputErrors, Outputs};
use sim_core::prediction::Counts;
use sim_core::record::ProductRecord;
use sim_core::shape::checked_product;
use sim_core::tensor::Tensor;
use sim_images::sets::Numbering;
use sim_net::execute::Runs;
use sim_net::execute::error::ExecuteError;
use sim_net::network::{HookPoint, Hooks, NoHooks, floats};
use sim_quant::capture::CaptureError;
use sim_quant::prediction::{Gating, MapGate, counts_by_place};

use super::layers::{IMAGES_PER_PRODUCT, Products, SimulatedLayers};
use super::machine::Machine;
use super::{Adapted, EvaluateError, EvaluateOptions};

/// Most elements of what a layer reads or makes, over images side by side: they stay in a cache.
const MAX_ELEMENTS: usize = 1 << 18;

/// Answers for some neighbouring images, and what the machines counted over all of them.
pub(super) struct Done {
    pub(super) outputs: Outputs,
    pub(super) n_classes: usize,
    pub(super) records: Vec<ImageRecord>,
    /// By machine and layer of the network.
    pub(super) sums: Vec<Vec<Option<ProductRecord>>>,
    /// What was predicted in exact 8-bit, by place.
    pub(super) predicted: Vec<Counts>,
    /// The same by machine.
    pub(super) counts: Vec<Vec<Counts>>,
}

/// All images, by those that run side by side. The first image decides how many.
pub(super) fn batches(options: &EvaluateOptions<'_>) -> Vec<Range<usize>> {
    let n_images = options.images.len();
    let size = largest_layer(options).map_or(1, |n_elements| MAX_ELEMENTS / n_elements.max(1));
    let size = size.clamp(1, IMAGES_PER_PRODUCT);
    (0..n_images)
        .step_by(size)
        .map(|first| first..n_images.min(first + size))
        .collect()
}

/// Elements of the largest input or output of a layer for the first image; `None` where that cannot be told.
fn largest_layer(options: &EvaluateOptions<'_>) -> Option<usize> {
    let inputs = options.feed.of(0..1).ok()?;
    let shape = inputs.get(options.network.image_input())?.shape();
    let layers = options.network.layer_shapes(shape).ok()?;
    let sizes = layers.iter().flat_map(|layer| [&layer.input, &layer.output]);
    sizes.map(|shape| checked_product(shape)).max()?
}

/// Run the images of `range`; in one part, or an image a part where they do not run side by side.
///
/// - Errors: that of the first image that has one.
pub(super) fn run(options: &EvaluateOptions<'_>, range: &Range<usize>) -> Result<Vec<Done>, EvaluateError> {
    match all_at_once(options, range) {
        Ok(done) => Ok(vec![done]),
        Err(_) if 1 < range.len() && !options.stop.load(Ordering::Relaxed) => range
            .clone()
            .map(|index| all_at_once(options, &(index..index + 1)))
            .collect(),
        Err(error) => Err(error),
    }
}

fn all_at_once(options: &EvaluateOptions<'_>, range: &Range<usize>) -> Result<Done, EvaluateError> {
    let names = &options.images.names()[range.clone()];
    let inputs = range.clone().map(|index| options.feed.of(index..index + 1));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let failed = |error| CaptureError::Network {
        image: names.first().cloned().unwrap_or_default(),
        error: Box::new(error),
    };
    let unpruned = match options.unpruned {
        None => None,
        Some(network) => {
            let start = network.start_values(inputs.clone()).map_err(failed)?;
            Some(outputs(start, names, &mut NoHooks)?)
        }
    };
    // What comes before the first layer that any run does in its own way is done once for all of them.
    let mut start = options.network.start_values(inputs).map_err(failed)?;
    let has_statistics = options
        .machines
        .iter()
        .map(Machine::adapted)
        .chain(options.predicted)
        .any(|adapted| adapted.statistics.is_some());
    let differs = |point| match point {
        HookPoint::Weighted(layer) => options.quantized.layer(layer).is_some(),
        HookPoint::BatchNorm(_) => has_statistics,
    };
    start.advance(differs, &mut NoHooks).map_err(failed)?;
    let run = |hooks: &mut dyn Hooks| outputs(start.clone(), names, hooks);

    let fp32 = run(&mut NoHooks)?;
    let form = fp32.first().map_or(Outputs::Classes, |image| image.outputs);
    let labels = match form {
        Outputs::Classes => {
            check_numbering(options, fp32.first().map_or(0, |image| image.values.len()))?;
            options.images.labels().map(|labels| &labels[range.clone()])
        }
        // A label is the number of a class.
        Outputs::Values => None,
    };
    for (index, image) in fp32.iter().enumerate() {
        let n_classes = image.values.len();
        if let Some(label) = labels
            .map(|labels| labels[index])
            .filter(|&label| n_classes <= label)
        {
            return Err(EvaluateError::Label {
                image: names[index].clone(),
                label,
                n_classes,
            });
        }
    }
    let exact = Products::Exact(&options.exact);
    let exact_layers = || SimulatedLayers::new(options.quantized, exact, options.engine, options.stop);
    let int8 = run(&mut exact_layers())?;
    let (int8_predicted, predicted) = match options.predicted {
        None => (None, Vec::new()),
        Some(adapted) => {
            let (found, gates) = run_adapted(run, &mut exact_layers(), adapted)?;
            (Some(found), counts_of(adapted, &gates))
        }
    };
    let mut records: Vec<ImageRecord> = (fp32.iter().zip(&int8).enumerate())
        .map(|(index, (fp32, int8))| {
            let label = labels.map(|labels| labels[index]);
            ImageRecord {
                label,
                unpruned: (unpruned.as_ref()).map(|outputs| Answer::of(&outputs[index].values, label)),
                fp32: Answer::of(&fp32.values, label),
                int8: Answer::of(&int8.values, label),
                int8_predicted: (int8_predicted.as_ref())
                    .map(|outputs| Answer::of(&outputs[index].values, label)),
                arrays: Vec::new(),
                output_errors: OutputErrors {
                    int8: distance(&int8.values, &fp32.values),
                    int8_predicted: (int8_predicted.as_ref())
                        .map(|outputs| distance(&outputs[index].values, &fp32.values)),
                    arrays: Vec::new(),
                },
            }
        })
        .collect();
    let (mut sums, mut counts) = (Vec::new(), Vec::new());
    for machine in options.machines {
        let mut layers = SimulatedLayers::new(
            options.quantized,
            Products::Array(machine),
            options.engine,
            options.stop,
        );
        let (found, gates) = run_adapted(run, &mut layers, machine.adapted())?;
        for ((record, found), fp32) in records.iter_mut().zip(&found).zip(&fp32) {
            record.arrays.push(Answer::of(&found.values, record.label));
            record
                .output_errors
                .arrays
                .push(distance(&found.values, &fp32.values));
        }
        sums.push(layers.into_sums(&gates).map_err(failed)?);
        counts.push(counts_of(machine.adapted(), &gates));
    }
    Ok(Done {
        outputs: form,
        n_classes: fp32.last().map_or(0, |image| image.values.len()),
        records,
        sums,
        predicted,
        counts,
    })
}

fn counts_of(adapted: &Adapted, gates: &[MapGate]) -> Vec<Counts> {
    counts_by_place(gates, adapted.methods.methods.len())
}

/// What `run` gives with `layers`, with predicted zeros and new statistics; and what was predicted.
fn run_adapted<T>(
    run: impl Fn(&mut dyn Hooks) -> Result<T, EvaluateError>,
    layers: &mut dyn Hooks,
    adapted: &Adapted,
) -> Result<(T, Vec<MapGate>), EvaluateError> {
    let mut gates = Gating::remembering(&adapted.methods, layers);
    let found = adapted.around(&mut gates, run)?;
    Ok((found, gates.into_gates()))
}

/// Whether the labels can be classes of a network with so many.
fn check_numbering(options: &EvaluateOptions<'_>, n_classes: usize) -> Result<(), EvaluateError> {
    match options.images.numbering() {
        Numbering::Folders(n_folders) if n_folders != n_classes => {
            Err(EvaluateError::Folders { n_folders, n_classes })
        }
        Numbering::Listed(n_listed) if n_listed != n_classes => {
            Err(EvaluateError::ClassList { n_listed, n_classes })
        }
        Numbering::Classes | Numbering::Folders(_) | Numbering::Listed(_) => Ok(()),
    }
}

/// What a network makes of an image.
struct Output {
    values: Vec<f32>,
    outputs: Outputs,
}

/// The output that is looked at, by image.
fn outputs(runs: Runs<'_>, names: &[String], hooks: &mut dyn Hooks) -> Result<Vec<Output>, EvaluateError> {
    let failed = |image: &String, error: ExecuteError| CaptureError::Network {
        image: image.clone(),
        error: Box::new(error),
    };
    let first = names.first().cloned().unwrap_or_default();
    let all = runs.finish(hooks).map_err(|error| failed(&first, error))?;
    all.into_iter()
        .zip(names)
        .map(|(outputs, name)| output(floats(outputs).map_err(|error| failed(name, error))?, name))
        .collect()
}

/// The output for one image.
fn output(outputs: Vec<(String, Tensor)>, image: &str) -> Result<Output, EvaluateError> {
    let unfit = |found: String| EvaluateError::Outputs {
        image: image.to_owned(),
        found,
    };
    match <[(String, Tensor); 1]>::try_from(outputs) {
        Ok([(name, tensor)]) => {
            if tensor.data.is_empty() {
                return Err(unfit(format!("output `{name}` of the network is empty")));
            }
            if tensor.data.iter().any(|value| !value.is_finite()) {
                return Err(unfit(format!("output `{name}` of the network is not finite")));
            }
            let is_list = tensor.shape.first() == Some(&1) && tensor.shape.get(1) == Some(&tensor.data.len());
            Ok(Output {
                values: tensor.data,
                outputs: if is_list {
                    Outputs::Classes
                } else {
                    Outputs::Values
                },
            })
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
