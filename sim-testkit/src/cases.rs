//! Random machines and operands that reach every rule: zero-heavy values, values at the edges, small odd shapes.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim_array::engine::{Operands, Outcome};
use sim_core::fixed::{Overflow, Rounding};
use sim_core::shape::Gemm;
use sim_core::spec::{
    ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Tiles, WeightPattern, Window, WindowRounding,
};
use sim_core::units::Cycles;

use crate::oracle::{self, Truth};

/// A machine and a product for it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The machine.
    pub array: ArraySpec,
    /// The product's shape.
    pub shape: Gemm,
    /// A.
    pub activations: Vec<u8>,
    /// W; 2:4 sparse where the machine needs it.
    pub weights: Vec<i8>,
}

impl Case {
    /// Its operands, as engines take them.
    ///
    /// # Panics
    /// Where lengths are not those of the shape.
    pub fn operands(&self) -> Operands<'_> {
        Operands::new(self.shape, &self.activations, &self.weights).expect("operands of their shape")
    }

    /// What every engine must say of it when asked for all there is.
    pub fn truth(&self) -> Outcome {
        let Truth {
            product,
            cycles,
            counters,
            error,
            busy,
        } = oracle::truth(&self.array, self.shape, &self.activations, &self.weights);
        Outcome {
            product,
            cycles,
            counters,
            error: Some(error),
            busy: Some(busy),
        }
    }

    /// When each output must leave the array, as [`crate::exits::Exits`] notes it.
    pub fn exits(&self) -> Vec<Option<Cycles>> {
        let (m, n, k) = (self.shape.m(), self.shape.n(), self.shape.k());
        let exits = oracle::exits(&self.array, m, n, k);
        exits.into_iter().map(Some).collect()
    }
}

/// Draws from a fixed seed: the same cases every day, so that what they reach does not depend on luck.
pub fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]),
    )
}

/// The next case.
///
/// # Panics
/// Never: nothing here filters what it draws.
pub fn draw<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy.new_tree(runner).expect("a case").current()
}

fn any_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + Clone + use<T> {
    proptest::sample::select(values.to_vec())
}

fn pe() -> impl Strategy<Value = Pe> {
    let nbsmt = (
        any_of(&Threads::ALL),
        any_of(&Policy::ALL),
        any_of(&Rounding::ALL),
        any_of(&Overflow::ALL),
    )
        .prop_map(|(threads, policy, rounding, overflow)| NbSmt {
            threads,
            policy,
            rounding,
            overflow,
        });
    let sparq = (
        any_of(&Window::ALL),
        any_of(&WindowRounding::ALL),
        any_of(&Pairs::ALL),
    )
        .prop_map(|(window, rounding, pairs)| Sparq {
            window,
            rounding,
            pairs,
        });
    prop_oneof![
        1 => Just(Pe::Conventional),
        8 => nbsmt.prop_map(Pe::NbSmt),
        3 => sparq.clone().prop_map(Pe::Sparq),
        3 => sparq.prop_map(Pe::SparqStc),
    ]
}

/// Any small machine.
///
/// # Panics
/// Never: all that is drawn is in range.
pub fn array() -> impl Strategy<Value = ArraySpec> {
    let size = prop_oneof![2 => Just(1_usize), 6 => 1_usize..7];
    let depth = prop_oneof![3 => Just(1_u8), 2 => 2_u8..6];
    (size.clone(), size, pe(), any_of(&Tiles::ALL), depth).prop_map(|(rows, cols, pe, tiles, depth)| {
        let array = ArraySpec::new(rows, cols, pe).expect("a size in range");
        array
            .with_tiles(tiles)
            .with_pipeline_depth(depth)
            .expect("a depth in range")
    })
}

fn activation() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0_u8), 2 => 1_u8..=15, 3 => any::<u8>(), 1 => 248_u8..=255]
}

fn weight() -> impl Strategy<Value = i8> {
    prop_oneof![2 => Just(0_i8), 2 => -8_i8..=7, 4 => any::<i8>(), 1 => 120_i8..=127]
}

/// Keep the first two non-zeros of every four, on a machine that takes no more.
pub fn keep_two_of_four(pe: Pe, weights: &mut [i8], k: usize) {
    match pe.weight_pattern() {
        WeightPattern::Any => return,
        WeightPattern::TwoOfFour => {}
    }
    for row in weights.chunks_mut(k) {
        for group in row.chunks_mut(4) {
            for w in group.iter_mut().filter(|w| **w != 0).skip(2) {
                *w = 0;
            }
        }
    }
}

/// Any machine, any small product.
pub fn case() -> impl Strategy<Value = Case> {
    array().prop_flat_map(case_on)
}

/// Any small product on one machine.
pub fn case_on(array: ArraySpec) -> impl Strategy<Value = Case> {
    let length = |most| prop_oneof![1 => Just(1_usize), 5 => 1_usize..most];
    (length(14), length(14), length(24))
        .prop_flat_map(move |(m, n, k)| case_of(array, Gemm::new(m, n, k).expect("a shape")))
}

/// Any product of one shape on one machine.
pub fn case_of(array: ArraySpec, shape: Gemm) -> impl Strategy<Value = Case> {
    let (m, n, k) = (shape.m(), shape.n(), shape.k());
    let operands = (
        proptest::collection::vec(activation(), m * k),
        proptest::collection::vec(weight(), n * k),
    );
    operands.prop_map(move |(activations, mut weights)| {
        keep_two_of_four(array.pe(), &mut weights, k);
        Case {
            array,
            shape,
            activations,
            weights,
        }
    })
}
