//! A sweep's folder read back as tables.

use std::path::Path;

use reports::frame::{Column, ColumnType, Frame, Value};
use reports::run::InputFile;
use reports::stored::point::PointObject;
use reports::stored::{
    Configuration, Identity, Provenance, Stored, StoredKind, layer_columns, layer_rows, point_columns,
    point_row,
};
use reports::warning::{Warning, Warnings};
use serde_json::Value as Json;

use crate::error::SweepError;
use crate::store::{FILE_NAME, State, Store, StoredPoint};

/// Whether a folder holds a sweep.
pub fn is_sweep(folder: &Path) -> bool {
    folder.join(FILE_NAME).is_file()
}

/// A point as read.
struct Row {
    /// Of the columns that tell points apart.
    values: Vec<Value>,
    /// `None` where it failed or has not run.
    point: Option<PointObject>,
    /// `None` where it has not run.
    state: Option<State>,
}

/// Reads the rows of a sweep one by one.
#[derive(Debug)]
pub struct Reader {
    store: Store,
    /// `point`, the axes, `status`, `error`.
    columns: Vec<Column>,
}

impl Reader {
    /// Of the sweep in `folder`.
    ///
    /// - Errors: no sweep, or one that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, SweepError> {
        let store = Store::open(&folder.join(FILE_NAME))?;
        let axes = axes(&store)?;
        let mut columns = vec![Column::new("point", ColumnType::Count)];
        columns.extend(axes);
        columns.push(Column::new("status", ColumnType::Text));
        columns.push(Column::new("error", ColumnType::Text));
        Ok(Self { store, columns })
    }

    /// Names of the axes.
    pub fn axes(&self) -> Vec<String> {
        let axes = &self.columns[1..self.columns.len() - 2];
        axes.iter().map(|column| column.name.clone()).collect()
    }

    /// The heads of the rows of [`Self::points`].
    pub fn point_columns(&self) -> Vec<Column> {
        point_columns(&self.columns)
    }

    /// The heads of the rows of [`Self::layers`].
    pub fn layer_columns(&self) -> Vec<Column> {
        layer_columns(&self.columns)
    }

    /// One row for every planned point, in order.
    ///
    /// Errors: rows that cannot be read.
    pub fn points(&self) -> impl Iterator<Item = Result<Vec<Value>, SweepError>> {
        self.rows().map(|row| {
            let Row { values, point, .. } = row?;
            Ok(point_row(&self.identity(&values), point.as_ref()))
        })
    }

    /// One row for every layer of every point that has counts, in order.
    ///
    /// Errors: rows that cannot be read.
    pub fn layers(&self) -> impl Iterator<Item = Result<Vec<Value>, SweepError>> {
        self.rows().flat_map(|row| match row {
            Err(error) => vec![Err(error)],
            Ok(Row { values, point, .. }) => {
                let rows = point.map(|point| layer_rows(&self.identity(&values), &point));
                rows.into_iter().flatten().map(Ok).collect()
            }
        })
    }

    fn identity<'a>(&'a self, values: &'a [Value]) -> Identity<'a> {
        Identity {
            columns: &self.columns,
            values,
        }
    }

    fn rows(&self) -> impl Iterator<Item = Result<Row, SweepError>> {
        self.store.points().map(|stored| self.row(&stored?))
    }

    fn row(&self, stored: &StoredPoint) -> Result<Row, SweepError> {
        let broken = |why: String| SweepError::Row {
            path: self.store.path().to_owned(),
            position: stored.position,
            why,
        };
        let axes: Vec<Json> =
            serde_json::from_str(&stored.axes).map_err(|error| broken(error.to_string()))?;
        let kinds = &self.columns[1..self.columns.len() - 2];
        if axes.len() != kinds.len() {
            return Err(broken(format!("{} axes instead of {}", axes.len(), kinds.len())));
        }
        let mut values = vec![Value::Count(stored.position)];
        values.extend(
            axes.iter()
                .zip(kinds)
                .map(|(axis, column)| value(axis, column.kind)),
        );
        let (status, error, point) = match &stored.outcome {
            None => ("missing", Value::Null, None),
            Some(outcome) => match outcome.state {
                State::Done => {
                    let point =
                        serde_json::from_str(&outcome.body).map_err(|error| broken(error.to_string()))?;
                    ("done", Value::Null, Some(point))
                }
                State::Failed => ("failed", outcome.body.as_str().into(), None),
                State::Fault => ("fault", outcome.body.as_str().into(), None),
            },
        };
        values.extend([status.into(), error]);
        Ok(Row {
            values,
            point,
            state: stored.outcome.as_ref().map(|outcome| outcome.state),
        })
    }

    /// Whether any point has zeros that no image gave.
    ///
    /// - Errors: a store that cannot be read.
    pub fn is_synthetic(&self) -> Result<bool, SweepError> {
        Ok(self.meta("synthetic")? == "true")
    }

    fn meta(&self, key: &str) -> Result<String, SweepError> {
        Ok(self.store.meta(key)?.unwrap_or_default())
    }

    /// Where the sweep comes from.
    ///
    /// - Errors: a store that cannot be read.
    pub fn provenance(&self) -> Result<Provenance, SweepError> {
        let mut hasher = blake3::Hasher::new();
        for point in self.store.points() {
            let point = point?;
            let body = point.outcome.map(|outcome| outcome.body).unwrap_or_default();
            for text in [&point.axes, &body] {
                hasher.update(blake3::hash(text.as_bytes()).as_bytes());
            }
        }
        let hash = |key: &str| -> Result<InputFile, SweepError> {
            let text = self.meta(key)?;
            Ok(InputFile {
                role: key.to_owned(),
                name: self.meta(&format!("{key}-file"))?,
                blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
            })
        };
        Ok(Provenance {
            command: format!("sysmt sweep {}", self.meta("sweep-file")?),
            sysmt_version: self.meta("sysmt")?,
            blake3: hasher.finalize().to_hex().to_string(),
            inputs: vec![hash("sweep")?, hash("base")?],
        })
    }
}

