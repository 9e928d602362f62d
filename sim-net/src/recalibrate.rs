//! New statistics for the batch norms of a network, from calibration images and whatever computes its layers.

use sim_core::recalibration::{Momentum, Recalibration};
use sim_core::shape::checked_product;
use sim_core::tensor::{LengthError, Tensor};

use crate::network::{
    BatchNormCall, ExecuteError, HookError, Hooks, Network, PlaceCall, Statistics, WeightedCall,
};
use crate::ops::fault::Fault;
use crate::ops::normalization::{Moments, moments};
use crate::ops::number::float_of_double;

/// Batch norms that cannot be recalibrated.
#[derive(Debug, thiserror::Error)]
pub enum RecalibrateError {
    /// Nothing to recalibrate.
    #[error(
        "the network has no batch norm with stored statistics (an exporter may have folded them into convolutions): \
         run it without recalibration, or export it with its batch norms"
    )]
    NoBatchNorm,
    /// Nothing to recalibrate with.
    #[error("there are no calibration images to recalibrate batch norms with: give at least one")]
    NoImages,
    /// Inputs beside the images.
    #[error(
        "recalibration runs many images at once, and knows nothing of the inputs `{inputs}` beside them: give these one value \
         for all images with --input, or run without recalibration"
    )]
    Inputs {
        /// Their names.
        inputs: String,
    },
    /// A tensor that is not what its shape says.
    #[error("calibration images: {0}")]
    Images(#[from] LengthError),
    /// The network cannot be run on the images, or a batch norm has no statistics to take; the message names it.
    #[error(transparent)]
    Network(#[from] Box<ExecuteError>),
    /// A network that is made for another number of images.
    #[error(
        "the model declares {declared} images a run and cannot be run on {found}: {source}; export it with an open \
         batch axis"
    )]
    FixedBatch {
        /// Images a run, as the model declares.
        declared: usize,
        /// Images of a batch.
        found: usize,
        /// Where the run ended.
        source: Box<ExecuteError>,
    },
}

/// What is wrong with the statistics of one batch norm; the error around it names the batch norm.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsFault {
    /// What it reads has no channels, none of the right number, or no elements.
    #[error("{0}; a batch norm reads images, channels and maps")]
    Input(#[from] Fault),
    /// A mean or variance that no batch norm can use.
    #[error(
        "channel {channel} has {statistic} {value} over the calibration images; check the model, the images and their \
         preprocessing"
    )]
    NotFinite {
        /// `mean` or `variance`.
        statistic: &'static str,
        /// The channel.
        channel: usize,
        /// Its value.
        value: f32,
    },
    /// One value has no variance that training mode could take.
    #[error(
        "a channel has a single value in a batch, of which momentum takes no variance; use larger batches, another \
         number of images, or exact recalibration"
    )]
    SingleValue,
    /// Statistics of another network.
    #[error(
        "there are statistics for {found} batch norms, none for this one: were they made for another network?"
    )]
    Missing {
        /// How many there are.
        found: usize,
    },
}

/// New statistics of every batch norm of `network`, in the order of [`Network::batch_norms`].
///
/// `images` are preprocessed, `[images, …]` as the network reads them. `hooks` compute the layers with weights, for
/// example on the simulated array; their own `batch_norm` is not called. Each batch norm already normalizes with what
/// it learned from the batch, so that whatever follows sees recalibrated inputs. A run ends at the last batch norm.
/// The network itself keeps its statistics: see [`Recalibrated`] and [`Network::set_statistics`].
///
/// - `exact`: mean and population variance over all images and positions, in one run over one batch of all images.
/// - `momentum`: a run for each batch, images in order, the last batch perhaps smaller. A batch is normalized with
///   its own mean and population variance, and `running = (1 − rate)·running + rate·batch`, where the variance that
///   enters is the unbiased one. It starts from the stored statistics. Running values are doubles, rounded in the end.
///
/// - Memory: a batch lies in memory as a whole, the input twice, and at each layer all values that are still to be
///   read: 4 bytes · images · (elements of the layer's input, output and of shortcuts around it). One value may have
///   at most [`MAX_ELEMENTS`](sim_core::tensor::MAX_ELEMENTS) elements, 334 images at 64×112×112.
/// - Determinism: sums are doubles in the order of images and positions; one thread but for what `hooks` do.
/// - Errors: a network without batch norm, no images, a network that cannot be run on them in batches, errors of
///   `hooks`, batch norms that read no maps, and statistics that are not finite.
pub fn recalibrate(
    network: &Network,
    images: &Tensor,
    recalibration: Recalibration,
    hooks: &mut dyn Hooks,
) -> Result<Vec<Statistics>, RecalibrateError> {
    recalibrate_up_to(End::LastBatchNorm, network, images, recalibration, hooks)
}

