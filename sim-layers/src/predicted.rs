//! Products of a trace of which only some outputs are computed.

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

use crate::plan::Product;

/// What is known of a layer's outputs: those of a trace, and how dense its channels are.
pub(crate) struct LayerOutputs<'a> {
    traced: &'a TracedOutputs,
    lowering: Lowering,
    prediction: ArrayPrediction,
    /// By group, kept outputs of free pixels by channel, over all maps.
    densities: Vec<Vec<u64>>,
}

impl<'a> LayerOutputs<'a> {
    /// Of a layer of a checked trace; `None` where nothing was predicted.
    pub(crate) fn of(layer: &'a Layer, lowering: Lowering, prediction: ArrayPrediction) -> Option<Self> {
        let traced = layer.predicted.as_ref()?;
        match (&traced.about.shortcut_of, prediction.shortcuts) {
            (Some(_), Shortcuts::Computed) => return None,
            (Some(_), Shortcuts::Predicted) | (None, _) => {}
        }
        let (n, m) = (lowering.n(), lowering.m());
        let mut densities = vec![vec![0; n]; lowering.groups()];
        match prediction.channels {
            // Nobody looks at them.
            ChannelOrder::Natural => {}
            ChannelOrder::Density => {
                for map in traced.kept.chunks(lowering.groups() * n * m) {
                    for (channel, kept) in map.chunks(m).enumerate() {
                        let kept_free = kept.iter().zip(&traced.first);
                        let n_kept: u64 = kept_free.map(|(&kept, &first)| u64::from(kept & !first)).sum();
                        densities[channel / n][channel % n] += n_kept;
                    }
                }
            }
        }
        Some(Self {
            traced,
            lowering,
            prediction,
            densities,
        })
    }

    /// The tiles of a product on an array.
    ///
    /// # Panics
    /// Where the trace was not checked.
    pub(crate) fn plan(&self, product: &Product, gemm: Gemm, array: &ArraySpec) -> OutputPlan {
        let (n, m) = (self.lowering.n(), self.lowering.m());
        let n_maps = product.images.len();
        let of_map = self.lowering.groups() * n * m;
        let mut kept = vec![0; n_maps * m * n];
        for (map, rows) in product.images.clone().zip(kept.chunks_mut(m * n)) {
            let channels = &self.traced.kept[map * of_map + product.group * n * m..][..n * m];
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
        let channels = ChannelSequence::new(self.prediction.channels, &self.densities[product.group]);
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
