//! Which products make up a machine's result.

use sim_array::engine::{Mse, StreamedOperands};
use sim_simd::integer::Quad;

use super::code::{Table, ZERO, table};
use super::components::{Component, Gate, Residue, add, difference, subtract};
use super::operand_map::{Grouping, OperandMap};
use super::pattern::four_threads::{Base, FourThreads};
use super::sparse::Cost;
use super::sparse_weights::SparseWeights;
use super::weights::MappedWeights;

/// A machine's product in terms of ordinary integer products.
///
/// With the error measured, the wide product is the exact one, and all others together are what the machine adds to it.
pub(super) struct ProductPlan {
    /// The product with operands of 8 bits on both sides.
    pub(super) wide: Wide,
    /// Products with fewer bits on one side.
    pub(super) small: Vec<Small>,
    /// What depends on the zeros of both sides at once.
    pub(super) picked: Option<FourThreads>,
}

/// A product of 16-bit operands.
pub(super) struct Wide {
    /// What replaces A, in unsigned bytes.
    pub(super) activations: WideActivations,
    /// What replaces W, in signed bytes.
    pub(super) weights: OperandMap,
}

/// A product whose sums of a few steps fit 16 bits.
pub(super) struct Small {
    /// What replaces A, plus the offset, in unsigned bytes.
    pub(super) activations: SmallActivations,
    /// Added to every activation, so that none is negative.
    pub(super) offset: u8,
    /// What replaces W.
    pub(super) weights: SmallWeights,
    /// The largest activation, with the offset.
    pub(super) max_activation: u8,
    /// How many steps of four products can be summed in 16 bits, whatever the weights.
    pub(super) max_run: usize,
}

/// The activations of the wide product.
pub(super) enum WideActivations {
    /// By an operand map.
    Mapped(OperandMap),
    /// After windows.
    Windowed,
}

/// The weights of a small product, four signed bytes a word.
pub(super) enum SmallWeights {
    /// All, `[n, words]`.
    Words {
        words: Vec<Quad>,
        /// Of a product by them.
        cost: Cost,
    },
    /// Those that are not zero.
    Sparse(SparseWeights),
}

/// The activations of a small product.
pub(super) enum SmallActivations {
    /// By an operand map.
    Mapped(OperandMap),
    /// What is given minus what the wide product takes instead, plus this offset.
    GivenMinusWide(u8),
    /// What windows add, plus this offset.
    WindowedMinusGiven(u8),
}

/// The wide product while the plan is made.
#[derive(Clone)]
struct Merged {
    activations: [Table; 3],
    weights: Table,
    given: Table,
}

