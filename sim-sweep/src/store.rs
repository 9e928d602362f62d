//! The store: one SQLite file in the sweep's folder, a transaction for each point.

mod columns;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use reports::stored::Extra;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use serde_json::Value;
use sim_config::sweep::AccuracySpec;
use sim_core::shape::widen;

use crate::curves::PredictorCurves;
use crate::error::{SweepError, SweepFault};
use crate::identity::Identity;
use crate::plan::Plan;
use crate::run::Results;
use crate::shards::Record;
use columns::{axes_json, column_types};

/// The file's name in a sweep's folder.
pub const FILE_NAME: &str = "sweep.sqlite";
/// Version of its format.
pub const VERSION: i64 = 1;
/// Marks the file as ours: "smtS".
const APPLICATION_ID: i64 = 0x736d_7453;

/// Pages kept in memory, in KiB.
const CACHE_KIB: i64 = 128 * 1024;
/// Points that are read at once.
const PAGE: i64 = 256;

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE points (position INTEGER PRIMARY KEY, identity BLOB NOT NULL, axes TEXT NOT NULL);
    CREATE TABLE results (identity BLOB PRIMARY KEY, state INTEGER NOT NULL, body TEXT NOT NULL);
";

/// The key of `meta` for what points measure that others do not, in words.
pub(crate) const MEASURED: &str = "measured";

/// The key of `meta` for what thresholds of predictors keep and lose: for each predictor file the values of
/// those of [`curves::AXES`](crate::curves::AXES) that the sweep has, and its places.
pub(crate) const CURVES: &str = "curves";

fn curves_json(curves: &[PredictorCurves]) -> Value {
    let of =
        |PredictorCurves { values, places }: &PredictorCurves| serde_json::json!([axes_json(values), places]);
    curves.iter().map(of).collect()
}

fn measured(accuracy: Option<AccuracySpec>, predicts: bool) -> String {
    let (features, operands) = match accuracy {
        Some(AccuracySpec {
            images: _,
            features,
            operands,
        }) => (features, operands),
        None => (false, false),
    };
    let extras = Extra::ALL.into_iter().filter(|extra| match extra {
        Extra::Features => features,
        Extra::Operands => operands,
        Extra::Prediction => predicts,
    });
    extras.map(Extra::name).collect::<Vec<_>>().join(" ")
}

/// How a point ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// With counts.
    Done,
    /// The user has to change something.
    Failed,
    /// A fault of this program.
    Fault,
}

impl State {
    const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Fault];

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Fault => 2,
        }
    }

    /// Numbers that no version has written are faults.
    pub(crate) fn from_number(number: i64) -> Self {
        let mut states = Self::ALL.into_iter();
        states
            .find(|state| state.number() == number)
            .unwrap_or(Self::Fault)
    }
}

/// What is stored of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub state: State,
    /// A [`reports::stored::point::PointObject`] as JSON, or why there is none.
    pub body: String,
}

/// A point as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPoint {
    /// Its number, from 1.
    pub position: u64,
    /// Its place on each axis, a JSON array.
    pub axes: String,
    /// `None` where it has not run.
    pub outcome: Option<Outcome>,
}

/// How the points of a plan have ended, equal ones once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointsEnded {
    /// With counts.
    pub done: usize,
    /// By the user's mistake.
    pub failed: usize,
    /// By a fault of this program.
    pub faults: usize,
    /// Without results.
    pub missing: usize,
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Connection,
}

