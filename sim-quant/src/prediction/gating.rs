//! Hooks that skip outputs, around hooks that do something else.

use sim_core::prediction::Counts;
use sim_core::tensor::Tensor;
use sim_net::network::{BatchNormCall, HookError, Hooks, PlaceCall, Statistics, WeightedCall};
use sim_predict::gate::Gate;

use super::methods::PlaceMethods;
use crate::pass::map_shape;

/// What was computed of a map.
#[derive(Clone, Debug)]
pub struct MapGate {
    /// Position of the place among those of the network.
    pub place: usize,
    /// Which outputs.
    pub gate: Gate,
    /// What they would have been in this run, from inputs that are gated themselves.
    pub counts: Counts,
}

/// What gates did, by place of the network.
pub fn counts_by_place(gates: &[MapGate], n_places: usize) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); n_places];
    for gate in gates {
        counts[gate.place].add(&gate.counts);
    }
    counts
}

/// Hooks that make what is predicted to be zero zero.
pub struct Gating<'a> {
    methods: &'a PlaceMethods,
    /// Every gate, where they are asked for.
    gates: Option<Vec<MapGate>>,
    hooks: &'a mut dyn Hooks,
}

impl<'a> Gating<'a> {
    /// Around `hooks`.
    pub fn new(methods: &'a PlaceMethods, hooks: &'a mut dyn Hooks) -> Self {
        Self {
            methods,
            gates: None,
            hooks,
        }
    }

    /// The same, and every gate is remembered.
    pub fn remembering(methods: &'a PlaceMethods, hooks: &'a mut dyn Hooks) -> Self {
        Self {
            gates: Some(Vec::new()),
            ..Self::new(methods, hooks)
        }
    }

    /// Every gate in turn, of the maps in their order; none where they were not asked for.
    pub fn into_gates(self) -> Vec<MapGate> {
        self.gates.unwrap_or_default()
    }
}

/// The maps of a place as inner hooks make them, and the channels, rows and columns of each.
pub(super) fn maps_of(
    hooks: &mut dyn Hooks,
    call: &PlaceCall<'_>,
) -> Result<(Tensor, [usize; 3]), HookError> {
    let output = hooks.place(call)?.unwrap_or_else(|| call.output.clone());
    let shape = map_shape(&output);
    Ok((output, shape))
}

impl Hooks for Gating<'_> {
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
        for map in output.data.chunks_mut(shape.iter().product::<usize>().max(1)) {
            let gate = self.methods.gate(method, map, shape);
            let counts = self.gates.is_some().then(|| gate.counts(map));
            gate.apply(map);
            if let (Some(gates), Some(counts)) = (&mut self.gates, counts) {
                gates.push(MapGate {
                    place: call.index,
                    gate,
                    counts,
                });
            }
        }
        Ok(Some(output))
    }
}
