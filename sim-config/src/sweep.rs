//! The sweep file: a run file, and axes along which its keys change.
//!
//! A point is a run that no file holds: the tables of the base with the values of its combination put in. It is read by
//! the code that reads run files, so that a point is wrong where a run file would be.

mod axes;
mod base;
mod exclude;
mod texts;

use std::ops::Range;
use std::path::Path;

use sim_toml::complaint::{Complaint, Complaints};
use sim_toml::error::ConfigError;
use sim_toml::source;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::keys::{self, FileKind, Section};
use crate::reader::Reader;
use crate::run::{self, RunSpec};

use axes::Axis;
use base::Base;
use exclude::Exclusion;

pub use axes::AxisValue;
pub use texts::SweepTexts;

/// What the points of a sweep measure besides counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccuracySpec {
    /// How many images are evaluated.
    pub images: usize,
}

/// A checked sweep.
#[derive(Debug)]
pub struct SweepSpec<'t> {
    path: &'t Path,
    text: &'t str,
    base: Base<'t>,
    axes: Vec<Axis<'t>>,
    /// Where the axes stand.
    at: Range<usize>,
    seeds: Vec<Spanned<DeValue<'t>>>,
    exclusions: Vec<Exclusion>,
    accuracy: Option<AccuracySpec>,
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
        if spec.activation_zeros().is_some() {
            Self::Some
        } else {
            Self::None
        }
    }
}

/// What a combination of the grid is.
#[derive(Debug)]
pub enum Combination {
    /// A point, and the run that it is.
    Point(Box<RunSpec>),
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
        let top = Reader::top(
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
        let accuracy = measure.accuracy(&keys::ACCURACY);
        measure.finish(None);
        let (axes, at) = axes::read(self, &table, &complaints);
        let exclusions = exclude::read(&table, &axes, &complaints);
        for read in ["axes", "exclude"] {
            top.table.take(read);
        }
        top.finish(None);
        complaints.check(&self.path, &self.text)?;
        Ok(SweepSpec {
            path: &self.path,
            text: &self.text,
            base: Base::read(self)?,
            axes,
            at,
            seeds: seeds.into_iter().flatten().cloned().collect(),
            exclusions,
            accuracy: accuracy.map(|images| AccuracySpec { images }),
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
        let keys = self.axes.iter().flat_map(|axis| &axis.keys);
        let seed = (!self.seeds.is_empty()).then(|| keys::SEED.path());
        keys.map(|key| key.path()).chain(seed).collect()
    }

    /// How many combinations the grid has, excluded ones included.
    ///
    /// - Errors: more than a sweep can have.
    pub fn n_combinations(&self) -> Result<u32, Box<ConfigError>> {
        let lengths = self.axes.iter().map(|axis| axis.values.len());
        let mut product = 1_u32;
        for length in lengths.chain([self.seeds.len().max(1)]) {
            product = u32::try_from(length)
                .ok()
                .and_then(|length| product.checked_mul(length))
                .ok_or_else(|| {
                    self.complaint("the grid has more than four billion points", "take values out")
                })?;
        }
        Ok(product)
    }

    /// The combination of a number below [`Self::n_combinations`]; the last axis changes fastest.
    ///
    /// - Errors: a combination that is no run, with the line of the value at fault, or of the axes.
    pub fn combination(&self, index: u32) -> Result<Combination, Box<ConfigError>> {
        let (places, seed) = self.places(index);
        if self.exclusions.iter().any(|exclusion| exclusion.holds(&places)) {
            return Ok(Combination::Excluded);
        }
        let spec = self.run(&places, seed)?;
        if seed != 0 && spec.activation_zeros().is_none() {
            return Ok(Combination::Repeated);
        }
        Ok(Combination::Point(Box::new(spec)))
    }

    /// The values of a combination, one for each of [`Self::axis_names`]; without a seed where nothing is random.
    pub fn values(&self, index: u32, randomness: Randomness) -> Vec<AxisValue> {
        let (places, seed) = self.places(index);
        let axes = self.axes.iter().zip(places);
        let values = axes.flat_map(|(axis, place)| axis.values[place].shown.iter().cloned());
        let seed = self.seeds.get(seed).map(|seed| match randomness {
            Randomness::Some => AxisValue::of(seed.get_ref()),
            Randomness::None => AxisValue::Absent,
        });
        values.chain(seed).collect()
    }

    /// All values of each of [`Self::axis_names`].
    pub fn axis_values(&self) -> Vec<Vec<&AxisValue>> {
        let mut all: Vec<Vec<&AxisValue>> = Vec::new();
        for axis in &self.axes {
            for key in 0..axis.keys.len() {
                all.push(axis.values.iter().map(|place| &place.shown[key]).collect());
            }
        }
        all
    }

    /// The place on each axis, and of the seed.
    fn places(&self, index: u32) -> (Vec<usize>, usize) {
        let mut rest = usize::try_from(index).unwrap_or(usize::MAX);
        let mut place_of = |n_values: usize| {
            let place = rest % n_values;
            rest /= n_values;
            place
        };
        let seed = place_of(self.seeds.len().max(1));
        let mut places: Vec<usize> = self
            .axes
            .iter()
            .rev()
            .map(|axis| place_of(axis.values.len()))
            .collect();
        places.reverse();
        (places, seed)
    }

    fn run(&self, places: &[usize], seed: usize) -> Result<RunSpec, Box<ConfigError>> {
        let mut table = self.base.table().clone();
        for (axis, &place) in self.axes.iter().zip(places) {
            for (key, value) in axis.keys.iter().zip(&axis.values[place].given) {
                base::set(&mut table, key, &axis.at, value.clone());
            }
        }
        if let Some(value) = self.seeds.get(seed) {
            base::set(&mut table, &keys::SEED, &value.span(), value.clone());
        }
        let complaints = Complaints::default();
        let spec = run::of_table(self.path, self.text, &table, &complaints)?;
        let complaints = complaints.into_vec();
        match spec {
            Some(spec) if complaints.is_empty() => self.checked(spec, places),
            Some(_) | None => {
                self.located(complaints, places)?;
                Err(self.complaint("a point of the grid is no run", "check the base and the axes"))
            }
        }
    }

    /// The run, where what is to be measured can be.
    fn checked(&self, spec: RunSpec, places: &[usize]) -> Result<RunSpec, Box<ConfigError>> {
        if self.accuracy.is_none() {
            return Ok(spec);
        }
        let (why, remedy) = match (spec.workload(), spec.activation_zeros()) {
            (run::Workload::Trace(_), _) => (
                "`measure.accuracy` needs a network, and the workload is a trace",
                "name `model` and `images` in the base, or take `accuracy` out",
            ),
            (run::Workload::Model(_), Some(_)) => (
                "`measure.accuracy` stands beside `workload.activation-zeros`: no image gave those zeros, so answers mean \
                 nothing",
                "take one of the two out",
            ),
            (run::Workload::Model(_), None) => return Ok(spec),
        };
        self.located(vec![Complaint::new(0..0, why, remedy)], places)?;
        Ok(spec)
    }

    /// Complaints of a combination as an error: those of the base stand at the axes, with the combination.
    fn located(&self, complaints: Vec<Complaint>, places: &[usize]) -> Result<(), Box<ConfigError>> {
        let combination = || {
            let axes = self.axes.iter().zip(places);
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
                at: self.at.clone(),
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
