//! Every measure once: its name, how it is read and shown, and how it is made of what was counted.
//!
//! Exports, tables of papers and pages, and figures read this table; a measure that stands here is in all of them.

pub(crate) mod counts;
mod saved;
mod table;
mod words;

use sim_core::named;
use sim_cost::mode::Mode;
use sim_draw::Scale;
use sim_draw::text::significant;

use crate::coverage::Coverage;
use crate::echo::ArrayEcho;
use crate::frame::{Column, ColumnType, Value};
use crate::json::LayerObject;
use crate::markdown::Align;
use crate::stored::point::{OperandCodes, PointAccuracy, PointObject};
use crate::text;
use counts::Counts;
use saved::Saved;
use table::{Group, TABLE};

pub use words::ERROR;

/// What is known of a column, whatever its values.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The key of JSON objects and heads of CSV files.
    pub name: &'static str,
    /// Of stored values; empty for counts and ratios.
    pub unit: &'static str,
    /// On axes, without its unit.
    pub title: &'static str,
    /// Above columns, where there is little room; without its unit.
    pub label: &'static str,
    /// How stored values are read.
    pub form: Form,
    /// Of axes.
    pub scale: Scale,
    /// Which of two values is better.
    pub better: Better,
    /// A line that says what it is; empty where its name does.
    pub hint: &'static str,
}

/// How a stored value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Counts to the last digit, other numbers to three.
    Plain,
    /// To so many decimals.
    Decimals(usize),
    /// A ratio of two like things.
    Times,
    /// A fraction in per cent, to so many decimals.
    Percent(usize),
    /// A difference of fractions in points of a per cent, with its sign.
    Points,
    /// Picojoules in the unit that fits.
    Energy,
    /// Square micrometres as square millimetres.
    SquareMillimetres,
}

impl Form {
    /// From stored values to those that are read.
    pub const fn factor(self) -> f64 {
        match self {
            Self::Plain | Self::Decimals(_) | Self::Times | Self::Energy => 1.0,
            Self::Percent(_) | Self::Points => 100.0,
            Self::SquareMillimetres => 1e-6,
        }
    }

    /// The unit of values that are read, where it is not that of stored ones.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Decimals(_) | Self::Energy => None,
            Self::Times => Some("×"),
            Self::Percent(_) => Some("%"),
            Self::Points => Some("points"),
            Self::SquareMillimetres => Some("mm²"),
        }
    }

    /// Decimals of values that are read; `None`: three digits.
    pub const fn decimals(self) -> Option<usize> {
        match self {
            Self::Plain => None,
            Self::Decimals(decimals) | Self::Percent(decimals) => Some(decimals),
            Self::Points => Some(2),
            Self::Times | Self::Energy => Some(3),
            Self::SquareMillimetres => Some(4),
        }
    }
}

/// Which of two values is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The higher one.
    High,
    /// The lower one.
    Low,
    /// Neither says anything alone.
    Neither,
}

/// A measure: what is known of it, and how it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    pub(crate) about: About,
    kind: ColumnType,
    of: Of,
}

/// What a measure is made of.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// The counter of this name.
    Counter,
    /// Counts of a layer, or of all layers together.
    Counts(fn(&Counts) -> Value),
    /// A layer alone: a sum over layers means nothing.
    Layer(fn(&LayerObject, &ArrayEcho) -> Value),
    /// Which part of a network all layers together are.
    Coverage(fn(&Coverage) -> Value),
    /// Answers.
    Answers(fn(&PointAccuracy) -> Value),
    /// Codes of a layer's operands.
    Codes(fn(&OperandCodes) -> Value),
    /// What predicted zeros save.
    Prediction(fn(&Saved) -> Value),
}