impl Store {
    /// Open the store at `path`, or make it.
    ///
    /// - Errors: a file that is not a store or of a newer version, and what the file system refuses.
    pub fn create(path: &Path) -> Result<Self, SweepError> {
        let store = Self::connect(path, Connection::open(path))?;
        let is_new = store.is_new()?;
        if !is_new {
            // Before anything is written to it: it may be somebody else's.
            store.check_version()?;
        }
        store.check(|connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            // A process that dies loses nothing; a machine that dies may lose the last points, which then run again.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            // Results lie by identity, which is as good as random: the pages of their index are better kept at hand.
            connection.pragma_update(None, "cache_size", -CACHE_KIB)
        })?;
        if is_new {
            store.check(|connection| {
                connection.execute_batch(&format!(
                    "BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {SCHEMA} COMMIT;"
                ))
            })?;
        }
        Ok(store)
    }

    /// Open a store with a plan to read it.
    ///
    /// - Errors: as [`Self::create`], no such file, and one without a plan: a run was killed before it had one.
    pub fn open(path: &Path) -> Result<Self, SweepError> {
        let missing = || SweepFault::Missing.at(path.parent().unwrap_or(Path::new("")));
        if !path.is_file() {
            return Err(missing());
        }
        // What a killed process left in the log is taken over by who may write; SQLite falls back to reading alone.
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let store = Self::connect(path, Connection::open_with_flags(path, flags))?;
        if store.is_new()? {
            return Err(missing());
        }
        store.check_version()?;
        store.meta("columns")?.ok_or_else(missing)?;
        Ok(store)
    }

    /// A store without results that no file holds.
    ///
    /// - Errors: none that the file system could give.
    pub fn in_memory() -> Result<Self, SweepError> {
        let store = Self::connect(Path::new(":memory:"), Connection::open_in_memory())?;
        store.check(|connection| connection.execute_batch(SCHEMA))?;
        Ok(store)
    }

    fn connect(path: &Path, connection: rusqlite::Result<Connection>) -> Result<Self, SweepError> {
        let connection = connection.map_err(|error| failure(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            connection,
        })
    }

    fn check<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, SweepError> {
        work(&self.connection).map_err(|error| failure(&self.path, error))
    }

    fn pragma(&self, name: &str) -> Result<i64, SweepError> {
        self.check(|connection| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)))
    }

    /// Whether it is as SQLite makes it: empty, or with a head that says nothing.
    fn is_new(&self) -> Result<bool, SweepError> {
        let n_tables: i64 = self.check(|connection| {
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        })?;
        Ok(n_tables == 0 && self.pragma("application_id")? == 0 && self.pragma("user_version")? == 0)
    }

    fn check_version(&self) -> Result<(), SweepError> {
        if self.pragma("application_id")? != APPLICATION_ID {
            return Err(SweepFault::Foreign.at(&self.path));
        }
        match self.pragma("user_version")? {
            VERSION => Ok(()),
            found => Err(SweepFault::Version { found }.at(&self.path)),
        }
    }

    /// Put a plan in place of what was planned before; results stay.
    ///
    /// - Errors: what the file system refuses; the plan is then as it was.
    pub fn plan(&mut self, plan: &Plan<'_>, sweep_text: &str) -> Result<(), SweepError> {
        let columns: Vec<Value> = column_types(plan)
            .into_iter()
            .zip(plan.spec().axis_names())
            .map(|(kind, name)| serde_json::json!({"name": name, "type": kind}))
            .collect();
        let predicts = plan.predicts()?;
        let meta = [
            ("columns", Value::Array(columns).to_string()),
            ("sweep", sweep_text.to_owned()),
            ("base", plan.spec().base_text().to_owned()),
            ("base-file", file_name(plan.spec().base_file())),
            ("sweep-file", file_name(plan.spec().file())),
            ("sysmt", env!("CARGO_PKG_VERSION").to_owned()),
            ("synthetic", plan.is_synthetic().to_string()),
            (CURVES, curves_json(plan.curves()).to_string()),
            (MEASURED, measured(plan.spec().accuracy(), predicts)),
        ];
        let path = self.path.clone();
        let failed = |error| failure(&path, error);
        let transaction = self.connection.transaction().map_err(failed)?;
        for (key, value) in meta {
            transaction
                .execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![key, value])
                .map_err(failed)?;
        }
        transaction.execute("DELETE FROM points", []).map_err(failed)?;
        {
            let mut insert = transaction
                .prepare("INSERT INTO points VALUES (?1, ?2, ?3)")
                .map_err(failed)?;
            for (position, point) in (1_i64..).zip(plan.points()) {
                let axes = axes_json(&plan.values(point)).to_string();
                insert
                    .execute(params![position, &point.identity.0[..], axes])
                    .map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }

    /// How many results there are.
    ///
    /// - Errors: what the file system refuses.
    pub fn n_results(&self) -> Result<u64, SweepError> {
        self.check(|connection| {
            connection
                .query_row("SELECT count(*) FROM results", [], |row| row.get::<_, i64>(0))
                .map(i64::unsigned_abs)
        })
    }

    /// Take over results in one transaction; those that are done stay as they are.
    ///
    /// - Errors: the first of the results themselves, and what the file system refuses; the store is then as it was.
    pub(crate) fn merge(
        &mut self,
        results: impl IntoIterator<Item = Result<Record, SweepError>>,
    ) -> Result<u64, SweepError> {
        let sql = "INSERT INTO results VALUES (?1, ?2, ?3) ON CONFLICT (identity) DO UPDATE SET state = ?2, body = ?3 \
                   WHERE results.state <> 0";
        self.insert(sql, results)
    }

    /// Execute `sql` for all records, or for none; the number of rows that it changed.
    fn insert<R: Borrow<Record>>(
        &mut self,
        sql: &str,
        records: impl IntoIterator<Item = Result<R, SweepError>>,
    ) -> Result<u64, SweepError> {
        let path = self.path.clone();
        let failed = |error| failure(&path, error);
        let transaction = self.connection.transaction().map_err(failed)?;
        let mut n_changed = 0;
        {
            let mut insert = transaction.prepare(sql).map_err(failed)?;
            for record in records {
                let record = record?;
                let (identity, outcome) = record.borrow();
                let n_rows = insert
                    .execute(params![&identity.0[..], outcome.state.number(), outcome.body])
                    .map_err(failed)?;
                n_changed += widen(n_rows);
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(n_changed)
    }

    /// How the planned points have ended so far, equal ones once.
    ///
    /// - Errors: what the file system refuses.
    pub fn tally(&self) -> Result<PointsEnded, SweepError> {
        self.check(|connection| {
            let mut tally = PointsEnded::default();
            let mut select = connection.prepare(
                "SELECT state, count(*) FROM (SELECT DISTINCT identity FROM points) LEFT JOIN results USING (identity) \
                 GROUP BY state",
            )?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let n = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX);
                match row.get::<_, Option<i64>>(0)?.map(State::from_number) {
                    None => tally.missing += n,
                    Some(State::Done) => tally.done += n,
                    Some(State::Failed) => tally.failed += n,
                    Some(State::Fault) => tally.faults += n,
                }
            }
            Ok(tally)
        })
    }

    /// What was said about the sweep as a whole; `None` where nothing was.
    ///
    /// - Errors: what the file system refuses.
    pub fn meta(&self, key: &str) -> Result<Option<String>, SweepError> {
        self.check(|connection| {
            let mut select = connection.prepare("SELECT value FROM meta WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })
    }

    /// The planned points after a position, in order, some hundreds at most; none after the last.
    ///
    /// - Errors: what the file system refuses.
    pub fn page(&self, after: u64) -> Result<Vec<StoredPoint>, SweepError> {
        self.check(|connection| {
            let mut select = connection.prepare(
                "SELECT position, axes, state, body FROM points LEFT JOIN results USING (identity) \
                 WHERE ?1 < position ORDER BY position LIMIT ?2",
            )?;
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            let rows = select.query_map(params![after, PAGE], stored_point)?;
            rows.collect()
        })
    }

    /// Every planned point in order.
    pub fn points(&self) -> impl Iterator<Item = Result<StoredPoint, SweepError>> {
        let mut last = Some(0);
        std::iter::from_fn(move || {
            let page = self.page(last.take()?);
            match &page {
                Ok(points) => last = points.last().map(|point| point.position),
                // One error ends it.
                Err(_) => last = None,
            }
            Some(page)
        })
        .flat_map(|page| match page {
            Ok(points) => points.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    /// Leave one file behind, that can be read where nothing can be written.
    ///
    /// - Errors: what the file system refuses.
    pub fn settle(self) -> Result<(), SweepError> {
        self.check(|connection| connection.pragma_update(None, "journal_mode", "DELETE"))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// At most so many pages, as a full disk would have it.
    #[cfg(test)]
    pub(crate) fn limit(&self, n_pages: i64) {
        let limited: rusqlite::Result<i64> =
            self.connection
                .query_row(&format!("PRAGMA max_page_count = {n_pages}"), [], |row| {
                    row.get(0)
                });
        assert!(limited.is_ok(), "{limited:?}");
    }
}

impl Results for Store {
    fn states(&self) -> Result<HashMap<Identity, State>, SweepError> {
        self.check(|connection| {
            let mut select = connection.prepare("SELECT identity, state FROM results")?;
            let rows = select.query_map([], |row| {
                Ok((Identity(row.get(0)?), State::from_number(row.get(1)?)))
            })?;
            rows.collect()
        })
    }

    fn put(&mut self, outcomes: &[Record]) -> Result<(), SweepError> {
        let sql = "INSERT OR REPLACE INTO results VALUES (?1, ?2, ?3)";
        self.insert(sql, outcomes.iter().map(Ok)).map(drop)
    }
}

fn stored_point(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredPoint> {
    let outcome = match row.get::<_, Option<i64>>(2)? {
        None => None,
        Some(number) => Some(Outcome {
            state: State::from_number(number),
            body: row.get(3)?,
        }),
    };
    Ok(StoredPoint {
        position: row.get::<_, i64>(0)?.unsigned_abs(),
        axes: row.get(1)?,
        outcome,
    })
}

fn failure(path: &Path, error: rusqlite::Error) -> SweepError {
    let fault = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => SweepFault::Full,
        Some(ErrorCode::NotADatabase) => SweepFault::Foreign,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SweepFault::Locked,
        Some(_) | None => SweepFault::Store { error },
    };
    fault.at(path)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests;