impl ProductPlan {
    /// The plan of a PE for some weights.
    pub(super) fn new(
        residue: &Residue,
        operands: &StreamedOperands<'_>,
        mapped: &mut MappedWeights<'_>,
        mse: Mse,
    ) -> Self {
        let Residue {
            grouping,
            gate,
            components,
        } = residue;
        let mut merged = Merged::new();
        let mut small = Vec::new();
        let mut picked = None;
        match (gate, grouping) {
            (Gate::Activations, Grouping::Pairs) => match mse {
                Mse::Measure => small.extend(
                    components
                        .iter()
                        .filter_map(|component| Small::windowed(component, &mut *mapped)),
                ),
                Mse::Skip => {
                    return Self {
                        wide: Wide {
                            activations: WideActivations::Windowed,
                            ..merged.finish()
                        },
                        small,
                        picked,
                    };
                }
            },
            (Gate::Activations, Grouping::Threads(_)) => {
                for component in components {
                    let rest = match mse {
                        Mse::Measure => Some(component.clone()),
                        Mse::Skip => merged.merge(component.clone()),
                    };
                    small.extend(rest.and_then(|rest| Small::ungated(&rest, mapped)));
                }
            }
            (Gate::Both, Grouping::Threads(4)) => {
                let n_merged = match mse {
                    Mse::Measure => 0,
                    Mse::Skip => components
                        .iter()
                        .filter(|component| merged.takes(component))
                        .count(),
                };
                let base = Base::choose(components, n_merged, operands);
                let mut parts = Vec::new();
                for component in components {
                    let (own, rest) = match (base, mse) {
                        (Base::AllWeights, Mse::Skip) => merged.merge_part(component),
                        (Base::AllWeights, Mse::Measure) | (Base::Nothing, _) => {
                            (None, Some(component.clone()))
                        }
                    };
                    parts.extend(own.map(|own| (own, 1)));
                    if let Some(rest) = rest {
                        match base {
                            Base::AllWeights => small.extend(Small::gated(&rest, mapped)),
                            Base::Nothing => {}
                        }
                        let from = min_count(&rest.activations);
                        parts.push((rest, from));
                    }
                }
                picked = Some(FourThreads::new(base, &parts));
            }
            (Gate::Both, Grouping::Threads(_) | Grouping::Pairs) => {
                for component in components {
                    match mse {
                        Mse::Measure => small.extend(Small::gated(component, mapped)),
                        Mse::Skip => {
                            let mut with_component = merged.clone();
                            let (own, rest) = with_component.merge_part(component);
                            // Where one weight of a step is zero, what was merged has to be taken off again.
                            if let (Some(own), None) = (&own, &rest)
                                && let Some(lone) = mapped.lone()
                            {
                                merged = with_component;
                                small.push(Small::taking_off_sparse(own, lone));
                                continue;
                            }
                            let mut cost =
                                |weights| mapped.sample_cost(&OperandMap::new(weights, low_byte)).least();
                            let is_worth_merging = own.as_ref().is_some_and(|own| {
                                let rest = rest.as_ref().map_or(0, |rest| cost(gated_weights(rest)));
                                cost(lone_weights(own)) + rest < cost(gated_weights(component))
                            });
                            if is_worth_merging {
                                merged = with_component;
                                small.extend(own.and_then(|own| Small::taking_off(&own, mapped)));
                                small.extend(rest.and_then(|rest| Small::gated(&rest, mapped)));
                            } else {
                                small.extend(Small::gated(component, mapped));
                            }
                        }
                    }
                }
            }
        }
        Self {
            wide: merged.finish(),
            small,
            picked,
        }
    }
}

impl Merged {
    fn new() -> Self {
        let given = table::<u8>(i32::from);
        Self {
            activations: [given; 3],
            weights: table::<i8>(i32::from),
            given: table::<i8>(i32::from),
        }
    }

    /// Whether a component can become part of the activations.
    fn takes(&self, component: &Component) -> bool {
        component.weights == self.given && self.weights == self.given
    }

    /// Take a component into the activations where it can become part of them; returns what was taken and what was not.
    fn merge_part(&mut self, component: &Component) -> (Option<Component>, Option<Component>) {
        if !self.takes(component) {
            return (None, Some(component.clone()));
        }
        let rest = self.merge(component.clone());
        let taken = Component {
            activations: match &rest {
                Some(rest) => subtract(&component.activations, &rest.activations),
                None => component.activations,
            },
            weights: component.weights,
        };
        (Some(taken), rest)
    }

    /// Take a component into the operands of the wide product; returns what is left of it.
    fn merge(&mut self, component: Component) -> Option<Component> {
        let rest = if self.takes(&component) {
            let sum = add(&self.activations, &component.activations);
            self.activations = sum.map(|table| table.map(|x| x.clamp(0, i16::from(u8::MAX))));
            Component {
                activations: subtract(&sum, &self.activations),
                weights: component.weights,
            }
        } else if component.activations == self.activations {
            let sum: Table = std::array::from_fn(|code| self.weights[code] + component.weights[code]);
            self.weights = sum.map(|w| w.clamp(i16::from(i8::MIN), i16::from(i8::MAX)));
            Component {
                activations: component.activations,
                weights: difference(&sum, &self.weights),
            }
        } else {
            component
        };
        (!rest.is_nothing()).then_some(rest)
    }

    fn finish(self) -> Wide {
        let [alone, two, more] = &self.activations;
        Wide {
            activations: WideActivations::Mapped(OperandMap::new([alone, two, more], low_byte)),
            weights: OperandMap::new([&self.weights; 3], low_byte),
        }
    }
}

impl Small {
    /// A component whatever the weights' zeros.
    fn ungated(component: &Component, mapped: &mut MappedWeights<'_>) -> Option<Self> {
        Self::new(&component.activations, [&component.weights; 3], mapped)
    }

