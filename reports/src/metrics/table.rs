//! The table of measures, in the order of columns. New ones go to the end, so that columns keep their places.

mod prediction;

use sim_core::units::{count_as_f64, cycles_as_f64};
use sim_draw::Scale;

use super::counts::Counts;
use super::{About, Better, Extra, Form, Measure, Of};
use crate::accuracy::significance::{Interval, wilson_of_share};
use crate::frame::ColumnType::{Count, Real, Text};
use crate::frame::Value;
use crate::ratio;
use crate::stored::point::{Codes, OperandCodes, PointAccuracy};

/// Measures that stand together.
pub(super) enum Group {
    Measures(&'static [Measure]),
    /// The part of each mode in `energy_pj`, as `energy_MODE_pj`.
    EnergyOfModes,
    /// Measures that only some sweeps have.
    Extra(Extra, &'static [Measure]),
}

pub(super) const TABLE: &[Group] = &[
    Group::Measures(LAYERS),
    Group::Measures(COUNTS),
    Group::EnergyOfModes,
    Group::Measures(ANSWERS),
    Group::Measures(MORE),
    Group::Extra(Extra::Features, FEATURES),
    Group::Extra(Extra::Operands, OPERANDS),
    Group::Extra(Extra::Prediction, prediction::MEASURES),
];

const LAYERS: &[Measure] = &[
    About::new("mse")
        .titled("MSE (squared accumulator units; no bar: 0)")
        .labelled("MSE")
        .on(Scale::Log)
        .best(Better::Low)
        .hint("mean squared error in accumulator units")
        .measure(Real, Of::Layer(|layer, _| layer.product.mse.into())),
    About::new("snr_db")
        .in_unit("dB")
        .titled("Signal to noise")
        .labelled("SNR")
        .read_as(Form::Decimals(1))
        .best(Better::High)
        .hint("signal to noise of the outputs")
        .measure(Real, Of::Layer(|layer, _| layer.product.snr_db.into())),
    About::new("macs_per_operand")
        .titled("MACs per operand that enters the array")
        .on(Scale::TightLog)
        .best(Better::High)
        .hint("products for each operand that enters the array")
        .measure(
            Real,
            Of::Layer(|layer, array| array.macs_per_operand(layer.product.shape).into()),
        ),
];

const COUNTS: &[Measure] = &[
    About::new("images")
        .labelled("Images")
        .hint("images that cycles, counts and energies are summed over")
        .measure(Count, Of::Counts(|counts| counts.images.into())),
    About::new("macs")
        .titled("MACs")
        .labelled("MACs")
        .on(Scale::Log)
        .hint("M·N·K of all products, zeros included")
        .measure(Count, Of::Counts(|counts| counts.macs.into())),
    About::new("cycles")
        .titled("Cycles")
        .labelled("Cycles")
        .on(Scale::Log)
        .best(Better::Low)
        .hint("cycles on the array")
        .measure(Count, Of::Counts(|counts| counts.cycles.0.into())),
    About::new("baseline_cycles")
        .labelled("Baseline cycles")
        .hint("cycles of the same products on the baseline array")
        .measure(Count, Of::Counts(|counts| counts.baseline_cycles.0.into())),
    About::new("speedup")
        .titled("Speed-up over the baseline")
        .labelled("Speed-up")
        .read_as(Form::Times)
        .best(Better::High)
        .hint("baseline cycles over cycles")
        .measure(Real, Of::Counts(|counts| counts.speedup().into())),
    About::new("utilization")
        .titled("PE-cycles with an active thread")
        .labelled("Utilization")
        .read_as(Form::Percent(1))
        .on(Scale::Percent)
        .best(Better::High)
        .hint("share of PE-cycles with an active thread")
        .measure(Real, Of::Counts(|counts| counts.utilization().into())),
    About::new("macs_per_cycle")
        .titled("MACs per cycle")
        .on(Scale::TightLog)
        .best(Better::High)
        .hint("M·N·K over cycles")
        .measure(
            Real,
            Of::Counts(|counts| (count_as_f64(counts.macs) / cycles_as_f64(counts.cycles)).into()),
        ),
    About::new("zero_macs")
        .titled("MACs with a zero operand")
        .labelled("Zero MACs")
        .read_as(Form::Percent(1))
        .on(Scale::Percent)
        .hint("share of M·N·K in which an operand is zero")
        .measure(Real, Of::Counts(|counts| counts.zero_macs().into())),
    About::new("fill")
        .hint("PE-cycles before the first step")
        .measure(Count, Of::Counter),
    About::new("masked")
        .hint("PE-cycles in tiles in which the PE has no output")
        .measure(Count, Of::Counter),
    About::new("stall")
        .hint("PE-cycles between tiles")
        .measure(Count, Of::Counter),
    About::new("drain")
        .hint("PE-cycles after the last step")
        .measure(Count, Of::Counter),
    About::new("reduced_activations")
        .hint("activations whose value was changed")
        .measure(Count, Of::Counter),
    About::new("reduced_weights")
        .hint("weights whose value was changed")
        .measure(Count, Of::Counter),
    About::new("a8w8")
        .hint("operand pairs without a zero: both wide")
        .measure(Count, Of::Counter),
    About::new("a8w4")
        .hint("operand pairs without a zero: narrow weight")
        .measure(Count, Of::Counter),
    About::new("a4w8")
        .hint("operand pairs without a zero: narrow activation")
        .measure(Count, Of::Counter),
    About::new("a4w4")
        .hint("operand pairs without a zero: both narrow")
        .measure(Count, Of::Counter),
    About::new("relative_mse")
        .titled("MSE / mean square of exact outputs")
        .labelled("Relative MSE")
        .on(Scale::Log)
        .best(Better::Low)
        .hint("squared error over squared exact outputs; of several layers the mean")
        .measure(Real, Of::Counts(|counts| counts.relative_mse.into())),
    About::new("energy_pj")
        .in_unit("pJ")
        .titled("Energy of the logic")
        .labelled("Energy")
        .read_as(Form::Energy)
        .best(Better::Low)
        .hint("energy of the logic, without clock and leakage")
        .measure(
            Real,
            Of::Counts(|counts| counts.energy.as_ref().map(|energy| energy.value).into()),
        ),
    About::new("clock_pj")
        .in_unit("pJ")
        .labelled("Clock energy")
        .read_as(Form::Energy)
        .best(Better::Low)
        .hint("energy of the clock pins")
        .measure(
            Real,
            Of::Counts(|counts| counts.energy.as_ref().and_then(|energy| energy.clock).into()),
        ),
    About::new("leakage_pj")
        .in_unit("pJ")
        .labelled("Leakage")
        .read_as(Form::Energy)
        .best(Better::Low)
        .hint("leakage of all PE-cycles")
        .measure(
            Real,
            Of::Counts(|counts| counts.energy.as_ref().and_then(|energy| energy.leakage).into()),
        ),
    About::new("total_energy_pj")
        .in_unit("pJ")
        .titled("Energy with clock and leakage")
        .labelled("Total energy")
        .read_as(Form::Energy)
        .best(Better::Low)
        .hint("logic, clock and leakage")
        .measure(Real, Of::Counts(|counts| counts.total_energy().into())),
    About::new("total_energy_per_mac_pj")
        .in_unit("pJ")
        .titled("Energy per MAC with clock and leakage")
        .labelled("Energy per MAC")
        .on(Scale::Tight)
        .best(Better::Low)
        .hint("logic, clock and leakage for each of M·N·K")
        .measure(
            Real,
            Of::Counts(|counts| {
                let energy = counts.total_energy();
                energy.map(|energy| energy / count_as_f64(counts.macs)).into()
            }),
        ),
    About::new("energy_uncertainty_percent")
        .in_unit("%")
        .titled("Uncertainty of energies")
        .hint("of the prices, as the technology table states it")
        .measure(
            Real,
            Of::Counts(|counts| {
                let energy = counts.energy.as_ref();
                energy.map(|energy| energy.uncertainty_percent).into()
            }),
        ),
    About::new("delay_model")
        .hint("delays under which the prices were measured")
        .measure(
            Text,
            Of::Counts(|counts| {
                let energy = counts.energy.as_ref();
                energy.map(|energy| energy.delay_model.as_str()).into()
            }),
        ),
    About::new("cost_table").measure(Text, Of::Counts(|counts| counts.cost_table().into())),
    About::new("area_um2")
        .in_unit("µm²")
        .titled("Area of the array")
        .labelled("Area")
        .read_as(Form::SquareMillimetres)
        .on(Scale::Tight)
        .best(Better::Low)
        .hint("area of the PEs, and of SPARQ's window logic")
        .measure(
            Real,
            Of::Counts(|counts| counts.area.as_ref().map(|area| area.value).into()),
        ),
    About::new("active_0").measure(Count, Of::Counter),
    About::new("active_1").measure(Count, Of::Counter),
    About::new("active_2").measure(Count, Of::Counter),
    About::new("active_3").measure(Count, Of::Counter),
    About::new("active_4").measure(Count, Of::Counter),
];

const ANSWERS: &[Measure] = &[
    About::new("evaluated_images")
        .labelled("Images")
        .measure(Count, Of::Answers(|point| point.images.into())),
    share("fp32_unpruned_top1")
        .titled("Top-1 in FP32 before pruning")
        .labelled("FP32 unpruned top-1")
        .measure(
            Real,
            Of::Answers(|point| {
                let unpruned = point.fp32_unpruned.as_ref();
                unpruned.and_then(|unpruned| unpruned.top1).into()
            }),
        ),
    share("fp32_top1")
        .titled("Top-1 in FP32")
        .labelled("FP32 top-1")
        .hint("share of right answers in FP32")
        .measure(Real, Of::Answers(|point| point.fp32.top1.into())),
    share("int8_top1")
        .titled("Top-1 in exact 8-bit")
        .labelled("8-bit top-1")
        .hint("share of right answers in exact 8-bit")
        .measure(Real, Of::Answers(|point| point.int8.top1.into())),
    share("top1")
        .titled("Top-1")
        .labelled("Top-1")
        .hint("share of right answers on the array")
        .measure(Real, Of::Answers(|point| point.array.top1.into())),
    share("top1_low")
        .titled("Top-1, lower end")
        .labelled("Top-1 low")
        .measure(Real, Of::Answers(|point| low(point.array.top1_interval))),
    share("top1_high")
        .titled("Top-1, upper end")
        .labelled("Top-1 high")
        .measure(Real, Of::Answers(|point| high(point.array.top1_interval))),
    share("fp32_top5")
        .titled("Top-5 in FP32")
        .labelled("FP32 top-5")
        .measure(Real, Of::Answers(|point| point.fp32.top5.into())),
    share("top5")
        .titled("Top-5")
        .labelled("Top-5")
        .measure(Real, Of::Answers(|point| point.array.top5.into())),
    About::new("top1_change")
        .titled("Top-1 against exact 8-bit")
        .labelled("Change")
        .read_as(Form::Points)
        .on(Scale::Tight)
        .best(Better::High)
        .hint("top-1 on the array less that of exact 8-bit, as a fraction")
        .measure(
            Real,
            Of::Answers(|point| {
                let both = point.array.top1.zip(point.int8.top1);
                both.map(|(array, int8)| array - int8).into()
            }),
        ),
    About::new("top1_change_low")
        .labelled("Change low")
        .read_as(Form::Points)
        .best(Better::High)
        .measure(Real, Of::Answers(|point| low(point.flips.difference_interval))),
    About::new("top1_change_high")
        .labelled("Change high")
        .read_as(Form::Points)
        .best(Better::High)
        .measure(Real, Of::Answers(|point| high(point.flips.difference_interval))),
    About::new("lost")
        .best(Better::Low)
        .hint("images that exact 8-bit gets right and the array wrong")
        .measure(Count, Of::Answers(|point| point.flips.lost.into())),
    About::new("gained")
        .best(Better::High)
        .hint("images that exact 8-bit gets wrong and the array right")
        .measure(Count, Of::Answers(|point| point.flips.gained.into())),
    About::new("p_value")
        .labelled("p")
        .hint("exact two-sided McNemar test of lost against gained")
        .measure(Real, Of::Answers(|point| point.flips.p_value.into())),
    share("agreement")
        .titled("Answers like exact 8-bit")
        .labelled("As 8-bit")
        .hint("share of images on which array and exact 8-bit answer alike")
        .measure(Real, Of::Answers(|point| point.agreement.into())),
    About::new("output_error")
        .titled("Mean |output − FP32 output|")
        .labelled("Output error")
        .best(Better::Low)
        .hint("mean |output − FP32 output|")
        .measure(Real, Of::Answers(|point| point.output_error.into())),
];

const MORE: &[Measure] = &[
    About::new("engine")
        .hint("which engine counted")
        .measure(Text, Of::Layer(|layer, _| layer.product.engine.as_str().into())),
    About::new("time_us")
        .in_unit("µs")
        .titled("Time at the array's clock")
        .labelled("Time")
        .on(Scale::Log)
        .best(Better::Low)
        .hint("cycles at the array's clock")
        .measure(Real, Of::Counts(|counts| counts.microseconds().into())),
    About::new("activation_bits")
        .hint("bits of activations that change from step to step")
        .measure(Count, Of::Counter),
    About::new("weight_bits")
        .hint("bits of weights that change from step to step")
        .measure(Count, Of::Counter),
    About::new("live_activation_bits")
        .hint("those of activations where the weight is not zero before or after")
        .measure(Count, Of::Counter),
    About::new("live_weight_bits")
        .hint("those of weights where the activation is not zero before or after")
        .measure(Count, Of::Counter),
    About::new("partial_product_bits")
        .hint("products of one bit each that change from step to step")
        .measure(Count, Of::Counter),
    About::new("lane_edges")
        .hint("lanes whose product begins or ceases to be zero")
        .measure(Count, Of::Counter),
    share("agreement_low")
        .titled("Answers like exact 8-bit, lower end")
        .labelled("As 8-bit low")
        .measure(
            Real,
            Of::Answers(|point| agreement_interval(point).map(|interval| interval.low).into()),
        ),
    share("agreement_high")
        .titled("Answers like exact 8-bit, upper end")
        .labelled("As 8-bit high")
        .measure(
            Real,
            Of::Answers(|point| agreement_interval(point).map(|interval| interval.high).into()),
        ),
    About::new("share")
        .titled("Simulated share of the network's MACs")
        .labelled("Share of MACs")
        .read_as(Form::Percent(3))
        .on(Scale::Percent)
        .hint("simulated MACs over those of the network")
        .measure(Real, Of::Coverage(|coverage| coverage.share.into())),
    About::new("speedup_network")
        .titled("Speed-up of the network over the baseline")
        .labelled("Network speed-up")
        .read_as(Form::Times)
        .best(Better::High)
        .hint("speed-up of all layers, of which the others take the baseline's cycles for each MAC")
        .measure(Real, Of::Coverage(|coverage| coverage.speedup_network.into())),
];

const FEATURES: &[Measure] = &[
    About::new("feature_error")
        .titled("Error of the last layer's input")
        .read_as(Form::Percent(1))
        .on(Scale::Tight)
        .best(Better::Low)
        .measure(
            Real,
            Of::Answers(|point| point.features.map(|error| error.mean).into()),
        ),
    About::new("feature_error_largest").measure(
        Real,
        Of::Answers(|point| point.features.map(|error| error.largest).into()),
    ),
];

const OPERANDS: &[Measure] = &[
    About::new("n_activations").measure(Count, Of::Codes(|codes| codes.activations.all.into())),
    About::new("n_zero_activations").measure(Count, Of::Codes(|codes| codes.activations.zeros.into())),
    About::new("n_narrow_activations").measure(Count, Of::Codes(|codes| codes.activations.narrow.into())),
    About::new("n_weights").measure(Count, Of::Codes(|codes| codes.weights.all.into())),
    About::new("n_zero_weights").measure(Count, Of::Codes(|codes| codes.weights.zeros.into())),
    About::new("n_narrow_weights").measure(Count, Of::Codes(|codes| codes.weights.narrow.into())),
    codes("zero_activation_codes", "zero activations", |codes| {
        zeros(&codes.activations)
    }),
    codes(
        "narrow_activation_codes",
        "narrow of other activations",
        |codes| narrow(&codes.activations),
    ),
    codes("zero_weight_codes", "zero weights", |codes| zeros(&codes.weights)),
    codes("narrow_weight_codes", "narrow of other weights", |codes| {
        narrow(&codes.weights)
    }),
];

/// A part of the energy.
const fn energy(name: &'static str, of: fn(&Counts) -> Value) -> Measure {
    About::new(name)
        .in_unit("pJ")
        .read_as(Form::Energy)
        .measure(Real, Of::Counts(of))
}

/// A share of codes.
const fn codes(name: &'static str, title: &'static str, of: fn(&OperandCodes) -> Value) -> Measure {
    About::new(name)
        .in_unit("%")
        .titled(title)
        .on(Scale::Percent)
        .measure(Real, Of::Codes(of))
}

fn zeros(codes: &Codes) -> Value {
    ratio::percent(codes.zeros, codes.all).into()
}

fn narrow(codes: &Codes) -> Value {
    ratio::percent(codes.narrow, codes.all - codes.zeros).into()
}

/// A share of images.
const fn share(name: &'static str) -> About {
    About::new(name)
        .read_as(Form::Percent(2))
        .on(Scale::Tight)
        .best(Better::High)
}

fn low(interval: Option<Interval>) -> Value {
    interval.map(|interval| interval.low).into()
}

fn high(interval: Option<Interval>) -> Value {
    interval.map(|interval| interval.high).into()
}

fn agreement_interval(point: &PointAccuracy) -> Option<Interval> {
    point
        .agreement
        .map(|agreement| wilson_of_share(agreement, point.images))
}
