//! One step of many NB-SMT PEs at once, for an engine that clocks whole arrays.
//!
//! The rules are those of [`crate::nbsmt::step`], spelled out as masks so that no lane branches on data; a test holds
//! the two together. Bytes are worked on first and wider numbers apart, so that each loop fills its vectors.

use sim_core::counters::{OperandWidths, Reduced};
use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{BasePolicy, NbSmt, Sparsity};

use crate::mutant::{self, Mutant};
use crate::nbsmt;
use crate::operand::{
    MAX_NARROW_ACTIVATION, MAX_NARROW_WEIGHT, MIN_NARROW_WEIGHT, activation_is_narrow, weight_is_narrow,
};

/// Steps that a lane may tally between two [`Lanes::take_tallies`]: four a step must stay below 256.
pub const MAX_TALLIED_STEPS: usize = 63;

/// The most threads of a PE.
const MAX_THREADS: usize = 4;

/// What the PEs of a plane did in a step, `[pe]` each.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// What each accumulator adds.
    pub products: Vec<i32>,
    /// Active threads, `0..=4`.
    pub n_active: Vec<u8>,
    /// Activations and weights reduced since the tallies were taken.
    pub n_reduced: [Vec<u8>; 2],
    /// Products by width since the tallies were taken: all, with a wide activation, with a wide weight, with both.
    n_by_width: [Vec<u8>; 4],
    /// All ones where the step reduces thread t's activation, weight.
    cuts: [[Vec<u8>; 2]; MAX_THREADS],
}

impl Lanes {
    /// Idle lanes.
    pub fn new(n_lanes: usize) -> Self {
        let plane = || vec![0; n_lanes];
        Self {
            products: vec![0; n_lanes],
            n_active: plane(),
            n_reduced: std::array::from_fn(|_| plane()),
            n_by_width: std::array::from_fn(|_| plane()),
            cuts: std::array::from_fn(|_| std::array::from_fn(|_| plane())),
        }
    }

    /// Tally one operand pair of PE `pe` by its widths; a pair with a zero is none.
    pub fn tally_widths(&mut self, pe: usize, x: u8, w: i8) {
        if x == 0 || w == 0 {
            return;
        }
        let wide_x = u8::from(!activation_is_narrow(x));
        let wide_w = u8::from(!weight_is_narrow(w));
        let counts = [1, wide_x, wide_w, wide_x & wide_w];
        for (plane, count) in self.n_by_width.iter_mut().zip(counts) {
            plane[pe] += count;
        }
    }

    /// The sums of the tallies over all lanes; they start again at 0.
    pub fn take_tallies(&mut self) -> (Reduced, OperandWidths) {
        let take = |plane: &mut Vec<u8>| -> u64 {
            let sum = plane.iter().map(|&n| u64::from(n)).sum();
            plane.fill(0);
            sum
        };
        let [activations, weights] = self.n_reduced.each_mut().map(take);
        let [all, wide_x, wide_w, both] = self.n_by_width.each_mut().map(take);
        let widths = OperandWidths {
            a8w8: both,
            a8w4: wide_x - both,
            a4w8: wide_w - both,
            a4w4: all + both - wide_x - wide_w,
        };
        (Reduced { activations, weights }, widths)
    }
}

const fn mask(holds: bool) -> u8 {
    if holds { u8::MAX } else { 0 }
}

/// A policy as masks.
#[derive(Clone, Copy)]
struct Masks {
    /// The two-thread rule may reduce: the activation, the weight.
    two: [u8; 2],
    /// It asks that the other operand is wide too.
    two_asks_other: u8,
    /// Narrow operands are reduced too.
    narrow_too: u8,
    /// The fewest threads that a step counts as colliding.
    least: u8,
    round_bias: u8,
    round_odd: u8,
    max_x: u8,
    max_w: i16,
}

