//! What a step does with the operands that meet, a bit per PE.

use super::busy::BusyWatch;
use super::edge::{CHANGED, N_WEIGHT_BITS, NONZERO, WIDE};
use super::tally::{Kind, Tally};
use super::word::Word;
use super::{PES_PER_GROUP, PeInputs};
use sim_simd::plane::Cuts;

use crate::mask::{Mask, each};
use crate::nbsmt::{Collision, Decision, count};

/// What is known of the operands of a lane.
#[derive(Clone, Copy)]
pub(super) struct Lane<M> {
    activation: [M; 4],
    weight: [M; N_WEIGHT_BITS],
}

impl<M: Mask> Lane<M> {
    #[inline(always)]
    fn unknown() -> Self {
        Self {
            activation: [M::none(); 4],
            weight: [M::none(); N_WEIGHT_BITS],
        }
    }
}

/// A rule over the lanes of a step.
pub(super) trait Decide<const L: usize>: Copy {
    /// What is known of an activation.
    const N_ACTIVATION_BITS: usize;

    fn decide<M: Mask>(self, lanes: [Lane<M>; L], col_is_real: M) -> Decision<M, L>;

    /// Lanes that count as active without a product.
    #[inline(always)]
    fn active_beside_zero<M: Mask>(self, _lanes: [Lane<M>; L], _col_is_real: M) -> [M; L] {
        [M::none(); L]
    }
}

/// Threads that share a multiplier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sharing(Option<Collision>);

impl Sharing {
    /// Of one thread, for which no rule ever fires.
    pub(super) const NONE: Self = Self(None);

    pub(super) const fn new(collision: Collision) -> Self {
        Self(Some(collision))
    }
}

impl<const T: usize> Decide<T> for Sharing {
    const N_ACTIVATION_BITS: usize = 2;

    #[inline(always)]
    fn decide<M: Mask>(self, lanes: [Lane<M>; T], _col_is_real: M) -> Decision<M, T> {
        let active = products(lanes);
        match self.0 {
            Some(collision) => collision.decide(
                active,
                each(M::none(), |t| lanes[t].activation[WIDE]),
                each(M::none(), |t| lanes[t].weight[WIDE]),
            ),
            None => Decision {
                n_active: count(active),
                cuts: [[M::none(); T]; 2],
                reduced: [[M::none(); T]; 2],
            },
        }
    }
}

/// SPARQ: pairs that were windowed at the edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs;

impl Decide<2> for Pairs {
    const N_ACTIVATION_BITS: usize = 3;

    #[inline(always)]
    fn decide<M: Mask>(self, lanes: [Lane<M>; 2], col_is_real: M) -> Decision<M, 2> {
        // Only activations decide, so a column without an output must be masked.
        Decision {
            n_active: count(each::<M, 2>(M::none(), |lane| {
                lanes[lane].activation[NONZERO] & col_is_real
            })),
            cuts: [[M::none(); 2]; 2],
            reduced: [
                each(M::none(), |lane| lanes[lane].activation[CHANGED] & col_is_real),
                [M::none(); 2],
            ],
        }
    }

    #[inline(always)]
    fn active_beside_zero<M: Mask>(self, lanes: [Lane<M>; 2], col_is_real: M) -> [M; 2] {
        each(M::none(), |lane| {
            lanes[lane].activation[NONZERO] & col_is_real & !lanes[lane].weight[NONZERO]
        })
    }
}

/// SPARQ with 2:4 weights: the pair that the weights select is windowed in the PE.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected;

impl Decide<4> for Selected {
    const N_ACTIVATION_BITS: usize = 4;

    #[inline(always)]
    fn decide<M: Mask>(self, lanes: [Lane<M>; 4], _col_is_real: M) -> Decision<M, 4> {
        let active = products(lanes);
        let n_active = count(active);
        // At most two of the four meet a weight: two of them are each other's partners.
        let partnered = n_active[1];
        let changed = each(M::none(), |lane| {
            let [.., alone, with_partner] = lanes[lane].activation;
            active[lane] & ((partnered & with_partner) | (!partnered & alone))
        });
        Decision {
            n_active,
            cuts: [[partnered; 4], [M::none(); 4]],
            reduced: [changed, [M::none(); 4]],
        }
    }
}