/// Where a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Once every batch norm was seen.
    LastBatchNorm,
    /// With the network: `hooks` learn from what comes behind the last batch norm too.
    Outputs,
}

/// The same in runs that end there.
///
/// - Errors: as [`recalibrate`].
pub fn recalibrate_up_to(
    end: End,
    network: &Network,
    images: &Tensor,
    recalibration: Recalibration,
    hooks: &mut dyn Hooks,
) -> Result<Vec<Statistics>, RecalibrateError> {
    let Some(last) = network.batch_norms().len().checked_sub(1) else {
        return Err(RecalibrateError::NoBatchNorm);
    };
    let last = match end {
        End::LastBatchNorm => Some(last),
        End::Outputs => None,
    };
    if 1 < network.inputs().count() {
        let others = network.inputs().enumerate();
        let others = others.filter(|&(place, _)| place != network.image_input());
        return Err(RecalibrateError::Inputs {
            inputs: others
                .map(|(_, input)| input.name.clone())
                .collect::<Vec<_>>()
                .join("`, `"),
        });
    }
    if checked_product(&images.shape) != Some(images.data.len()) {
        return Err(RecalibrateError::Images(LengthError {
            shape: images.shape.clone(),
            found: images.data.len(),
        }));
    }
    if images.data.is_empty() || images.shape.is_empty() {
        return Err(RecalibrateError::NoImages);
    }
    match recalibration {
        Recalibration::Exact => {
            let stored = network.batch_norms().iter().map(|norm| norm.statistics.clone());
            let mut pooling = Pooling {
                hooks,
                statistics: stored.collect(),
                last,
            };
            run(network, images, &mut pooling)?;
            Ok(pooling.statistics)
        }
        Recalibration::Momentum(momentum) => running(network, images, momentum, hooks, last),
    }
}

/// Run to the last batch norm, whose hook ends the run by [`Finished`].
fn run(network: &Network, batch: &Tensor, hooks: &mut dyn Hooks) -> Result<(), RecalibrateError> {
    let error = match network.run_hooks(batch, hooks) {
        Ok(()) => return Ok(()),
        Err(ExecuteError::Hook { source, .. }) if source.is::<Finished>() => return Ok(()),
        Err(error) => Box::new(error),
    };
    let found = batch.shape[0];
    let declared = network.inputs().next().and_then(|input| *input.shape.first()?);
    match declared.filter(|&declared| declared != found && is_of_shapes(&error)) {
        Some(declared) => Err(RecalibrateError::FixedBatch {
            declared,
            found,
            source: error,
        }),
        None => Err(RecalibrateError::Network(error)),
    }
}

/// Whether another number of images than the declared one may be the reason.
fn is_of_shapes(error: &ExecuteError) -> bool {
    match error {
        ExecuteError::Node { .. } => true,
        // Images have become channels.
        ExecuteError::Hook { source, .. } => matches!(source.downcast_ref(), Some(StatisticsFault::Input(_))),
        ExecuteError::InputCount { .. }
        | ExecuteError::InputElement { .. }
        | ExecuteError::FixedBatch { .. }
        | ExecuteError::Missing(_)
        | ExecuteError::InputShape { .. }
        | ExecuteError::HookShape { .. }
        | ExecuteError::Unreached
        | ExecuteError::OutputType { .. } => false,
    }
}

/// Not an error: all batch norms were seen.
#[derive(Debug, thiserror::Error)]
#[error("the last batch norm was seen")]
struct Finished;

/// What a batch norm sees of its batch.
fn batch_moments(call: &BatchNormCall<'_>) -> Result<(Moments, Statistics), StatisticsFault> {
    let n_channels = call.batch_norm.scale.len();
    if call.input.shape.get(1) != Some(&n_channels) {
        return Err(Fault::shapes(&call.input.shape, &[n_channels]).into());
    }
    let moments = moments(call.input)?;
    let statistics = moments.statistics();
    check_finite(&statistics)?;
    Ok((moments, statistics))
}

