//! Technology tables, energies and areas.

mod builtin;
mod energy;
mod events;
mod parsing;
mod prototype;
mod rules;
mod timing;

use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Window};
use sim_cost::table::Table;

fn array(pe: Pe) -> ArraySpec {
    ArraySpec::new(3, 5, pe).unwrap()
}

fn nb_smt(threads: Threads, policy: Policy) -> Pe {
    Pe::NbSmt(NbSmt::new(threads, policy))
}

fn windows(window: Window) -> Sparq {
    Sparq::new(window)
}

/// The table of the prototype, whose figures tests know.
fn prototype() -> Table {
    let text = include_str!("../../../configs/tech/prototype-nangate45.toml");
    Table::parse("prototype-nangate45", text).unwrap()
}

#[track_caller]
fn assert_close(value: f64, want: f64) {
    assert!(
        (value - want).abs() <= 1e-9 * want.abs().max(1.0),
        "{value} is not {want}"
    );
}