/// Decide for every PE: who is cut goes to `cuts` where the machine has such a rule, what was done to `tally`, who is
/// busy to `watch`.
#[inline(always)]
pub(super) fn plane<D: Decide<L>, const L: usize>(
    rule: D,
    held: &PeInputs<'_>,
    cuts: &mut [Cuts; 2],
    tally: &mut Tally,
    watch: &mut impl BusyWatch,
) {
    for group in 0..held.operands.n_groups {
        for first_row in (0..held.operands.n_rows).step_by(PES_PER_GROUP) {
            let activation = |plane: usize| Word::load(held.activation_bits.rows(plane, group, first_row));
            let weight = |plane: usize| Word::load(held.weight_bits.rows(plane, group, first_row));
            let mut lanes = [Lane::unknown(); L];
            for (number, lane) in lanes.iter_mut().enumerate() {
                for bit in 0..D::N_ACTIVATION_BITS {
                    lane.activation[bit] = activation(number * D::N_ACTIVATION_BITS + bit);
                }
                for bit in 0..N_WEIGHT_BITS {
                    lane.weight[bit] = weight(number * N_WEIGHT_BITS + bit);
                }
            }
            // A PE that holds is one that meets zeros.
            if let Some(works) = held.works(group, first_row) {
                let works = Word::load(works);
                for bits in lanes.iter_mut().flat_map(|lane| &mut lane.activation) {
                    *bits = *bits & works;
                }
            }
            let col_is_real = weight(L * N_WEIGHT_BITS);
            let decision = rule.decide(lanes, col_is_real);
            for (cuts, words) in cuts.iter_mut().zip(decision.cuts) {
                if cuts.are_used() {
                    for (pair, words) in words.chunks(2).enumerate() {
                        Word::store_pairs(words[0], words[1], cuts.rows_mut(pair, group, first_row));
                    }
                }
            }
            count_lanes(lanes, &decision, tally);
            // Where no step reduces a weight, there is none to count.
            if cuts[1].are_used() {
                add(tally, Kind::ReducedWeights, decision.reduced[1]);
            }
            add(
                tally,
                Kind::ActiveBesideZero,
                rule.active_beside_zero(lanes, col_is_real),
            );
            let [is_odd, twos, is_four] = decision.n_active;
            watch.see(group, first_row, is_odd | twos | is_four);
        }
    }
    watch.end_step();
}

#[inline(always)]
fn count_lanes<const L: usize>(lanes: [Lane<Word>; L], decision: &Decision<Word, L>, tally: &mut Tally) {
    let [is_odd, twos, is_four] = decision.n_active;
    add(tally, Kind::OneActive, [is_odd & !twos]);
    if 1 < L {
        add(tally, Kind::TwoActive, [twos & !is_odd]);
        add(tally, Kind::ReducedActivations, decision.reduced[0]);
    }
    if 2 < L {
        add(tally, Kind::ThreeActive, [twos & is_odd]);
        add(tally, Kind::FourActive, [is_four]);
    }
    let product = products(lanes);
    let wide_x: [Word; L] = each(Word::none(), |lane| product[lane] & lanes[lane].activation[WIDE]);
    let wide_w: [Word; L] = each(Word::none(), |lane| product[lane] & lanes[lane].weight[WIDE]);
    let both: [Word; L] = each(Word::none(), |lane| wide_x[lane] & wide_w[lane]);
    add(tally, Kind::WideActivation, wide_x);
    add(tally, Kind::WideWeight, wide_w);
    add(tally, Kind::BothWide, both);
}

/// Lanes whose operands are both not zero.
#[inline(always)]
fn products<M: Mask, const L: usize>(lanes: [Lane<M>; L]) -> [M; L] {
    each(M::none(), |lane| {
        lanes[lane].activation[NONZERO] & lanes[lane].weight[NONZERO]
    })
}

#[inline(always)]
fn add<const N: usize>(tally: &mut Tally, kind: Kind, words: [Word; N]) {
    for word in words {
        word.count(tally.of_mut(kind));
    }
}
