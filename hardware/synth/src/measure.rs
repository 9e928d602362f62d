//! Many modules on many cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::designs::Subject;
use crate::error::SynthError;
use crate::library::Library;
use crate::netlist::{ClockTarget, Module, synthesize};
use crate::timing;

/// What was measured of a module.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The module.
    pub subject: Subject,
    /// Cell area, in µm².
    pub area: f64,
    /// The critical path in ns, of PEs in a library that knows delays.
    pub critical_path_ns: Option<f64>,
}

/// Measure every subject on `jobs` threads, in the order of `subjects`; `done` hears of each.
///
/// - Errors: that of the first subject that fails.
pub fn all(
    subjects: &[Subject],
    library: &Library,
    clock: ClockTarget,
    jobs: usize,
    done: &(impl Fn() + Sync),
) -> Result<Vec<Measured>, SynthError> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let results: Vec<Mutex<Option<Result<Measured, SynthError>>>> =
        subjects.iter().map(|_| Mutex::new(None)).collect();
    // Arrays take longest and stand last; started first, they leave no core idle at the end.
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let taken = next.fetch_add(1, Ordering::Relaxed);
            let Some(n) = subjects.len().checked_sub(taken + 1) else {
                return;
            };
            let result = one(&subjects[n], library, clock);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            if let Ok(mut place) = results[n].lock() {
                *place = Some(result);
            }
            done();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(work);
        }
    });
    // After a failure the places of what was not begun are empty.
    results
        .into_iter()
        .filter_map(|place| place.into_inner().ok().flatten())
        .collect()
}

fn one(subject: &Subject, library: &Library, clock: ClockTarget) -> Result<Measured, SynthError> {
    let folder = tempfile::tempdir().map_err(|error| SynthError::io(&std::env::temp_dir(), error))?;
    let netlist = synthesize(subject.module, &subject.design(), library, clock, folder.path())?;
    let critical_path_ns = match subject.module {
        Module::Pe if library.has_timing() => Some(timing::critical_path(&netlist)?),
        Module::Pe | Module::WindowLogic | Module::Array { .. } => None,
    };
    Ok(Measured {
        subject: *subject,
        area: netlist.area,
        critical_path_ns,
    })
}
