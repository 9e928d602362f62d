//! Which built-in figures are drawn.

use sim_draw::figure::Figure;

use crate::build::{Only, Trouble, build};
use crate::spec::builtin;
use reports::stored::Stored;

/// The figures that a run leaves in its folder.
pub(crate) const OF_RUN: [&str; 6] = [
    "speedup",
    "utilization",
    "pe-cycles",
    "active-threads",
    "energy",
    "mse",
];

/// The figures that an evaluation leaves in its folder.
pub(crate) const OF_EVALUATION: [&str; 2] = ["accuracy", "throttling"];

/// The names of all built-in figures, each once, in their order.
pub fn kinds() -> Vec<String> {
    let mut kinds = Vec::new();
    for spec in builtin() {
        if !kinds.contains(&spec.name) {
            kinds.push(spec.name);
        }
    }
    kinds
}

/// The figures of a kind: those of the first spec of this name that the results have points for.
///
/// - Errors: why none of the specs of this name has any.
pub fn of_kind(stored: &Stored, kind: &str, only: &[Only]) -> Result<Vec<Figure>, Trouble> {
    let mut reasons: Vec<String> = Vec::new();
    for spec in builtin().into_iter().filter(|spec| spec.name == kind) {
        match build(stored, &spec, only) {
            Ok(figures) => return Ok(figures),
            Err(Trouble::Wrong(complaint)) if complaint.unknown.is_some() => reasons.push(complaint.why),
            Err(trouble) => reasons.push(trouble.reason()),
        }
    }
    reasons.dedup();
    Err(Trouble::NoPoints(reasons.join("; or else ")))
}

/// The figures of a run that it has points for.
pub fn of_run(stored: &Stored) -> Vec<Figure> {
    of_kinds(stored, &OF_RUN)
}

/// The figures of an evaluation that it has points for.
pub fn of_evaluation(stored: &Stored) -> Vec<Figure> {
    of_kinds(stored, &OF_EVALUATION)
}

fn of_kinds(stored: &Stored, kinds: &[&str]) -> Vec<Figure> {
    let of = |kind: &&str| of_kind(stored, kind, &[]).unwrap_or_default();
    kinds.iter().flat_map(of).collect()
}