    /// What windows add, whatever the weights' zeros.
    fn windowed(component: &Component, mapped: &mut MappedWeights<'_>) -> Option<Self> {
        let small = Self::ungated(component, mapped)?;
        Some(Self {
            activations: SmallActivations::WindowedMinusGiven(small.offset),
            ..small
        })
    }

    /// A component where enough weights of a group are not zero for its activations to count.
    fn gated(component: &Component, mapped: &mut MappedWeights<'_>) -> Option<Self> {
        Self::new(&component.activations, gated_weights(component), mapped)
    }

    /// Minus the one component that the wide product has taken, where only one weight of a group is not zero.
    fn taking_off(component: &Component, mapped: &mut MappedWeights<'_>) -> Option<Self> {
        let negated = component.activations.map(|table| table.map(|x| -x));
        let small = Self::new(&negated, lone_weights(component), mapped)?;
        Some(Self {
            activations: SmallActivations::GivenMinusWide(small.offset),
            ..small
        })
    }

    /// The same, of weights that are a list: all of them as given.
    fn taking_off_sparse(component: &Component, lone: SparseWeights) -> Self {
        let negated = component.activations.map(|table| table.map(|x| -x));
        let range = Range::of(negated.as_flattened().iter().copied());
        let offset = low_byte(range.offset);
        Self {
            activations: SmallActivations::GivenMinusWide(offset),
            offset,
            weights: SmallWeights::Sparse(lone),
            max_activation: low_byte(range.max),
            max_run: range.max_run(component.weights.iter().copied()),
        }
    }

    fn new(activations: &[Table; 3], weights: [&Table; 3], mapped: &mut MappedWeights<'_>) -> Option<Self> {
        if *activations == [ZERO; 3] || weights == [&ZERO; 3] {
            return None;
        }
        let range = Range::of(activations.as_flattened().iter().copied());
        let [alone, two, more] = activations;
        let words = mapped.quads(&OperandMap::new(weights, low_byte));
        Some(Self {
            activations: SmallActivations::Mapped(OperandMap::new([alone, two, more], |x| {
                low_byte(x + range.offset)
            })),
            offset: low_byte(range.offset),
            weights: SmallWeights::Words {
                cost: Cost::of(mapped.kernels(), &words, mapped.n_words()),
                words,
            },
            max_activation: low_byte(range.max),
            max_run: range.max_run(weights.into_iter().flatten().copied()),
        })
    }
}

/// Weights that count where enough of their group are not zero, by how many are not.
fn gated_weights(component: &Component) -> [&Table; 3] {
    let from = min_count(&component.activations);
    [1, 2, 3].map(|count| if from <= count { &component.weights } else { &ZERO })
}

/// Weights that count where all others of their group are zero.
const fn lone_weights(component: &Component) -> [&Table; 3] {
    [&component.weights, &ZERO, &ZERO]
}

/// The fewest operands of a group that must not be zero for any of these activations to count.
pub(super) fn min_count(activations: &[Table; 3]) -> usize {
    (0..3).find(|&count| activations[count] != ZERO).unwrap_or(2) + 1
}

/// The values of an activation side.
#[derive(Clone, Copy)]
pub(super) struct Range {
    /// What makes the least of them zero.
    pub(super) offset: i16,
    /// The largest, with the offset.
    max: i16,
}

impl Range {
    /// Of some values and zero.
    pub(super) fn of(values: impl Iterator<Item = i16>) -> Self {
        let (min, max) = values.fold((0, 0), |(min, max), value| (value.min(min), value.max(max)));
        assert!(max - min <= i16::from(u8::MAX), "components are in bytes");
        Self {
            offset: -min,
            max: max - min,
        }
    }

    /// How many steps of four products with such weights fit 16 bits; two products share a sum.
    pub(super) fn max_run(self, weights: impl Iterator<Item = i16>) -> usize {
        let largest = weights.map(i16::unsigned_abs).max().unwrap_or(0);
        let largest_sum = 2 * i32::from(self.max) * i32::from(largest);
        let max_run = i32::from(i16::MAX) / largest_sum.max(1);
        assert!(0 < max_run, "two products of components fit 16 bits");
        usize::try_from(max_run).unwrap_or(usize::MAX)
    }
}

/// The byte of a value that is known to fit one, signed or unsigned.
pub(super) const fn low_byte(value: i16) -> u8 {
    value.to_le_bytes()[0]
}
