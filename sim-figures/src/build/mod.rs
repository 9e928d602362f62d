//! Results and specs to drawings.

mod bars;
mod columns;
mod heat;
mod plots;
mod rows;

use std::collections::BTreeSet;
use std::ops::Range;

use sim_draw::figure::{Figure, Mark};
use sim_draw::head::Head;
use sim_draw::plot::PlotReference;
use sim_draw::{Picture, Scale};
use sim_toml::complaint::Complaint;

use crate::file_names;
use crate::spec::{Aggregate, By, Designs, FigureSpec, Level, Reference};
use reports::frame::{Frame, Value};
use reports::stored::Stored;
use reports::warning::Warning;

pub use rows::Only;
use rows::{FigureRows, Row};

/// More series than this differ neither in mark nor in colour.
const MAX_SERIES: usize = 10;
/// More figures than this nobody looks at.
const MAX_FIGURES: usize = 16;

/// A figure that is not drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// These results have no points for it; the reason.
    NoPoints(String),
    /// It asks for something that cannot be.
    Wrong(Complaint),
}

impl Trouble {
    /// Why, in one line.
    pub fn reason(&self) -> String {
        match self {
            Self::NoPoints(reason) => reason.clone(),
            Self::Wrong(complaint) => format!("{}; {}", complaint.why, complaint.remedy),
        }
    }
}

fn no_points(reason: impl Into<String>) -> Trouble {
    Trouble::NoPoints(reason.into())
}

fn wrong(at: &Range<usize>, why: impl Into<String>, remedy: impl Into<String>) -> Trouble {
    Trouble::Wrong(Complaint {
        at: at.clone(),
        why: why.into(),
        remedy: remedy.into(),
        unknown: None,
    })
}

/// The figures that a spec asks for; more than one where it draws one for each of some values.
///
/// - Errors: the results have no points for it, or it asks for something that cannot be.
pub fn build(stored: &Stored, spec: &FigureSpec, only: &[Only]) -> Result<Vec<Figure>, Trouble> {
    let rows = FigureRows::of(stored, spec, only)?;
    let spec = &filled(spec, &rows);
    check_designs(&rows, spec)?;
    let mut used = Vec::new();
    for by in [&spec.x, &spec.series] {
        match by {
            By::Columns(_) => used.extend(rows.by(by, &[])?),
            By::Axes | By::Nothing => {}
        }
    }
    if spec.mark == Mark::HeatMap {
        for part in &spec.y {
            for named in &part.columns {
                used.push(rows::column(rows.frame, named)?);
            }
        }
    }
    let mut each = rows.by(&spec.each, &used)?;
    each.retain(|&place| 1 < rows.distinct(&[place]).len());
    let groups = rows.groups(&each);
    if MAX_FIGURES < groups.len() {
        return Err(wrong(
            &spec.at,
            format!(
                "`{}` would be {} figures, and {MAX_FIGURES} are allowed",
                spec.name,
                groups.len()
            ),
            format!("hold some of {} with `where`", names(&rows, &each)),
        ));
    }
    let mut all = Vec::new();
    let mut known = BTreeSet::new();
    for (label, group) in groups {
        let context = Context {
            spec,
            rows: rows.with(group),
            each: each.clone(),
            name: file_names::unlike(&mut known, &named(&spec.name, &label)),
            head: Head {
                title: title(spec, &label),
                note: note(stored),
            },
        };
        let (picture, scales): (Box<dyn Picture>, [Scale; 2]) = match spec.mark {
            Mark::Scatter | Mark::Line => {
                let plot = plots::build(&context)?;
                let scales = [plot.x.scale, plot.y.scale];
                (Box::new(plot), scales)
            }
            Mark::Bar | Mark::Stacked => {
                let bars = bars::build(&context)?;
                let scales = [Scale::Linear, bars.scale];
                (Box::new(bars), scales)
            }
            Mark::HeatMap => (Box::new(heat::build(&context)?), [Scale::Linear; 2]),
        };
        all.push(Figure {
            title: context.head.title.unwrap_or_else(|| context.name.clone()),
            picture,
            mark: spec.mark,
            scales,
        });
    }
    Ok(all)
}

/// What every figure has to say about its points.
fn note(stored: &Stored) -> Option<String> {
    let synthetic = stored.synthetic.then(|| "synthetic zeros".to_owned());
    let mean = stored.mean_of.map(|n| format!("{n} seeds"));
    let part = stored.warnings.iter().find_map(|warning| match warning {
        Warning::Partial { done, .. } => Some(format!("a part: {done} images")),
        Warning::SmallShare(_) => Some("a small part of the network".to_owned()),
        Warning::NoEnergy(_)
        | Warning::NoArea(_)
        | Warning::NoEnergyFigure(_)
        | Warning::Priced(_)
        | Warning::ClockTooFast(_)
        | Warning::Synthetic(_)
        | Warning::NotReached
        | Warning::Undecoded(_)
        | Warning::SeenTestImages(_)
        | Warning::Failed { .. }
        | Warning::NotRun { .. }
        | Warning::Other(_) => None,
    });
    let notes: Vec<String> = synthetic.into_iter().chain(mean).chain(part).collect();
    (!notes.is_empty()).then(|| notes.join(", "))
}

