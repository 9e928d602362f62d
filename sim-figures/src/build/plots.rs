//! Figures of points and lines.

use sim_core::named::Named as _;
use sim_core::shape::widen;
use sim_core::spec::{Dataflow, PeKind, RuleSet, Threads};
use sim_core::units::count_as_f64;
use sim_draw::curve::{Curve, Formula};
use sim_draw::figure::Mark;
use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotPoint, PlotSeries};

use super::columns::{self, Shown};
use super::rows::{self, FigureRows, Row};
use super::{Context, MAX_SERIES, Trouble, no_points, wrong};
use crate::spec::{Best, By, Curves};
use reports::frame::Value;

/// More curves than this hide the points.
const MAX_CURVES: usize = 4;

/// Axes along which the work changes, and not what does it.
const WORKLOAD: [&str; 5] = [
    "workload.trace",
    "workload.model",
    "workload.images",
    "workload.n-images",
    "workload.activation-zeros",
];

/// Places of the columns of a figure.
struct Columns {
    x: usize,
    /// With what each is called.
    ys: Vec<(String, usize)>,
    interval: Option<[usize; 2]>,
    x_shown: Shown,
    y_shown: Shown,
}

pub(super) fn build(context: &Context<'_>) -> Result<Plot, Trouble> {
    let spec = context.spec;
    let columns = columns(context)?;
    let mut by = series_columns(context, &columns)?;
    let groups = loop {
        let groups = context.rows.groups(&by);
        // Points of one series may lie anywhere, so that the last axes need not tell them apart.
        let may_join = spec.mark == Mark::Scatter && spec.series == By::Axes && !by.is_empty();
        if groups.len() * columns.ys.len() <= MAX_SERIES || !may_join {
            break groups;
        }
        by.pop();
    };
    let mut series = Vec::new();
    for (name, y) in &columns.ys {
        for (label, group) in &groups {
            let points = points(context, &columns, *y, group, &by)?;
            let name = match (label.as_str(), columns.ys.len()) {
                ("", _) => name.clone(),
                (label, 1) => label.to_owned(),
                (label, _) => format!("{label} {name}"),
            };
            series.push(PlotSeries {
                name,
                points,
                line: match spec.mark {
                    Mark::Line => PlotLine::Joined,
                    Mark::Scatter | Mark::Bar | Mark::Stacked | Mark::HeatMap => PlotLine::None,
                },
            });
        }
    }
    series.retain(|series| !series.points.is_empty());
    check(context, &columns, &series, &by)?;
    let scale = |shown: &Shown, own| Option::unwrap_or(own, shown.scale);
    let axis = |shown: &Shown, own| PlotAxis::new(shown.heading(), scale(shown, own));
    let mut plot = Plot::new(
        context.name.clone(),
        axis(&columns.x_shown, spec.x_scale),
        axis(&columns.y_shown, spec.y_scale),
    );
    plot.y.title.push_str(context.of_means());
    plot.head = context.head.clone();
    plot.references = context.references(columns.y_shown.factor)?;
    plot.curves = spec
        .curves
        .map_or_else(Vec::new, |kind| curves(&context.rows, kind));
    plot.front = match spec.pareto {
        Some(best) if is_one_workload(&context.rows) => front(&series, best),
        Some(_) | None => Vec::new(),
    };
    plot.series = series;
    Ok(plot)
}

fn columns(context: &Context<'_>) -> Result<Columns, Trouble> {
    let spec = context.spec;
    let first = spec
        .x
        .columns()
        .first()
        .ok_or_else(|| no_points("a column is missing"))?;
    let x = rows::column(context.frame(), first)?;
    let mut ys = Vec::new();
    for part in &spec.y {
        let named = part
            .columns
            .first()
            .ok_or_else(|| no_points("a column is missing"))?;
        if 1 < part.columns.len() {
            return Err(wrong(
                &named.at,
                "only stacked bars add columns up",
                "name one column, or write mark = \"stacked\"",
            ));
        }
        let shown = columns::shown(context.frame(), &named.name, 0.0);
        let name = part.name.clone().unwrap_or(shown.title);
        ys.push((name, rows::column(context.frame(), named)?));
    }
    let interval = match &spec.interval {
        Some([low, high]) => Some([
            rows::column(context.frame(), low)?,
            rows::column(context.frame(), high)?,
        ]),
        None => None,
    };
    let places: Vec<usize> = ys.iter().map(|(_, place)| *place).collect();
    let name = |place: usize| context.frame().columns()[place].name.as_str();
    let y_name = places.first().map_or("", |&place| name(place));
    let y_shown = columns::shown(context.frame(), y_name, context.largest(&places));
    let x_shown = columns::shown(context.frame(), name(x), context.largest(&[x]));
    Ok(Columns {
        x,
        ys,
        interval,
        x_shown: x_shown.titled(spec.x_title.as_ref()),
        y_shown: y_shown.titled(spec.y_title.as_ref()),
    })
}

