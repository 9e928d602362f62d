//! Temporary.
#[path = "../tests/reports/support.rs"]
mod support;
use sim_core::spec::*;
fn main() {
    for (name, pe, n) in [
        ("2t9", support::nb_smt(Threads::Two, Policy::SA), 9),
        ("4t53", support::nb_smt(Threads::Four, Policy::SA), 53),
        ("sparq9", support::sparq(), 9),
        ("1l", support::nb_smt(Threads::Four, Policy::SA), 2),
    ] {
        let target = std::path::PathBuf::from("/tmp/figs").join(name);
        reports::folder::write(&target, &support::report(pe, n)).unwrap();
    }
}