fn axes(store: &Store) -> Result<Vec<Column>, SweepError> {
    let broken = |why: String| SweepError::Row {
        path: store.path().to_owned(),
        position: 0,
        why,
    };
    let text = store.meta("columns")?.unwrap_or_default();
    let columns: Vec<Json> = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    Ok(columns
        .iter()
        .map(|column| {
            let kind = match column["type"].as_str() {
                Some("count") => ColumnType::Count,
                Some("real") => ColumnType::Real,
                Some("flag") => ColumnType::Flag,
                Some(_) | None => ColumnType::Text,
            };
            Column::new(column["name"].as_str().unwrap_or_default(), kind)
        })
        .collect())
}

/// A value as its column has it: where an axis has numbers and words, all are words.
fn value(axis: &Json, kind: ColumnType) -> Value {
    match (axis, kind) {
        (Json::Null, _) => Value::Null,
        (_, ColumnType::Count) => axis.as_u64().into(),
        (_, ColumnType::Real) => axis.as_f64().into(),
        (_, ColumnType::Flag) => axis.as_bool().map_or(Value::Null, Value::Flag),
        (Json::String(text), ColumnType::Text) => text.as_str().into(),
        (other, ColumnType::Text) => Value::Text(other.to_string()),
    }
}

/// Everything in a sweep's folder as tables in memory.
///
/// - Errors: no sweep, or one that cannot be read.
pub fn read(folder: &Path) -> Result<Stored, SweepError> {
    let reader = Reader::open(folder)?;
    let mut points = Frame::new(reader.point_columns());
    let mut layers = Frame::new(reader.layer_columns());
    let mut warnings = Warnings::default();
    let (mut n_failed, mut n_missing) = (0_u64, 0_u64);
    for row in reader.rows() {
        let Row { values, point, state } = row?;
        let identity = reader.identity(&values);
        points.push(point_row(&identity, point.as_ref()));
        match (state, point) {
            (None, _) => n_missing += 1,
            (Some(_), None) => n_failed += 1,
            (Some(_), Some(point)) => {
                for row in layer_rows(&identity, &point) {
                    layers.push(row);
                }
                // Each point of a synthetic sweep has a probability and a seed of its own.
                let is_of_all = |warning: &&Warning| !matches!(warning, Warning::Synthetic(_));
                warnings.extend(point.warnings.iter().filter(is_of_all).cloned());
            }
        }
    }
    let synthetic = reader.meta("synthetic")? == "true";
    let of = points.rows().len();
    let mut all: Vec<Warning> = Vec::new();
    all.extend((n_missing != 0).then_some(Warning::NotRun { n: n_missing, of }));
    all.extend((n_failed != 0).then_some(Warning::Failed { n: n_failed, of }));
    all.extend(synthetic.then(Warning::synthetic_sweep));
    all.extend(warnings.into_vec());
    Ok(Stored {
        kind: StoredKind::Sweep,
        title: reader.meta("sweep-file")?,
        axes: reader.axes(),
        points,
        layers,
        synthetic,
        mean_of: None,
        throttling: None,
        pe_map: None,
        unsimulated: Vec::new(),
        warnings: all,
        configuration: ["sweep", "base"]
            .into_iter()
            .map(|key| {
                Ok(Configuration {
                    name: reader.meta(&format!("{key}-file"))?,
                    text: reader.meta(key)?,
                })
            })
            .collect::<Result<_, SweepError>>()?,
        provenance: reader.provenance()?,
    })
}
