//! The input of a network's last layer: how far it is from that in FP32.

use reports::stored::point::FeatureError;
use sim_core::shape::widen;
use sim_core::tensor::Tensor;
use sim_core::units::count_as_f64;
use sim_layers::evaluate::{Machine, Products, SimulatedLayers};
use sim_net::network::{
    BatchNormCall, HookError, Hooks, NoHooks, PlaceCall, Statistics, Value, WeightedCall,
};
use sim_quant::feed::Feed;
use sim_quant::prediction::Gating;

use crate::error::RunError;
use crate::network::PreparedNetwork;
use crate::workers::Workers;

impl PreparedNetwork {
    /// One for each machine, over the images of the workload.
    pub(crate) fn feature_errors(
        &self,
        machines: &[Machine],
        workers: &Workers<'_>,
    ) -> Result<Vec<FeatureError>, RunError> {
        let opened = self.opened();
        let failed = |error: &dyn std::fmt::Display| RunError::at(&self.workload().model, error);
        let feed = Feed::new(&opened.network, &opened.images, &opened.preprocessing);
        let feed = feed.map_err(|error| failed(&error))?;
        let mut relative: Vec<Vec<f64>> = vec![Vec::new(); machines.len()];
        for index in 0..opened.images.len() {
            let input = feed.of(index..index + 1).map_err(|error| failed(&error))?;
            let exact = self.features(&input, &mut NoHooks)?;
            for (machine, relative) in machines.iter().zip(&mut relative) {
                let mut hooks = SimulatedLayers::of_batches(
                    Products::Array(machine),
                    self.quantized(),
                    workers.engines.algebraic(),
                    workers.jobs,
                    workers.stop,
                );
                let adapted = machine.adapted();
                let mut gates = Gating::new(&adapted.methods, &mut hooks);
                let found = adapted.around(&mut gates, |hooks| self.features(&input, hooks))?;
                relative.push(distance(&found, &exact).ok_or_else(|| {
                    failed(
                        &"the last layer reads zeros alone in FP32, so there is no relative error; take `features` out of \
                          [measure]",
                    )
                })?);
            }
        }
        let error = |relative: &Vec<f64>| FeatureError {
            mean: mean(relative),
            largest: relative.iter().copied().fold(0.0, f64::max),
        };
        Ok(relative.iter().map(error).collect())
    }

    /// What the last layer with weights reads.
    fn features(&self, input: &[Value], hooks: &mut dyn Hooks) -> Result<Vec<f32>, RunError> {
        let network = &self.opened().network;
        let mut watch = FeatureHooks {
            hooks,
            n_layers: network.layers().len(),
            features: Vec::new(),
        };
        network
            .run_values(input.to_vec(), &mut watch)
            .map_err(|error| RunError::at(&self.workload().model, &error))?;
        Ok(watch.features)
    }
}

/// Remembers what the last layer with weights reads.
struct FeatureHooks<'a> {
    hooks: &'a mut dyn Hooks,
    n_layers: usize,
    features: Vec<f32>,
}

impl Hooks for FeatureHooks<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        if call.index + 1 == self.n_layers {
            self.features.clone_from(&call.input.data);
        }
        self.hooks.weighted(call)
    }

    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.place(call)
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        self.hooks.batch_norm(call)
    }
}

/// `None` where the exact vector is zero.
fn distance(found: &[f32], exact: &[f32]) -> Option<f64> {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let size = norm(&mut exact.iter().map(|&value| f64::from(value)));
    let mut differences = found
        .iter()
        .zip(exact)
        .map(|(&a, &b)| f64::from(a) - f64::from(b));
    (size != 0.0).then(|| norm(&mut differences) / size)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count_as_f64(widen(values.len().max(1)))
}
