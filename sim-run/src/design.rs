//! A design: an array, and the methods around it that change answers or time.

use sim_array::engine::Mse;
use sim_config::run::DesignSpec;
use sim_core::layer_rules::LayerRules;
use sim_core::quantization::DepthwiseThreads;
use sim_core::recalibration::RecalibrationMode;
use sim_core::reorder::Reorder;
use sim_core::spec::{ArraySpec, Pe};
use sim_quant::reorder::ReorderError;

use crate::error::EvalError;
use sim_layers::machines::LayerMachines;

/// An array and the methods around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// What results call it.
    pub name: String,
    /// Where it comes from, as messages name it.
    pub origin: String,
    /// The array as built.
    pub array: ArraySpec,
    /// The array that `speedup` compares with.
    pub baseline: ArraySpec,
    /// Layers that differ from the others.
    pub layers: Vec<(String, LayerRules)>,
    /// Threads of depthwise layers that are not named.
    pub depthwise_threads: DepthwiseThreads,
    /// How K is reordered.
    pub reorder: Reorder,
    /// How batch norms get new statistics on this array; `None`: they keep theirs.
    pub recalibration: Option<RecalibrationMode>,
    /// Whether the error of every product is measured.
    pub mse: Mse,
}

impl Design {
    /// An array by itself, against the conventional one of its size.
    pub fn new(name: impl Into<String>, origin: impl Into<String>, array: ArraySpec) -> Self {
        Self {
            name: name.into(),
            origin: origin.into(),
            array,
            baseline: array.default_baseline(),
            layers: Vec::new(),
            depthwise_threads: None,
            reorder: Reorder::Off,
            recalibration: None,
            mse: Mse::Skip,
        }
    }

    /// What an array file or a run file says.
    pub fn of(name: impl Into<String>, origin: impl Into<String>, spec: &DesignSpec) -> Self {
        Self {
            baseline: *spec.baseline(),
            layers: (spec.layers().iter())
                .map(|(layer, rules)| (layer.to_owned(), rules))
                .collect(),
            depthwise_threads: spec.depthwise_threads(),
            reorder: spec.reorder(),
            ..Self::new(name, origin, *spec.array())
        }
    }

    /// Whether the array can be reordered as asked; worth asking before a long run.
    ///
    /// - Errors: reordering on an array that does not split K among threads.
    pub fn check_reorder(&self) -> Result<(), EvalError> {
        match (self.reorder, self.array.pe()) {
            (Reorder::Off, _) | (_, Pe::NbSmt(_)) => Ok(()),
            (
                Reorder::Calibration | Reorder::Oracle | Reorder::Weights,
                other @ (Pe::Conventional | Pe::Sparq(_) | Pe::SparqStc(_)),
            ) => Err(EvalError::Reorder {
                origin: self.origin.clone(),
                error: ReorderError::Kind {
                    kind: other.kind_name(),
                },
            }),
        }
    }

    /// The array of each layer.
    ///
    /// - Errors: rules that the array cannot follow.
    pub fn machines(&self) -> Result<LayerMachines, EvalError> {
        let every_layer = LayerMachines::new(self.array).with_depthwise_threads(self.depthwise_threads);
        self.layers
            .iter()
            .try_fold(every_layer, |machines, (name, rules)| {
                machines.with_layer(name, *rules)
            })
            .map_err(|error| EvalError::Layer {
                origin: self.origin.clone(),
                error,
            })
    }
}
