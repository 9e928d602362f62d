//! What is counted. Every count is an integer; every PE-cycle falls in exactly one bucket.

use std::cmp::Ordering;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// The most threads a PE can have.
pub const MAX_THREADS: usize = 4;

/// PE-steps of real outputs by the number of active threads, `0..=T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveSteps {
    counts: [u64; MAX_THREADS + 1],
    n_threads: usize,
}

impl ActiveSteps {
    /// No steps yet, for up to `n_threads` active threads (clipped to [`MAX_THREADS`]).
    pub const fn zero(n_threads: usize) -> Self {
        let n_threads = if n_threads < MAX_THREADS {
            n_threads
        } else {
            MAX_THREADS
        };
        Self {
            counts: [0; MAX_THREADS + 1],
            n_threads,
        }
    }

    /// From the counts of 0, 1, … active threads; at most `MAX_THREADS + 1` of them.
    pub fn from_counts(counts: &[u64]) -> Self {
        let mut steps = Self::zero(counts.len().saturating_sub(1));
        for (slot, &count) in steps.counts.iter_mut().zip(counts) {
            *slot = count;
        }
        steps
    }

    /// Count `n_steps` with `n_active` active threads.
    ///
    /// # Panics
    /// Where `n_active` is above the thread count: a PE that says so is broken.
    pub fn add(&mut self, n_active: usize, n_steps: u64) {
        assert!(
            n_active <= self.n_threads,
            "{n_active} active of {} threads",
            self.n_threads
        );
        self.counts[n_active] += n_steps;
    }

    /// T + 1 counts.
    pub fn counts(&self) -> &[u64] {
        &self.counts[..=self.n_threads]
    }

    /// All steps.
    pub fn total(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// Σ n·count\[n\]: the products made.
    pub fn n_products(&self) -> u64 {
        (0_u64..).zip(self.counts()).map(|(n, count)| n * count).sum()
    }

    /// Every count by its name; none of more active threads than there can be.
    pub fn named(&self) -> [(&'static str, Option<u64>); MAX_THREADS + 1] {
        let names = ["active_0", "active_1", "active_2", "active_3", "active_4"];
        std::array::from_fn(|n| (names[n], self.counts().get(n).copied()))
    }

    /// The same counts with room for `n_threads`, as a throttled layer reports those of its array.
    pub fn widened(mut self, n_threads: usize) -> Self {
        self.n_threads = self.n_threads.max(n_threads.min(MAX_THREADS));
        self
    }
}

impl AddAssign for ActiveSteps {
    fn add_assign(&mut self, other: Self) {
        *self = self.widened(other.n_threads);
        for (slot, count) in self.counts.iter_mut().zip(other.counts) {
            *slot += count;
        }
    }
}

impl Serialize for ActiveSteps {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.counts().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ActiveSteps {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts = Vec::<u64>::deserialize(deserializer)?;
        if counts.is_empty() || MAX_THREADS + 1 < counts.len() {
            return Err(serde::de::Error::invalid_length(counts.len(), &"1 to 5 counts"));
        }
        Ok(Self::from_counts(&counts))
    }
}

/// A struct of counts: each is a line, with the name that exports and comparisons of engines give it.
macro_rules! counts {
    ($(#[$doc:meta])* $name:ident { $($(#[$count_doc:meta])* $count:ident as $key:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$count_doc])* pub $count: u64,)+
        }

        impl $name {
            /// Every count by its name.
            pub const fn named(self) -> [(&'static str, u64); [$($key),+].len()] {
                [$(($key, self.$count)),+]
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                $(self.$count += other.$count;)+
            }
        }
    };
}

/// Every PE-cycle once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeCycles {
    /// Before the first step.
    pub fill: u64,
    /// Steps of a real output, by active threads.
    pub active: ActiveSteps,
    /// Steps of a tile in which the PE has no output.
    pub masked: u64,
    /// Between two tiles.
    pub stall: u64,
    /// After the last step.
    pub drain: u64,
    /// Steps of a tile in which the PE has an output that is predicted to be zero.
    #[serde(default)]
    pub skipped: u64,
    /// Between two phases, for the predictor of the second one's outputs.
    #[serde(default)]
    pub waiting: u64,
}

impl PeCycles {
    /// Nothing counted yet, for up to `n_threads` active threads.
    pub const fn zero(n_threads: usize) -> Self {
        Self {
            fill: 0,
            active: ActiveSteps::zero(n_threads),
            masked: 0,
            stall: 0,
            drain: 0,
            skipped: 0,
            waiting: 0,
        }
    }

    /// All PE-cycles; equals rows·cols·cycles.
    pub fn total(&self) -> u64 {
        let Self {
            fill,
            active,
            masked,
            stall,
            drain,
            skipped,
            waiting,
        } = self;
        fill + active.total() + masked + stall + drain + skipped + waiting
    }

    /// Every bucket by its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<u64>)> + use<> {
        let Self {
            fill,
            active,
            masked,
            stall,
            drain,
            skipped,
            waiting,
        } = *self;
        let others = [
            ("fill", fill),
            ("masked", masked),
            ("stall", stall),
            ("drain", drain),
            ("skipped", skipped),
            ("waiting", waiting),
        ];
        known(others).chain(active.named())
    }
}

impl AddAssign for PeCycles {
    fn add_assign(&mut self, other: Self) {
        let Self {
            fill,
            active,
            masked,
            stall,
            drain,
            skipped,
            waiting,
        } = other;
        self.fill += fill;
        self.active += active;
        self.masked += masked;
        self.stall += stall;
        self.drain += drain;
        self.skipped += skipped;
        self.waiting += waiting;
    }
}

counts! {
    /// Operands that a rule put through `reduce` (NB-SMT), or activations that a window changed (SPARQ).
    Reduced {
        /// Activations.
        activations as "reduced_activations",
        /// Weights.
        weights as "reduced_weights",
    }
}

counts! {
    /// Operand pairs with a·w ≠ 0 by the width of both, as given (before `reduce` or windows).
    OperandWidths {
        /// Both wide.
        a8w8 as "a8w8",
        /// Wide activation, narrow weight.
        a8w4 as "a8w4",
        /// Narrow activation, wide weight.
        a4w8 as "a4w8",
        /// Both narrow.
        a4w4 as "a4w4",
    }
}

impl OperandWidths {
    /// All pairs.
    pub const fn total(&self) -> u64 {
        let Self {
            a8w8,
            a8w4,
            a4w8,
            a4w4,
        } = *self;
        a8w8 + a8w4 + a4w8 + a4w4
    }
}

counts! {
    /// What changes from one step to the next in the PEs of real outputs, within a tile: the activity that energy follows.
    ///
    /// Lanes are threads, places of a pair, or places of a group of four; operands are taken as they move: SPARQ's
    /// activations after their window, 2:4 weights in the places where they stood.
    Switching {
        /// Bits of activations that change.
        activation_bits as "activation_bits",
        /// Bits of weights that change.
        weight_bits as "weight_bits",
        /// Bits of activations that change where the weight is not zero before or after.
        live_activation_bits as "live_activation_bits",
        /// Bits of weights that change where the activation is not zero before or after.
        live_weight_bits as "live_weight_bits",
        /// Products of one bit of an activation and one bit of its weight that change.
        partial_product_bits as "partial_product_bits",
        /// Lanes whose product begins or ceases to be zero.
        lane_edges as "lane_edges",
    }
}

/// All counters of a run; stored in the order of these fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Operands reduced.
    pub reduced: Reduced,
    /// Operand pairs by width.
    pub operand_widths: OperandWidths,
    /// What changes from step to step.
    pub switching: Switching,
    /// Every PE-cycle once.
    pub pe_cycles: PeCycles,
}

