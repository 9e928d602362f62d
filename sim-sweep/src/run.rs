//! Runs the points of a plan that have no results yet, and stores each as it finishes.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam::channel;
use reports::stored::point::PointObject;
use sim_config::run::{ModelWorkload, RunSpec, Workload};
use sim_config::sweep::{AccuracySpec, PointSpec};
use sim_core::progress::Progress;
use sim_core::prune::PruneSpec;
use sim_run::error::{ErrorKind, RunError};
use sim_run::network::PreparedNetwork;
use sim_run::prediction::PredictionAsk;
use sim_run::trace::PreparedTrace;
use sim_run::workers::{Engines, Workers};

use crate::cache::Cache;
use crate::early::{caught, until_one};
use crate::error::SweepError;
use crate::evaluate::{self, TOGETHER};
use crate::identity::Identity;
use crate::measure;
use crate::plan::{Plan, Planned};
use crate::store::{Outcome, State};
use crate::traces::{Numbered, Thinned, TraceKey};

/// Told how far a sweep is.
pub trait Watch: Sync {
    /// So many points run now; `n_reused` have results already.
    fn begin(&self, n_points: usize, n_reused: usize);
    /// A point begins.
    fn start(&self);
    /// A point has ended, and is stored.
    fn finish(&self, state: State);
}

/// How a sweep is run.
#[derive(Clone, Copy)]
pub struct RunOptions<'a> {
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// The engines. Results do not depend on their instructions.
    pub engines: &'a Engines,
    /// Set from elsewhere to end after the points at hand.
    pub stop: &'a AtomicBool,
    /// Told how far work is.
    pub watch: &'a dyn Watch,
    /// Told what is worth knowing about a point.
    pub progress: &'a dyn Progress,
    /// Which of the points that have no results run here.
    pub share: Share<'a>,
}

impl<'a> RunOptions<'a> {
    fn workers(&self) -> Workers<'a> {
        Workers {
            jobs: self.jobs,
            engines: self.engines,
            stop: self.stop,
            progress: self.progress,
        }
    }
}

/// A part of the points.
#[derive(Clone, Copy, Debug)]
pub enum Share<'a> {
    /// All of them.
    All,
    /// These.
    Of(&'a HashSet<Identity>),
}

/// Where results are kept.
pub trait Results {
    /// Identities that have results, with how they ended.
    ///
    /// - Errors: what the file system refuses.
    fn states(&self) -> Result<HashMap<Identity, State>, SweepError>;

    /// Keep how points ended, all of them or none.
    ///
    /// - Errors: what the file system refuses.
    fn put(&mut self, outcomes: &[(Identity, Outcome)]) -> Result<(), SweepError>;
}

/// How a sweep ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Points of the share, equal ones once.
    pub distinct: usize,
    /// Points that had results before.
    pub reused: usize,
    /// Points that ran now and have counts.
    pub done: usize,
    /// Points that ran now and failed, by the user's mistake.
    pub failed: usize,
    /// Points that ran now and failed by a fault of this program.
    pub faults: usize,
    /// Points that are left, because the sweep was stopped.
    pub left: usize,
}

/// Points of `plan` without counts in `results`, equal ones once, in order.
///
/// A point that failed is one of them: what made it fail may have been mended.
///
/// - Errors: results that cannot be read.
pub fn pending(plan: &Plan<'_>, results: &dyn Results) -> Result<Pending, SweepError> {
    let states = results.states()?;
    let mut seen: HashSet<Identity> = HashSet::with_capacity(plan.points().len());
    let mut points = Vec::new();
    let mut reused = 0;
    for point in plan.points() {
        if !seen.insert(point.identity) {
            continue;
        }
        match states.get(&point.identity) {
            Some(State::Done) => reused += 1,
            Some(State::Failed | State::Fault) | None => points.push(*point),
        }
    }
    Ok(Pending { points, reused })
}

/// What is left of a plan.
#[derive(Debug)]
pub struct Pending {
    /// Without counts.
    pub points: Vec<Planned>,
    /// How many have counts.
    pub reused: usize,
}

