//! Figures of bars.

use sim_draw::Scale;
use sim_draw::bars::{Arrangement, Bars, Places, Series};
use sim_draw::figure::Mark;
use sim_draw::palette::Tone;

use super::columns::{self, Shown};
use super::rows::{self, Row, key};
use super::{Context, MAX_SERIES, Trouble, no_points, wrong};
use crate::spec::{By, Part, Share};

/// More names than this are unreadable.
const MAX_NAMES: usize = 20;

/// Rows of one bar, or of one group of bars.
struct Slot<'a> {
    name: String,
    rows: Vec<Row<'a>>,
}

/// A part with the places of its columns.
struct Column {
    name: String,
    places: Vec<usize>,
}

pub(super) fn build(context: &Context<'_>) -> Result<Bars, Trouble> {
    let spec = context.spec;
    let parts: Vec<Column> = spec
        .y
        .iter()
        .map(|part| column(context, part))
        .collect::<Result<_, _>>()?;
    let own = context.rows.by(&spec.series, &[])?;
    let x = context
        .rows
        .by(&spec.x, &if spec.series == By::Axes { Vec::new() } else { own })?;
    let mut used = x.clone();
    used.extend(&context.each);
    let by = context.rows.by(&spec.series, &used)?;
    let slots = slots(context, &x)?;
    let all: Vec<usize> = parts.iter().flat_map(|part| part.places.clone()).collect();
    let first = spec.y.first().and_then(|part| part.columns.first());
    let shown = columns::shown(
        context.frame(),
        first.map_or("", |named| &named.name),
        match spec.mark {
            Mark::Stacked => context
                .rows
                .rows
                .iter()
                .map(|row| sum(row, &all).unwrap_or(0.0))
                .fold(0.0, f64::max),
            Mark::Bar | Mark::Scatter | Mark::Line | Mark::HeatMap => context.largest(&all),
        },
    );
    let shown = shown.titled(spec.y_title.as_ref());
    let mut used = x.clone();
    used.extend(&by);
    let mut series = Vec::new();
    let groups = context.rows.groups(&by);
    if spec.mark == Mark::Bar && MAX_SERIES < groups.len() * parts.len() {
        return Err(context.too_many_series(groups.len() * parts.len(), &by));
    }
    for (index, part) in parts.iter().enumerate() {
        for (label, group) in &groups {
            let mut values = Vec::new();
            for slot in &slots {
                let own = group.first().map(|row| key(row, &by));
                let is_here = |row: &Row<'_>| own.as_ref() == Some(&key(row, &by));
                let rows: Vec<Row<'_>> = slot.rows.iter().copied().filter(is_here).collect();
                values.push(value(context, &rows, part, &used)?.map(|value| shown.factor * value));
            }
            let name = match (groups.len(), spec.y.len()) {
                (1, _) => part.name.clone(),
                (_, 1) => label.clone(),
                (_, _) => format!("{label} {}", part.name),
            };
            series.push(Series {
                tone: columns::tone(&name, index),
                name,
                values,
            });
        }
    }
    // Parts that nothing has, such as three active threads of two, are not parts.
    let is_something = |series: &Series| match spec.mark {
        Mark::Stacked => series.values.iter().flatten().any(|&value| value != 0.0),
        Mark::Bar | Mark::Scatter | Mark::Line | Mark::HeatMap => series.values.iter().any(Option::is_some),
    };
    series.retain(is_something);
    finish(context, series, slots, &shown)
}

fn finish(
    context: &Context<'_>,
    mut series: Vec<Series>,
    slots: Vec<Slot<'_>>,
    shown: &Shown,
) -> Result<Bars, Trouble> {
    let spec = context.spec;
    let y = names(
        spec.y
            .iter()
            .flat_map(|part| &part.columns)
            .map(|named| named.name.as_str()),
    );
    if series.is_empty() {
        return Err(no_points(format!("no row has a value in {y}")));
    }
    let scale = match spec.y_scale.unwrap_or(shown.scale) {
        // A bar that begins at its end is none.
        Scale::TightLog => Scale::Log,
        scale @ (Scale::Linear | Scale::Tight | Scale::Percent | Scale::Log) => scale,
    };
    if scale.is_log()
        && series
            .iter()
            .flat_map(|series| &series.values)
            .flatten()
            .all(|&value| value <= 0.0)
    {
        return Err(no_points(format!("{y} is zero in every row")));
    }
    let arrangement = match spec.mark {
        Mark::Stacked => Arrangement::Stacked,
        Mark::Bar | Mark::Scatter | Mark::Line | Mark::HeatMap => Arrangement::Grouped,
    };
    if arrangement == Arrangement::Grouped {
        let is_single = series.len() == 1;
        for (index, series) in series.iter_mut().enumerate() {
            series.tone = if is_single {
                Tone::Single
            } else {
                Tone::Series(index)
            };
        }
    }
    let unit = match spec.share {
        Share::Percent => {
            to_percent(&mut series, slots.len());
            "%"
        }
        Share::Off => &shown.unit,
    };
    let (scale, title) = match spec.share {
        Share::Percent => (Scale::Percent, percent_title(shown)),
        Share::Off => (scale, shown.heading()),
    };
    let names: Vec<String> = slots.into_iter().map(|slot| slot.name).collect();
    let is_layer =
        matches!(&spec.x, By::Columns(columns) if columns.iter().any(|named| named.name == "layer"));
    Ok(Bars {
        name: context.name.clone(),
        head: context.head.clone(),
        title: format!("{title}{}", context.of_means()),
        unit: if unit.is_empty() {
            "1".to_owned()
        } else {
            unit.to_owned()
        },
        scale,
        arrangement,
        references: context.references(shown.factor)?,
        x_title: x_title(context),
        places: if is_layer {
            Places::Numbered(names)
        } else {
            Places::Named(names)
        },
        series,
    })
}

