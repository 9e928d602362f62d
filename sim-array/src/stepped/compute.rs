//! The first pipeline stage: what every PE makes of the operands it holds.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{NbSmt, Pe, Policy, Threads};
use sim_pe::lanes::{self, Lanes};
use sim_pe::sparq::{self, Compressed};

use super::registers::Registers;

/// A conventional PE is one thread, for which no rule ever fires.
const ONE_THREAD: NbSmt = NbSmt {
    threads: Threads::One,
    policy: Policy::SA,
    rounding: Rounding::HalfEven,
    overflow: Overflow::Saturate,
};

/// One step of every PE.
#[inline(always)]
pub(super) fn evaluate(pe: Pe, registers: &Registers, steps: &mut Lanes) {
    match pe {
        Pe::Conventional => threads(&ONE_THREAD, registers, steps),
        Pe::NbSmt(rules) => threads(&rules, registers, steps),
        Pe::Sparq(_) => {
            for pe in 0..registers.control.len() {
                // A window keeps zero and width, so both can be seen after it.
                let kept = [registers.activations[0][pe], registers.activations[1][pe]];
                let n_changed = registers.changed[0][pe] + registers.changed[1][pe];
                let n_changed = n_changed * registers.col_is_real[pe];
                pair(pe, kept, kept, n_changed, registers, steps);
            }
        }
        Pe::SparqStc(rules) => {
            for pe in 0..registers.control.len() {
                let activations = std::array::from_fn(|lane| registers.activations[lane][pe]);
                let compressed = Compressed {
                    weights: [registers.weights[0][pe], registers.weights[1][pe]],
                    positions: [registers.positions[0][pe], registers.positions[1][pe]],
                };
                let picked = compressed.pick(activations);
                let kept = sparq::windowed_pair(picked, &rules);
                let n_changed = u8::try_from(sparq::n_changed(picked, kept)).unwrap_or(u8::MAX);
                pair(pe, picked, kept, n_changed, registers, steps);
            }
        }
    }
}

/// A PE that holds a pair: `raw` decides activity and width, `kept` is multiplied.
fn pair(pe: usize, raw: [u8; 2], kept: [u8; 2], n_changed: u8, registers: &Registers, steps: &mut Lanes) {
    let weights = [registers.weights[0][pe], registers.weights[1][pe]];
    steps.products[pe] = sparq::multiply(kept, weights);
    steps.n_active[pe] = u8::from(raw[0] != 0) + u8::from(raw[1] != 0);
    steps.n_reduced[0][pe] += n_changed;
    for (x, w) in raw.into_iter().zip(weights) {
        steps.tally_widths(pe, x, w);
    }
}

#[inline(always)]
fn threads(rules: &NbSmt, registers: &Registers, steps: &mut Lanes) {
    let x = |lane: usize| registers.activations[lane].as_slice();
    let w = |lane: usize| registers.weights[lane].as_slice();
    match rules.threads {
        Threads::One => lanes::step(rules, [x(0)], [w(0)], steps),
        Threads::Two => lanes::step(rules, [x(0), x(1)], [w(0), w(1)], steps),
        Threads::Four => lanes::step(rules, [x(0), x(1), x(2), x(3)], [w(0), w(1), w(2), w(3)], steps),
    }
}
