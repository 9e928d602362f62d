//! The sweep file: a run file, and axes along which its keys change.
//!
//! A point is a run that no file holds: the tables of the base with the values of its combination put in. It is read by
//! the code that reads run files, so that a point is wrong where a run file would be.

mod axes;
mod base;
mod exclude;
pub(crate) mod methods;
mod texts;

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::keys::{self, FileKind, Key, Section};
use crate::reader::KeyReader;
use crate::run::{self, RunSpec};
use sim_toml::complaint::{Complaint, Complaints};
use sim_toml::error::ConfigError;
use sim_toml::source;

use axes::Grid;
use base::Base;
use exclude::Exclusion;

pub use axes::AxisValue;
pub use methods::{Methods, Throttling};
pub use texts::SweepTexts;

/// What the points of a sweep measure besides counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccuracySpec {
    /// How many images are evaluated.
    pub images: usize,
    /// Whether the input of the last layer is compared with that in FP32.
    pub features: bool,
    /// Whether zero and narrow codes are counted.
    pub operands: bool,
}

/// A checked sweep.
#[derive(Debug)]
pub struct SweepSpec<'t> {
    path: &'t Path,
    text: &'t str,
    base: Base<'t>,
    /// At least one; their points follow one another.
    grids: Vec<Grid<'t>>,
    /// The keys of all grids, each once: they are asked for at every point.
    axis_keys: Vec<&'static Key>,
    seeds: Vec<Spanned<DeValue<'t>>>,
    exclusions: Vec<Exclusion>,
    accuracy: Option<AccuracySpec>,
    limit: Option<usize>,
}

/// A point: a run, and what is done to it that no run file says.
#[derive(Debug)]
pub struct PointSpec {
    /// The run.
    pub run: RunSpec,
    /// What else is done.
    pub methods: Methods,
}

/// A combination by the places of its values.
struct Places<'a, 't> {
    grid: &'a Grid<'t>,
    /// On each axis.
    places: Vec<usize>,
    /// Of the seed.
    seed: usize,
}

/// Whether a point depends on its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Randomness {
    /// It does.
    Some,
    /// It does not.
    None,
}

impl Randomness {
    /// Of a run.
    pub fn of(spec: &RunSpec) -> Self {
        if spec.activation_zeros.is_some() {
            Self::Some
        } else {
            Self::None
        }
    }
}

/// What a combination of the grid is.
#[derive(Debug)]
pub enum Combination {
    /// A point, and what it is.
    Point(Box<PointSpec>),
    /// The file excludes it.
    Excluded,
    /// The same as one with an earlier seed: nothing in it is random.
    Repeated,
}

impl SweepTexts {
    /// Check the texts.
    ///
    /// - Errors: what is not TOML, keys and values that no run file has, and what contradicts itself; each with its
    ///   line. Combinations are checked by [`SweepSpec::combination`].
    pub fn spec(&self) -> Result<SweepSpec<'_>, Box<ConfigError>> {
        let table = source::parse(&self.path, &self.text)?;
        let complaints = Complaints::default();
        let top = KeyReader::top(
            FileKind::Sweep,
            &[Section::Top, Section::Sweep],
            &table,
            &complaints,
        );
        top.integer(&keys::VERSION);
        top.optional_path(&keys::BASE);
        top.check_seeds(&keys::SEEDS);
        let seeds = table
            .get(keys::SEEDS.name)
            .and_then(|seeds| seeds.get_ref().as_array());
        let measure = top.section(&[Section::SweepMeasure]);
        let accuracy = measure.accuracy(&keys::ACCURACY).map(|images| AccuracySpec {
            images: self.limit.map_or(images, |limit| limit.min(images)),
            features: measure.flag(&keys::FEATURES),
            operands: measure.flag(&keys::OPERANDS),
        });
        for key in [&keys::FEATURES, &keys::OPERANDS] {
            if accuracy.is_none() && measure.span_of(key).is_some() {
                measure.complain(
                    key,
                    format!("`{}` needs `measure.accuracy`", key.path()),
                    "add accuracy = { images = N }, or take it out",
                );
            }
            measure.table.take(key.name);
        }
        measure.finish(None);
        let grids = axes::read(self, &table, &complaints);
        let exclusions = exclude::read(&table, &grids, &complaints);
        for read in ["axes", "exclude", "figure"] {
            top.table.take(read);
        }
        top.finish(None);
        complaints.check(&self.path, &self.text)?;
        if self.limit.is_some() && accuracy.is_none() {
            return Err(ConfigError::file(
                &self.path,
                "the sweep has no `measure.accuracy`, so there are no images to limit",
                "run it without a limit",
            ));
        }
        Ok(SweepSpec {
            path: &self.path,
            text: &self.text,
            base: Base::read(self)?,
            axis_keys: axis_keys(&grids),
            grids,
            seeds: seeds.into_iter().flatten().cloned().collect(),
            exclusions,
            accuracy,
            limit: self.limit,
        })
    }
}

