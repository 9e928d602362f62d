//! The input of a network's last layer: how far it is from that in FP32.

use anyhow::{Context, bail};
use sim_core::tensor::Tensor;
use sim_images::preprocess::batch;
use sim_layers::evaluate::{Machine, SimulatedLayers};
use sim_net::network::{BatchNormCall, HookError, Hooks, NoHooks, Statistics, WeightedCall};
use sim_run::network::PreparedNetwork;
use sim_run::workers::Workers;

/// Over all images, of the vector that the last layer with weights reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeatureError {
    /// Mean over images of ‖array − FP32‖ / ‖FP32‖.
    pub(crate) relative: f64,
    /// The largest of any image.
    pub(crate) largest: f64,
}

/// One for each machine.
pub(crate) fn errors(
    prepared: &PreparedNetwork,
    machines: &[Machine],
    workers: &Workers<'_>,
) -> anyhow::Result<Vec<FeatureError>> {
    let opened = prepared.opened();
    let mut relative: Vec<Vec<f64>> = vec![Vec::new(); machines.len()];
    for index in 0..opened.images.len() {
        let image = opened.images.load(index..index + 1)?;
        let input = batch(&opened.preprocessing, &image)?;
        let exact = features(prepared, &input, &mut NoHooks)?;
        for (machine, relative) in machines.iter().zip(&mut relative) {
            let mut hooks = SimulatedLayers::on(machine, prepared.quantized(), workers.jobs, workers.stop);
            relative.push(distance(&features(prepared, &input, &mut hooks)?, &exact)?);
        }
    }
    Ok(relative
        .iter()
        .map(|relative| FeatureError {
            relative: mean(relative),
            largest: relative.iter().copied().fold(0.0, f64::max),
        })
        .collect())
}

/// Remembers what the last layer with weights reads.
struct Watch<'a> {
    hooks: &'a mut dyn Hooks,
    last: usize,
    features: Option<Vec<f32>>,
}

impl Hooks for Watch<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        if call.index == self.last {
            self.features = Some(call.input.data.clone());
        }
        self.hooks.weighted(call)
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        self.hooks.batch_norm(call)
    }
}

fn features(prepared: &PreparedNetwork, input: &Tensor, hooks: &mut dyn Hooks) -> anyhow::Result<Vec<f32>> {
    let network = &prepared.opened().network;
    let last = network
        .layers()
        .len()
        .checked_sub(1)
        .context("a network without layers")?;
    let mut watch = Watch {
        hooks,
        last,
        features: None,
    };
    network.run(input, &mut watch)?;
    watch.features.context("the last layer was not reached")
}

fn distance(found: &[f32], exact: &[f32]) -> anyhow::Result<f64> {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let size = norm(&mut exact.iter().map(|&value| f64::from(value)));
    if size == 0.0 {
        bail!("the last layer reads zeros alone in FP32, so there is no relative error");
    }
    let mut differences = found
        .iter()
        .zip(exact)
        .map(|(&a, &b)| f64::from(a) - f64::from(b));
    Ok(norm(&mut differences) / size)
}

fn mean(values: &[f64]) -> f64 {
    let n = u32::try_from(values.len().max(1)).unwrap_or(u32::MAX);
    values.iter().sum::<f64>() / f64::from(n)
}