impl Masks {
    fn new(rules: &NbSmt) -> Self {
        let (two, asks_other, narrow_too) = match rules.policy.base() {
            BasePolicy::A0 => ([true, false], false, true),
            BasePolicy::A => ([true, false], false, false),
            BasePolicy::Aw => ([true, false], true, false),
            BasePolicy::W => ([false, true], false, false),
            BasePolicy::AW => ([false, true], true, false),
        };
        let (round_bias, round_odd) = match rules.rounding {
            // A rest of the division by 16 rounds up iff rest + 7 + (is the quotient odd) reaches 16.
            Rounding::HalfEven => (7, 1),
            Rounding::Floor => (0, 0),
        };
        let (max_x, max_w) = match rules.overflow {
            Overflow::Saturate => (15, 7),
            Overflow::Extend => (16, 8),
        };
        let n_threads = u8::try_from(rules.threads.count()).unwrap_or(u8::MAX);
        Self {
            two: two.map(mask),
            two_asks_other: mask(asks_other),
            narrow_too: mask(narrow_too),
            least: match rules.policy.sparsity() {
                Sparsity::Off => n_threads,
                Sparsity::On => 0,
            },
            round_bias,
            round_odd,
            max_x,
            max_w,
        }
    }
}

/// One step of a plane of PEs; `x[t]` and `w[t]` hold thread `t`'s operands, `[pe]` each.
///
/// Products and active threads are set, tallies are added to.
#[inline(always)]
pub fn step<const T: usize>(rules: &NbSmt, x: [&[u8]; T], w: [&[i8]; T], lanes: &mut Lanes) {
    if cfg!(feature = "mutants") && Mutant::ALL.into_iter().any(mutant::is_on) {
        return step_by_step(rules, x, w, lanes);
    }
    let masks = Masks::new(rules);
    let n = lanes.products.len();
    let (x, w) = (x.map(|plane| &plane[..n]), w.map(|plane| &plane[..n]));
    decide(&masks, x, w, lanes);
    multiply(&masks, x, w, lanes);
}

#[inline(always)]
const fn is_active(x: u8, w: i8) -> u8 {
    mask((x != 0) & (w != 0))
}

/// Bytes: who is active, which operands are cut, what is tallied.
#[inline(always)]
fn decide<const T: usize>(masks: &Masks, x: [&[u8]; T], w: [&[i8]; T], lanes: &mut Lanes) {
    let n = lanes.products.len();
    let n_active = &mut lanes.n_active[..n];
    for (pe, n_active) in n_active.iter_mut().enumerate() {
        let mut count = 0_u8;
        for t in 0..T {
            count += is_active(x[t][pe], w[t][pe]) & 1;
        }
        *n_active = count;
    }
    let [n_x, n_w] = lanes.n_reduced.each_mut().map(|plane| &mut plane[..n]);
    let [all, with_x, with_w, with_both] = lanes.n_by_width.each_mut().map(|plane| &mut plane[..n]);
    for t in 0..T {
        let (x, w) = (&x[t][..n], &w[t][..n]);
        for pe in 0..n {
            let active = is_active(x[pe], w[pe]);
            let wide_x = active & mask(MAX_NARROW_ACTIVATION < x[pe]);
            let wide_w = active & (mask(MAX_NARROW_WEIGHT < w[pe]) | mask(w[pe] < MIN_NARROW_WEIGHT));
            all[pe] += active & 1;
            with_x[pe] += wide_x & 1;
            with_w[pe] += wide_w & 1;
            with_both[pe] += wide_x & wide_w & 1;
        }
        if T == 1 {
            continue;
        }
        let [cut_x, cut_w] = lanes.cuts[t].each_mut().map(|plane| &mut plane[..n]);
        for pe in 0..n {
            let active = is_active(x[pe], w[pe]);
            let wide_x = mask(MAX_NARROW_ACTIVATION < x[pe]);
            let wide_w = mask(MAX_NARROW_WEIGHT < w[pe]) | mask(w[pe] < MIN_NARROW_WEIGHT);
            let colliding = if n_active[pe] < masks.least {
                masks.least
            } else {
                n_active[pe]
            };
            let two = active & mask(colliding == 2);
            let more = active & mask(2 < colliding);
            let may_x = wide_x | masks.narrow_too;
            let may_w = wide_w | masks.narrow_too;
            let two_x = masks.two[0] & (wide_w | !masks.two_asks_other);
            let two_w = masks.two[1] & (wide_x | !masks.two_asks_other);
            let x_is_cut = may_x & (more | (two & two_x));
            let w_is_cut = may_w & (more | (two & two_w));
            n_x[pe] += x_is_cut & 1;
            n_w[pe] += w_is_cut & 1;
            cut_x[pe] = x_is_cut;
            cut_w[pe] = w_is_cut;
        }
    }
}