/// The same with the values of columns in place of their names in braces, in titles.
fn filled(spec: &FigureSpec, rows: &FigureRows<'_>) -> FigureSpec {
    let fill = |title: &Option<String>| {
        let mut title = title.clone()?;
        for (place, column) in rows.frame.columns().iter().enumerate() {
            let braced = format!("{{{}}}", column.name);
            if title.contains(&braced) {
                let values = rows.distinct(&[place]);
                let mut known = values.iter().filter(|values| *values[0] != Value::Null);
                let value = match (known.next(), known.next()) {
                    (Some(only), None) => columns::tick(only[0]),
                    (None, _) => "unknown".to_owned(),
                    (Some(_), Some(_)) => "several".to_owned(),
                };
                title = title.replace(&braced, &value);
            }
        }
        Some(title)
    };
    FigureSpec {
        title: fill(&spec.title),
        x_title: fill(&spec.x_title),
        y_title: fill(&spec.y_title),
        ..spec.clone()
    }
}

fn check_designs(rows: &FigureRows<'_>, spec: &FigureSpec) -> Result<(), Trouble> {
    let is_one = rows.axes.is_empty();
    match spec.designs {
        Designs::One if !is_one => Err(no_points("it is for one design, and there are several")),
        Designs::Several if is_one => Err(no_points("it is for several designs, and there is one")),
        Designs::Any | Designs::One | Designs::Several => Ok(()),
    }
}

fn title(spec: &FigureSpec, label: &str) -> Option<String> {
    match (&spec.title, label) {
        (title, "") => title.clone(),
        (Some(title), label) => Some(format!("{title}: {label}")),
        (None, label) => Some(label.to_owned()),
    }
}

/// The name of a file.
fn named(name: &str, label: &str) -> String {
    let plain = file_names::plain(label);
    if plain.is_empty() {
        name.to_owned()
    } else {
        format!("{name}-{plain}")
    }
}

fn names(rows: &FigureRows<'_>, places: &[usize]) -> String {
    let columns = rows.frame.columns();
    let names: Vec<&str> = places.iter().map(|&place| columns[place].name.as_str()).collect();
    if names.is_empty() {
        "the axes".to_owned()
    } else {
        names.join(", ")
    }
}

/// One figure in the making.
struct Context<'a> {
    spec: &'a FigureSpec,
    rows: FigureRows<'a>,
    /// Columns that are the same in all rows, as this is the figure of these values.
    each: Vec<usize>,
    name: String,
    head: Head,
}

impl<'a> Context<'a> {
    fn frame(&self) -> &'a Frame {
        self.rows.frame
    }

    /// The name of a design that is the only one.
    fn name_of_the_one(&self) -> String {
        let design = self.frame().find("design").zip(self.rows.rows.first());
        design.map_or_else(
            || "the design".to_owned(),
            |(place, row)| columns::tick(&row[place]),
        )
    }

    /// The largest stored value of some columns.
    fn largest(&self, places: &[usize]) -> f64 {
        let values = self.rows.rows.iter().flat_map(|row| {
            let of_row = places.iter().filter_map(|&place| columns::number(&row[place]));
            of_row.map(f64::abs)
        });
        values.fold(0.0, f64::max)
    }

    /// The value of several rows on one place: their one value, or their mean where that is asked for.
    fn one(&self, rows: &[Row<'a>], values: &[f64], used: &[usize]) -> Result<Option<f64>, Trouble> {
        let Some(&first) = values.first() else {
            return Ok(None);
        };
        let n = sim_core::units::count_as_f64(sim_core::shape::widen(values.len()));
        match self.spec.aggregate {
            Aggregate::Mean => Ok(Some(values.iter().sum::<f64>() / n)),
            Aggregate::Error if values.len() == 1 => Ok(Some(first)),
            Aggregate::Error => {
                let mut used = used.to_vec();
                used.extend(&self.each);
                let axes = self.rows.other_axes(rows, &used);
                let (differ, remedy) = if axes.is_empty() {
                    (
                        "do not differ in any axis".to_owned(),
                        "name a column that tells them apart in `series` or `each`, or write aggregate = \"mean\"".to_owned(),
                    )
                } else {
                    let axes = axes.join(", ");
                    (
                        format!("differ in {axes}"),
                        format!(
                            "add {axes} to `series` or `each`, hold it with `where`, or write aggregate = \"mean\""
                        ),
                    )
                };
                Err(wrong(
                    &self.spec.at,
                    format!(
                        "{} rows fall on one place of `{}`: they {differ}",
                        values.len(),
                        self.spec.name
                    ),
                    remedy,
                ))
            }
        }
    }

    /// Level lines, in shown units; those of a column only where all rows agree.
    fn references(&self, factor: f64) -> Result<Vec<PlotReference>, Trouble> {
        let mut references = Vec::new();
        for Reference { name, level } in &self.spec.references {
            let y = match level {
                Level::At(y) => Some(*y),
                Level::Column(named) => {
                    let place = rows::column(self.frame(), named)?;
                    let values = self.rows.distinct(&[place]);
                    let mut numbers = values.iter().filter_map(|value| columns::number(value[0]));
                    match (numbers.next(), numbers.next()) {
                        (Some(only), None) => Some(factor * only),
                        (_, _) => None,
                    }
                }
            };
            references.extend(y.map(|y| PlotReference {
                name: name.clone(),
                y,
            }));
        }
        Ok(references)
    }

    fn too_many_series(&self, n_series: usize, places: &[usize]) -> Trouble {
        wrong(
            &self.spec.at,
            format!(
                "`{}` would have {n_series} series, and {MAX_SERIES} differ to the eye",
                self.spec.name
            ),
            format!(
                "hold some of {} with `where` (--where on the command line), or draw a figure for `each`",
                names(&self.rows, places)
            ),
        )
    }

    /// What stands behind the title of an axis whose values are means.
    fn of_means(&self) -> &'static str {
        match self.spec.aggregate {
            Aggregate::Mean => ", mean",
            Aggregate::Error => "",
        }
    }
}
