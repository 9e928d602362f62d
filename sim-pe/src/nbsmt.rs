//! The NB-SMT PE: 1, 2 or 4 threads that share one multiplier and never wait for it.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{BasePolicy, NbSmt, Sparsity, Threads};

use crate::mutant::{self, Mutant};
use crate::operand::{activation_is_narrow, weight_is_narrow};
use crate::reduce;
use crate::step::Step;

/// One step of one PE; element `t` of each slice is thread `t`'s operand.
///
/// # Panics
/// Where a slice does not hold one operand per thread.
pub fn step(rules: &NbSmt, activations: &[u8], weights: &[i8]) -> Step {
    fn run<const T: usize>(rules: &NbSmt, activations: &[u8], weights: &[i8]) -> Step {
        let activations = activations.try_into().expect("one activation per thread");
        let weights = weights.try_into().expect("one weight per thread");
        let lane = lane::<T>(Collision::new(rules), activations, weights);
        Step {
            product: lane.product,
            n_active: usize::from(lane.n_active),
            reduced_activations: lane.reduced & 0xFFFF,
            reduced_weights: lane.reduced >> 16,
        }
    }
    match rules.threads {
        Threads::One => run::<1>(rules, activations, weights),
        Threads::Two => run::<2>(rules, activations, weights),
        Threads::Four => run::<4>(rules, activations, weights),
    }
}

/// When a rule reduces an operand.
#[derive(Clone, Copy)]
struct When {
    /// At all.
    ever: bool,
    /// Where the operand itself is narrow.
    narrow_too: bool,
    /// Where the operand it meets is narrow.
    whatever_it_meets: bool,
}

impl When {
    const NEVER: Self = Self {
        ever: false,
        narrow_too: false,
        whatever_it_meets: false,
    };
    const ALWAYS: Self = Self {
        ever: true,
        narrow_too: true,
        whatever_it_meets: true,
    };
    const WIDE: Self = Self {
        ever: true,
        narrow_too: false,
        whatever_it_meets: true,
    };
    const BOTH_WIDE: Self = Self {
        ever: true,
        narrow_too: false,
        whatever_it_meets: false,
    };

    #[inline(always)]
    fn applies(self, is_wide: bool, meets_wide: bool) -> bool {
        self.ever & (is_wide | self.narrow_too) & (meets_wide | self.whatever_it_meets)
    }
}

/// What a collision does.
#[derive(Clone, Copy)]
struct Collision {
    /// Zeros do not free the multiplier.
    is_always_full: bool,
    /// The two-thread rule.
    two_activation: When,
    two_weight: When,
    /// The 3-or-4 rule, for both operands.
    more: When,
    rounding: Rounding,
    overflow: Overflow,
}

impl Collision {
    fn new(rules: &NbSmt) -> Self {
        let (two_activation, two_weight, more) = match rules.policy.base() {
            BasePolicy::A0 => (When::ALWAYS, When::NEVER, When::ALWAYS),
            BasePolicy::A => (When::WIDE, When::NEVER, When::WIDE),
            BasePolicy::Aw => (When::BOTH_WIDE, When::NEVER, When::WIDE),
            BasePolicy::W => (When::NEVER, When::WIDE, When::WIDE),
            BasePolicy::AW => (When::NEVER, When::BOTH_WIDE, When::WIDE),
        };
        Self {
            is_always_full: rules.policy.sparsity() == Sparsity::Off,
            two_activation,
            two_weight,
            more,
            rounding: rules.rounding,
            overflow: rules.overflow,
        }
    }
}

struct Lane {
    product: i32,
    n_active: u8,
    reduced: u32,
}

/// The arithmetic of a step; `lanes` spells the same rules out for many PEs at once.
#[inline(always)]
fn lane<const T: usize>(rules: Collision, x: [u8; T], mut w: [i8; T]) -> Lane {
    if T > 1 && mutant::is_on(Mutant::SwappedThreads) {
        w.swap(0, 1);
    }
    let mut n_active = 0;
    for t in 0..T {
        n_active += u8::from((x[t] != 0) & (w[t] != 0));
    }
    let n_colliding = if rules.is_always_full {
        u8::try_from(T).unwrap_or(u8::MAX)
    } else {
        n_active
    };
    let is_two = (n_colliding == 2) & !(T == 4 && mutant::is_on(Mutant::WrongCountRule));
    let is_more = (2 <= n_colliding) & !is_two;

    let mut lane = Lane {
        product: 0,
        n_active,
        reduced: 0,
    };
    for t in 0..T {
        let active = (x[t] != 0) & (w[t] != 0);
        let wide_x = !activation_is_narrow(x[t]);
        let wide_w = !weight_is_narrow(w[t]);
        let reduce_x = is_two & rules.two_activation.applies(wide_x, wide_w)
            | is_more & rules.more.applies(wide_x, wide_w);
        let reduce_w =
            is_two & rules.two_weight.applies(wide_w, wide_x) | is_more & rules.more.applies(wide_w, wide_x);
        let reduced_x = reduce::activation(x[t], rules.rounding, rules.overflow);
        let reduced_w = reduce::weight(w[t], rules.rounding, rules.overflow);
        let used_x = if reduce_x { reduced_x } else { i32::from(x[t]) };
        let used_w = if reduce_w { reduced_w } else { i32::from(w[t]) };
        lane.product += used_x * used_w;
        let counts = active | mutant::is_on(Mutant::IdleReduced);
        lane.reduced += u32::from(reduce_x & counts) + (u32::from(reduce_w & counts) << 16);
    }
    lane
}
