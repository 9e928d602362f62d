//! The NB-SMT PE: 1, 2 or 4 threads that share one multiplier and never wait for it.

use sim_core::spec::{BasePolicy, NbSmt, Sparsity, Threads};

use crate::mask::{Flag, Mask, each};
use crate::operand::Operand;
use crate::step::Step;
use sim_core::mutant::{self, Mutant};

/// One step of one PE; element `t` of each slice is thread `t`'s operand. The type of activations says whether they are
/// signed.
///
/// # Panics
/// Where a slice does not hold one operand per thread.
pub fn step<A: Operand>(rules: &NbSmt, activations: &[A], weights: &[i8]) -> Step {
    fn run<A: Operand, const T: usize>(rules: &NbSmt, activations: &[A], weights: &[i8]) -> Step {
        let activations = activations.try_into().expect("one activation per thread");
        let weights = weights.try_into().expect("one weight per thread");
        threads::<A, T>(rules, activations, weights)
    }
    match rules.threads {
        Threads::One => run::<A, 1>(rules, activations, weights),
        Threads::Two => run::<A, 2>(rules, activations, weights),
        Threads::Four => run::<A, 4>(rules, activations, weights),
    }
}

/// The thread whose weight meets thread `thread`'s activation: its own.
pub fn weight_of(thread: usize, n_threads: usize) -> usize {
    if 1 < n_threads && thread < 2 && mutant::is_on(Mutant::SwappedThreads) {
        1 - thread
    } else {
        thread
    }
}

/// When a rule reduces an operand: a function of the operand times one of the operand it meets.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// At all.
    ever: Flag,
    /// Where the operand itself is narrow.
    narrow_too: Flag,
    /// Where the operand it meets is narrow.
    whatever_it_meets: Flag,
}

impl When {
    const fn new(ever: bool, narrow_too: bool, whatever_it_meets: bool) -> Self {
        Self {
            ever: Flag::new(ever),
            narrow_too: Flag::new(narrow_too),
            whatever_it_meets: Flag::new(whatever_it_meets),
        }
    }

    const NEVER: Self = Self::new(false, false, false);
    const ALWAYS: Self = Self::new(true, true, true);
    const WIDE: Self = Self::new(true, false, true);
    const BOTH_WIDE: Self = Self::new(true, false, false);

    /// Whether it ever reduces an operand.
    pub const fn ever(self) -> bool {
        self.ever.holds()
    }

    /// Whether it reduces wide operands, or narrow ones, if they meet the right ones.
    pub const fn reduces(self, is_wide: bool) -> bool {
        self.ever.holds() && (is_wide || self.narrow_too.holds())
    }

    /// Whether it reduces what meets wide operands, or narrow ones.
    pub const fn reduces_beside(self, meets_wide: bool) -> bool {
        self.ever.holds() && (meets_wide || self.whatever_it_meets.holds())
    }

    #[inline(always)]
    fn applies<M: Mask>(self, is_wide: M, meets_wide: M) -> M {
        M::everywhere(self.ever)
            & (is_wide | M::everywhere(self.narrow_too))
            & (meets_wide | M::everywhere(self.whatever_it_meets))
    }
}

/// Which operands a collision reduces.
#[derive(Clone, Copy, Debug)]
pub struct CollisionRule {
    /// The two-thread rule, for activations and for weights.
    pub two: [When; 2],
    /// The 3-or-4 rule, for both operands, whatever they meet.
    pub more: When,
}

impl CollisionRule {
    /// That of a policy.
    pub const fn of(base: BasePolicy) -> Self {
        let (activation, weight, more) = match base {
            BasePolicy::A0 => (When::ALWAYS, When::NEVER, When::ALWAYS),
            BasePolicy::A => (When::WIDE, When::NEVER, When::WIDE),
            BasePolicy::Aw => (When::BOTH_WIDE, When::NEVER, When::WIDE),
            BasePolicy::W => (When::NEVER, When::WIDE, When::WIDE),
            BasePolicy::AW => (When::NEVER, When::BOTH_WIDE, When::WIDE),
        };
        Self {
            two: [activation, weight],
            more,
        }
    }
}

/// What a collision does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collision {
    /// Zeros do not free the multiplier.
    is_always_full: Flag,
    rule: CollisionRule,
}

