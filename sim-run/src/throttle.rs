//! Automatic throttling: the layer that errs most runs with fewer threads, until the answers are good enough.

use sim_array::engine::Mse;
use sim_core::evaluation::ArrayEvaluation;
use sim_core::record::LayerRecord;
use sim_core::spec::Threads;
use sim_core::throttle::{MaxDrop, ThrottleStep, ThrottledLayer, Throttling};
use sim_core::units::Cycles;
use sim_layers::evaluate::Adapted;

use crate::design::Design;
use crate::error::RunError;
use crate::network::{Beside, PreparedNetwork};
use crate::workers::Workers;

/// Lower layers of `design` one by one, on the images that methods learn from: each step measures every layer's error
/// relative to its exact output, and the worst layer that has more than one thread gets the next lower count.
///
/// It ends at the first step within `max_drop` of exact 8-bit, with the zeros that the design predicts, or, without one,
/// where every layer has one thread. The methods of the design (reordering, recalibration, layers already throttled) are in
/// place at every step.
///
/// - Errors: an array without threads, images without labels, a stop, and those of an evaluation.
pub fn throttle(
    prepared: &PreparedNetwork,
    design: &Design,
    max_drop: Option<MaxDrop>,
    workers: &Workers<'_>,
) -> Result<Throttling, RunError> {
    let pe = design.array().pe();
    if pe.nb_smt().is_none() {
        return Err(design.error(&format!(
            "an array of kind \"{}\" has no threads to throttle; take an nb-smt array, or leave throttling out",
            pe.kind()
        )));
    }
    let images = prepared.training_images(workers)?;
    if images.labels().is_none() {
        return Err(RunError::user(
            "",
            &format!(
                "automatic throttling needs labels for the images that it learns from, and {} has none; give labelled \
                 images as calibration, or name layers with their threads",
                prepared.training_name().display()
            ),
        ));
    }
    let mut throttling = Throttling {
        max_drop,
        n_images: images.len(),
        steps: Vec::new(),
    };
    let predicted = prepared.predicted_exactly(design, workers)?;
    let mut design = design.clone();
    design.mse = Mse::Measure;
    let mut lowered = None;
    loop {
        let step = measure(prepared, (&design, predicted.as_ref()), lowered, workers)?;
        let next = step.worst().map(|(name, threads)| (name.to_owned(), threads));
        throttling.steps.push(step);
        let is_done = max_drop.is_some() && throttling.is_reached();
        let Some((name, threads)) = next.filter(|_| !is_done) else {
            return Ok(throttling);
        };
        design.throttle(&name, threads);
        lowered = Some(name);
    }
}

/// The design with the layers as they are at a step.
pub fn at_step(design: &Design, step: &ThrottleStep) -> Design {
    let mut design = design.clone();
    for layer in &step.layers {
        design.throttle(&layer.name, layer.threads);
    }
    design
}

fn measure(
    prepared: &PreparedNetwork,
    (design, predicted): (&Design, Option<&Adapted>),
    lowered: Option<String>,
    workers: &Workers<'_>,
) -> Result<ThrottleStep, RunError> {
    let machines = prepared.build(std::slice::from_ref(design), workers)?;
    let evaluation = prepared.evaluate_with(
        prepared.training_images(workers)?,
        Beside {
            predicted,
            ..Beside::default()
        },
        &machines,
        workers,
    )?;
    if evaluation.is_partial() {
        return Err(RunError::stopped());
    }
    let n_right = |is_right: &dyn Fn(&sim_core::evaluation::ImageRecord) -> bool| {
        evaluation.images.iter().filter(|image| is_right(image)).count()
    };
    let layers: Vec<&LayerRecord> = evaluation
        .arrays
        .iter()
        .flat_map(|ArrayEvaluation { layers, .. }| layers)
        .collect();
    let sum = |cycles: fn(&LayerRecord) -> Cycles| {
        layers.iter().fold(Cycles::default(), |mut sum, layer| {
            sum += cycles(layer);
            sum
        })
    };
    Ok(ThrottleStep {
        lowered,
        int8_right: n_right(&|image| {
            // Wrong zeros are not the threads' fault.
            image.int8_predicted.as_ref().unwrap_or(&image.int8).is_in_top(1)
        }),
        array_right: n_right(&|image| image.arrays.iter().all(|answer| answer.is_in_top(1))),
        cycles: sum(|layer| layer.product.cycles),
        baseline_cycles: sum(|layer| layer.product.baseline_cycles),
        layers: layers
            .iter()
            .map(|layer| ThrottledLayer {
                name: layer.name.clone(),
                threads: layer.threads.unwrap_or(Threads::One),
                error: layer.product.error.unwrap_or_default(),
            })
            .collect(),
    })
}
