//! A machine's result as the exact product and what its rules add to it.

use std::sync::{Arc, Mutex, PoisonError};

use sim_core::mutant;
use sim_core::spec::{NbSmt, Pe, Sparq, Sparsity, Threads};
use sim_pe::nbsmt::{CollisionRule, When};
use sim_pe::operand::Operand;
use sim_pe::sparq;

use super::code::{Table, ZERO, table};
use super::operand_map::Grouping;

/// One thing that rules add to the exact product: a function of the activation times a function of the weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// With at most one, with two, and with more threads active.
    pub(super) activations: [Table; 3],
    /// A function of the weight alone.
    pub(super) weights: Table,
}

/// Whose zeros free the multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Those of the activations of the group only.
    Activations,
    /// A thread is active where neither of its operands is zero.
    Both,
}

/// The rules of a PE, by who decides about an operand beside the operand itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rules {
    /// Nobody: every product is exact.
    Exact,
    /// The other thread of the step.
    TwoThreads(NbSmt),
    /// The other three threads.
    FourThreads(NbSmt),
    /// The neighbour along K; weights do not matter.
    Neighbours(Sparq),
    /// The other activation that a group of 2:4 weights picks.
    Picked(Sparq),
}

impl Rules {
    /// Of a PE.
    pub(super) const fn of(pe: Pe) -> Self {
        match pe {
            Pe::Conventional => Self::Exact,
            Pe::NbSmt(rules) => match rules.threads {
                Threads::One => Self::Exact,
                Threads::Two => Self::TwoThreads(rules),
                Threads::Four => Self::FourThreads(rules),
            },
            Pe::Sparq(rules) => Self::Neighbours(rules),
            Pe::SparqStc(rules) => Self::Picked(rules),
        }
    }
}

/// What the rules of a machine add to the exact product.
#[derive(Clone, Debug)]
pub(super) struct Residue {
    pub(super) grouping: Grouping,
    pub(super) gate: Gate,
    pub(super) components: Vec<Component>,
}

/// Residues that were asked for: small products are many, and making one's tables takes as long as a small product.
#[derive(Debug)]
pub(super) struct Known(Mutex<Vec<(Pe, Arc<Residue>)>>);

impl Known {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// [`Residue::of`], made once for each PE.
    pub(super) fn residue(&self, pe: Pe) -> Arc<Residue> {
        // Mutants change rules while an engine is in use.
        if mutant::ARE_COMPILED_IN {
            return Arc::new(Residue::of(pe));
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, residue)) = known.iter().find(|(own, _)| *own == pe) {
            return Arc::clone(residue);
        }
        let residue = Arc::new(Residue::of(pe));
        known.push((pe, Arc::clone(&residue)));
        residue
    }
}

impl Residue {
    /// What a PE adds; nothing where it is exact. 2:4 sparse PEs are not a sum of this kind and are exact here.
    fn of(pe: Pe) -> Self {
        match Rules::of(pe) {
            Rules::Exact | Rules::Picked(_) => Self::none(),
            Rules::TwoThreads(rules) => threads(&rules, 2),
            Rules::FourThreads(rules) => threads(&rules, 4),
            Rules::Neighbours(rules) => Self {
                grouping: Grouping::Pairs,
                gate: Gate::Activations,
                components: vec![Component {
                    activations: {
                        let given = table::<u8>(i32::from);
                        let [alone, both] = windows(&rules).map(|window| difference(&window, &given));
                        [alone, both, both]
                    },
                    weights: table::<i8>(i32::from),
                }],
            },
        }
    }

    const fn none() -> Self {
        Self {
            grouping: Grouping::Threads(1),
            gate: Gate::Activations,
            components: Vec::new(),
        }
    }
}

/// What a SPARQ pair makes of an activation next to a zero, and next to another one. Of its partner, an activation sees
/// only whether it is zero.
pub(super) fn windows(rules: &Sparq) -> [Table; 2] {
    [0, 1].map(|partner| table(|x: u8| i32::from(sparq::windowed_pair([x, partner], rules)[0])))
}

/// What reducing adds to an operand, where a rule reduces it.
fn error(rule: When, operand: impl Operand, rules: &NbSmt) -> i32 {
    if rule.reduces(!operand.is_narrow()) {
        operand.reduced(rules.rounding, rules.overflow) - operand.into()
    } else {
        0
    }
}

