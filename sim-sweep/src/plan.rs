//! All points of a sweep, each with its identity, before anything runs.

use std::sync::atomic::AtomicBool;

use sim_config::sweep::{AxisValue, Combination, PointSpec, Randomness, SweepSpec, SweepTexts};
use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_toml::error::ConfigError;

use crate::curves::{self, PredictorCurves};
use crate::error::{SweepError, SweepFault};
use crate::figures;
use crate::identity::{Fingerprints, Identity, of_point};

/// Combinations that one thread plans in a row.
const CHUNK: u32 = 2048;

/// A point of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its number in the grid.
    pub(crate) combination: u32,
    /// What it is.
    pub identity: Identity,
    pub(crate) randomness: Randomness,
}

/// Every point of a sweep, in order.
#[derive(Debug)]
pub struct Plan<'t> {
    spec: SweepSpec<'t>,
    points: Vec<Planned>,
    n_excluded: u64,
    curves: Vec<PredictorCurves>,
}

impl<'t> Plan<'t> {
    /// Resolve and hash every point on `jobs` threads; the plan does not depend on their number.
    ///
    /// - Errors: figures that are wrong, or draw what no point has; the first combination, in order, that is not a run;
    ///   inputs that cannot be read; no point at all.
    pub fn new(texts: &'t SweepTexts, jobs: usize, stop: &AtomicBool) -> Result<Self, SweepError> {
        let spec = texts.spec()?;
        let figures = figures::read(texts.path(), texts.text())?;
        let n = spec.n_combinations()?;
        let fingerprints = Fingerprints::default();
        let starts: Vec<u32> = (0..n.div_ceil(CHUNK)).map(|chunk| chunk * CHUNK).collect();
        let chunks = parallel_map(&starts, jobs, stop, |&start| {
            chunk(&spec, start..start.saturating_add(CHUNK).min(n), &fingerprints)
        })
        .map_err(|unfinished| match unfinished {
            Unfinished::Stopped => SweepError::Stopped,
            Unfinished::Failed(error) => error,
        })?;
        let n_excluded = chunks.iter().map(|chunk| chunk.n_excluded).sum();
        let mut points = Vec::with_capacity(chunks.iter().map(|chunk| chunk.points.len()).sum());
        for chunk in chunks {
            points.extend(chunk.points);
        }
        if points.is_empty() {
            return Err(SweepFault::NoPoint.at(texts.path()));
        }
        let plan = Self {
            spec,
            points,
            n_excluded,
            curves: Vec::new(),
        };
        let curves = curves::of(&plan)?;
        curves::check(&curves, &figures, (texts.path(), texts.text()))?;
        Ok(Self { curves, ..plan })
    }

    /// The sweep that it plans.
    pub const fn spec(&self) -> &SweepSpec<'t> {
        &self.spec
    }

    /// The points, in order.
    pub fn points(&self) -> &[Planned] {
        &self.points
    }

    /// Combinations that the file excludes.
    pub const fn n_excluded(&self) -> u64 {
        self.n_excluded
    }

    /// What a point is.
    ///
    /// - Errors: none that planning has not found; array files that have changed since.
    pub fn run(&self, planned: &Planned) -> Result<PointSpec, Box<ConfigError>> {
        match self.spec.combination(planned.combination)? {
            Combination::Point(spec) => Ok(*spec),
            Combination::Excluded | Combination::Repeated => {
                unreachable!("a planned combination is a point, and combinations do not change")
            }
        }
    }

    /// The values of a point, one for each axis.
    pub fn values(&self, planned: &Planned) -> Vec<AxisValue> {
        self.spec.values(planned.combination, planned.randomness)
    }

    /// Whether outputs are predicted to be zero: at all points, or at none.
    ///
    /// - Errors: those of [`Self::run`].
    pub fn predicts(&self) -> Result<bool, Box<ConfigError>> {
        match self.points.first() {
            Some(point) => Ok(self.run(point)?.run.design.prediction.is_some()),
            None => Ok(false),
        }
    }

    /// What thresholds of the points' predictors keep and lose.
    pub(crate) fn curves(&self) -> &[PredictorCurves] {
        &self.curves
    }

    /// Whether any point has zeros that no image gave.
    pub fn is_synthetic(&self) -> bool {
        self.points
            .iter()
            .any(|point| point.randomness == Randomness::Some)
    }
}

struct Chunk {
    points: Vec<Planned>,
    n_excluded: u64,
}

fn chunk(
    spec: &SweepSpec<'_>,
    combinations: std::ops::Range<u32>,
    fingerprints: &Fingerprints,
) -> Result<Chunk, SweepError> {
    let mut chunk = Chunk {
        points: Vec::new(),
        n_excluded: 0,
    };
    for combination in combinations {
        match spec.combination(combination)? {
            Combination::Excluded => chunk.n_excluded += 1,
            Combination::Repeated => {}
            Combination::Point(point) => chunk.points.push(Planned {
                combination,
                identity: of_point(&point, spec.accuracy(), fingerprints)?,
                randomness: Randomness::of(&point.run),
            }),
        }
    }
    Ok(chunk)
}
