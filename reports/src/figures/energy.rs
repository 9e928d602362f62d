//! Energy by layer, split by what it is spent on.

use sim_core::record::LayerRecord;
use sim_cost::mode::Mode;
use sim_cost::{Energy, MissingRow};

use super::kinds::{Kind, modes};
use super::style::{self, Colour};
use super::{Arrangement, Figure, Scale, Series, layer_names};
use crate::run::RunRecord;
use crate::{costs, text};

/// Why there is no energy figure; `None` where there is one.
pub(crate) fn energy_warning(record: &RunRecord) -> Option<String> {
    let missing = energies(record).err()?;
    Some(format!(
        "the energy figure is left out: technology table `{}` lacks a row",
        missing.table
    ))
}

fn energies(record: &RunRecord) -> Result<Vec<Energy>, MissingRow> {
    let of = |layer: &LayerRecord| costs::energy(&layer.product, &record.array, &record.table);
    record.layers.iter().map(of).collect()
}

/// A part of the bar: its name, colour, and what it sums.
struct Group {
    name: String,
    colour: Colour,
    sum: fn(&Energy, &[Mode]) -> f64,
    modes: Vec<Mode>,
}

fn of_modes(energy: &Energy, modes: &[Mode]) -> f64 {
    let parts = energy.parts.iter().filter(|part| modes.contains(&part.mode));
    parts.map(|part| part.picojoules).sum()
}

/// By PE-cycles, or where the table prices events too, by what toggles.
fn groups(record: &RunRecord, energies: &[Energy]) -> Vec<Group> {
    let group = |name: &str, colour: Colour, modes: &[Mode]| Group {
        name: name.to_owned(),
        colour,
        sum: of_modes,
        modes: modes.to_vec(),
    };
    let has_events = energies
        .iter()
        .any(|energy| energy.parts.iter().any(|part| Mode::EVENTS.contains(&part.mode)));
    if !has_events {
        let modes = modes(record).into_iter();
        return modes
            .map(|(mode, name, colour)| group(&name, colour, &[mode]))
            .collect();
    }
    let steps: Vec<Mode> = (0..=record.array.pe().max_active()).map(Mode::Active).collect();
    let mut groups = vec![
        group(
            "idle",
            style::FILL,
            &[Mode::Fill, Mode::Masked, Mode::Stall, Mode::Drain],
        ),
        group("steps", style::active(3), &steps),
        group("operands", style::MASKED, &[Mode::ActivationBit, Mode::WeightBit]),
        group(
            "multiplier",
            style::active(4),
            &[
                Mode::LiveActivationBit,
                Mode::LiveWeightBit,
                Mode::PartialProductBit,
                Mode::LaneEdge,
                Mode::PairA8W8,
                Mode::PairA8W4,
                Mode::PairA4W8,
                Mode::PairA4W4,
            ],
        ),
        group("results", style::STALL, &[Mode::ResultLoad, Mode::ResultMove]),
    ];
    if energies.iter().all(|energy| energy.clock.is_some()) {
        groups.push(Group {
            name: "clock".to_owned(),
            colour: style::DRAIN,
            sum: |energy, _| energy.clock.unwrap_or_default(),
            modes: Vec::new(),
        });
    }
    groups
}

/// Bars of all layers.
///
/// - Errors: a row that the table lacks.
pub(super) fn figure(record: &RunRecord) -> Result<Figure, MissingRow> {
    let energies = energies(record)?;
    let groups = groups(record, &energies);
    let total = |energy: &Energy| -> f64 {
        let parts = groups.iter().map(|group| (group.sum)(energy, &group.modes));
        parts.sum()
    };
    let text::Unit {
        name: unit,
        size: scale,
    } = text::energy_unit(energies.iter().map(total).fold(0.0, f64::max));
    let delay_model = energies.first().map_or("", |energy| energy.delay_model.as_str());
    let series = groups.iter().map(|group| Series {
        name: group.name.clone(),
        colour: group.colour,
        values: energies
            .iter()
            .map(|energy| (group.sum)(energy, &group.modes) / scale)
            .collect(),
    });
    Ok(Figure {
        name: Kind::Energy.name(),
        title: format!("Energy ({unit}; prices with {delay_model} delay)"),
        unit: unit.to_owned(),
        scale: Scale::Linear,
        arrangement: Arrangement::Stacked,
        reference: None,
        layers: layer_names(record),
        series: series.collect(),
    })
}
