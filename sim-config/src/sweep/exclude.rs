//! Combinations that a sweep leaves out.

use sim_toml::complaint::Complaints;
use sim_toml::nearest::did_you_mean;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::axes::{self, AxisValue, Grid};
use crate::keys::Key;

/// An `[[exclude]]`: combinations whose every named key has one of these values.
#[derive(Debug)]
pub(super) struct Exclusion {
    named: Vec<(&'static Key, Vec<AxisValue>)>,
}

impl Exclusion {
    /// Whether a combination of a grid is left out; grids without one of the keys have none that is.
    pub(super) fn holds(&self, grid: &Grid<'_>, places: &[usize]) -> bool {
        self.named.iter().all(|(key, values)| {
            grid.find(key).is_some_and(|(axis, key)| {
                let place = &grid.axes[axis].values[places[axis]];
                values.contains(&place.shown[key])
            })
        })
    }
}

/// All of them; wrong ones are complained about.
pub(super) fn read(table: &DeTable<'_>, grids: &[Grid<'_>], complaints: &Complaints) -> Vec<Exclusion> {
    let Some(exclude) = table.get("exclude") else {
        return Vec::new();
    };
    let DeValue::Array(tables) = exclude.get_ref() else {
        complaints.add(
            exclude.span(),
            "`exclude` is not a list of tables",
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
        keys.map(|keys| one(keys, grids, complaints))
    };
    tables.iter().filter_map(read).collect()
}

fn one(keys: &DeTable<'_>, grids: &[Grid<'_>], complaints: &Complaints) -> Exclusion {
    let axes = || grids.iter().flat_map(|grid| &grid.axes);
    let mut named = Vec::new();
    for (name, value) in keys {
        let on_axis = axes::find(name.get_ref())
            .ok()
            .filter(|key| grids.iter().any(|grid| grid.find(key).is_some()));
        let Some(key) = on_axis else {
            let mut names: Vec<String> = Vec::new();
            for name in axes().flat_map(|axis| axis.keys.iter().map(|key| key.path())) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let guess = did_you_mean(name.get_ref(), names.iter().map(String::as_str));
            complaints.add(
                name.span(),
                format!("`{}` is on no axis", name.get_ref()),
                guess.unwrap_or_else(|| format!("the axes have {}", names.join(", "))),
            );
            continue;
        };
        let wanted: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
            Some(values) => values.iter().collect(),
            None => vec![value],
        };
        let mut values = Vec::new();
        for wanted in wanted {
            let value = AxisValue::of(wanted.get_ref());
            let has_it = |grid: &Grid<'_>| {
                grid.find(key).is_some_and(|(axis, key)| {
                    let places = &grid.axes[axis].values;
                    places.iter().any(|place| place.shown[key] == value)
                })
            };
            if !grids.iter().any(has_it) {
                complaints.add(
                    wanted.span(),
                    format!("`{}` is never {value}", name.get_ref()),
                    "name values that the axis has, as it has them",
                );
            }
            values.push(value);
        }
        named.push((key, values));
    }
    Exclusion { named }
}
