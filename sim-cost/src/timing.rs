//! Whether a PE is as fast as its clock.

use sim_core::spec::ArraySpec;

use crate::key::PeKey;
use crate::table::Table;

/// A clock that is faster than the PE's critical path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "clock-mhz = {clock_mhz} leaves {period_ns:.2} ns a cycle, but technology table `{table}` has a critical path of \
     {critical_path_ns:.2} ns for {pe} ({node}): times assume a clock that this PE does not reach; lower clock-mhz to \
     {reachable_mhz} or raise pipeline-depth"
)]
pub struct ClockTooFast {
    /// The table's name.
    pub table: String,
    /// The PE.
    pub pe: PeKey,
    /// The array's clock.
    pub clock_mhz: u32,
    /// One cycle of it, in ns.
    pub period_ns: f64,
    /// What one cycle must last at least, in ns.
    pub critical_path_ns: f64,
    /// Where the critical path was measured.
    pub node: String,
    /// The fastest clock in whole MHz that the critical path allows, at least 1.
    pub reachable_mhz: u32,
}

/// What is wrong with the clock of `array`, where the table knows the critical path of its PE.
///
/// Most tables do not: then nothing is wrong as far as anyone knows.
pub fn clock_too_fast(table: &Table, array: &ArraySpec) -> Option<ClockTooFast> {
    let pe = PeKey::of(array);
    let path = table.critical_path_of(&pe)?;
    let clock_mhz = array.clock().0;
    let period_ns = 1000.0 / f64::from(clock_mhz);
    (period_ns < path.value).then(|| ClockTooFast {
        table: table.name().to_owned(),
        clock_mhz,
        period_ns,
        critical_path_ns: path.value,
        node: path.node.clone(),
        reachable_mhz: fastest_below(clock_mhz, path.value),
        pe,
    })
}

/// The largest whole frequency below `clock_mhz` whose period is at least `path_ns`, or 1.
fn fastest_below(clock_mhz: u32, path_ns: f64) -> u32 {
    let (mut reached, mut missed) = (1, clock_mhz.max(2));
    while 1 < missed - reached {
        let middle = reached + (missed - reached) / 2;
        if 1000.0 / f64::from(middle) < path_ns {
            missed = middle;
        } else {
            reached = middle;
        }
    }
    reached
}
