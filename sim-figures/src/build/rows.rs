//! The rows of a figure: which columns it names, which rows count, and by what they differ.

use std::collections::{HashMap, HashSet};

use sim_toml::complaint::Complaint;

use super::columns::label;
use super::{Trouble, no_points};
use crate::spec::{By, FigureSpec, Named, Table};
use reports::frame::{Frame, Value};
use reports::stored::Stored;

/// A row of a table.
pub(super) type Row<'a> = &'a [Value];

/// A value that counts, of the command line or a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// The column.
    pub column: String,
    /// The values of which one is enough.
    pub values: Vec<String>,
}

/// The rows that a figure is made of.
#[derive(Clone, Debug)]
pub(super) struct FigureRows<'a> {
    pub(super) frame: &'a Frame,
    pub(super) rows: Vec<Row<'a>>,
    /// Axes that differ among the rows, by place and name.
    pub(super) axes: Vec<(usize, &'a str)>,
}

/// The table of a figure.
pub(super) fn table<'a>(stored: &'a Stored, spec: &FigureSpec) -> Result<&'a Frame, Trouble> {
    match spec.table {
        Table::Points => Ok(&stored.points),
        Table::Layers => Ok(&stored.layers),
        Table::Throttling => (stored.throttling.as_ref()).ok_or_else(|| {
            no_points("nothing was throttled automatically; `sysmt eval --throttle auto` does")
        }),
        Table::PeMap => (stored.pe_map.as_ref()).ok_or_else(|| {
            no_points(
                "the utilization of every PE was not measured; `[measure] pe-map = true` in a run file does",
            )
        }),
        Table::Curves => (stored.curves.as_ref()).ok_or_else(|| {
            no_points("there are no curves of trained predictors; `sysmt sweep` stores them where points predict by method \"zap\"")
        }),
    }
}

/// The place of a column.
pub(super) fn column(frame: &Frame, named: &Named) -> Result<usize, Trouble> {
    frame.find(&named.name).ok_or_else(|| {
        Trouble::Wrong(Complaint {
            at: named.at.clone(),
            why: format!("these results have no column `{}`", named.name),
            remedy: "`sysmt plot DIR --columns` lists all of them".to_owned(),
            unknown: Some((
                named.name.clone(),
                frame.columns().iter().map(|column| column.name.clone()).collect(),
            )),
        })
    })
}

/// Whether a value is written so, or is the same number.
fn is(value: &Value, wanted: &str) -> bool {
    value.text() == wanted || super::columns::number(value).is_some_and(|number| wanted.parse() == Ok(number))
}

/// What a row has in these columns, as one text: equal where the values are.
pub(super) fn key(row: Row<'_>, places: &[usize]) -> String {
    let mut key = String::new();
    for &place in places {
        let kind = match &row[place] {
            Value::Null => 'n',
            Value::Text(_) => 't',
            Value::Count(_) => 'c',
            Value::Real(_) => 'r',
            Value::Flag(_) => 'f',
        };
        let text = row[place].text();
        // With its length, so that no text is taken for another's end.
        key.push_str(&format!("{kind}{}:{text}", text.len()));
    }
    key
}

impl<'a> FigureRows<'a> {
    /// The rows of a figure.
    pub(super) fn of(stored: &'a Stored, spec: &FigureSpec, only: &[Only]) -> Result<Self, Trouble> {
        let frame = table(stored, spec)?;
        let mut rows: Vec<Row<'a>> = frame.rows().iter().map(Vec::as_slice).collect();
        if rows.is_empty() {
            return Err(no_points(format!("the table `{}` is empty", spec.table.name())));
        }
        for (named, values) in &spec.only {
            let place = column(frame, named)?;
            rows.retain(|row| values.iter().any(|wanted| is(&row[place], wanted)));
        }
        for Only { column, values } in only {
            // What the command line asks for holds where it can.
            if let Some(place) = frame.find(column) {
                rows.retain(|row| values.iter().any(|wanted| is(&row[place], wanted)));
            }
        }
        if rows.is_empty() {
            return Err(no_points("no row has the values that `where` asks for"));
        }
        let all = Self {
            frame,
            rows,
            axes: Vec::new(),
        };
        let axes = stored
            .axes
            .iter()
            .filter_map(|name| Some((frame.find(name)?, name.as_str())));
        let axes = axes
            .filter(|&(place, _)| 1 < all.distinct(&[place]).len())
            .collect();
        Ok(Self { axes, ..all })
    }

    /// The same with other rows.
    pub(super) fn with(&self, rows: Vec<Row<'a>>) -> Self {
        Self { rows, ..self.clone() }
    }

    /// What the rows have in these columns, each once, in the order of the rows.
    pub(super) fn distinct(&self, places: &[usize]) -> Vec<Vec<&'a Value>> {
        let mut known = HashSet::new();
        let mut found = Vec::new();
        for row in &self.rows {
            if known.insert(key(row, places)) {
                found.push(places.iter().map(|&place| &row[place]).collect());
            }
        }
        found
    }

    /// The columns by which rows are told apart; of axes, those that are not `used`.
    pub(super) fn by(&self, by: &By, used: &[usize]) -> Result<Vec<usize>, Trouble> {
        match by {
            By::Nothing => Ok(Vec::new()),
            By::Columns(columns) => columns.iter().map(|named| column(self.frame, named)).collect(),
            By::Axes => {
                let axes = self.axes.iter().map(|&(place, _)| place);
                Ok(axes.filter(|place| !used.contains(place)).collect())
            }
        }
    }

    /// The rows that have the same in these columns, group by group, in the order of the rows.
    pub(super) fn groups(&self, places: &[usize]) -> Vec<(String, Vec<Row<'a>>)> {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<Vec<Row<'a>>> = Vec::new();
        for &row in &self.rows {
            let place = *known.entry(key(row, places)).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::new());
            }
            groups[place].push(row);
        }
        let label_of = |rows: &Vec<Row<'a>>| {
            let first = rows.first().map_or(&[][..], |row| *row);
            let values: Vec<&Value> = places.iter().filter_map(|&place| first.get(place)).collect();
            self.label(places, &values)
        };
        groups.into_iter().map(|rows| (label_of(&rows), rows)).collect()
    }

    /// Values of these columns in few words.
    fn label(&self, places: &[usize], values: &[&Value]) -> String {
        let words = places
            .iter()
            .zip(values)
            .map(|(&place, value)| label(&self.frame.columns()[place].name, value));
        let words: Vec<String> = words.filter(|word| word != "–").collect();
        if words.is_empty() && !places.is_empty() {
            return "–".to_owned();
        }
        words.join(" ")
    }

    /// Axes that differ and are not among these columns.
    pub(super) fn other_axes(&self, rows: &[Row<'a>], used: &[usize]) -> Vec<&'a str> {
        let part = self.with(rows.to_vec());
        let axes = self.axes.iter().filter(|(place, _)| !used.contains(place));
        axes.filter(|(place, _)| 1 < part.distinct(&[*place]).len())
            .map(|&(_, name)| name)
            .collect()
    }
}
