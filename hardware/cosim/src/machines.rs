//! The machines that are checked.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Window, WindowRounding};
use sim_synth::designs::{nb_smt, windowed};

/// An array with pipelined tiles.
pub(crate) fn array(rows: usize, cols: usize, pe: Pe, depth: u8) -> anyhow::Result<ArraySpec> {
    Ok(ArraySpec::new(rows, cols, pe)?.with_pipeline_depth(depth)?)
}

/// Every kind of PE, every policy and window that the papers build, every option at least once.
pub(crate) fn all(rows: usize, cols: usize) -> anyhow::Result<Vec<ArraySpec>> {
    let mut machines = vec![(Pe::Conventional, 1), (nb_smt(Threads::One, Policy::SA), 1)];
    for threads in [Threads::Two, Threads::Four] {
        for policy in [Policy::SA, Policy::SAw, Policy::SW, Policy::S] {
            machines.push((nb_smt(threads, policy), 1));
        }
    }
    machines.extend(Window::ALL.map(|window| (Pe::Sparq(windowed(window)), 1)));
    machines.push((Pe::SparqStc(windowed(Window::Opt5)), 1));
    machines.push((Pe::SparqStc(windowed(Window::Opt7)), 1));
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
    machines.push((Pe::SparqStc(windowed(Window::Opt3)), 2));
    machines
        .into_iter()
        .map(|(pe, depth)| array(rows, cols, pe, depth))
        .collect()
}
