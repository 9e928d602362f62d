//! Hooks that skip outputs, around hooks that do something else.

use sim_core::prediction::Counts;
use sim_core::tensor::Tensor;
use sim_net::network::{BatchNormCall, HookError, Hooks, PlaceCall, Statistics, WeightedCall};
use sim_predict::gate::Gate;
use sim_predict::method::Method;

use crate::pass::map_shape;

/// What was computed of a map.
pub(crate) struct MapGate {
    /// Position of the place among those of the network.
    pub(crate) place: usize,
    pub(crate) gate: Gate,
    pub(crate) counts: Counts,
}

/// Hooks that make what is predicted to be zero zero.
pub struct Gating<'a> {
    /// By place of the network; `None` where nothing is predicted.
    methods: &'a [Option<Method>],
    /// By place, over all that ran.
    counts: Vec<Counts>,
    /// Every gate, where they are asked for.
    gates: Option<Vec<MapGate>>,
    hooks: &'a mut dyn Hooks,
}

impl<'a> Gating<'a> {
    /// Around `hooks`, with the methods of the network's places.
    pub fn new(methods: &'a [Option<Method>], hooks: &'a mut dyn Hooks) -> Self {
        Self {
            methods,
            counts: vec![Counts::default(); methods.len()],
            gates: None,
            hooks,
        }
    }

    /// The same, and every gate is remembered.
    pub(crate) fn remembering(methods: &'a [Option<Method>], hooks: &'a mut dyn Hooks) -> Self {
        Self {
            gates: Some(Vec::new()),
            ..Self::new(methods, hooks)
        }
    }

    /// Every gate in turn, of the maps in their order; none where they were not asked for.
    pub(crate) fn into_gates(self) -> Vec<MapGate> {
        self.gates.unwrap_or_default()
    }

    /// What was predicted, by place; outputs are those of this run, from inputs that are gated themselves.
    pub fn into_counts(self) -> Vec<Counts> {
        self.counts
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
        let Some(Some(method)) = self.methods.get(call.index) else {
            return self.hooks.place(call);
        };
        let (mut output, shape) = maps_of(self.hooks, call)?;
        for map in output.data.chunks_mut(shape.iter().product::<usize>().max(1)) {
            let gate = method.gate(map, shape);
            let counts = gate.counts(map);
            self.counts[call.index].add(&counts);
            gate.apply(map);
            if let Some(gates) = &mut self.gates {
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