/// Who is active in a step and whose operands it reduces, by thread.
#[derive(Clone, Copy)]
pub(crate) struct Decision<M, const T: usize> {
    /// How many threads are active: the bits of a number.
    pub(crate) n_active: [M; 3],
    /// Whose activation, weight is reduced before it is multiplied.
    pub(crate) cuts: [[M; T]; 2],
    /// Whose activation, weight counts as reduced.
    pub(crate) reduced: [[M; T]; 2],
}

impl Collision {
    pub(crate) fn new(rules: &NbSmt) -> Self {
        Self {
            is_always_full: Flag::new(rules.policy.sparsity() == Sparsity::Off),
            rule: CollisionRule::of(rules.policy.base()),
        }
    }

    /// The rule: what a step does with threads of which these are active and these hold wide operands.
    #[inline(always)]
    pub(crate) fn decide<M: Mask, const T: usize>(
        &self,
        active: [M; T],
        wide_x: [M; T],
        wide_w: [M; T],
    ) -> Decision<M, T> {
        let n_active = count(active);
        let [is_odd, twos, is_four] = n_active;
        let full = M::everywhere(self.is_always_full);
        let is_two = twos & !is_odd;
        let is_more = (twos & is_odd) | is_four;
        let (by_two, by_more) = match T {
            1 => (M::none(), M::none()),
            2 => (full | is_two, M::none()),
            _ if mutant::is_on(Mutant::WrongCountRule) => (M::none(), full | is_two | is_more),
            _ => (!full & is_two, full | is_more),
        };
        let CollisionRule {
            two: [two_x, two_w],
            more,
        } = self.rule;
        let cut_x = each(M::none(), |t| {
            by_two & two_x.applies(wide_x[t], wide_w[t]) | by_more & more.applies(wide_x[t], wide_w[t])
        });
        let cut_w = each(M::none(), |t| {
            by_two & two_w.applies(wide_w[t], wide_x[t]) | by_more & more.applies(wide_w[t], wide_x[t])
        });
        let idle_too = M::everywhere(Flag::new(mutant::is_on(Mutant::IdleReduced)));
        let counts = |cuts: [M; T]| each(M::none(), |t| cuts[t] & (active[t] | idle_too));
        Decision {
            n_active,
            cuts: [cut_x, cut_w],
            reduced: [counts(cut_x), counts(cut_w)],
        }
    }
}

/// How many of at most four masks hold: the bits of a number.
#[inline(always)]
pub(crate) fn count<M: Mask, const T: usize>(masks: [M; T]) -> [M; 3] {
    let mut bits = [M::none(); 3];
    for mask in masks {
        let carry = bits[0] & mask;
        bits[0] = bits[0] ^ mask;
        bits[2] = bits[2] | (bits[1] & carry);
        bits[1] = bits[1] ^ carry;
    }
    bits
}

fn threads<A: Operand, const T: usize>(rules: &NbSmt, x: [A; T], weights: [i8; T]) -> Step {
    let w: [i8; T] = std::array::from_fn(|t| weights[weight_of(t, T)]);
    let decision = Collision::new(rules).decide(
        std::array::from_fn(|t| !x[t].is_zero() && !w[t].is_zero()),
        x.map(|x| !x.is_narrow()),
        w.map(|w| !w.is_narrow()),
    );
    let mut product = 0;
    for t in 0..T {
        let used_x = used(x[t], decision.cuts[0][t], rules);
        let used_w = used(w[t], decision.cuts[1][t], rules);
        product += used_x * used_w;
    }
    let n_true = |masks: [bool; T]| masks.into_iter().map(u32::from).sum();
    let [is_odd, twos, is_four] = decision.n_active.map(usize::from);
    Step {
        product,
        n_active: is_odd + 2 * twos + 4 * is_four,
        reduced_activations: n_true(decision.reduced[0]),
        reduced_weights: n_true(decision.reduced[1]),
    }
}

/// What the multiplier takes of an operand.
fn used(operand: impl Operand, is_cut: bool, rules: &NbSmt) -> i32 {
    if is_cut {
        operand.reduced(rules.rounding, rules.overflow)
    } else {
        operand.into()
    }
}