impl Counters {
    /// Nothing counted yet, for up to `n_threads` active threads.
    pub fn zero(n_threads: usize) -> Self {
        Self {
            pe_cycles: PeCycles::zero(n_threads),
            reduced: Reduced::default(),
            operand_widths: OperandWidths::default(),
            switching: Switching::default(),
        }
    }

    /// Every counter by its name; `None` where the machine cannot count it.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<u64>)> + use<> {
        let Self {
            reduced,
            operand_widths,
            switching,
            pe_cycles,
        } = *self;
        known(reduced.named())
            .chain(known(operand_widths.named()))
            .chain(known(switching.named()))
            .chain(pe_cycles.named())
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        let Self {
            pe_cycles,
            reduced,
            operand_widths,
            switching,
        } = other;
        self.pe_cycles += pe_cycles;
        self.reduced += reduced;
        self.operand_widths += operand_widths;
        self.switching += switching;
    }
}

fn known<const N: usize>(
    counts: [(&'static str, u64); N],
) -> impl Iterator<Item = (&'static str, Option<u64>)> {
    counts.into_iter().map(|(name, count)| (name, Some(count)))
}

/// Whether the error against the exact product is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mse {
    /// It is.
    Measure,
    /// It is not; the engine may be faster.
    Skip,
}

/// Sums from which the error of an approximate product is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorSums {
    /// Σ (C − exact C)² over all outputs.
    pub squared_error: u128,
    /// Σ (exact C)² over all outputs.
    pub squared_exact: u128,
}

impl ErrorSums {
    /// Compare Σ error² / Σ exact², without rounding; no error at all is the least, an error of nothing the largest.
    pub fn cmp_relative(&self, other: &Self) -> Ordering {
        // The quotients' continued fractions, term by term: products of two sums would need 256 bits.
        let (mut a, mut b) = (
            [self.squared_error, self.squared_exact],
            [other.squared_error, other.squared_exact],
        );
        let mut is_flipped = false;
        loop {
            if a[0] == 0 || b[0] == 0 || a[1] == 0 || b[1] == 0 {
                let order = |[error, exact]: [u128; 2]| (error != 0, error != 0 && exact == 0);
                let found = order(a).cmp(&order(b));
                return if is_flipped { found.reverse() } else { found };
            }
            let found = (a[0] / a[1]).cmp(&(b[0] / b[1]));
            if found.is_ne() {
                return if is_flipped { found.reverse() } else { found };
            }
            (a, b) = ([a[1], a[0] % a[1]], [b[1], b[0] % b[1]]);
            is_flipped = !is_flipped;
        }
    }
}

impl AddAssign for ErrorSums {
    fn add_assign(&mut self, other: Self) {
        let Self {
            squared_error,
            squared_exact,
        } = other;
        self.squared_error += squared_error;
        self.squared_exact += squared_exact;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_counter_has_a_name_of_its_own() {
        let mut counters = Counters::zero(2);
        counters.pe_cycles.active.add(1, 7);
        counters.switching.lane_edges = 5;
        let named: Vec<(&str, Option<u64>)> = counters.named().collect();
        let names: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), named.len());
        assert!(named.contains(&("active_1", Some(7))) && named.contains(&("lane_edges", Some(5))));
        assert!(named.contains(&("active_2", Some(0))) && named.contains(&("active_3", None)));
    }
}
