//! Training of the predictors of all places at once, over the exact activations of a network that does not change.

use std::sync::atomic::Ordering;

use sim_core::draws::mixed;
use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_core::progress::Progress;
use sim_core::shape::{checked_product, widen};
use sim_core::tensor::Tensor;
use sim_images::sets::ImageSet;
use sim_net::network::{HookError, Hooks, Network, PlaceCall};
use sim_predict::mask::MaskType;
use sim_predict::predictor::Predictor;
use sim_predict::train::{BatchFault, LearningRate, Trainer};

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::pass::{Pass, map_shape};

/// Bytes of activations that are held at a time; places that need more are trained in several runs of a batch.
const MAX_BYTES: usize = 1 << 28;

/// How predictors are trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSpec {
    /// By place of the network.
    pub masks: Vec<MaskType>,
    /// Times that every image is seen, at least one.
    pub n_epochs: usize,
    /// Images of a step, at least one.
    pub batch_size: usize,
    /// Of the optimizer.
    pub rate: LearningRate,
    /// Of weights and of the order of images.
    pub seed: u64,
}

/// Predictors after training.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// By place of the network.
    pub predictors: Vec<Predictor>,
    /// By epoch and place: the mean loss of the batches, before their steps.
    pub losses: Vec<Vec<f64>>,
}

/// Why predictors cannot be trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// Nothing to predict.
    #[error(
        "the network has no place: no ReLU stands alone behind a convolution that is not the first; there is nothing to \
         predict"
    )]
    NoPlace,
    /// Images or a network that cannot be run.
    #[error(transparent)]
    Run(#[from] CaptureError),
    /// Activations that nothing can be learned from.
    #[error("place `{place}`: {fault}")]
    Batch {
        /// The convolution of the place.
        place: String,
        /// Why not.
        #[source]
        fault: BatchFault,
    },
}