/// A title that says per cent of what; others get the unit.
fn percent_title(shown: &Shown) -> String {
    if shown.title.contains('%') {
        shown.title.clone()
    } else {
        format!("{} (%)", shown.title)
    }
}

fn to_percent(series: &mut [Series], n_slots: usize) {
    for slot in 0..n_slots {
        let sum: f64 = series.iter().filter_map(|series| series.values[slot]).sum();
        for series in &mut *series {
            series.values[slot] = series.values[slot]
                .filter(|_| 0.0 < sum)
                .map(|value| 100.0 * value / sum);
        }
    }
}

fn x_title(context: &Context<'_>) -> String {
    let spec = context.spec;
    if let Some(title) = &spec.x_title {
        return title.clone();
    }
    match &spec.x {
        By::Columns(columns) => {
            let title = |name: &str| columns::shown(context.frame(), name, 0.0).heading();
            names(
                columns
                    .iter()
                    .map(|named| title(&named.name))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str),
            )
        }
        By::Axes | By::Nothing => {
            let axes: Vec<&str> = context.rows.axes.iter().map(|&(_, name)| name).collect();
            if axes.is_empty() {
                "design".to_owned()
            } else {
                names(axes.into_iter())
            }
        }
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    if 3 < names.len() {
        names.truncate(2);
        names.push("…");
    }
    names.join(", ")
}

fn column(context: &Context<'_>, part: &Part) -> Result<Column, Trouble> {
    let places: Vec<usize> = (part.columns.iter())
        .map(|named| rows::column(context.frame(), named))
        .collect::<Result<_, _>>()?;
    let first = part.columns.first().map_or("", |named| &named.name);
    Ok(Column {
        name: part.name.clone().unwrap_or_else(|| columns::part_name(first)),
        places,
    })
}

/// Where bars stand, in the order of the rows; numbers of an axis in theirs.
fn slots<'a>(context: &Context<'a>, x: &[usize]) -> Result<Vec<Slot<'a>>, Trouble> {
    let spec = context.spec;
    let mut slots: Vec<Slot<'_>> = Vec::new();
    let layer_name = context.frame().find("name");
    let is_alone = x.len() == 1;
    for (label, rows) in context.rows.groups(x) {
        let Some(first) = rows.first() else { continue };
        let name = match (&spec.x, layer_name) {
            (By::Columns(columns), Some(name)) if columns.iter().any(|named| named.name == "layer") => {
                columns::tick(&first[name])
            }
            (By::Columns(_), _) if is_alone => columns::tick(&first[x[0]]),
            (By::Columns(_) | By::Axes | By::Nothing, _) => {
                if label.is_empty() {
                    context.name_of_the_one()
                } else {
                    label
                }
            }
        };
        slots.push(Slot { name, rows });
    }
    if is_alone {
        let number = |slot: &Slot<'_>| slot.rows.first().and_then(|row| columns::number(&row[x[0]]));
        if slots.iter().all(|slot| number(slot).is_some()) {
            slots.sort_by(|one, other| {
                let key = |slot| number(slot).unwrap_or(0.0);
                key(one).total_cmp(&key(other))
            });
        }
    }
    let is_layers = layer_name.is_some();
    if !is_layers && MAX_NAMES < slots.len() {
        return Err(wrong(
            &spec.at,
            format!(
                "`{}` would have {} names side by side, and {MAX_NAMES} have room",
                spec.name,
                slots.len()
            ),
            "hold some axes with `where` (--where on the command line)",
        ));
    }
    Ok(slots)
}

/// The sum of columns, of those that have a value; `None` where none has.
fn sum(row: Row<'_>, places: &[usize]) -> Option<f64> {
    let values = places.iter().filter_map(|&place| columns::number(&row[place]));
    values.fold(None, |sum: Option<f64>, value| Some(sum.unwrap_or(0.0) + value))
}

fn value<'a>(
    context: &Context<'a>,
    rows: &[Row<'a>],
    part: &Column,
    used: &[usize],
) -> Result<Option<f64>, Trouble> {
    let values: Vec<f64> = rows.iter().filter_map(|row| sum(row, &part.places)).collect();
    context.one(rows, &values, used)
}
