//! The machines that are checked.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{
    ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Window, WindowPlace, WindowRounding,
};
use sim_synth::designs::nb_smt;

/// An array with pipelined tiles.
pub(crate) fn array(rows: usize, cols: usize, pe: Pe, depth: u8) -> anyhow::Result<ArraySpec> {
    Ok(ArraySpec::new(rows, cols, pe)?.with_pipeline_depth(depth)?)
}

/// Every kind of PE with one stage, every policy and window that the papers build; windows inside PEs are the same logic, and
/// two of them are enough.
pub(crate) fn compared() -> Vec<Pe> {
    let mut machines = Pe::compared(&[Policy::SA, Policy::SAw, Policy::SW, Policy::S]);
    machines.retain(|pe| match pe.windows() {
        Some((WindowPlace::Pe, rules)) => [Window::Opt5, Window::Opt7].contains(&rules.window),
        Some((WindowPlace::Edge, _)) | None => true,
    });
    machines
}

/// Those, every option at least once.
pub(crate) fn all(rows: usize, cols: usize) -> anyhow::Result<Vec<ArraySpec>> {
    let mut machines: Vec<(Pe, u8)> = compared().into_iter().map(|pe| (pe, 1)).collect();
    // Options of the rules.
    machines.push((
        Pe::NbSmt(NbSmt {
            threads: Threads::Four,
            policy: Policy::AW,
            rounding: Rounding::HalfEven,
            overflow: Overflow::Extend,
        }),
        1,
    ));
    machines.push((
        Pe::Sparq(Sparq {
            window: Window::Opt3,
            rounding: WindowRounding::Trim,
            pairs: Pairs::Off,
        }),
        1,
    ));
    // Deeper pipelines.
    machines.push((Pe::Conventional, 3));
    machines.push((nb_smt(Threads::Two, Policy::SA), 2));
    machines.push((nb_smt(Threads::Four, Policy::SA), 4));
    machines.push((Pe::SparqStc(Sparq::new(Window::Opt3)), 2));
    machines
        .into_iter()
        .map(|(pe, depth)| array(rows, cols, pe, depth))
        .collect()
}