/// Run what is left of a share of `plan` and keep it in `results`.
///
/// - Errors: those of `results`, and the first of the points' inputs where none of these can be prepared, before any
///   point is stored. Other points that fail are stored as such, and stopping is no error either.
pub fn run(
    plan: &Plan<'_>,
    results: &mut dyn Results,
    options: &RunOptions<'_>,
) -> Result<Summary, SweepError> {
    let Pending { mut points, reused } = pending(plan, results)?;
    match options.share {
        Share::All => {}
        Share::Of(share) => points.retain(|point| share.contains(&point.identity)),
    }
    let n_pending = points.len();
    options.watch.begin(points.len(), reused);
    let mut summary = Summary {
        distinct: n_pending + reused,
        reused,
        ..Summary::default()
    };
    let mut put = |outcomes: Vec<(Identity, Result<PointObject, RunError>)>| {
        let outcomes: Vec<(Identity, Outcome)> = outcomes
            .into_iter()
            .filter_map(|(identity, result)| Some((identity, outcome(result)?)))
            .collect();
        if outcomes.is_empty() {
            return Ok(());
        }
        results.put(&outcomes)?;
        for (_, outcome) in &outcomes {
            match outcome.state {
                State::Done => summary.done += 1,
                State::Failed => summary.failed += 1,
                State::Fault => summary.faults += 1,
            }
            options.watch.finish(outcome.state);
        }
        Ok(())
    };
    match plan.spec().accuracy() {
        Some(accuracy) => with_answers(plan, &points, accuracy, options, &mut put)?,
        None => without_answers(plan, &points, options, &mut put)?,
    }
    summary.left = n_pending - summary.done - summary.failed - summary.faults;
    Ok(summary)
}

/// `None` where there is nothing to store.
fn outcome(result: Result<PointObject, RunError>) -> Option<Outcome> {
    let (state, body) = match result {
        Ok(point) => match serde_json::to_string(&point) {
            Ok(body) => (State::Done, body),
            Err(error) => (State::Fault, error.to_string()),
        },
        Err(error) => match error.kind() {
            ErrorKind::User => (State::Failed, error.to_string()),
            ErrorKind::Ours => (State::Fault, error.to_string()),
            ErrorKind::Stopped => return None,
        },
    };
    Some(Outcome { state, body })
}

type Put<'a> = dyn FnMut(Vec<(Identity, Result<PointObject, RunError>)>) -> Result<(), SweepError> + 'a;

type Shared = Result<Arc<PreparedTrace>, RunError>;

