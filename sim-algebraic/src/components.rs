//! A machine's result as the exact product and what its rules add to it.

use std::sync::{Arc, Mutex, PoisonError};

use sim_core::spec::{BasePolicy, NbSmt, Pe, Sparq, Sparsity, Threads};
use sim_pe::operand::{activation_is_narrow, weight_is_narrow};
use sim_pe::{reduce, sparq};

use super::code::{Table, ZERO, activation_table, weight_table};
use super::form::Grouping;

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
        if cfg!(feature = "mutants") {
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
                        let given = activation_table(i32::from);
                        let [alone, both] = windows(&rules).map(|window| difference(&window, &given));
                        [alone, both, both]
                    },
                    weights: weight_table(i32::from),
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
    [0, 1].map(|partner| activation_table(|x| i32::from(sparq::windowed_pair([x, partner], rules)[0])))
}

/// What the rules make of a reduced activation and of a reduced weight.
struct After<'r> {
    rules: &'r NbSmt,
}

impl After<'_> {
    fn activation(&self, x: u8) -> i32 {
        match self.rules.policy.base() {
            BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW if activation_is_narrow(x) => {
                i32::from(x)
            }
            BasePolicy::A0 | BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW => {
                reduce::activation(x, self.rules.rounding, self.rules.overflow)
            }
        }
    }

    fn weight(&self, w: i8) -> i32 {
        match self.rules.policy.base() {
            BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW if weight_is_narrow(w) => {
                i32::from(w)
            }
            BasePolicy::A0 | BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW => {
                reduce::weight(w, self.rules.rounding, self.rules.overflow)
            }
        }
    }
}

/// Two or four threads. With e = reduced − given, a collision of two adds what the policy says, and one of more
/// x̂·ŵ − x·w = e_x·ŵ + x·e_w = e_x·w + x̂·e_w, whichever goes better with what a collision of two adds.
fn threads(rules: &NbSmt, n_threads: usize) -> Residue {
    let after = After { rules };
    let given = activation_table(i32::from);
    let reduced = activation_table(|x| after.activation(x));
    let residue = activation_table(|x| after.activation(x) - i32::from(x));
    let only_wide = activation_table(|x| if activation_is_narrow(x) { 0 } else { i32::from(x) });
    let weights_given = weight_table(i32::from);
    let weights_reduced = weight_table(|w| after.weight(w));
    let weights_residue = weight_table(|w| after.weight(w) - i32::from(w));
    let weights_wide = weight_table(|w| if weight_is_narrow(w) { 0 } else { i32::from(w) });
    let weights_narrow = weight_table(|w| if weight_is_narrow(w) { i32::from(w) } else { 0 });

    let more = 2 < n_threads;
    // By how many threads are active: in a collision of two, in one of more, which two threads do not have.
    let component = |in_two: &Table, in_more: &Table, weights: &Table| Component {
        activations: [ZERO, *in_two, if more { *in_more } else { ZERO }],
        weights: *weights,
    };
    let mut components = match rules.policy.base() {
        BasePolicy::A0 | BasePolicy::A => vec![
            component(&residue, &residue, &weights_given),
            component(&ZERO, &reduced, &weights_residue),
        ],
        BasePolicy::Aw => vec![
            component(&residue, &residue, &weights_wide),
            component(&ZERO, &residue, &weights_narrow),
            component(&ZERO, &reduced, &weights_residue),
        ],
        BasePolicy::W => vec![
            component(&given, &given, &weights_residue),
            component(&ZERO, &residue, &weights_reduced),
        ],
        BasePolicy::AW => vec![
            component(&only_wide, &given, &weights_residue),
            component(&ZERO, &residue, &weights_reduced),
        ],
    };
    let gate = match rules.policy.sparsity() {
        Sparsity::On => Gate::Both,
        Sparsity::Off => {
            // Every step is a collision of all threads.
            for component in &mut components {
                let all = component.activations[if more { 2 } else { 1 }];
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
pub(super) fn subtract(a: &[Table; 3], b: &[Table; 3]) -> [Table; 3] {
    std::array::from_fn(|count| difference(&a[count], &b[count]))
}

/// By operand.
pub(super) fn difference(a: &Table, b: &Table) -> Table {
    std::array::from_fn(|code| a[code] - b[code])
}
