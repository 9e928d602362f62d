//! Products of a trace of which only some outputs are computed.

use std::collections::BTreeMap;
use std::ops::Range;

use sim_array::mapping::Schedule;
use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPhase, OutputPlan, PixelSequence, PredictedOutputs,
};
use sim_core::prediction::{
    ArrayPrediction, ChannelOrder, OutputBound, PREDICTOR_MACS_PER_OUTPUT, PlaceMethod, Shortcuts,
};
use sim_core::record::{PlaceRecord, PredictedRecord};
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_quant::lowering::Lowering;
use sim_trace::prediction::PredictedOutputs as TracedOutputs;
use sim_trace::trace::Layer;

/// What an array does with the predicted outputs of layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PredictedLayers {
    /// The same in all of them.
    pub array: ArrayPrediction,
    /// By layer, kept outputs of free pixels by channel over the calibration images. Of layers that are not there those of
    /// the outputs themselves are counted.
    pub densities: BTreeMap<String, Vec<u64>>,
}

/// What is known of a layer's outputs: those of a trace, and how dense its channels are.
pub(crate) struct LayerOutputs<'a> {
    traced: &'a TracedOutputs,
    lowering: Lowering,
    prediction: ArrayPrediction,
    /// By group, kept outputs of free pixels by channel, over all maps.
    densities: Vec<Vec<u64>>,
}

impl<'a> LayerOutputs<'a> {
    /// Of a layer of a checked trace; `None` where nothing was predicted, or the array computes all of it.
    pub(crate) fn of(layer: &'a Layer, lowering: Lowering, predicted: &PredictedLayers) -> Option<Self> {
        let traced = layer.predicted.as_ref()?;
        match (&traced.about.shortcut_of, predicted.array.shortcuts) {
            (Some(_), Shortcuts::Computed) => return None,
            (Some(_), Shortcuts::Predicted) | (None, _) => {}
        }
        Some(Self::new(&layer.name, traced, lowering, predicted))
    }

    /// Of outputs of some maps of a layer.
    pub(crate) fn new(
        name: &str,
        traced: &'a TracedOutputs,
        lowering: Lowering,
        predicted: &PredictedLayers,
    ) -> Self {
        let n_channels = lowering.groups() * lowering.n();
        let densities = match (predicted.array.channels, predicted.densities.get(name)) {
            // Nobody looks at them.
            (ChannelOrder::Natural, _) => vec![0; n_channels],
            (ChannelOrder::Density, Some(densities)) => densities.clone(),
            (ChannelOrder::Density, None) => densities_of(traced, &lowering),
        };
        Self {
            traced,
            lowering,
            prediction: predicted.array,
            densities: densities.chunks(lowering.n()).map(<[u64]>::to_vec).collect(),
        }
    }

    /// The tiles of a product of a group over some maps on an array.
    ///
    /// # Panics
    /// Where the trace was not checked.
    pub(crate) fn plan(
        &self,
        (maps, group): (Range<usize>, usize),
        gemm: Gemm,
        array: &ArraySpec,
    ) -> OutputPlan {
        let (n, m) = (self.lowering.n(), self.lowering.m());
        let n_maps = maps.len();
        let of_map = self.lowering.groups() * n * m;
        let mut kept = vec![0; n_maps * m * n];
        for (map, rows) in maps.zip(kept.chunks_mut(m * n)) {
            let channels = &self.traced.kept[map * of_map + group * n * m..][..n * m];
            for (channel, values) in channels.chunks(m).enumerate() {
                for (row, &value) in rows.chunks_mut(n).zip(values) {
                    row[channel] = value;
                }
            }
        }
        let first = self.traced.first.repeat(n_maps);
        let outputs = PredictedOutputs::new(gemm, &first, &kept).expect("traces are checked");
        let [height, width] = self.lowering.output();
        let map = OutputMap { height, width };
        let pixels = PixelSequence::new(self.prediction.pixels, map, n_maps, array.rows());
        let channels = ChannelSequence::new(self.prediction.channels, &self.densities[group]);
        OutputPlan::new(array, self.prediction.rules, outputs, &pixels, &channels)
            .expect("orders are made for the product")
    }

    /// What an array does with a plan of [`Self::plan`].
    pub(crate) fn record(&self, plan: &OutputPlan) -> PredictedRecord {
        let n_outputs = plan.outputs().shape().n_outputs();
        let about = &self.traced.about;
        let predictor_macs = match (about.method, &about.shortcut_of) {
            (PlaceMethod::Zap { .. }, None) => PREDICTOR_MACS_PER_OUTPUT * n_outputs,
            // The predictor of the place decides for its shortcut too.
            (PlaceMethod::Zap { .. }, Some(_)) | (PlaceMethod::CrossNeuron { .. }, _) => 0,
        };
        record(plan, predictor_macs)
    }
}

/// Kept outputs of free pixels over all maps, by channel of the layer.
fn densities_of(traced: &TracedOutputs, lowering: &Lowering) -> Vec<u64> {
    let n_channels = lowering.groups() * lowering.n();
    let mut densities = vec![0; n_channels];
    for map in traced.kept.chunks(n_channels * lowering.m()) {
        for (sum, kept) in densities.iter_mut().zip(map.chunks(lowering.m())) {
            let kept_free = kept.iter().zip(&traced.first);
            *sum += kept_free
                .map(|(&kept, &first)| u64::from(kept & !first))
                .sum::<u64>();
        }
    }
    densities
}

/// What an array does with a plan, beside a predictor of so many multiply-adds.
pub fn record(plan: &OutputPlan, predictor_macs: u64) -> PredictedRecord {
    let time = plan.time();
    let n_computed: u64 = OutputPhase::ALL.map(|phase| plan.n_computed(phase)).iter().sum();
    let bound = |bound| plan.bound_time(bound).total();
    PredictedRecord {
        first: plan.n_first(),
        skipped: plan.outputs().shape().n_outputs() - n_computed,
        filled_up: plan.n_filled_up(),
        tiles: time.tiles,
        cycles: time.cycles,
        waiting: time.waiting,
        compact: bound(OutputBound::Compact),
        ideal: bound(OutputBound::Ideal),
        dense: Schedule::new(plan.array(), plan.outputs().shape()).cycles(),
        predictor_macs,
    }
}

/// What predicted the outputs of a layer, over all maps.
pub(crate) fn place(layer: &Layer) -> Option<PlaceRecord> {
    let about = &layer.predicted.as_ref()?.about;
    Some(PlaceRecord {
        method: about.method,
        counts: (!about.counts.is_empty()).then(|| about.counts.iter().sum()),
    })
}