/// Train a predictor for each place of `network`, on `images` in an order that the seed and the epoch give.
///
/// Once `options.stop` is set, training ends, with what the epochs before have made: fewer lists of losses than epochs
/// say so. Results do not depend on the number of threads.
///
/// - Errors: a network without places, images or a network that cannot be run, activations that are not finite, and a stop
///   before the end of the first epoch.
pub fn train(
    network: &Network,
    images: &ImageSet,
    spec: &TrainingSpec,
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Trained, TrainingError> {
    let pass = Pass::new(network, images, options, progress)?;
    let shapes = shapes(&pass)?;
    if shapes.is_empty() {
        return Err(TrainingError::NoPlace);
    }
    let trainers = shapes.iter().zip(&spec.masks).enumerate();
    let mut trainers: Vec<Trainer> = trainers
        .map(|(place, (&[channels, ..], &mask))| {
            Trainer::new(mask, channels, spec.seed, name(network, place), spec.rate)
        })
        .collect();
    let groups = groups(&shapes, spec.batch_size);
    let mut trained = Trained {
        predictors: Vec::new(),
        losses: Vec::new(),
    };
    for epoch in 0..spec.n_epochs {
        progress.begin(&format!("epoch {} of {}", epoch + 1, spec.n_epochs), images.len());
        let mut sums = vec![0.0; shapes.len()];
        let mut n_batches = 0.0;
        for batch in order(images.len(), spec.seed, epoch).chunks(spec.batch_size.max(1)) {
            for group in &groups {
                let step = pass.step(&mut trainers, batch, group, &shapes);
                let losses = match step {
                    Err(TrainingError::Run(CaptureError::Stopped)) if !trained.predictors.is_empty() => {
                        return Ok(trained);
                    }
                    losses => losses?,
                };
                for (&place, loss) in group.iter().zip(losses) {
                    sums[place] += loss;
                }
            }
            n_batches += 1.0;
            batch
                .iter()
                .for_each(|&image| progress.advance(&images.names()[image]));
        }
        trained.predictors = trainers.iter().map(Trainer::predictor).collect();
        trained
            .losses
            .push(sums.iter().map(|sum| sum / n_batches).collect());
        if options.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(trained)
}

/// The name of a place's convolution.
fn name(network: &Network, place: usize) -> &String {
    &network.layers()[network.places()[place].layer].name
}

/// The images in the order of an epoch.
fn order(n_images: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let base = mixed(mixed(seed).wrapping_add(widen(epoch)));
    let mut order: Vec<usize> = (0..n_images).collect();
    order.sort_by_cached_key(|&image| (mixed(base ^ widen(image)), image));
    order
}

/// The shapes of the maps at each place, from the first image.
fn shapes(pass: &Pass<'_>) -> Result<Vec<[usize; 3]>, CaptureError> {
    let mut shapes = Vec::new();
    let mut see = Collect {
        places: &[],
        maps: Vec::new(),
        shapes: &mut shapes,
    };
    pass.run_hooks(0, &mut see)?;
    Ok(shapes)
}

/// Places by groups whose activations of a batch are held together.
fn groups(shapes: &[[usize; 3]], batch_size: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut held = 0_usize;
    for (place, shape) in shapes.iter().enumerate() {
        let bytes = checked_product(shape).and_then(|size| size.checked_mul(batch_size * size_of::<f32>()));
        held = held.saturating_add(bytes.unwrap_or(usize::MAX));
        match groups.last_mut() {
            Some(group) if held <= MAX_BYTES => group.push(place),
            Some(_) | None => {
                held = bytes.unwrap_or(usize::MAX);
                groups.push(vec![place]);
            }
        }
    }
    groups
}

impl Pass<'_> {
    /// Let some places learn from a batch; their losses.
    fn step(
        &self,
        trainers: &mut [Trainer],
        batch: &[usize],
        places: &[usize],
        shapes: &[[usize; 3]],
    ) -> Result<Vec<f64>, TrainingError> {
        let maps = self.maps(batch, places)?;
        let steps = places.iter().zip(&maps).map(|(&place, maps)| {
            let maps: Vec<&[f32]> = maps.iter().map(Vec::as_slice).collect();
            let loss = trainers[place].step(&maps, shapes[place], self.jobs, self.stop);
            loss.map_err(|unfinished| match unfinished {
                Unfinished::Stopped => CaptureError::Stopped.into(),
                Unfinished::Failed(fault) => TrainingError::Batch {
                    place: name(self.network, place).clone(),
                    fault,
                },
            })
        });
        steps.collect()
    }

    /// What stands at some places for the images of a batch: by place and image.
    fn maps(&self, batch: &[usize], places: &[usize]) -> Result<Vec<Vec<Vec<f32>>>, CaptureError> {
        let of_image = |&image: &usize| {
            let mut see = Collect {
                places,
                maps: Vec::new(),
                shapes: &mut Vec::new(),
            };
            self.run_hooks(image, &mut see)?;
            Ok(see.maps)
        };
        let images = parallel_map(batch, self.jobs, self.stop, of_image);
        let images = images.map_err(|unfinished| match unfinished {
            Unfinished::Stopped => CaptureError::Stopped,
            Unfinished::Failed(error) => error,
        })?;
        let mut maps: Vec<Vec<Vec<f32>>> = places.iter().map(|_| Vec::with_capacity(batch.len())).collect();
        for image in images {
            for (place, map) in image {
                maps[place].push(map);
            }
        }
        Ok(maps)
    }
}

/// Keeps the maps at some places, with their position among these.
struct Collect<'a> {
    places: &'a [usize],
    maps: Vec<(usize, Vec<f32>)>,
    /// Of every place.
    shapes: &'a mut Vec<[usize; 3]>,
}

impl Hooks for Collect<'_> {
    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.shapes.push(map_shape(call.output));
        if let Some(place) = self.places.iter().position(|&place| place == call.index) {
            self.maps.push((place, call.output.data.clone()));
        }
        Ok(None)
    }
}
