//! Measures of sweeps that predict zeros.

use sim_cost::mode::Mode;

use super::super::{About, Better, Measure, Of};
use super::{energy, share};
use crate::frame::ColumnType::{Count, Real};

pub(super) const MEASURES: &[Measure] = &[
    share("macs_saved")
        .titled("MACs of skipped outputs")
        .labelled("MACs saved")
        .hint("MACs of skipped outputs, of those of simulated convolutions")
        .measure(Real, Of::Prediction(|saved| saved.macs.into())),
    share("macs_saved_net")
        .titled("MACs saved, net of predictors")
        .labelled("Net")
        .hint("the same less the MACs of predictors")
        .measure(Real, Of::Prediction(|saved| saved.macs_net.into())),
    share("outputs_lost")
        .titled("Skipped part of the sum of outputs")
        .labelled("Lost")
        .best(Better::Low)
        .hint("sum of what was skipped, of the sum of all outputs")
        .measure(Real, Of::Prediction(|saved| saved.lost.into())),
    share("int8_predicted_top1")
        .titled("Top-1 in exact 8-bit with predicted zeros")
        .labelled("8-bit predicted")
        .hint("share of right answers in exact 8-bit with predicted zeros")
        .measure(Real, Of::Prediction(|saved| saved.int8_predicted.into())),
    share("cycles_saved")
        .titled("Cycles saved")
        .labelled("Cycles saved")
        .hint("cycles less than if all outputs were computed, of these")
        .measure(Real, Of::Prediction(|saved| saved.cycles.into())),
    share("cycles_saved_compact")
        .titled("Cycles saved, bound compact")
        .labelled("Compact")
        .hint("the same if each column of a tile took pixels of its own")
        .measure(Real, Of::Prediction(|saved| saved.compact.into())),
    share("cycles_saved_ideal")
        .titled("Cycles saved, bound ideal")
        .labelled("Ideal")
        .hint("the same if any PE took any output")
        .measure(Real, Of::Prediction(|saved| saved.ideal.into())),
    About::new("skipped")
        .hint("PE-steps of outputs predicted to be zero")
        .measure(Count, Of::Counter),
    About::new("waiting")
        .hint("PE-cycles that wait for the predictor")
        .measure(Count, Of::Counter),
    energy("energy_skipped_pj", |counts| {
        counts.energy_of(Mode::Skipped).into()
    }),
    energy("energy_waiting_pj", |counts| {
        counts.energy_of(Mode::Waiting).into()
    }),
    energy("energy_predictor-mac_pj", |counts| {
        counts.energy_of(Mode::PredictorMac).into()
    }),
];