/// Words: the products of what is left of the operands.
#[inline(always)]
fn multiply<const T: usize>(masks: &Masks, x: [&[u8]; T], w: [&[i8]; T], lanes: &mut Lanes) {
    let n = lanes.products.len();
    let products = &mut lanes.products[..n];
    for t in 0..T {
        let (x, w) = (&x[t][..n], &w[t][..n]);
        let [cut_x, cut_w] = lanes.cuts[t].each_ref().map(|plane| &plane[..n]);
        for pe in 0..n {
            let (mut a, mut b) = (i16::from(x[pe]), i16::from(w[pe]));
            if T != 1 {
                let (up_x, up_w) = (up(masks, x[pe]), up(masks, w[pe].cast_unsigned()));
                let nibble_x = i16::from(((x[pe] >> 4) + up_x).min(masks.max_x));
                let nibble_w = (i16::from(w[pe] >> 4) + i16::from(up_w)).min(masks.max_w);
                let (keep_x, keep_w) = (
                    i16::from(!cut_x[pe].cast_signed()),
                    i16::from(!cut_w[pe].cast_signed()),
                );
                a = (a & keep_x) | ((nibble_x << 4) & !keep_x);
                b = (b & keep_w) | ((nibble_w << 4) & !keep_w);
            }
            let product = i32::from(a) * i32::from(b);
            products[pe] = if t == 0 { product } else { products[pe] + product };
        }
    }
}

/// 1 where the low nibble of an operand rounds up.
#[inline(always)]
const fn up(masks: &Masks, byte: u8) -> u8 {
    ((byte & 15) + masks.round_bias + ((byte >> 4) & masks.round_odd)) >> 4
}

/// The same, PE by PE, through the rules themselves.
fn step_by_step<const T: usize>(rules: &NbSmt, x: [&[u8]; T], w: [&[i8]; T], lanes: &mut Lanes) {
    for pe in 0..lanes.products.len() {
        let (x, w) = (x.map(|plane| plane[pe]), w.map(|plane| plane[pe]));
        let step = nbsmt::step(rules, &x, &w);
        let byte = |count: u32| u8::try_from(count).unwrap_or(u8::MAX);
        lanes.products[pe] = step.product;
        lanes.n_active[pe] = u8::try_from(step.n_active).unwrap_or(u8::MAX);
        lanes.n_reduced[0][pe] += byte(step.reduced_activations);
        lanes.n_reduced[1][pe] += byte(step.reduced_weights);
        for (x, w) in x.into_iter().zip(w) {
            lanes.tally_widths(pe, x, w);
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::spec::{Policy, Threads};

    use super::*;

    /// Operands at every edge of every rule.
    const X: [u8; 12] = [0, 1, 8, 9, 15, 16, 24, 40, 128, 247, 248, 255];
    const W: [i8; 13] = [0, 1, 7, 8, 24, 119, 120, 127, -1, -8, -9, -24, -128];

    fn check<const T: usize>(rules: &NbSmt) {
        let mut seed = 1_u64;
        let mut pick = |n: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 40).unwrap_or(0) % n
        };
        let n_pes = 1_000;
        let x: Vec<Vec<u8>> = (0..T)
            .map(|_| (0..n_pes).map(|_| X[pick(X.len())]).collect())
            .collect();
        let w: Vec<Vec<i8>> = (0..T)
            .map(|_| (0..n_pes).map(|_| W[pick(W.len())]).collect())
            .collect();
        let x: [&[u8]; T] = std::array::from_fn(|t| x[t].as_slice());
        let w: [&[i8]; T] = std::array::from_fn(|t| w[t].as_slice());
        let (mut fast, mut slow) = (Lanes::new(n_pes), Lanes::new(n_pes));
        for _ in 0..MAX_TALLIED_STEPS {
            step(rules, x, w, &mut fast);
            step_by_step(rules, x, w, &mut slow);
        }
        assert_eq!(fast.products, slow.products, "{rules:?}");
        assert_eq!(fast.n_active, slow.n_active, "{rules:?}");
        assert_eq!(fast.take_tallies(), slow.take_tallies(), "{rules:?}");
    }

    #[test]
    fn lanes_follow_the_rules() {
        for policy in Policy::ALL {
            for rounding in Rounding::ALL {
                for overflow in Overflow::ALL {
                    let rules = |threads| NbSmt {
                        threads,
                        policy,
                        rounding,
                        overflow,
                    };
                    check::<1>(&rules(Threads::One));
                    check::<2>(&rules(Threads::Two));
                    check::<4>(&rules(Threads::Four));
                }
            }
        }
    }
}
