//! One step of every PE of an array at once, for an engine that clocks whole arrays.
//!
//! What depends on one operand alone (is it zero, is it wide, what would it be reduced to) is found once, where the
//! operand enters, and travels with it: [`edge`]. What depends on the operands that meet is decided by the same text as
//! for one PE ([`crate::nbsmt`]), over words that hold a bit per PE: `decide`. What is left is multiplied by
//! [`sim_simd::plane`].

mod busy;
mod decide;
pub mod edge;
mod inputs;
mod tally;
mod word;

use sim_core::busy::{BusyMap, PeMap};
use sim_core::spec::{Pe, Threads};
use sim_simd::HasAvx2;
use sim_simd::plane::{self, Cuts};

use crate::nbsmt::Collision;
use busy::{Busy, BusyWatch, Unwatched};
use decide::{Pairs, Selected, Sharing};
pub use inputs::{BitStrides, Bits, PES_PER_GROUP, PeInputs, PlaneOperands, WordStrides, Words};
pub use tally::Tallies;
use tally::Tally;

/// What decides a step.
#[derive(Clone, Copy, Debug)]
enum Rule {
    One(Sharing),
    Two(Sharing),
    Four(Sharing),
    Pairs,
    Selected,
}

/// The PEs of an array: their rule, what it decided in this step, and what they did since the start.
#[derive(Clone, Debug)]
pub struct Lanes {
    avx2: Option<HasAvx2>,
    rule: Rule,
    /// Which operands this step reduces: activations, weights.
    cuts: [Cuts; 2],
    tally: Tally,
    /// Where it is asked for.
    busy: Option<Busy>,
}

impl Lanes {
    /// Idle PEs of an array of `rows` by `cols`.
    pub fn new(pe: Pe, rows: usize, cols: usize, avx2: Option<HasAvx2>, pe_map: PeMap) -> Self {
        let n_groups = cols.div_ceil(PES_PER_GROUP);
        let n_rows = rows.next_multiple_of(PES_PER_GROUP);
        let rule = match pe {
            Pe::Conventional => Rule::One(Sharing::NONE),
            Pe::NbSmt(rules) => {
                let sharing = Sharing::new(Collision::new(&rules));
                match rules.threads {
                    Threads::One => Rule::One(sharing),
                    Threads::Two => Rule::Two(sharing),
                    Threads::Four => Rule::Four(sharing),
                }
            }
            Pe::Sparq(_) => Rule::Pairs,
            Pe::SparqStc(_) => Rule::Selected,
        };
        let n_pairs = pe.k_per_step().div_ceil(2);
        let cuts = |reduces| {
            if reduces {
                Cuts::of(n_pairs, n_groups, n_rows)
            } else {
                Cuts::none()
            }
        };
        Self {
            avx2,
            rule,
            cuts: edge::reduces(pe).map(cuts),
            tally: Tally::default(),
            busy: match pe_map {
                PeMap::Off => None,
                PeMap::Count => Some(Busy::new(rows, cols)),
            },
        }
    }

    /// Steps of every PE, the first with what is held and the others with what lies ready behind it: decide, tally, and
    /// add each product to `sums`, which stand as the PEs do.
    pub fn steps(&mut self, n: usize, held: &PeInputs<'_>, sums: &mut [i32]) {
        match self.busy.take() {
            None => self.watched_steps(n, held, sums, &mut Unwatched),
            Some(mut busy) => {
                self.watched_steps(n, held, sums, &mut busy);
                self.busy = Some(busy);
            }
        }
    }

    fn watched_steps<W: BusyWatch>(
        &mut self,
        n: usize,
        held: &PeInputs<'_>,
        sums: &mut [i32],
        watch: &mut W,
    ) {
        match self.avx2 {
            Some(found) => found.vectorized(
                #[inline(always)]
                || self.all_steps(Some(found), n, held, sums, watch),
            ),
            None => self.all_steps(None, n, held, sums, watch),
        }
    }

    /// With what is known of `avx2` while this is compiled: it is inlined once for each case.
    #[inline(always)]
    fn all_steps<W: BusyWatch>(
        &mut self,
        avx2: Option<HasAvx2>,
        n: usize,
        held: &PeInputs<'_>,
        sums: &mut [i32],
        watch: &mut W,
    ) {
        for step in 0..n {
            let held = held.later(step);
            self.decide(&held, watch);
            plane::add_products(avx2, &held.operands, &self.cuts, sums);
        }
    }

    #[inline(always)]
    fn decide<W: BusyWatch>(&mut self, held: &PeInputs<'_>, watch: &mut W) {
        let (cuts, tally) = (&mut self.cuts, &mut self.tally);
        match self.rule {
            Rule::One(rule) => decide::plane::<_, 1>(rule, held, cuts, tally, watch),
            Rule::Two(rule) => decide::plane::<_, 2>(rule, held, cuts, tally, watch),
            Rule::Four(rule) => decide::plane::<_, 4>(rule, held, cuts, tally, watch),
            Rule::Pairs => decide::plane::<_, 2>(Pairs, held, cuts, tally, watch),
            Rule::Selected => decide::plane::<_, 4>(Selected, held, cuts, tally, watch),
        }
    }

    /// What the PEs did since the start.
    pub fn tallies(&self) -> Tallies {
        self.tally.total()
    }

    /// In how many steps each PE was busy since the start, where that was to be counted.
    pub fn into_map(self) -> Option<BusyMap> {
        self.busy.map(Busy::into_map)
    }
}