fn series_columns(context: &Context<'_>, columns: &Columns) -> Result<Vec<usize>, Trouble> {
    let mut used = vec![columns.x];
    used.extend(&context.each);
    context.rows.by(&context.spec.series, &used)
}

fn check(
    context: &Context<'_>,
    columns: &Columns,
    series: &[PlotSeries],
    by: &[usize],
) -> Result<(), Trouble> {
    let spec = context.spec;
    let name = |place: usize| context.frame().columns()[place].name.as_str();
    if series.is_empty() {
        let is_null = |place: usize| context.rows.rows.iter().all(|row| row[place] == Value::Null);
        let x = columns.x;
        let first = columns.ys.first().map_or("", |&(_, place)| name(place));
        return Err(
            if is_null(x) || columns.ys.iter().all(|&(_, place)| is_null(place)) {
                no_points(format!("no row has a value in both {} and {first}", name(x)))
            } else {
                wrong(
                    &spec.at,
                    format!("{} and {first} are not both numbers", name(x)),
                    "words stand below bars: write mark = \"bar\"",
                )
            },
        );
    }
    if MAX_SERIES < series.len() {
        return Err(context.too_many_series(series.len(), by));
    }
    Ok(())
}

fn points<'a>(
    context: &Context<'a>,
    columns: &Columns,
    y: usize,
    group: &[Row<'a>],
    by: &[usize],
) -> Result<Vec<PlotPoint>, Trouble> {
    let shown =
        |place: usize, factor: f64, row: Row<'_>| columns::number(&row[place]).map(|value| factor * value);
    let (x_factor, y_factor) = (columns.x_shown.factor, columns.y_shown.factor);
    let is_axis = context.rows.axes.iter().any(|&(place, _)| place == columns.x);
    if context.spec.mark == Mark::Line && is_axis {
        let mut used = vec![columns.x];
        used.extend(by);
        return along_axis(context, columns, y, group, &used);
    }
    let point = |&row: &Row<'_>| {
        let interval = columns
            .interval
            .and_then(|[low, high]| Some([shown(low, y_factor, row)?, shown(high, y_factor, row)?]));
        Some(PlotPoint {
            x: shown(columns.x, x_factor, row)?,
            y: shown(y, y_factor, row)?,
            interval,
        })
    };
    Ok(group.iter().filter_map(point).collect())
}

/// One point for each value of an axis, in the order of the values.
fn along_axis<'a>(
    context: &Context<'a>,
    columns: &Columns,
    y: usize,
    group: &[Row<'a>],
    used: &[usize],
) -> Result<Vec<PlotPoint>, Trouble> {
    let part = context.rows.with(group.to_vec());
    let mut points: Vec<PlotPoint> = Vec::new();
    for (_, rows) in part.groups(&[columns.x]) {
        let x = rows.first().and_then(|row| columns::number(&row[columns.x]));
        let of = |place: usize| -> Result<Option<f64>, Trouble> {
            let numbers: Vec<f64> = rows
                .iter()
                .filter_map(|row| columns::number(&row[place]))
                .collect();
            let one = context.one(&rows, &numbers, used)?;
            Ok(one.map(|one| columns.y_shown.factor * one))
        };
        let interval = match columns.interval {
            Some([low, high]) => of(low)?.zip(of(high)?).map(|(low, high)| [low, high]),
            None => None,
        };
        if let (Some(x), Some(y)) = (x, of(y)?) {
            points.push(PlotPoint {
                x: columns.x_shown.factor * x,
                y,
                interval,
            });
        }
    }
    points.sort_by(|one, other| one.x.total_cmp(&other.x));
    Ok(points)
}