impl SweepSpec<'_> {
    /// What is measured besides counts.
    pub const fn accuracy(&self) -> Option<AccuracySpec> {
        self.accuracy
    }

    /// The sweep file.
    pub const fn file(&self) -> &Path {
        self.path
    }

    /// The run file that all points start from.
    pub const fn base_file(&self) -> &Path {
        self.base.path()
    }

    /// The text of that file.
    pub const fn base_text(&self) -> &str {
        self.base.text()
    }

    /// Keys that the points differ in, in the order of the file; `seed` last, where there are several.
    pub fn axis_names(&self) -> Vec<String> {
        let seed = (!self.seeds.is_empty()).then(|| keys::SEED.path());
        self.axis_keys.iter().map(|key| key.path()).chain(seed).collect()
    }

    /// How many combinations the grids have, excluded ones included.
    ///
    /// - Errors: more than a sweep can have.
    pub fn n_combinations(&self) -> Result<u32, Box<ConfigError>> {
        let n_seeds = u32::try_from(self.seeds.len().max(1)).ok();
        let sum = self.grids.iter().try_fold(0_u32, |sum, grid| {
            sum.checked_add(grid.n_combinations()?.checked_mul(n_seeds?)?)
        });
        sum.ok_or_else(|| self.complaint("the grid has more than four billion points", "take values out"))
    }

    /// The combination of a number below [`Self::n_combinations`]; the last axis changes fastest.
    ///
    /// - Errors: a combination that is not a run, with the line of the value at fault, or of the axes.
    pub fn combination(&self, index: u32) -> Result<Combination, Box<ConfigError>> {
        let at = self.places(index);
        if self
            .exclusions
            .iter()
            .any(|exclusion| exclusion.holds(at.grid, &at.places))
        {
            return Ok(Combination::Excluded);
        }
        let spec = self.point(&at)?;
        if at.seed != 0 && spec.run.activation_zeros.is_none() {
            return Ok(Combination::Repeated);
        }
        Ok(Combination::Point(Box::new(spec)))
    }

    /// The values of a combination, one for each of [`Self::axis_names`]; without a seed where nothing is random, and
    /// without those of axes that its grid does not have.
    pub fn values(&self, index: u32, randomness: Randomness) -> Vec<AxisValue> {
        let Places { grid, places, seed } = self.places(index);
        let value = |key: &&Key| {
            grid.find(key).map_or(AxisValue::Absent, |(axis, key)| {
                grid.axes[axis].values[places[axis]].shown[key].clone()
            })
        };
        let values = self.axis_keys.iter().map(value);
        let seed = self.seeds.get(seed).map(|seed| match randomness {
            Randomness::Some => AxisValue::of(seed.get_ref()),
            Randomness::None => AxisValue::Absent,
        });
        values.chain(seed).collect()
    }

    /// All values of each of [`Self::axis_names`] but the seed.
    pub fn axis_values(&self) -> Vec<Vec<&AxisValue>> {
        let values_of = |key: &&Key| {
            let grids = self.grids.iter();
            let axes = grids.filter_map(|grid| grid.find(key).map(|(axis, key)| (&grid.axes[axis], key)));
            axes.flat_map(|(axis, key)| axis.values.iter().map(move |place| &place.shown[key]))
                .collect()
        };
        self.axis_keys.iter().map(values_of).collect()
    }

    fn places(&self, index: u32) -> Places<'_, '_> {
        let n_seeds = self.seeds.len().max(1);
        let mut rest = usize::try_from(index).unwrap_or(usize::MAX);
        let seed = rest % n_seeds;
        rest /= n_seeds;
        let mut grids = self.grids.iter();
        let mut grid = grids.next().unwrap_or_else(|| unreachable!("a sweep has axes"));
        for next in grids {
            let n = grid
                .n_combinations()
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(usize::MAX);
            if rest < n {
                break;
            }
            rest -= n;
            grid = next;
        }
        let mut places: Vec<usize> = grid
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let place = rest % axis.values.len();
                rest /= axis.values.len();
                place
            })
            .collect();
        places.reverse();
        Places { grid, places, seed }
    }

    fn point(&self, at: &Places<'_, '_>) -> Result<PointSpec, Box<ConfigError>> {
        let mut table = self.base.table().clone();
        let mut methods = Methods::default();
        for (axis, &place) in at.grid.axes.iter().zip(&at.places) {
            for (key, value) in axis.keys.iter().zip(&axis.values[place].given) {
                if key.section == Section::Axes {
                    methods.set(key, value.get_ref());
                } else {
                    base::set(&mut table, key, &axis.at, value.clone());
                }
            }
        }
        if let Some(value) = self.seeds.get(at.seed) {
            base::set(&mut table, &keys::SEED, &value.span(), value.clone());
        }
        let complaints = Complaints::default();
        let run = run::of_table(self.path, self.text, &table, &complaints)?;
        let complaints = complaints.into_vec();
        match run {
            Some(run) if complaints.is_empty() => {
                let run = match self.limit {
                    Some(limit) => run.with_calibration_of(limit),
                    None => run,
                };
                self.checked(PointSpec { run, methods }, at)
            }
            Some(_) | None => {
                self.located(complaints, at)?;
                Err(self.complaint("a point of the grid is not a run", "check the base and the axes"))
            }
        }
    }

    /// The point, where what is asked for can be done and measured.
    fn checked(&self, spec: PointSpec, at: &Places<'_, '_>) -> Result<PointSpec, Box<ConfigError>> {
        let PointSpec { run, methods } = &spec;
        let (why, remedy) = match (self.accuracy, methods.asked(), &run.workload, run.activation_zeros) {
            (None, None, ..) => return Ok(spec),
            (None, Some(key), ..) => (
                format!("`{}` acts on answers, and nothing asks for any", key.path()),
                "add [measure] accuracy = { images = N }",
            ),
            (Some(_), _, run::Workload::Trace(_), _) => (
                "`measure.accuracy` needs a network, and the workload is a trace".to_owned(),
                "name `model` and `images` in the base, or take `accuracy` out",
            ),
            (Some(_), _, run::Workload::Model(_), Some(_)) => (
                "`measure.accuracy` cannot be used with `workload.activation-zeros`: no image gave those zeros, so answers mean \
                 nothing"
                    .to_owned(),
                "take one of the two out",
            ),
            (Some(_), _, run::Workload::Model(_), None) => match (methods.throttling, run.design.array.pe().nb_smt()) {
                (Throttling::Curve, None) => (
                    format!(
                        "an array of kind \"{}\" has no threads to throttle",
                        run.design.array.pe().kind()
                    ),
                    "take `throttle` out, or name an nb-smt array",
                ),
                (Throttling::Curve, Some(_)) | (Throttling::Off, _) => return Ok(spec),
            },
        };
        self.located(vec![Complaint::new(0..0, why, remedy)], at)?;
        Ok(spec)
    }

    /// Complaints of a combination as an error: those of the base stand at the axes, with the combination.
    fn located(&self, complaints: Vec<Complaint>, at: &Places<'_, '_>) -> Result<(), Box<ConfigError>> {
        let combination = || {
            let axes = at.grid.axes.iter().zip(&at.places);
            let values: Vec<String> = axes
                .flat_map(|(axis, &place)| axis.keys.iter().zip(&axis.values[place].shown))
                .map(|(key, value)| format!("{} = {value}", key.path()))
                .collect();
            values.join(", ")
        };
        let located = complaints.into_iter().map(|complaint| {
            if complaint.at.end != 0 {
                return complaint;
            }
            Complaint {
                at: at.grid.at.clone(),
                why: format!("at {}: {}", combination(), complaint.why),
                remedy: format!(
                    "{}; or leave the combination out with [[exclude]]",
                    complaint.remedy
                ),
                unknown: complaint.unknown,
            }
        });
        ConfigError::check(self.path, self.text, located.collect())
    }

    fn complaint(&self, why: &str, remedy: &str) -> Box<ConfigError> {
        ConfigError::file(self.path, why, remedy)
    }
}

/// The keys of all grids in the order of the file, each once.
fn axis_keys(grids: &[Grid<'_>]) -> Vec<&'static Key> {
    let mut found: Vec<&'static Key> = Vec::new();
    for key in grids
        .iter()
        .flat_map(|grid| &grid.axes)
        .flat_map(|axis| &axis.keys)
    {
        if !found.iter().any(|other| std::ptr::eq(*other, *key)) {
            found.push(key);
        }
    }
    found
}

/// Tables of another text: their spans mean nothing in this one.
fn without_spans<'t>(table: DeTable<'t>) -> DeTable<'t> {
    table
        .into_iter()
        .map(|(key, value)| (Spanned::new(0..0, key.into_inner()), without_span(value)))
        .collect()
}

fn without_span<'t>(value: Spanned<DeValue<'t>>) -> Spanned<DeValue<'t>> {
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(without_spans(table)),
        DeValue::Array(values) => DeValue::Array(values.into_iter().map(without_span).collect()),
        leaf @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)) => leaf,
    };
    Spanned::new(0..0, value)
}
