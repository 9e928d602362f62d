//! How long a sweep may take: a few of its points are run, and nothing is stored.

use std::time::Instant;

use sim_config::run::Workload;
use sim_core::shape::widen;
use sim_core::units::count_as_f64;
use sim_run::error::{ErrorKind, RunError};
use sim_run::network::PreparedNetwork;
use sim_run::trace::PreparedTrace;
use sim_run::workers::Workers;

use crate::error::SweepError;
use crate::evaluate;
use crate::measure;
use crate::plan::{Plan, Planned};

/// Images that an evaluation is judged by.
const IMAGES: usize = 32;

/// Why there is no estimate.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// The sweep.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A point that was tried.
    #[error("{0}")]
    Point(String),
}

impl From<RunError> for EstimateError {
    fn from(error: RunError) -> Self {
        match error.kind() {
            ErrorKind::Stopped => Self::Sweep(SweepError::Stopped),
            ErrorKind::User | ErrorKind::Ours => Self::Point(error.to_string()),
        }
    }
}

/// Seconds that `points` may take on the threads of `workers`, from the first, the middle and the last of them; `None` of none.
///
/// - Errors: a point that cannot be run.
pub fn seconds(
    plan: &Plan<'_>,
    points: &[Planned],
    workers: &Workers<'_>,
) -> Result<Option<f64>, EstimateError> {
    let Some(last) = points.len().checked_sub(1) else {
        return Ok(None);
    };
    let mut tried = vec![0, last / 2, last];
    tried.dedup();
    let mut each = 0.0;
    let mut once = 0.0_f64;
    for &place in &tried {
        let time = try_point(plan, &points[place], workers)?;
        each += time.each;
        once = once.max(time.once);
    }
    let mean = each / count_as_f64(widen(tried.len()));
    let n_points = count_as_f64(widen(points.len()));
    let n_jobs = count_as_f64(widen(workers.jobs.clamp(1, points.len())));
    let n_jobs = match plan.spec().accuracy() {
        // An evaluation is on all threads already.
        Some(_) => count_as_f64(widen(workers.jobs.max(1))),
        None => n_jobs,
    };
    Ok(Some(once + mean * n_points / n_jobs))
}

/// Seconds on one thread.
struct Time {
    /// What several points share.
    once: f64,
    /// What each takes.
    each: f64,
}

fn try_point(plan: &Plan<'_>, point: &Planned, workers: &Workers<'_>) -> Result<Time, EstimateError> {
    let point = plan.run(point).map_err(SweepError::from)?;
    let spec = &point.run;
    let workers = Workers { jobs: 1, ..*workers };
    let start = Instant::now();
    match (plan.spec().accuracy(), &spec.workload) {
        (Some(accuracy), Workload::Model(model)) => {
            let mut model = model.as_ref().clone();
            let n_images = accuracy.images.min(IMAGES);
            model.n_images = Some(n_images);
            let prepared = PreparedNetwork::new(model, spec.pruning, &workers)?;
            let once = start.elapsed().as_secs_f64();
            for result in evaluate::evaluate(&prepared, &[&point], accuracy, &workers) {
                result?;
            }
            let images = count_as_f64(widen(accuracy.images)) / count_as_f64(widen(n_images));
            Ok(Time {
                once,
                each: (start.elapsed().as_secs_f64() - once) * images,
            })
        }
        (None, _) | (Some(_), Workload::Trace(_)) => {
            let prepared = PreparedTrace::of_run(spec, &workers)?;
            let once = start.elapsed().as_secs_f64();
            measure::simulate_point(spec, &prepared, &workers)?;
            Ok(Time {
                once,
                each: start.elapsed().as_secs_f64() - once,
            })
        }
    }
}
