//! Many modules on many cores.

use sim_cost::key::Part;
use sim_rtl::HoldBit;

use crate::designs::Subject;
use crate::error::SynthError;
use crate::library::Library;
use crate::netlist::{ClockTarget, Module, synthesize};
use crate::{progress, timing};

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

/// Measure every subject on `n_jobs` threads, in the order of `subjects`; `title` names the work for who waits.
///
/// - Errors: that of the first subject that fails.
pub fn all(
    title: &str,
    subjects: &[Subject],
    library: &Library,
    clock: ClockTarget,
    n_jobs: Option<usize>,
) -> Result<Vec<Measured>, SynthError> {
    // Arrays take longest.
    let size = |subject: &Subject| u64::from(subject.part() == Part::Array4x4);
    let name = |subject: &Subject| format!("{title}: {}", subject.name());
    progress::each(subjects, n_jobs, size, name, |subject| {
        one(subject, library, clock)
    })
}

fn one(subject: &Subject, library: &Library, clock: ClockTarget) -> Result<Measured, SynthError> {
    let folder = tempfile::tempdir().map_err(|error| SynthError::io(&std::env::temp_dir(), error))?;
    let netlist = synthesize(subject.module, &subject.design(), library, clock, folder.path())?;
    let critical_path_ns = match subject.module {
        // Of a PE a table has one path: that without a hold bit.
        Module::Pe if library.has_timing() && subject.hold_bit == HoldBit::Absent => {
            Some(timing::critical_path(&netlist)?)
        }
        Module::Pe | Module::WindowLogic | Module::Array { .. } => None,
    };
    Ok(Measured {
        subject: *subject,
        area: netlist.area,
        critical_path_ns,
    })
}
