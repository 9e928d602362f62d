//! Combinations that a sweep leaves out.

use sim_toml::complaint::Complaints;
use sim_toml::nearest::did_you_mean;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::axes::{Axis, AxisValue};

/// An `[[exclude]]`: combinations whose every named axis is at one of these places.
#[derive(Debug)]
pub(super) struct Exclusion {
    /// Of each axis, whether a place is named; `None`: the axis is not named.
    places: Vec<Option<Vec<bool>>>,
}

impl Exclusion {
    /// Whether a combination is left out.
    pub(super) fn holds(&self, places: &[usize]) -> bool {
        let mut axes = self.places.iter().zip(places);
        axes.all(|(named, &place)| named.as_ref().is_none_or(|named| named[place]))
    }
}

/// All of them; wrong ones are complained about.
pub(super) fn read(table: &DeTable<'_>, axes: &[Axis<'_>], complaints: &Complaints) -> Vec<Exclusion> {
    let Some(exclude) = table.get("exclude") else {
        return Vec::new();
    };
    let DeValue::Array(tables) = exclude.get_ref() else {
        complaints.add(
            exclude.span(),
            "`exclude` is no list of tables",
            "write [[exclude]] on a line of its own and keys of axes below it",
        );
        return Vec::new();
    };
    let read = |table: &Spanned<DeValue<'_>>| {
        let keys = table.get_ref().as_table().filter(|keys| !keys.is_empty());
        if keys.is_none() {
            complaints.add(
                table.span(),
                "an [[exclude]] names no axis",
                "write keys of axes below it, with the values to leave out",
            );
        }
        keys.map(|keys| one(keys, axes, complaints))
    };
    tables.iter().filter_map(read).collect()
}

fn one(keys: &DeTable<'_>, axes: &[Axis<'_>], complaints: &Complaints) -> Exclusion {
    let mut places: Vec<Option<Vec<bool>>> = axes.iter().map(|_| None).collect();
    for (name, value) in keys {
        let found = axes.iter().enumerate().find_map(|(index, axis)| {
            let key = axis.keys.iter().position(|key| key.path() == *name.get_ref())?;
            Some((index, key))
        });
        let Some((index, key)) = found else {
            let names: Vec<String> = axes
                .iter()
                .flat_map(|axis| axis.keys.iter().map(|key| key.path()))
                .collect();
            let guess = did_you_mean(name.get_ref(), names.iter().map(String::as_str));
            complaints.add(
                name.span(),
                format!("`{}` is on no axis", name.get_ref()),
                guess.unwrap_or_else(|| format!("the axes have {}", names.join(", "))),
            );
            continue;
        };
        let axis = &axes[index];
        let mut named = places[index]
            .take()
            .unwrap_or_else(|| vec![true; axis.values.len()]);
        let wanted: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
            Some(values) => values.iter().collect(),
            None => vec![value],
        };
        let wanted_values: Vec<AxisValue> = wanted
            .iter()
            .map(|value| AxisValue::of(value.get_ref()))
            .collect();
        for (value, at) in wanted_values.iter().zip(&wanted) {
            if axis.values.iter().all(|place| place.shown[key] != *value) {
                complaints.add(
                    at.span(),
                    format!("`{}` is never {value}", name.get_ref()),
                    "name values that the axis has, as it has them",
                );
            }
        }
        for (named, place) in named.iter_mut().zip(&axis.values) {
            *named &= wanted_values.contains(&place.shown[key]);
        }
        places[index] = Some(named);
    }
    Exclusion { places }
}
