//! A clock that a PE does not reach is said, where the table knows.

use sim_core::spec::{Pe, Policy, Threads};
use sim_core::units::Megahertz;
use sim_cost::clock_too_fast;
use sim_cost::table::Table;

use crate::{array, assert_close, nb_smt};

const TABLE: &str = "version = 1
[[timing]]
kind = 'nb-smt'
threads = 4
pipeline-depth = 1
part = 'critical-path'
value = 2.46
unit = 'ns'
node = '45 nm'
source = 'a test'
delay-model = 'library tables'
uncertainty = 10
";

#[test]
fn only_a_clock_above_the_critical_path_is_too_fast() {
    let table = Table::parse("own", TABLE).unwrap();
    let at = |clock: u32| {
        array(nb_smt(Threads::Four, Policy::SA))
            .with_clock(Megahertz(clock))
            .unwrap()
    };
    assert_eq!(clock_too_fast(&table, &at(406)), None);
    let error = clock_too_fast(&table, &at(407)).unwrap();
    assert_eq!(error.reachable_mhz, 406);
    let error = clock_too_fast(&table, &at(500)).unwrap();
    assert_close(error.critical_path_ns, 2.46);
    assert_eq!(
        error.to_string(),
        "clock-mhz = 500 leaves 2.00 ns a cycle, but technology table `own` has a critical path of 2.46 ns for \
         kind = \"nb-smt\", threads = 4, policy = \"S+A\", rounding = \"half-even\", overflow = \"saturate\", \
         pipeline-depth = 1 (45 nm): times assume a clock that this PE does not reach; lower clock-mhz to 406 or raise \
         pipeline-depth"
    );
}

#[test]
fn a_table_that_does_not_know_says_nothing() {
    let table = Table::parse("own", TABLE).unwrap();
    assert_eq!(clock_too_fast(&table, &array(Pe::Conventional)), None);
    let deep = array(nb_smt(Threads::Four, Policy::SA))
        .with_pipeline_depth(2)
        .unwrap();
    assert_eq!(clock_too_fast(&table, &deep), None);
}