fn check_finite(statistics: &Statistics) -> Result<(), StatisticsFault> {
    for (statistic, list) in [("mean", &statistics.mean), ("variance", &statistics.variance)] {
        if let Some((channel, &value)) = list.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(StatisticsFault::NotFinite {
                statistic,
                channel,
                value,
            });
        }
    }
    Ok(())
}

/// Keeps the statistics of the one batch and hands them on.
struct Pooling<'a> {
    hooks: &'a mut dyn Hooks,
    statistics: Vec<Statistics>,
    /// The batch norm that ends the run.
    last: Option<usize>,
}

impl Hooks for Pooling<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.weighted(call)
    }

    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.place(call)
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        let (_, statistics) = batch_moments(call)?;
        self.statistics[call.index] = statistics.clone();
        if Some(call.index) == self.last {
            return Err(Finished.into());
        }
        Ok(Some(statistics))
    }
}

/// Running mean and variance of one batch norm.
struct Running {
    mean: Vec<f64>,
    variance: Vec<f64>,
}

/// Moves running statistics by one batch.
struct Moving<'a> {
    hooks: &'a mut dyn Hooks,
    running: Vec<Running>,
    rate: f64,
    /// The batch norm that ends a run.
    last: Option<usize>,
}

impl Hooks for Moving<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.weighted(call)
    }

    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.place(call)
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        let (moments, statistics) = batch_moments(call)?;
        if moments.n_elements < 2.0 {
            return Err(StatisticsFault::SingleValue.into());
        }
        let unbiased = moments.n_elements / (moments.n_elements - 1.0);
        let rate = self.rate;
        let update = |running: &mut [f64], batch: &[f64], factor: f64| {
            for (running, batch) in running.iter_mut().zip(batch) {
                *running = (1.0 - rate) * *running + rate * factor * batch;
            }
        };
        let running = &mut self.running[call.index];
        update(&mut running.mean, &moments.mean, 1.0);
        update(&mut running.variance, &moments.variance, unbiased);
        if Some(call.index) == self.last {
            return Err(Finished.into());
        }
        Ok(Some(statistics))
    }
}

fn running(
    network: &Network,
    images: &Tensor,
    momentum: Momentum,
    hooks: &mut dyn Hooks,
    last: Option<usize>,
) -> Result<Vec<Statistics>, RecalibrateError> {
    let widen = |list: &[f32]| list.iter().copied().map(f64::from).collect();
    let stored = network.batch_norms().iter().map(|norm| Running {
        mean: widen(&norm.statistics.mean),
        variance: widen(&norm.statistics.variance),
    });
    let mut moving = Moving {
        hooks,
        running: stored.collect(),
        rate: momentum.rate(),
        last,
    };
    let per_image: usize = images.shape[1..].iter().product();
    for batch in images
        .data
        .chunks(momentum.batch_size().get().saturating_mul(per_image))
    {
        let mut shape = images.shape.clone();
        shape[0] = batch.len() / per_image;
        run(network, &Tensor::new(shape, batch.to_vec())?, &mut moving)?;
    }
    let round = |list: Vec<f64>| list.into_iter().map(float_of_double).collect();
    let rounded = moving.running.into_iter().zip(network.batch_norms());
    rounded
        .map(|(running, norm)| {
            let statistics = Statistics {
                mean: round(running.mean),
                variance: round(running.variance),
            };
            // The stored statistics may have been what is not finite.
            check_finite(&statistics).map_err(|fault| {
                Box::new(ExecuteError::Hook {
                    layer: norm.name.clone(),
                    source: fault.into(),
                })
            })?;
            Ok(statistics)
        })
        .collect()
}

/// Hooks under which batch norms use other statistics than the stored ones.
pub struct Recalibrated<'a> {
    /// One for each batch norm of the network, in the order of [`Network::batch_norms`].
    pub statistics: &'a [Statistics],
    /// They compute the layers with weights; their own `batch_norm` is not called.
    pub hooks: &'a mut dyn Hooks,
}

impl Hooks for Recalibrated<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.weighted(call)
    }

    fn weighted_all(&mut self, calls: &[WeightedCall<'_>]) -> Result<Vec<Option<Tensor>>, HookError> {
        self.hooks.weighted_all(calls)
    }

    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.place(call)
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        match self.statistics.get(call.index) {
            Some(statistics) => Ok(Some(statistics.clone())),
            None => Err(StatisticsFault::Missing {
                found: self.statistics.len(),
            }
            .into()),
        }
    }
}

#[cfg(test)]
mod tests;
