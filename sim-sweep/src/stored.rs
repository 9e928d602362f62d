//! A sweep's folder read back as tables.

use std::path::Path;

use reports::accuracy::throttling::ThrottlingObject;
use reports::frame::{Column, ColumnType, Frame, Value};
use reports::run::InputFile;
use reports::stored::curves::{self, PlaceCurves};
use reports::stored::point::{Curve, PointObject};
use reports::stored::{Configuration, Extra, Layout, Provenance, Stored, StoredKind};
use reports::warning::{Warning, Warnings};
use serde_json::Value as Json;

use crate::curves::AXES;
use crate::error::SweepError;
use crate::store::{CURVES, FILE_NAME, MEASURED, Outcome, State, Store, StoredPoint};

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

/// The axis of sweeps in which a point may be a curve, with a row for each step.
const THROTTLE: &str = "throttle";
/// Columns of steps.
const STEP: &str = "step";
const LOWERED: &str = "lowered";

/// Reads the rows of a sweep one by one.
#[derive(Debug)]
pub struct Reader {
    store: Store,
    /// As the sweep file has them.
    axes: Vec<Column>,
    /// Of `point`, the axes, `step` and `lowered` where a point may be a curve, `status`, `error`.
    layout: Layout,
}

impl Reader {
    /// Of the sweep in `folder`.
    ///
    /// - Errors: no sweep, or one that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, SweepError> {
        Self::of(Store::open(&folder.join(FILE_NAME))?)
    }

    /// Of a store with a plan.
    ///
    /// - Errors: a store that cannot be read.
    pub(crate) fn of(store: Store) -> Result<Self, SweepError> {
        let axes = axes(&store)?;
        let mut columns = vec![Column::new("point", ColumnType::Count)];
        columns.extend(axes.iter().cloned());
        if axes.iter().any(|axis| axis.name == THROTTLE) {
            columns.push(Column::new(STEP, ColumnType::Count));
            columns.push(Column::new(LOWERED, ColumnType::Text));
        }
        columns.push(Column::new("status", ColumnType::Text));
        columns.push(Column::new("error", ColumnType::Text));
        let measured = store.meta(MEASURED)?.unwrap_or_default();
        let is_measured = |extra: &Extra| measured.split_whitespace().any(|word| word == extra.name());
        let extras = Extra::ALL.into_iter().filter(is_measured).collect();
        Ok(Self {
            layout: Layout::new(columns, extras),
            store,
            axes,
        })
    }

    /// Names of the axes, with `step` where a point may be a curve.
    pub fn axes(&self) -> Vec<String> {
        let step = self.has_steps().then_some(STEP);
        let axes = self.axes.iter().map(|axis| axis.name.as_str());
        axes.chain(step).map(str::to_owned).collect()
    }

    fn has_steps(&self) -> bool {
        self.layout.identity().iter().any(|column| column.name == LOWERED)
    }

    /// The heads of the rows of [`Self::points`].
    pub fn point_columns(&self) -> Vec<Column> {
        self.layout.point_columns()
    }

    /// The heads of the rows of [`Self::layers`].
    pub fn layer_columns(&self) -> Vec<Column> {
        self.layout.layer_columns()
    }

    /// One row for every planned point, in order, and for every step of one that is a curve.
    ///
    /// Errors: rows that cannot be read.
    pub fn points(&self) -> impl Iterator<Item = Result<Vec<Value>, SweepError>> {
        self.rows().map(|row| {
            let Row { values, point, .. } = row?;
            Ok(self.layout.point_row(&values, point.as_ref()))
        })
    }

    /// One row for every layer of every point that has counts, in order.
    ///
    /// Errors: rows that cannot be read.
    pub fn layers(&self) -> impl Iterator<Item = Result<Vec<Value>, SweepError>> {
        self.rows().flat_map(|row| match row {
            Err(error) => vec![Err(error)],
            Ok(Row { values, point, .. }) => {
                let rows = point.map(|point| self.layout.layer_rows(&values, &point));
                rows.into_iter().flatten().map(Ok).collect()
            }
        })
    }

    fn rows(&self) -> impl Iterator<Item = Result<Row, SweepError>> {
        self.store
            .points()
            .flat_map(|stored| match stored.and_then(|stored| self.rows_of(&stored)) {
                Ok(rows) => rows.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
    }

    /// The rows of a point: more than one where it is a curve.
    fn rows_of(&self, stored: &StoredPoint) -> Result<Vec<Row>, SweepError> {
        let axes: Vec<Json> =
            serde_json::from_str(&stored.axes).map_err(|error| self.broken(stored, error.to_string()))?;
        let kinds = &self.axes;
        if axes.len() != kinds.len() {
            return Err(self.broken(stored, format!("{} axes instead of {}", axes.len(), kinds.len())));
        }
        let mut values = vec![Value::Count(stored.position)];
        values.extend(
            axes.iter()
                .zip(kinds)
                .map(|(axis, column)| value(axis, column.kind)),
        );
        let (status, error) = match &stored.outcome {
            None => ("missing", Value::Null),
            Some(Outcome { state, body }) => match state {
                State::Done => ("done", Value::Null),
                State::Failed => ("failed", body.as_str().into()),
                State::Fault => ("fault", body.as_str().into()),
            },
        };
        let point = self.point(stored)?;
        let state = stored.outcome.as_ref().map(|outcome| outcome.state);
        let row = |step: Option<(usize, String)>, point: Option<PointObject>| {
            let mut values = values.clone();
            if self.has_steps() {
                let (step, lowered) = step.unzip();
                values.extend([step.into(), lowered.map_or(Value::Null, Value::Text)]);
            }
            values.extend([status.into(), error.clone()]);
            Row { values, point, state }
        };
        let Some(mut first) = point else {
            return Ok(vec![row(None, None)]);
        };
        let Some(Curve { throttling, later }) = first.curve.take() else {
            return Ok(vec![row(None, Some(first))]);
        };
        let lowered = throttling
            .steps
            .into_iter()
            .map(|step| step.lowered.unwrap_or_default());
        let points = std::iter::once(first).chain(later);
        let steps = lowered.enumerate().zip(points);
        Ok(steps.map(|(step, point)| row(Some(step), Some(point))).collect())
    }

    /// What the steps of every point that is a curve were chosen by, in order.
    ///
    /// - Errors: rows that cannot be read.
    pub fn throttlings(&self) -> Result<Vec<ThrottlingObject>, SweepError> {
        let mut found = Vec::new();
        if self.has_steps() {
            for stored in self.store.points() {
                let point = self.point(&stored?)?;
                found.extend(point.and_then(|point| point.curve).map(|curve| curve.throttling));
            }
        }
        Ok(found)
    }

    /// What was counted of a point; `None` where it failed or has not run.
    fn point(&self, stored: &StoredPoint) -> Result<Option<PointObject>, SweepError> {
        match &stored.outcome {
            Some(Outcome {
                state: State::Done,
                body,
            }) => serde_json::from_str(body)
                .map(Some)
                .map_err(|error| self.broken(stored, error.to_string())),
            Some(_) | None => Ok(None),
        }
    }

    fn broken(&self, stored: &StoredPoint, why: String) -> SweepError {
        SweepError::Row {
            path: self.store.path().to_owned(),
            position: stored.position,
            why,
        }
    }

    /// What thresholds of the points' predictors keep and lose; `None` where no point has trained predictors.
    fn curves(&self) -> Result<Option<Frame>, SweepError> {
        let text = self.meta(CURVES)?;
        if text.is_empty() {
            // Of a version without curves.
            return Ok(None);
        }
        let stored: Vec<(Vec<Json>, Vec<PlaceCurves>)> =
            serde_json::from_str(&text).map_err(|error| broken(&self.store, error.to_string()))?;
        let axes = self.axes.iter().filter(|axis| AXES.contains(&axis.name.as_str()));
        let mut frame = Frame::new(axes.clone().cloned().chain(curves::columns()).collect());
        for (found, places) in stored {
            let values: Vec<Value> = (found.iter().zip(axes.clone()))
                .map(|(found, axis)| value(found, axis.kind))
                .collect();
            for row in curves::rows(&places) {
                frame.push(values.iter().cloned().chain(row).collect());
            }
        }
        Ok((!frame.rows().is_empty()).then_some(frame))
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

    /// Everything as tables in memory.
    ///
    /// - Errors: a store that cannot be read.
    pub fn stored(&self) -> Result<Stored, SweepError> {
        let mut points = Frame::new(self.point_columns());
        let mut layers = Frame::new(self.layer_columns());
        let mut warnings = Warnings::default();
        let (mut n_failed, mut n_missing) = (0_u64, 0_u64);
        for row in self.rows() {
            let Row { values, point, state } = row?;
            points.push(self.layout.point_row(&values, point.as_ref()));
            match (state, point) {
                (None, _) => n_missing += 1,
                (Some(_), None) => n_failed += 1,
                (Some(_), Some(point)) => {
                    for row in self.layout.layer_rows(&values, &point) {
                        layers.push(row);
                    }
                    // Each point of a synthetic sweep has a probability and a seed of its own.
                    let is_of_all = |warning: &&Warning| !matches!(warning, Warning::Synthetic(_));
                    warnings.extend(point.warnings.iter().filter(is_of_all).cloned());
                }
            }
        }
        let synthetic = self.is_synthetic()?;
        let of = points.rows().len();
        let mut all: Vec<Warning> = Vec::new();
        all.extend((n_missing != 0).then_some(Warning::NotRun { n: n_missing, of }));
        all.extend((n_failed != 0).then_some(Warning::Failed { n: n_failed, of }));
        all.extend(synthetic.then(Warning::synthetic_sweep));
        all.extend(warnings.into_vec());
        Ok(Stored {
            kind: StoredKind::Sweep,
            title: self.meta("sweep-file")?,
            axes: self.axes(),
            points,
            layers,
            synthetic,
            mean_of: None,
            throttling: None,
            pe_map: None,
            curves: self.curves()?,
            unsimulated: Vec::new(),
            warnings: all,
            configuration: ["sweep", "base"]
                .into_iter()
                .map(|key| {
                    Ok(Configuration {
                        name: self.meta(&format!("{key}-file"))?,
                        text: self.meta(key)?,
                    })
                })
                .collect::<Result<_, SweepError>>()?,
            provenance: self.provenance()?,
        })
    }
}

/// What is stored of all points together is not what this program writes.
fn broken(store: &Store, why: String) -> SweepError {
    SweepError::Row {
        path: store.path().to_owned(),
        position: 0,
        why,
    }
}

fn axes(store: &Store) -> Result<Vec<Column>, SweepError> {
    let broken = |why: String| broken(store, why);
    let text = store.meta("columns")?.unwrap_or_default();
    let columns: Vec<Json> = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    Ok(columns
        .iter()
        .map(|column| {
            let kind = ColumnType::ALL
                .into_iter()
                .find(|kind| column["type"] == kind.name());
            Column::new(
                column["name"].as_str().unwrap_or_default(),
                kind.unwrap_or(ColumnType::Text),
            )
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
    Reader::open(folder)?.stored()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use sim_config::sweep::SweepTexts;
    use sim_figures::build::{Trouble, build};

    use super::*;
    use crate::figures;
    use crate::plan::Plan;

    /// Every column that a figure names is there before anything has run, as far as its images are.
    #[test]
    fn every_study_is_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/studies");
        let mut n_studies = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let texts = SweepTexts::read(&path).unwrap();
            let figures = figures::read(&path, texts.text()).unwrap();
            n_studies += 1;
            let Ok(plan) = Plan::new(&texts, 1, &AtomicBool::new(false)) else {
                continue;
            };
            let mut store = Store::in_memory().unwrap();
            store.plan(&plan, texts.text()).unwrap();
            let stored = Reader::of(store).unwrap().stored().unwrap().over_conventional();
            for figure in &figures {
                if let Err(Trouble::Wrong(complaint)) = build(&stored, figure, &[]) {
                    panic!("{}: {}: {}", path.display(), figure.name, complaint.why);
                }
            }
        }
        assert!(6 <= n_studies);
    }
}
