//! The array of each layer: the array as built, with the threads and the policy that the layer takes.

use std::collections::BTreeMap;

use sim_core::layer_rules::LayerRules;
use sim_core::quantization::DepthwiseThreads;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Threads};

use sim_quant::lowering::Lowering;

/// An array and what single layers do apart from it.
///
/// Invariant: layers are named on NB-SMT arrays only, with threads of at most the array's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerMachines {
    array: ArraySpec,
    depthwise_threads: DepthwiseThreads,
    layers: BTreeMap<String, LayerRules>,
}

/// A layer that cannot run as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// The array's PEs have neither threads nor a policy.
    #[error(
        "layer `{layer}`: an array of kind \"{kind}\" has neither threads nor a policy to choose; take an nb-smt array"
    )]
    Kind {
        /// The layer.
        layer: String,
        /// Kind of the array's PEs.
        kind: &'static str,
    },
    /// More threads than were built.
    #[error(
        "layer `{layer}`: {} threads are more than the {} of the array; a layer may run with fewer, not with more",
        threads.count(),
        most.count()
    )]
    Threads {
        /// The layer.
        layer: String,
        /// Threads asked for.
        threads: Threads,
        /// Threads of the array.
        most: Threads,
    },
    /// The same layer again.
    #[error("layer `{layer}` is named twice; put all its keys in one place")]
    Twice {
        /// The layer.
        layer: String,
    },
}

impl LayerMachines {
    /// Every layer on `array` as it was built.
    pub const fn new(array: ArraySpec) -> Self {
        Self {
            array,
            depthwise_threads: None,
            layers: BTreeMap::new(),
        }
    }

    /// The same with at most so many threads for depthwise layers that are not named, on an NB-SMT array.
    pub fn with_depthwise_threads(self, depthwise_threads: DepthwiseThreads) -> Self {
        Self {
            depthwise_threads,
            ..self
        }
    }

    /// The same with other threads or another policy for the layers called `name`, exactly so.
    ///
    /// - Errors: an array that is not NB-SMT, more threads than it has, and a layer named twice.
    pub fn with_layer(mut self, name: impl Into<String>, rules: LayerRules) -> Result<Self, MachineError> {
        let layer = name.into();
        let pe = self.array.pe();
        let Some(NbSmt { threads: most, .. }) = pe.nb_smt() else {
            let kind = pe.kind().name();
            return Err(MachineError::Kind { layer, kind });
        };
        if let Some(threads) = rules.threads.filter(|&threads| most < threads) {
            return Err(MachineError::Threads { layer, threads, most });
        }
        if self.layers.contains_key(&layer) {
            return Err(MachineError::Twice { layer });
        }
        self.layers.insert(layer, rules);
        Ok(self)
    }

    /// The array as built.
    pub const fn array(&self) -> &ArraySpec {
        &self.array
    }

    /// The array as the layer `name`, of shape `lowering`, runs on it.
    ///
    /// What is said about the layer itself goes before what is said about depthwise layers.
    pub fn of(&self, name: &str, lowering: &Lowering) -> ArraySpec {
        let Some(built) = self.array.pe().nb_smt() else {
            return self.array;
        };
        let named = self.layers.get(name).copied().unwrap_or_default();
        let depthwise = self.depthwise_threads.filter(|_| lowering.is_depthwise());
        let threads = named.threads.or(depthwise).unwrap_or(built.threads);
        self.array.with_pe(Pe::NbSmt(NbSmt {
            threads: threads.min(built.threads),
            policy: named.policy.unwrap_or(built.policy),
            ..built
        }))
    }

    /// A named layer that is none of `names`.
    pub fn unknown<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Option<&str> {
        let is_known = |layer: &str| names.clone().any(|name| name == layer);
        self.layers
            .keys()
            .map(String::as_str)
            .find(|&layer| !is_known(layer))
    }
}
