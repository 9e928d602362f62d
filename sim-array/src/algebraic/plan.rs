//! Which products make up a machine's result.

use sim_core::spec::{BasePolicy, NbSmt, Pe, Sparq, Sparsity, Threads};
use sim_pe::operand::{activation_is_narrow, weight_is_narrow};
use sim_pe::{reduce, sparq};

use super::code::{Table, activation_table, weight_table};
use super::form::{Form, Values, Windows};
use super::rules::{FourThreads, SparsePairs};

/// A machine's product in terms of ordinary integer products.
pub(super) enum Plan {
    /// `A·Wᵀ`.
    Exact,
    /// A product of other operands.
    Replaced(Term),
    /// `A·Wᵀ` plus a product of what collisions take away.
    Corrected {
        /// What a collision adds, mostly negative.
        term: Term,
        /// Segments of K that gate each other.
        n_threads: usize,
    },
    /// Coefficients picked by the weights of four threads.
    FourThreads(FourThreads),
    /// Coefficients picked by 2:4 weights.
    SparsePairs(SparsePairs),
}

/// One product.
pub(super) struct Term {
    /// What replaces A.
    pub(super) activations: Form,
    /// What replaces W.
    pub(super) weights: Form,
}

impl Term {
    /// `A·Wᵀ`.
    pub(super) const fn exact() -> Self {
        Self {
            activations: Form::GIVEN,
            weights: Form::GIVEN,
        }
    }
}

impl Plan {
    /// The plan of a PE.
    pub(super) fn new(pe: Pe) -> Self {
        match pe {
            Pe::Conventional => Self::Exact,
            Pe::NbSmt(rules) => match rules.threads {
                Threads::One => Self::Exact,
                Threads::Two => two_threads(&rules),
                Threads::Four => four_threads(&rules),
            },
            Pe::Sparq(rules) => Self::Replaced(Term {
                activations: Form::Windowed(windows(&rules)),
                weights: Form::GIVEN,
            }),
            Pe::SparqStc(rules) => Self::SparsePairs(SparsePairs::new(windows(&rules))),
        }
    }
}

/// An activation after a rule that looks at nothing else.
fn activation_after(rules: &NbSmt, x: u8) -> i32 {
    match rules.policy.base() {
        BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW if activation_is_narrow(x) => {
            i32::from(x)
        }
        BasePolicy::A0 | BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW => {
            reduce::activation(x, rules.rounding, rules.overflow)
        }
    }
}

/// A weight after a rule that looks at nothing else.
fn weight_after(rules: &NbSmt, w: i8) -> i32 {
    match rules.policy.base() {
        BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW if weight_is_narrow(w) => {
            i32::from(w)
        }
        BasePolicy::A0 | BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW => {
            reduce::weight(w, rules.rounding, rules.overflow)
        }
    }
}

fn wide_activation(x: u8) -> i32 {
    if activation_is_narrow(x) { 0 } else { i32::from(x) }
}

fn wide_weight(w: i8) -> i32 {
    if weight_is_narrow(w) { 0 } else { i32::from(w) }
}

fn two_threads(rules: &NbSmt) -> Plan {
    // With a full collision everywhere, a rule that looks at one side only is a product of reduced operands.
    match (rules.policy.base(), rules.policy.sparsity()) {
        (BasePolicy::A0 | BasePolicy::A, Sparsity::Off) => {
            return Plan::Replaced(Term {
                activations: Form::table(activation_table(|x| activation_after(rules, x))),
                weights: Form::GIVEN,
            });
        }
        (BasePolicy::W, Sparsity::Off) => {
            return Plan::Replaced(Term {
                activations: Form::GIVEN,
                weights: Form::table(weight_table(|w| weight_after(rules, w))),
            });
        }
        (BasePolicy::Aw | BasePolicy::AW, Sparsity::Off)
        | (BasePolicy::A0 | BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW, Sparsity::On) => {
        }
    }
    // The negated residue of the reduced side meets those operands of the other side that let it happen.
    let activation_residue =
        || Values::table(activation_table(|x| activation_after(rules, x) - i32::from(x)));
    let weight_residue = || Values::table(weight_table(|w| weight_after(rules, w) - i32::from(w)));
    let (activations, weights) = match rules.policy.base() {
        BasePolicy::A0 | BasePolicy::A => (activation_residue(), Values::Given),
        BasePolicy::Aw => (activation_residue(), Values::table(weight_table(wide_weight))),
        BasePolicy::W => (Values::Given, weight_residue()),
        BasePolicy::AW => (Values::table(activation_table(wide_activation)), weight_residue()),
    };
    match rules.policy.sparsity() {
        Sparsity::On => Plan::Corrected {
            term: Term {
                activations: Form::Gated(activations),
                weights: Form::Gated(weights),
            },
            n_threads: 2,
        },
        Sparsity::Off => Plan::Corrected {
            term: Term {
                activations: Form::Plain(activations),
                weights: Form::Plain(weights),
            },
            n_threads: 1,
        },
    }
}

fn four_threads(rules: &NbSmt) -> Plan {
    let given = activation_table(i32::from);
    let after = activation_table(|x| activation_after(rules, x));
    let weights_given = weight_table(i32::from);
    let weights_after = weight_table(|w| weight_after(rules, w));
    match rules.policy.sparsity() {
        Sparsity::Off => {
            return Plan::Replaced(Term {
                activations: Form::table(after),
                weights: Form::table(weights_after),
            });
        }
        Sparsity::On => {}
    }
    // By form of the weight: which activation it meets with at most one, with two, with more active threads.
    let panels = match rules.policy.base() {
        BasePolicy::A0 | BasePolicy::A => FourThreads::new(
            vec![given, after],
            vec![
                (weights_given, [Some(0), Some(1), None]),
                (weights_after, [None, None, Some(1)]),
            ],
        ),
        BasePolicy::Aw => FourThreads::new(
            vec![given, after],
            vec![
                // A narrow weight keeps the activation whole in a collision of two, and reduces to itself.
                (
                    weight_table(|w| i32::from(w) - wide_weight(w)),
                    [Some(0), Some(0), Some(1)],
                ),
                (weight_table(wide_weight), [Some(0), Some(1), None]),
                (
                    weight_table(|w| {
                        if weight_is_narrow(w) {
                            0
                        } else {
                            weight_after(rules, w)
                        }
                    }),
                    [None, None, Some(1)],
                ),
            ],
        ),
        BasePolicy::W => FourThreads::new(
            vec![given, after],
            vec![
                (weights_given, [Some(0), None, None]),
                (weights_after, [None, Some(0), Some(1)]),
            ],
        ),
        BasePolicy::AW => FourThreads::new(
            vec![
                given,
                after,
                activation_table(|x| i32::from(x) - wide_activation(x)),
                activation_table(wide_activation),
            ],
            vec![
                (weights_given, [Some(0), Some(2), None]),
                (weights_after, [None, Some(3), Some(1)]),
            ],
        ),
    };
    Plan::FourThreads(panels)
}

/// The windows of a SPARQ PE. Of its partner, an activation sees only whether it is zero.
pub(super) fn windows(rules: &Sparq) -> Box<Windows> {
    let next_to = |partner: u8| -> Table {
        activation_table(|x| i32::from(sparq::windowed_pair([x, partner], rules)[0]))
    };
    Box::new(Windows {
        alone: next_to(0),
        both: next_to(1),
    })
}
