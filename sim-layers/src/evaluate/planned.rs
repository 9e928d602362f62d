//! Layers of which an array computes some outputs: which place decides.

use sim_core::prediction::{PlaceMethod, Shortcuts};
use sim_net::network::Network;
use sim_quant::capture::traced_gate;
use sim_quant::prediction::{MapGate, PlaceMethods};
use sim_trace::prediction::PredictedOutputs;

use crate::predicted::PredictedLayers;

/// What an array computes of the layers of a network.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) layers: PredictedLayers,
    /// By layer of the network.
    by_layer: Vec<Option<PlannedLayer>>,
}

/// What decides which outputs of a layer are computed.
#[derive(Clone, Debug)]
pub(super) struct PlannedLayer {
    /// Position of the place among those of the network.
    pub(super) place: usize,
    pub(super) method: PlaceMethod,
    /// The convolution of the place, where the layer is its shortcut.
    shortcut_of: Option<String>,
}

impl Planned {
    pub(super) fn new(network: &Network, methods: &PlaceMethods, layers: PredictedLayers) -> Self {
        let mut by_layer = vec![None; network.layers().len()];
        for (index, (place, method)) in network.places().iter().zip(&methods.methods).enumerate() {
            let Some(method) = method else { continue };
            let of = |shortcut_of| PlannedLayer {
                place: index,
                method: method.description(),
                shortcut_of,
            };
            by_layer[place.layer] = Some(of(None));
            match (place.shortcut, layers.array.shortcuts) {
                (Some(shortcut), Shortcuts::Predicted) => {
                    by_layer[shortcut] = Some(of(Some(network.layers()[place.layer].name.clone())));
                }
                (None, _) | (_, Shortcuts::Computed) => {}
            }
        }
        Self { layers, by_layer }
    }

    pub(super) fn of_layer(&self, layer: usize) -> Option<&PlannedLayer> {
        self.by_layer.get(layer)?.as_ref()
    }
}

impl PlannedLayer {
    /// The outputs of the layer over the maps of its place; `None` where the place was not reached.
    pub(super) fn outputs(&self, gates: &[MapGate]) -> Option<PredictedOutputs> {
        let mut outputs = None;
        for gate in gates.iter().filter(|gate| gate.place == self.place) {
            traced_gate(&mut outputs, (self.method, self.shortcut_of.as_ref()), gate);
        }
        outputs
    }
}