named! {
    /// What only some sweeps measure. Its columns stand behind all others.
    pub enum Extra {
        /// How far the input of the last layer is from that in FP32.
        Features = "features",
        /// Which codes the operands of each layer are.
        Operands = "operands",
        /// What predicted zeros save.
        Prediction = "prediction",
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowSubject {
    Points,
    Layers,
}

impl About {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            unit: "",
            title: name,
            label: name,
            form: Form::Plain,
            scale: Scale::Linear,
            better: Better::Neither,
            hint: "",
        }
    }

    const fn in_unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    const fn titled(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    const fn labelled(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    const fn read_as(self, form: Form) -> Self {
        Self { form, ..self }
    }

    const fn on(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    const fn best(self, better: Better) -> Self {
        Self { better, ..self }
    }

    const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// A stored number as it is read, without its unit.
    fn digits(&self, stored: f64) -> String {
        let shown = self.form.factor() * stored;
        match self.form.decimals() {
            Some(decimals) if self.form == Form::Points => format!("{shown:+.decimals$}").replace('-', "−"),
            Some(decimals) => format!("{shown:.decimals$}"),
            None => significant(shown),
        }
    }

    /// Above a column of a summary, with its unit.
    fn head(&self) -> String {
        let (first, rest) = self.label.split_at(1);
        let label = if rest.starts_with(char::is_uppercase) {
            self.label.to_owned()
        } else {
            format!("{}{rest}", first.to_lowercase())
        };
        match self.form {
            Form::Percent(_) | Form::Points | Form::SquareMillimetres => {
                format!("{label} {}", self.form.unit().unwrap_or_default())
            }
            Form::Plain | Form::Decimals(_) => format!("{label} {}", self.unit).trim_end().to_owned(),
            Form::Times | Form::Energy => label,
        }
    }

    /// A stored value as it is read under its head; a dash where there is none.
    fn cell(&self, value: &Value) -> String {
        match (value, self.form) {
            (Value::Null, _) => "–".to_owned(),
            (Value::Count(count), _) => text::grouped(*count),
            (Value::Text(_) | Value::Flag(_), _) => value.text(),
            (Value::Real(real), Form::Energy) => {
                let unit = text::energy_unit(*real);
                format!("{:.3} {}", real / unit.size, unit.name)
            }
            (Value::Real(real), _) => self.digits(*real),
        }
    }

    /// A stored value as it is read, with its unit; a dash where there is none.
    pub fn read(&self, value: &Value) -> String {
        let cell = self.cell(value);
        let unit = match (value, self.form) {
            (Value::Null | Value::Text(_) | Value::Flag(_) | Value::Count(_), _) => "",
            (Value::Real(_), Form::Times) => return format!("{cell}×"),
            // The column says that they are points.
            (Value::Real(_), Form::Points | Form::Energy) => "",
            (Value::Real(_), Form::Plain | Form::Decimals(_)) => self.unit,
            (Value::Real(_), Form::Percent(_) | Form::SquareMillimetres) => {
                self.form.unit().unwrap_or_default()
            }
        };
        format!("{cell} {unit}").trim_end().to_owned()
    }

    const fn measure(self, kind: ColumnType, of: Of) -> Measure {
        Measure {
            about: self,
            kind,
            of,
        }
    }
}

impl Measure {
    const fn is_of(&self, rows: RowSubject) -> bool {
        match (self.of, rows) {
            (Of::Counter | Of::Counts(_) | Of::Prediction(_), RowSubject::Points | RowSubject::Layers)
            | (Of::Layer(_) | Of::Codes(_), RowSubject::Layers)
            | (Of::Answers(_) | Of::Coverage(_), RowSubject::Points) => true,
            (Of::Layer(_) | Of::Codes(_), RowSubject::Points)
            | (Of::Answers(_) | Of::Coverage(_), RowSubject::Layers) => false,
        }
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Measure(&'static Measure),
    /// The part of a mode in `energy_pj`.
    EnergyOf(Mode),
}

impl Shown {
    fn column(self) -> Column {
        match self {
            Self::Measure(Measure { about, kind, of: _ }) => {
                Column::new(about.name, *kind).in_unit(about.unit)
            }
            Self::EnergyOf(mode) => Column::new(format!("energy_{mode}_pj"), ColumnType::Real).in_unit("pJ"),
        }
    }
}

/// All columns, in their order.
fn all(rows: RowSubject, extras: &[Extra]) -> impl Iterator<Item = Shown> {
    let measures = move |measures: &'static [Measure]| {
        let measures = measures.iter().filter(move |measure| measure.is_of(rows));
        measures.map(Shown::Measure).collect()
    };
    TABLE.iter().flat_map(move |group| match group {
        Group::Measures(group) => measures(group),
        Group::EnergyOfModes => {
            // The clock stands beside the logic.
            let modes = Mode::all().into_iter().filter(|mode| match mode {
                // Columns keep their places: what came later stands behind.
                Mode::Clock | Mode::Skipped | Mode::Waiting | Mode::PredictorMac => false,
                Mode::Fill | Mode::Active(_) | Mode::Masked | Mode::Stall | Mode::Drain | Mode::Event(_) => {
                    true
                }
            });
            modes.map(Shown::EnergyOf).collect()
        }
        Group::Extra(extra, group) if extras.contains(extra) => measures(group),
        Group::Extra(..) => Vec::new(),
    })
}

/// What measures of a row are made of; what is missing makes nulls.
struct Source<'a> {
    counts: Option<Counts>,
    counters: Vec<(&'static str, Option<u64>)>,
    layer: Option<(&'a LayerObject, &'a ArrayEcho)>,
    coverage: Option<Coverage>,
    answers: Option<&'a PointAccuracy>,
    codes: Option<&'a OperandCodes>,
    saved: Option<Saved>,
}

impl<'a> Source<'a> {
    fn new(counts: Option<Counts>) -> Self {
        Self {
            counters: (counts.iter())
                .flat_map(|counts| counts.counters.named())
                .collect(),
            counts,
            layer: None,
            coverage: None,
            answers: None,
            codes: None,
            saved: None,
        }
    }

    fn of_layer(layer: &'a LayerObject, array: &'a ArrayEcho) -> Self {
        Self {
            layer: Some((layer, array)),
            saved: Saved::of_layers(std::slice::from_ref(layer)),
            ..Self::new(Some(Counts::of_layer(layer, array.clock())))
        }
    }

    fn value(&self, shown: Shown) -> Value {
        let counts = self.counts.as_ref();
        let Measure { about, of, kind: _ } = match shown {
            Shown::Measure(measure) => measure,
            Shown::EnergyOf(mode) => return counts.and_then(|counts| counts.energy_of(mode)).into(),
        };
        match of {
            Of::Counter => {
                let found = self.counters.iter().find(|(name, _)| *name == about.name);
                found.and_then(|(_, count)| *count).into()
            }
            Of::Counts(of) => counts.map_or(Value::Null, of),
            Of::Layer(of) => self.layer.map_or(Value::Null, |(layer, array)| of(layer, array)),
            Of::Coverage(of) => self.coverage.as_ref().map_or(Value::Null, of),
            Of::Answers(of) => self.answers.map_or(Value::Null, of),
            Of::Codes(of) => self.codes.map_or(Value::Null, of),
            Of::Prediction(of) => self.saved.as_ref().map_or(Value::Null, of),
        }
    }
}

/// Whether any output of a point is predicted.
pub(crate) fn is_predicted(point: &PointObject) -> bool {
    Saved::of_point(point).is_some()
}

/// The heads of all measures of a point.
pub(crate) fn point_columns(extras: &[Extra]) -> impl Iterator<Item = Column> {
    all(RowSubject::Points, extras).map(Shown::column)
}

/// All measures of a point; one that failed has nulls.
pub(crate) fn of_point(point: Option<&PointObject>, extras: &[Extra]) -> Vec<Value> {
    let source = Source {
        coverage: point.map(PointObject::coverage),
        answers: point.and_then(|point| point.accuracy.as_ref()),
        saved: point.and_then(Saved::of_point),
        ..Source::new(point.and_then(|point| Counts::of_layers(&point.layers, point.array.clock())))
    };
    let values = all(RowSubject::Points, extras).map(|shown| source.value(shown));
    values.collect()
}

/// The heads of all measures of a layer.
pub(crate) fn layer_columns(extras: &[Extra]) -> impl Iterator<Item = Column> {
    all(RowSubject::Layers, extras).map(Shown::column)
}

/// All measures of the layer of this number of a point.
pub(crate) fn of_layer(point: &PointObject, layer: usize, extras: &[Extra]) -> Vec<Value> {
    let source = Source {
        codes: point.operands.as_ref().and_then(|codes| codes.get(layer)),
        ..Source::of_layer(&point.layers[layer], &point.array)
    };
    let values = all(RowSubject::Layers, extras).map(|shown| source.value(shown));
    values.collect()
}

fn measures() -> impl Iterator<Item = &'static Measure> {
    TABLE.iter().flat_map(|group| match group {
        Group::Measures(measures) | Group::Extra(_, measures) => *measures,
        Group::EnergyOfModes => &[],
    })
}

/// Measures of a layer by their names, as they are read under their heads.
pub(crate) fn layer_cells(names: &[&str], layer: &LayerObject, array: &ArrayEcho) -> Vec<String> {
    let source = Source::of_layer(layer, array);
    let cell = |name: &&str| {
        let measure = measures().find(|measure| measure.about.name == *name);
        let cell = |measure: &'static Measure| measure.about.cell(&source.value(Shown::Measure(measure)));
        measure.map(cell).unwrap_or_default()
    };
    names.iter().map(cell).collect()
}

/// What is known of a column, measure or not; `None` of those of a user's own, such as axes.
pub fn about(name: &str) -> Option<&'static About> {
    measures()
        .map(|measure| &measure.about)
        .chain(words::WORDS)
        .find(|about| about.name == name)
}

/// Above a column of a summary.
pub fn head(name: &str) -> String {
    about(name).map_or_else(|| name.to_owned(), About::head)
}

/// Above such columns of numbers.
pub(crate) fn heads(names: &[&str]) -> Vec<(String, Align)> {
    names.iter().map(|name| (head(name), Align::Right)).collect()
}

/// Under such a head.
pub fn cell(name: &str, value: impl Into<Value>) -> String {
    let value = value.into();
    about(name).map_or_else(|| value.text(), |about| about.cell(&value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::counters::Counters;

    use super::*;

    #[test]
    fn names_are_unique_and_every_counter_has_a_row() {
        for rows in [RowSubject::Points, RowSubject::Layers] {
            let columns: Vec<Column> = all(rows, &Extra::ALL).map(Shown::column).collect();
            let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(names.len(), columns.len(), "{rows:?}");
            for (counter, _) in Counters::zero(4).named() {
                assert!(
                    names.contains(counter),
                    "{counter} has no row in metrics/table.rs"
                );
            }
        }
    }
}
