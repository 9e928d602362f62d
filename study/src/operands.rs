//! Zero and narrow operands of every simulated layer, as quantized from the FP32 network.

use reports::ratio;
use sim_core::shape::widen;
use sim_core::units::count_as_f64;
use sim_draw::Scale;
use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotPoint, PlotSeries};
use sim_quant::capture::capture;
use sim_run::network::PreparedNetwork;
use sim_run::workers::Workers;
use sim_trace::trace::Layer;

/// Codes of a layer.
#[derive(Clone, Debug)]
pub(crate) struct LayerOperands {
    pub(crate) name: String,
    pub(crate) activations: Codes,
    pub(crate) weights: Codes,
}

/// How many codes there are, and of which kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Codes {
    pub(crate) all: u64,
    pub(crate) zeros: u64,
    /// Narrow ones that are not zero.
    pub(crate) narrow: u64,
}

impl Codes {
    fn of(is_zero_or_narrow: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut codes = Self::default();
        for (is_zero, is_narrow) in is_zero_or_narrow {
            codes.all += 1;
            codes.zeros += u64::from(is_zero);
            codes.narrow += u64::from(!is_zero && is_narrow);
        }
        codes
    }
}

/// Count the codes of every layer over the images of the workload.
pub(crate) fn of(prepared: &PreparedNetwork, workers: &Workers<'_>) -> anyhow::Result<Vec<LayerOperands>> {
    let opened = prepared.opened();
    let options = opened.capture_options(prepared.workload(), workers.jobs, workers.stop)?;
    let trace = capture(
        &opened.network,
        &opened.images,
        opened.calibration.as_ref(),
        &options,
        workers.progress,
    )?;
    Ok(trace.layers.iter().map(of_layer).collect())
}

fn of_layer(layer: &Layer) -> LayerOperands {
    LayerOperands {
        name: layer.name.clone(),
        activations: Codes::of(layer.input.iter().map(|&a| (a == 0, a <= 15))),
        weights: Codes::of(layer.weight.iter().map(|&w| (w == 0, (-8..=7).contains(&w)))),
    }
}

/// Shares of zero and of narrow operands, layer by layer.
pub(crate) fn plot(layers: &[LayerOperands]) -> Plot {
    type Share = fn(&LayerOperands) -> (u64, u64);
    let shares: [(&str, Share); 4] = [
        ("zero activations", |layer| {
            (layer.activations.zeros, layer.activations.all)
        }),
        ("narrow of other activations", |layer| {
            (
                layer.activations.narrow,
                layer.activations.all - layer.activations.zeros,
            )
        }),
        ("zero weights", |layer| (layer.weights.zeros, layer.weights.all)),
        ("narrow of other weights", |layer| {
            (layer.weights.narrow, layer.weights.all - layer.weights.zeros)
        }),
    ];
    let series = shares.into_iter().map(|(name, share)| PlotSeries {
        name: name.to_owned(),
        points: (1..)
            .zip(layers)
            .filter_map(|(index, layer)| {
                let (part, whole) = share(layer);
                Some(PlotPoint::from((
                    count_as_f64(index),
                    ratio::percent(part, whole)?,
                )))
            })
            .collect(),
        line: PlotLine::Joined,
    });
    Plot {
        series: series.collect(),
        ..Plot::new(
            "operands",
            PlotAxis::new("Simulated layer", Scale::Linear),
            PlotAxis::new("Codes (%)", Scale::Percent),
        )
    }
}

/// One row per layer.
pub(crate) fn csv(layers: &[LayerOperands]) -> Vec<Vec<String>> {
    let header = [
        "index",
        "layer",
        "activations",
        "zero_activations",
        "narrow_activations",
        "weights",
        "zero_weights",
        "narrow_weights",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (index, layer) in layers.iter().enumerate() {
        let mut row = vec![widen(index + 1).to_string(), layer.name.clone()];
        for codes in [layer.activations, layer.weights] {
            row.extend([codes.all, codes.zeros, codes.narrow].map(|count| count.to_string()));
        }
        rows.push(row);
    }
    rows
}