/// Two or four threads. With e = reduced − given, a collision adds e_x·w + x·e_w + e_x·e_w, each where the rule reduces the
/// one operand beside the other.
fn threads(rules: &NbSmt, n_threads: usize) -> Residue {
    let CollisionRule {
        two: [two_x, two_w],
        more,
    } = CollisionRule::of(rules.policy.base());
    let beside = |rule: When, is_wide: bool| i32::from(rule.reduces_beside(is_wide));

    let in_two = [
        (
            table(|x: u8| error(two_x, x, rules)),
            table(|w: i8| beside(two_x, !w.is_narrow()) * i32::from(w)),
        ),
        (
            table(|x: u8| beside(two_w, !x.is_narrow()) * i32::from(x)),
            table(|w: i8| error(two_w, w, rules)),
        ),
        (
            table(|x: u8| beside(two_w, !x.is_narrow()) * error(two_x, x, rules)),
            table(|w: i8| beside(two_x, !w.is_narrow()) * error(two_w, w, rules)),
        ),
    ];
    // More threads reduce an operand whatever it meets. The last product joins one of the others, and weights are those of a
    // collision of two and the rest, so that both kinds of collisions share products.
    let in_more = if n_threads == 2 {
        Vec::new()
    } else if two_x.ever() {
        let errors = table(|x: u8| error(more, x, rules));
        vec![
            (
                errors,
                table(|w: i8| beside(two_x, !w.is_narrow()) * i32::from(w)),
            ),
            (
                errors,
                table(|w: i8| (1 - beside(two_x, !w.is_narrow())) * i32::from(w)),
            ),
            (
                table(|x: u8| i32::from(x) + error(more, x, rules)),
                table(|w: i8| error(more, w, rules)),
            ),
        ]
    } else {
        vec![
            (table::<u8>(i32::from), table(|w: i8| error(more, w, rules))),
            (
                table(|x: u8| error(more, x, rules)),
                table(|w: i8| i32::from(w) + error(more, w, rules)),
            ),
        ]
    };
    let in_two = in_two.into_iter().map(|(x, weights)| ([ZERO, x, ZERO], weights));
    let in_more = in_more.into_iter().map(|(x, weights)| ([ZERO, ZERO, x], weights));
    let mut components: Vec<Component> = Vec::new();
    for (activations, weights) in in_two.chain(in_more) {
        match components.iter_mut().find(|known| known.weights == weights) {
            Some(known) => known.activations = add(&known.activations, &activations),
            None => components.push(Component { activations, weights }),
        }
    }
    let gate = match rules.policy.sparsity() {
        Sparsity::On => Gate::Both,
        Sparsity::Off => {
            // Every step is a collision of all threads.
            for component in &mut components {
                let all = component.activations[if n_threads == 2 { 1 } else { 2 }];
                component.activations = [all; 3];
            }
            Gate::Activations
        }
    };
    components.retain(|component| !component.is_nothing());
    Residue {
        grouping: Grouping::Threads(n_threads),
        gate,
        components: components.into_iter().flat_map(Component::in_bytes).collect(),
    }
}

impl Component {
    /// Whether it adds nothing.
    pub(super) fn is_nothing(&self) -> bool {
        self.weights == ZERO || self.activations == [ZERO; 3]
    }

    /// The same sum with activations that span at most 256 values and weights of 8 bits: reduced operands reach 256
    /// and 128 where they may.
    fn in_bytes(self) -> Vec<Self> {
        let min = self
            .activations
            .as_flattened()
            .iter()
            .copied()
            .min()
            .unwrap_or(0)
            .min(0);
        let clamped = self
            .activations
            .map(|table| table.map(|value| value.min(min + 255)));
        let activations = [clamped, subtract(&self.activations, &clamped)];
        let within = self.weights.map(|w| w.min(i16::from(i8::MAX)));
        let beyond = difference(&self.weights, &within);
        let mut parts = Vec::new();
        for activations in activations {
            for weights in [within, beyond] {
                parts.push(Self { activations, weights });
            }
        }
        parts.retain(|part| !part.is_nothing());
        parts
    }
}

/// By count and operand.
pub(super) fn add(a: &[Table; 3], b: &[Table; 3]) -> [Table; 3] {
    std::array::from_fn(|count| std::array::from_fn(|code| a[count][code] + b[count][code]))
}

/// By count and operand.
pub(super) fn subtract(a: &[Table; 3], b: &[Table; 3]) -> [Table; 3] {
    std::array::from_fn(|count| difference(&a[count], &b[count]))
}

/// By operand.
pub(super) fn difference(a: &Table, b: &Table) -> Table {
    std::array::from_fn(|code| a[code] - b[code])
}
