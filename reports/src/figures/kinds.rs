//! Which figures there are, and their points.

use sim_core::counters::PeCycles;
use sim_core::record::LayerRecord;
use sim_core::spec::Pe;
use sim_cost::mode::Mode;

use super::energy;
use super::style::{self, Colour};
use super::{Arrangement, Figure, Scale, Series, layer_names};
use crate::ratio;
use crate::run::RunRecord;

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Speed-up of every layer.
    Speedup,
    /// Utilization of every layer.
    Utilization,
    /// What the PE-cycles of every layer are spent on.
    PeCycles,
    /// Steps of real outputs by active threads.
    ActiveThreads,
    /// Energy of every layer by what the PEs do.
    Energy,
    /// Mean squared error of every layer.
    Mse,
}

impl Kind {
    /// Every figure.
    pub const ALL: [Self; 6] = [
        Self::Speedup,
        Self::Utilization,
        Self::PeCycles,
        Self::ActiveThreads,
        Self::Energy,
        Self::Mse,
    ];

    /// The name on the command line and of files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Speedup => "speedup",
            Self::Utilization => "utilization",
            Self::PeCycles => "pe-cycles",
            Self::ActiveThreads => "active-threads",
            Self::Energy => "energy",
            Self::Mse => "mse",
        }
    }
}

/// The points of a figure; `None` where there are none.
pub(crate) fn figure(kind: Kind, record: &RunRecord) -> Option<Figure> {
    if record.layers.is_empty() {
        return None;
    }
    match kind {
        Kind::Speedup => Some(plain(
            kind,
            record,
            ("Speed-up over the baseline (×)", "1"),
            Scale::Linear,
            |layer| ratio::speedup(layer.product.baseline_cycles, layer.product.cycles),
        ))
        .map(|figure| Figure {
            reference: Some(1.0),
            ..figure
        }),
        Kind::Utilization => Some(plain(
            kind,
            record,
            match record.array.pe() {
                Pe::Conventional | Pe::NbSmt(_) => ("PE-cycles with an active thread (%)", "%"),
                Pe::Sparq(_) | Pe::SparqStc(_) => ("PE-cycles with a non-zero activation (%)", "%"),
            },
            Scale::Percent,
            |layer| {
                let product = &layer.product;
                100.0 * ratio::utilization(&record.array, product.cycles, &product.counters.pe_cycles)
            },
        )),
        Kind::PeCycles => Some(pe_cycles(record)),
        Kind::ActiveThreads => Some(active_threads(record)),
        Kind::Energy => energy::figure(record).ok(),
        Kind::Mse => mse(record),
    }
}

fn plain(
    kind: Kind,
    record: &RunRecord,
    (title, unit): (&str, &str),
    scale: Scale,
    value: impl Fn(&LayerRecord) -> f64,
) -> Figure {
    Figure {
        name: kind.name(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        scale,
        arrangement: Arrangement::Stacked,
        reference: None,
        layers: layer_names(record),
        series: vec![Series {
            name: kind.name().to_owned(),
            colour: style::SINGLE,
            values: record.layers.iter().map(value).collect(),
        }],
    }
}

/// Every kind of PE-cycle in the order of the buckets, with its name and colour.
pub(super) fn modes(record: &RunRecord) -> Vec<(Mode, String, Colour)> {
    let mut modes = vec![(Mode::Fill, "fill".to_owned(), style::FILL)];
    for n in 0..=record.array.pe().max_active() {
        modes.push((Mode::Active(n), format!("{n} active"), style::active(n)));
    }
    modes.push((Mode::Masked, "masked".to_owned(), style::MASKED));
    modes.push((Mode::Stall, "stall".to_owned(), style::STALL));
    modes.push((Mode::Drain, "drain".to_owned(), style::DRAIN));
    modes
}

fn count(pe_cycles: &PeCycles, mode: Mode) -> u64 {
    match mode {
        Mode::Fill => pe_cycles.fill,
        Mode::Active(n) => pe_cycles.active.counts().get(n).copied().unwrap_or(0),
        Mode::Masked => pe_cycles.masked,
        Mode::Stall => pe_cycles.stall,
        Mode::Drain => pe_cycles.drain,
        // Events are no PE-cycles.
        Mode::ActivationBit
        | Mode::WeightBit
        | Mode::LiveActivationBit
        | Mode::LiveWeightBit
        | Mode::PartialProductBit
        | Mode::LaneEdge
        | Mode::PairA8W8
        | Mode::PairA8W4
        | Mode::PairA4W8
        | Mode::PairA4W4
        | Mode::ResultLoad
        | Mode::ResultMove
        | Mode::Clock => 0,
    }
}

fn pe_cycles(record: &RunRecord) -> Figure {
    let series = modes(record).into_iter().map(|(mode, name, colour)| Series {
        name,
        colour,
        values: record
            .layers
            .iter()
            .map(|layer| {
                let pe_cycles = &layer.product.counters.pe_cycles;
                ratio::percent(count(pe_cycles, mode), pe_cycles.total()).unwrap_or(0.0)
            })
            .collect(),
    });
    Figure {
        name: Kind::PeCycles.name(),
        title: "PE-cycles (% of rows × columns × cycles)".to_owned(),
        unit: "%".to_owned(),
        scale: Scale::Percent,
        arrangement: Arrangement::Stacked,
        reference: None,
        layers: layer_names(record),
        series: series.collect(),
    }
}

fn active_threads(record: &RunRecord) -> Figure {
    let series = (0..=record.array.pe().max_active()).map(|n| Series {
        name: format!("{n} active"),
        colour: style::active(n),
        values: record
            .layers
            .iter()
            .map(|layer| {
                let active = &layer.product.counters.pe_cycles.active;
                ratio::percent(active.counts().get(n).copied().unwrap_or(0), active.total()).unwrap_or(0.0)
            })
            .collect(),
    });
    Figure {
        name: Kind::ActiveThreads.name(),
        title: match record.array.pe() {
            Pe::Conventional | Pe::NbSmt(_) => "Steps by active threads (% of steps of outputs)",
            Pe::Sparq(_) | Pe::SparqStc(_) => "Steps by non-zero activations (% of steps of outputs)",
        }
        .to_owned(),
        unit: "%".to_owned(),
        scale: Scale::Percent,
        arrangement: Arrangement::Stacked,
        reference: None,
        layers: layer_names(record),
        series: series.collect(),
    }
}

fn mse(record: &RunRecord) -> Option<Figure> {
    let values: Option<Vec<f64>> = record
        .layers
        .iter()
        .map(|layer| {
            let product = &layer.product;
            product.error.map(|error| ratio::mse(&error, product.n_outputs()))
        })
        .collect();
    let values = values?;
    if values.iter().all(|&value| value == 0.0) {
        return None;
    }
    let mut figure = plain(
        Kind::Mse,
        record,
        (
            "MSE (squared accumulator units; no bar: 0)",
            "squared accumulator units",
        ),
        Scale::Log,
        |_| 0.0,
    );
    figure.series[0].values = values;
    Some(figure)
}
