//! Heat maps.

use std::collections::BTreeMap;

use sim_core::shape::widen;
use sim_core::units::count_as_f64;
use sim_draw::heat::{HeatMap, RowOrder};

use super::columns;
use super::rows::{self, Row};
use super::{Context, Trouble, no_points};
use crate::spec::{Named, Table};
use reports::frame::Value;

/// More cells on a side are drawn as means of squares.
const MAX_SIDE: usize = 128;

pub(super) fn build(context: &Context<'_>) -> Result<HeatMap, Trouble> {
    let spec = context.spec;
    let named = |named: Option<&Named>| -> Result<usize, Trouble> {
        // The reader has complained about a spec without it.
        rows::column(
            context.frame(),
            named.ok_or_else(|| no_points("a column is missing"))?,
        )
    };
    let x = named(spec.x.columns().first())?;
    let y = named(spec.y.first().and_then(|part| part.columns.first()))?;
    let value = named(spec.value.as_ref())?;
    let (columns, rows) = (values(context, x), values(context, y));
    if spec.table == Table::Points && columns.len() < 2 && rows.len() < 2 {
        return Err(no_points("it has one cell: neither side differs"));
    }
    let shown = columns::shown(
        context.frame(),
        &context.frame().columns()[value].name,
        context.largest(&[value]),
    );
    let shown = shown.titled(spec.y_title.as_ref());
    let mut cells = vec![vec![Vec::<Row<'_>>::new(); columns.len()]; rows.len()];
    let (at, across) = (places(&rows), places(&columns));
    for &row in &context.rows.rows {
        let (at, across) = (at.get(&row[y].text()), across.get(&row[x].text()));
        if let (Some(&at), Some(&across)) = (at, across) {
            cells[at][across].push(row);
        }
    }
    let mut shades = Vec::new();
    for line in &cells {
        let mut of_line = Vec::new();
        for cell in line {
            let numbers: Vec<f64> = cell
                .iter()
                .filter_map(|row| columns::number(&row[value]))
                .collect();
            let one = context.one(cell, &numbers, &[x, y])?;
            of_line.push(one.map(|one| shown.factor * one));
        }
        shades.push(of_line);
    }
    if shades.iter().flatten().all(Option::is_none) {
        return Err(no_points(format!(
            "no row has a value in {}",
            context.frame().columns()[value].name
        )));
    }
    let heading = |place: usize, title: Option<&String>| {
        title.cloned().unwrap_or_else(|| {
            columns::shown(context.frame(), &context.frame().columns()[place].name, 0.0).heading()
        })
    };
    let map = HeatMap {
        name: context.name.clone(),
        head: context.head.clone(),
        title: format!("{}{}", shown.heading(), context.of_means()),
        unit: if shown.unit.is_empty() {
            "1".to_owned()
        } else {
            shown.unit.clone()
        },
        scale: spec.y_scale.unwrap_or(shown.scale),
        x_title: heading(x, spec.x_title.as_ref()),
        y_title: heading(y, None),
        columns: columns.iter().map(|value| columns::tick(value)).collect(),
        rows: rows.iter().map(|value| columns::tick(value)).collect(),
        row_order: match spec.table {
            Table::PeMap | Table::Curves => RowOrder::Downward,
            Table::Points | Table::Layers | Table::Throttling => RowOrder::Upward,
        },
        values: shades,
    };
    Ok(coarser(map))
}

/// Places of values by their texts.
fn places(values: &[&Value]) -> BTreeMap<String, usize> {
    let texts = values.iter().map(|value| value.text());
    texts.zip(0..).collect()
}

/// What stands on a side: numbers in their order, words in that of the rows.
fn values<'a>(context: &Context<'a>, place: usize) -> Vec<&'a Value> {
    let mut values: Vec<&Value> = context
        .rows
        .distinct(&[place])
        .into_iter()
        .map(|values| values[0])
        .collect();
    if values.iter().all(|value| columns::number(value).is_some()) {
        let key = |value: &Value| columns::number(value).unwrap_or(0.0);
        values.sort_by(|one, other| key(one).total_cmp(&key(other)));
    }
    values
}

/// The same with squares of cells as their means, where there are more than are seen.
fn coarser(map: HeatMap) -> HeatMap {
    let side = map.columns.len().max(map.rows.len()).div_ceil(MAX_SIDE);
    if side <= 1 {
        return map;
    }
    let values = map.values.chunks(side).map(|lines| {
        let n_columns = lines.first().map_or(0, Vec::len);
        let starts = (0..n_columns).step_by(side);
        let mean = |start: usize| {
            let cells: Vec<f64> = lines
                .iter()
                .flat_map(|line| line[start..n_columns.min(start + side)].iter().copied().flatten())
                .collect();
            let n = count_as_f64(widen(cells.len()));
            (!cells.is_empty()).then(|| cells.iter().sum::<f64>() / n)
        };
        starts.map(mean).collect()
    });
    HeatMap {
        title: format!("{}; means of {side}×{side}", map.title),
        values: values.collect(),
        columns: map.columns.iter().step_by(side).cloned().collect(),
        rows: map.rows.iter().step_by(side).cloned().collect(),
        ..map
    }
}
