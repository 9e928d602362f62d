//! Gates whose predictors learn new statistics of their batch norms while a network does.

use sim_core::recalibration::Recalibration;
use sim_core::tensor::Tensor;
use sim_net::network::{BatchNormCall, HookError, Hooks, PlaceCall, Statistics, WeightedCall};
use sim_predict::method::Method;
use sim_predict::predictor::Predictor;
use sim_predict::recalibrate::{BatchMoments, StageMoments};

use super::gating::maps_of;
use super::methods::PlaceMethods;

/// As [`Gating`](super::Gating), in a run of one batch, or of batches in turn: predictors normalise with the batch.
pub struct RecalibratingGates<'a> {
    methods: &'a PlaceMethods,
    /// By place: what their batch norms will store.
    running: Vec<Option<[StageMoments; 2]>>,
    recalibration: Recalibration,
    hooks: &'a mut dyn Hooks,
}

impl<'a> RecalibratingGates<'a> {
    /// Around `hooks`.
    pub fn new(methods: &'a PlaceMethods, recalibration: Recalibration, hooks: &'a mut dyn Hooks) -> Self {
        Self {
            methods,
            running: vec![None; methods.methods.len()],
            recalibration,
            hooks,
        }
    }

    /// The methods with new statistics where batches came by.
    pub fn into_methods(self) -> PlaceMethods {
        let new = |(method, running): (&Option<Method>, &Option<[StageMoments; 2]>)| match (method, running) {
            (Some(Method::Zap { predictor, threshold }), Some(moments)) => Some(Method::Zap {
                predictor: Box::new(predictor.with_moments(moments)),
                threshold: *threshold,
            }),
            (method, _) => method.clone(),
        };
        let methods = self.methods.methods.iter().zip(&self.running);
        PlaceMethods {
            methods: methods.map(new).collect(),
            filling: self.methods.filling,
        }
    }

    /// Learn from what a predictor saw.
    fn learn(&mut self, place: usize, predictor: &Predictor, batch: &BatchMoments) -> Result<(), HookError> {
        let all = batch
            .stages
            .iter()
            .flat_map(|stage| stage.mean.iter().chain(&stage.variance));
        if all.clone().any(|value| !value.is_finite()) {
            return Err("its predictor sees values that are not finite over the calibration images".into());
        }
        match self.recalibration {
            Recalibration::Exact => self.running[place] = Some(batch.stages.clone()),
            Recalibration::Momentum(momentum) => {
                if batch.n_values < 2.0 {
                    return Err("its predictor sees a single value in a batch, which has no variance".into());
                }
                let unbiased = batch.n_values / (batch.n_values - 1.0);
                let rate = momentum.rate();
                let update = |running: &mut [f64], batch: &[f64], factor: f64| {
                    for (running, batch) in running.iter_mut().zip(batch) {
                        *running = (1.0 - rate) * *running + rate * factor * batch;
                    }
                };
                let running = self.running[place].get_or_insert_with(|| predictor.stored_moments());
                for (running, batch) in running.iter_mut().zip(&batch.stages) {
                    update(&mut running.mean, &batch.mean, 1.0);
                    update(&mut running.variance, &batch.variance, unbiased);
                }
            }
        }
        Ok(())
    }
}

impl Hooks for RecalibratingGates<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.hooks.weighted(call)
    }

    fn weighted_all(&mut self, calls: &[WeightedCall<'_>]) -> Result<Vec<Option<Tensor>>, HookError> {
        self.hooks.weighted_all(calls)
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        self.hooks.batch_norm(call)
    }

    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        let Some(method) = self.methods.of(call.index) else {
            return self.hooks.place(call);
        };
        let (mut output, shape) = maps_of(self.hooks, call)?;
        let size = shape.iter().product::<usize>().max(1);
        let of_batch = match method {
            Method::Zap { predictor, threshold } => {
                let maps: Vec<&[f32]> = output.data.chunks(size).collect();
                let moments = predictor.moments_of(&maps, shape);
                self.learn(call.index, predictor, &moments)?;
                &Method::Zap {
                    predictor: Box::new(predictor.with_moments(&moments.stages)),
                    threshold: *threshold,
                }
            }
            Method::CrossNeuron(_) => method,
        };
        for map in output.data.chunks_mut(size) {
            self.methods.gate(of_batch, map, shape).apply(map);
        }
        Ok(Some(output))
    }
}