/// Whether no design had less work than another: then it is none that is better.
fn is_one_workload(rows: &FigureRows<'_>) -> bool {
    rows.axes.iter().all(|(_, axis)| !WORKLOAD.contains(axis))
}

/// Points that no other is better than in one coordinate and as good in the other, by x.
fn front(series: &[PlotSeries], best: [Best; 2]) -> Vec<[f64; 2]> {
    let better = |best: Best, one: f64, other: f64| match best {
        Best::Most => other.total_cmp(&one),
        Best::Least => one.total_cmp(&other),
    };
    let points = series.iter().flat_map(|series| &series.points);
    let mut all: Vec<[f64; 2]> = points.map(|point| [point.x, point.y]).collect();
    all.sort_by(|one, other| better(best[0], one[0], other[0]).then(better(best[1], one[1], other[1])));
    // From the best x on, a point must have a better y than all before it.
    let mut front: Vec<[f64; 2]> = Vec::new();
    for point in all {
        if (front.last()).is_none_or(|last| better(best[1], point[1], last[1]).is_lt()) {
            front.push(point);
        }
    }
    front.sort_by(|one, other| one[0].total_cmp(&other[0]));
    front
}

/// The curves of a model for the machines of the rows.
fn curves(rows: &FigureRows<'_>, kind: Curves) -> Vec<Curve> {
    let value = |row: Row<'_>, name: &str| rows.frame.value(row, name).clone();
    let count = |row: Row<'_>, name: &str| value(row, name).text().parse::<u64>().ok();
    // Rows do not name the dataflow: there is but one.
    let [dataflow] = Dataflow::ALL;
    let mut curves: Vec<Curve> = Vec::new();
    for &row in &rows.rows {
        let pe_kind = PeKind::from_name(&value(row, "pe.kind").text());
        // Threads of the layer, where it is one. Without any, an array computes as one thread does.
        let count_of_threads = count(row, "threads").or_else(|| count(row, "pe.threads"));
        let threads = Threads::ALL
            .into_iter()
            .find(|threads| Some(widen(threads.count())) == count_of_threads)
            .unwrap_or(Threads::One);
        let curve = match kind {
            Curves::IndependentThreads => {
                let has_windows = pe_kind.is_some_and(|kind| kind.rules() == RuleSet::Windows);
                let n_threads = i32::try_from(threads.count()).ok().filter(|_| !has_windows);
                n_threads.map(|n| Curve {
                    name: format!("{n} independent"),
                    formula: Formula::AtLeastOne(n),
                })
            }
            Curves::Roofline => match (count(row, "array.rows"), count(row, "array.cols"), pe_kind) {
                (Some(n_rows), Some(n_cols), Some(pe_kind)) => {
                    let per_step = widen(pe_kind.k_per_step(threads));
                    Some(Curve {
                        name: format!("roof {n_rows}×{n_cols}×{per_step}"),
                        formula: Formula::Roof {
                            peak: count_as_f64(n_rows * n_cols * per_step),
                            slope: count_as_f64(dataflow.edge_operands(n_rows, n_cols) * per_step),
                        },
                    })
                }
                (_, _, _) => None,
            },
        };
        if let Some(curve) = curve
            && !curves.contains(&curve)
        {
            curves.push(curve);
        }
    }
    curves.sort_by(|one, other| key(one).total_cmp(&key(other)));
    curves.truncate(MAX_CURVES);
    curves
}

fn key(curve: &Curve) -> f64 {
    match curve.formula {
        Formula::AtLeastOne(threads) => f64::from(threads),
        Formula::Roof { peak, slope } => peak + 1.0 / slope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> Vec<PlotSeries> {
        vec![PlotSeries {
            name: String::new(),
            points: points.iter().copied().map(PlotPoint::from).collect(),
            line: PlotLine::None,
        }]
    }

    #[test]
    fn a_front_is_what_nothing_surpasses() {
        let points = series(&[
            (1.0, 90.0),
            (2.0, 89.0),
            (1.5, 88.0),
            (2.0, 89.0),
            (3.0, 80.0),
            (2.5, 80.0),
        ]);
        let most = front(&points, [Best::Most, Best::Most]);
        assert_eq!(most, [[1.0, 90.0], [2.0, 89.0], [3.0, 80.0]]);
        let least = front(&points, [Best::Least, Best::Least]);
        assert_eq!(least, [[1.0, 90.0], [1.5, 88.0], [2.5, 80.0]]);
    }
}