/// Points whose counts come from a trace: each on one thread, the traces made once.
fn without_answers(
    plan: &Plan<'_>,
    points: &[Planned],
    options: &RunOptions<'_>,
    put: &mut Put<'_>,
) -> Result<(), SweepError> {
    let mut keys = Numbered::new();
    let mut work: Vec<(Thinned, Planned)> = Vec::with_capacity(points.len());
    for point in points {
        let spec = plan.run(point)?.run;
        let key = keys.number(TraceKey {
            workload: spec.workload.clone(),
            pruning: spec.pruning,
            prediction: PredictionAsk::of_run(&spec),
        });
        work.push((Thinned::new(key, &spec), *point));
    }
    // Points of one trace follow one another, so that few traces are in memory; the sort is stable.
    work.sort_by_key(|(thinned, _)| *thinned);
    let thinned: Cache<Thinned, Shared> = Cache::new(work.iter().map(|(thinned, _)| *thinned));
    let mut distinct: Vec<Thinned> = work.iter().map(|(thinned, _)| *thinned).collect();
    distinct.dedup();
    let mut numbers: Vec<usize> = distinct.iter().map(|thinned| thinned.trace).collect();
    let traces: Cache<usize, Shared> = Cache::new(numbers.iter().copied());
    numbers.dedup();
    let early = until_one(numbers.iter().copied(), |number| {
        trace(&keys.values[number], options)
    })?;
    let early: Mutex<HashMap<usize, Shared>> = Mutex::new(numbers.into_iter().zip(early).collect());
    let n_jobs = options.jobs.clamp(1, work.len().max(1));
    let workers = Workers {
        jobs: (options.jobs / n_jobs).max(1),
        ..options.workers()
    };
    let next = AtomicUsize::new(0);
    // The worker that finds the store broken has nobody else to tell.
    let broken = AtomicBool::new(false);
    let (sender, receiver) = channel::bounded(n_jobs);
    let worker = |sender: channel::Sender<(Identity, Result<PointObject, RunError>)>| {
        while !options.stop.load(Ordering::Relaxed) && !broken.load(Ordering::Relaxed) {
            let Some((key, point)) = work.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            options.watch.start();
            let result = caught(|| {
                let spec = plan.run(point)?.run;
                let prepared = thinned.get(key, || {
                    let whole = traces.get(&key.trace, || {
                        let mut early = early.lock().unwrap_or_else(PoisonError::into_inner);
                        let prepared = early.remove(&key.trace);
                        drop(early);
                        prepared.unwrap_or_else(|| trace(&keys.values[key.trace], options))
                    })?;
                    thin(whole, &spec)
                })?;
                measure::simulate_point(&spec, &prepared, &workers)
            });
            if sender.send((point.identity, result)).is_err() {
                break;
            }
        }
    };
    let stored = crossbeam::thread::scope(|scope| {
        for _ in 0..n_jobs {
            let sender = sender.clone();
            scope.spawn(|_| worker(sender));
        }
        drop(sender);
        let mut stored = Ok(());
        for result in receiver {
            if stored.is_ok() {
                stored = put(vec![result]);
                if stored.is_err() {
                    broken.store(true, Ordering::Relaxed);
                }
            }
        }
        stored
    });
    match stored {
        Ok(stored) => stored,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn trace(key: &TraceKey, options: &RunOptions<'_>) -> Shared {
    // Whoever needs the trace waits for it.
    PreparedTrace::of_workload(
        &key.workload,
        key.pruning,
        key.prediction.as_ref(),
        &options.workers(),
    )
    .map(Arc::new)
}

fn thin(whole: Arc<PreparedTrace>, spec: &RunSpec) -> Shared {
    let Some(zeros) = spec.activation_zeros else {
        return Ok(whole);
    };
    let mut thinned = PreparedTrace::clone(&whole);
    thinned.thin(zeros, spec.seed);
    Ok(Arc::new(thinned))
}

/// Points with answers: the points of a network in order, several designs in one pass over the images.
fn with_answers(
    plan: &Plan<'_>,
    points: &[Planned],
    accuracy: AccuracySpec,
    options: &RunOptions<'_>,
    put: &mut Put<'_>,
) -> Result<(), SweepError> {
    let mut keys: Numbered<(ModelWorkload, Option<PruneSpec>)> = Numbered::new();
    let mut beside = Numbered::new();
    let mut work: Vec<([usize; 2], Planned)> = Vec::with_capacity(points.len());
    for point in points {
        let spec = plan.run(point)?;
        // A sweep with answers over a trace is not a sweep.
        let Workload::Model(model) = &spec.run.workload else {
            continue;
        };
        let mut model = model.as_ref().clone();
        model.n_images = Some(accuracy.images);
        let network = keys.number((model, spec.run.pruning));
        work.push((
            [network, beside.number(evaluate::design(&spec).predicted_beside())],
            *point,
        ));
    }
    work.sort_by_key(|(key, _)| *key);
    let workers = options.workers();
    let prepare = |key: usize| {
        let (model, pruning) = &keys.values[key];
        PreparedNetwork::new(model.clone(), *pruning, &workers)
    };
    let groups = || {
        let groups = work.chunk_by(|([one, _], _), ([other, _], _)| one == other);
        groups.filter_map(|group| {
            let ([network, _], _) = group.first()?;
            Some((*network, group))
        })
    };
    let mut early = until_one(groups().map(|(key, _)| key), prepare)?.into_iter();
    for (key, group) in groups() {
        let prepared = early.next().unwrap_or_else(|| caught(|| prepare(key)));
        let alike = group.chunk_by(|(one, _), (other, _)| one == other);
        for chunk in alike.flat_map(|points| points.chunks(TOGETHER)) {
            if options.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            for _ in chunk {
                options.watch.start();
            }
            let results = match &prepared {
                Err(error) => chunk.iter().map(|_| Err(error.clone())).collect(),
                Ok(prepared) => {
                    let points: Vec<PointSpec> = chunk
                        .iter()
                        .map(|(_, point)| plan.run(point))
                        .collect::<Result<_, _>>()?;
                    let points: Vec<&PointSpec> = points.iter().collect();
                    evaluate::evaluate(prepared, &points, accuracy, &workers)
                }
            };
            let identities = chunk.iter().map(|(_, point)| point.identity);
            put(identities.zip(results).collect())?;
        }
    }
    Ok(())
}
