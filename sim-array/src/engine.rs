//! The contract of the engines: one machine, one product, one outcome.

use std::ops::Range;

use sim_core::busy::{BusyMap, PeMap};
pub use sim_core::counters::Mse;
use sim_core::counters::{Counters, ErrorSums};
use sim_core::mutant::{self, Mutant};
use sim_core::record::EngineKind;
use sim_core::shape::{EmptyDimension, Gemm};
use sim_core::spec::{ArraySpec, WeightPattern};
use sim_core::units::Cycles;

use crate::mapping::predicted::OutputPlan;

/// The operands of one product, checked: `activations` is `[m, k]` and `weights` `[n, k]`, both row-major.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a> {
    shape: Gemm,
    activations: &'a [u8],
    weights: &'a [i8],
    plans: &'a [OutputPlan],
}

/// Why operands do not form a product, or an engine cannot run one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A dimension is zero.
    #[error(transparent)]
    Empty(#[from] EmptyDimension),
    /// A slice is not as long as the shape says.
    #[error("{operand} holds {found} values, the shape {rows}×{k} needs {}", rows * k)]
    Length {
        /// `A` or `W`.
        operand: &'static str,
        /// Values in the slice.
        found: usize,
        /// M or N.
        rows: usize,
        /// K.
        k: usize,
    },
    /// K sums could leave a 32-bit accumulator.
    #[error("K = {k} could overflow the 32-bit accumulators of this PE; at most {max} terms are safe")]
    AccumulatorRange {
        /// K of the product.
        k: usize,
        /// The PE's limit.
        max: usize,
    },
    /// A group of four weights with more than two non-zeros on a 2:4 machine.
    #[error(
        "output channel {channel}, K {first_k}..={}: {n_nonzero} weights are non-zero, 2:4 sparsity allows 2",
        first_k + 3
    )]
    NotTwoOfFour {
        /// n.
        channel: usize,
        /// First k of the group.
        first_k: usize,
        /// How many weights of the group are not zero.
        n_nonzero: usize,
    },
    /// A plan of outputs for another array, or plans of products that are not these.
    #[error("a plan of outputs is for another {0} than the one that is run")]
    OtherPlan(&'static str),
    /// An engine that runs one product at a time was given several.
    #[error("the plans of outputs are of {0} products, and this engine runs one at a time")]
    SeveralPlans(usize),
}

const fn check_length(operand: &'static str, found: usize, rows: usize, k: usize) -> Result<(), EngineError> {
    match rows.checked_mul(k) {
        Some(needed) if needed == found => Ok(()),
        Some(_) | None => Err(EngineError::Length {
            operand,
            found,
            rows,
            k,
        }),
    }
}

impl<'a> Operands<'a> {
    /// Check lengths against `shape`.
    pub fn new(shape: Gemm, activations: &'a [u8], weights: &'a [i8]) -> Result<Self, EngineError> {
        check_length("A", activations.len(), shape.m(), shape.k())?;
        check_length("W", weights.len(), shape.n(), shape.k())?;
        Ok(Self {
            shape,
            activations,
            weights,
            plans: &[],
        })
    }

    /// The same operands, where only the outputs that a plan keeps are computed.
    #[must_use]
    pub const fn with_plan(self, plan: &'a OutputPlan) -> Self {
        Self {
            plans: std::slice::from_ref(plan),
            ..self
        }
    }

    /// Which outputs are computed, and in which tiles; `None` is all of them.
    pub const fn plan(&self) -> Option<&'a OutputPlan> {
        self.plans.first()
    }

    /// M, N and K.
    pub const fn shape(&self) -> Gemm {
        self.shape
    }

    /// A, `[m, k]`.
    pub const fn activations(&self) -> &'a [u8] {
        self.activations
    }

    /// W, `[n, k]`.
    pub const fn weights(&self) -> &'a [i8] {
        self.weights
    }

    /// Row `m` of A.
    pub fn activation_row(&self, m: usize) -> &'a [u8] {
        &self.activations[m * self.shape.k()..][..self.shape.k()]
    }

    /// Row `n` of W.
    pub fn weight_row(&self, n: usize) -> &'a [i8] {
        &self.weights[n * self.shape.k()..][..self.shape.k()]
    }
}

/// Rows of A, made when they are needed: a convolution's input need never be lowered as a whole.
pub trait ActivationRows: Sync {
    /// Rows `rows` of A, `[rows, k]` row-major; either what lies in memory already or what was written to `buffer`.
    fn rows<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Vec<u8>) -> &'b [u8];
}

impl ActivationRows for Operands<'_> {
    fn rows<'b>(&'b self, rows: Range<usize>, _buffer: &'b mut Vec<u8>) -> &'b [u8] {
        let k = self.shape.k();
        &self.activations[rows.start * k..rows.end * k]
    }
}

/// The operands of one product whose activations are made as they are needed.
#[derive(Clone, Copy)]
pub struct StreamedOperands<'a> {
    shape: Gemm,
    activations: &'a dyn ActivationRows,
    weights: &'a [i8],
    plans: &'a [OutputPlan],
}

impl<'a> StreamedOperands<'a> {
    /// Check the length of `weights` against `shape`; `activations` must answer for every row of it.
    pub fn new(
        shape: Gemm,
        activations: &'a dyn ActivationRows,
        weights: &'a [i8],
    ) -> Result<Self, EngineError> {
        check_length("W", weights.len(), shape.n(), shape.k())?;
        Ok(Self {
            shape,
            activations,
            weights,
            plans: &[],
        })
    }

    /// The same operands, where only the outputs that plans keep are computed: a plan for each of the products whose rows
    /// follow one another.
    #[must_use]
    pub const fn with_plans(self, plans: &'a [OutputPlan]) -> Self {
        Self { plans, ..self }
    }

    /// Which outputs are computed, and in which tiles, product by product; all of them where there is no plan.
    pub const fn plans(&self) -> &'a [OutputPlan] {
        self.plans
    }

    /// M, N and K.
    pub const fn shape(&self) -> Gemm {
        self.shape
    }

    /// Rows of A.
    pub const fn activations(&self) -> &'a dyn ActivationRows {
        self.activations
    }

    /// W, `[n, k]`.
    pub const fn weights(&self) -> &'a [i8] {
        self.weights
    }

    /// Row `n` of W.
    pub fn weight_row(&self, n: usize) -> &'a [i8] {
        &self.weights[n * self.shape.k()..][..self.shape.k()]
    }
}

impl<'a> From<&'a Operands<'a>> for StreamedOperands<'a> {
    fn from(operands: &'a Operands<'a>) -> Self {
        Self {
            shape: operands.shape,
            activations: operands,
            weights: operands.weights,
            plans: operands.plans,
        }
    }
}

/// What is measured beside the counters: what costs time and is not always asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// The error against the exact product.
    pub mse: Mse,
    /// Busy steps of each PE.
    pub pe_map: PeMap,
}

impl Measures {
    /// Counters alone.
    pub const NONE: Self = Self {
        mse: Mse::Skip,
        pe_map: PeMap::Off,
    };
    /// All there is.
    pub const ALL: Self = Self {
        mse: Mse::Measure,
        pe_map: PeMap::Count,
    };
}

/// No more than the error.
impl From<Mse> for Measures {
    fn from(mse: Mse) -> Self {
        Self { mse, ..Self::NONE }
    }
}

/// What a run of a product gives; equal to the bit for every engine that can run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// C, `[m, n]` row-major.
    pub product: Vec<i32>,
    /// Cycles from the first step to the last result's exit.
    pub cycles: Cycles,
    /// All counters.
    pub counters: Counters,
    /// Error sums, where measured.
    pub error: Option<ErrorSums>,
    /// Busy steps of each PE, where measured.
    pub busy: Option<BusyMap>,
}

/// A way to run a product on an array.
pub trait Engine: Sync {
    /// Which engine this is.
    fn kind(&self) -> EngineKind;

    /// Run one product.
    ///
    /// - Errors: K beyond the accumulators' range; weights that are not 2:4 on a machine that needs them. An engine
    ///   that cannot model a machine says so and never approximates.
    fn run(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        measures: Measures,
    ) -> Result<Outcome, EngineError>;

    /// Run one product whose activations are made as they are needed; here, all of them at once.
    ///
    /// - Errors: as [`Engine::run`].
    fn run_streamed(
        &self,
        array: &ArraySpec,
        operands: &StreamedOperands<'_>,
        measures: Measures,
    ) -> Result<Outcome, EngineError> {
        let mut buffer = Vec::new();
        let activations = operands.activations.rows(0..operands.shape.m(), &mut buffer);
        let plans = operands.plans;
        if 1 < plans.len() {
            return Err(EngineError::SeveralPlans(plans.len()));
        }
        let operands = Operands::new(operands.shape, activations, operands.weights)?;
        self.run(array, &Operands { plans, ..operands }, measures)
    }
}

/// The checks of a machine against operands that every engine makes before it starts.
pub fn check_operands(array: &ArraySpec, operands: &StreamedOperands<'_>) -> Result<(), EngineError> {
    let max = array.pe().max_k();
    let k = operands.shape().k();
    if max < k {
        return Err(EngineError::AccumulatorRange { k, max });
    }
    check_plans(array, operands)?;
    match array.pe().weight_pattern() {
        WeightPattern::Any => Ok(()),
        WeightPattern::TwoOfFour => check_two_of_four(operands),
    }
}

fn check_plans(array: &ArraySpec, operands: &StreamedOperands<'_>) -> Result<(), EngineError> {
    let Some(last) = operands.plans.last() else {
        return Ok(());
    };
    let (shape, all) = (last.outputs().shape(), operands.shape);
    let is_like_last = |plan: &OutputPlan| plan.outputs().shape() == shape;
    let is_whole = operands.plans.iter().all(is_like_last)
        && shape.m() * operands.plans.len() == all.m()
        && (shape.n(), shape.k()) == (all.n(), all.k());
    if !is_whole {
        return Err(EngineError::OtherPlan("product"));
    }
    if operands.plans.iter().any(|plan| plan.array() != array) {
        return Err(EngineError::OtherPlan("array"));
    }
    Ok(())
}

fn check_two_of_four(operands: &StreamedOperands<'_>) -> Result<(), EngineError> {
    for channel in 0..operands.shape().n() {
        for (group, weights) in operands.weight_row(channel).chunks(4).enumerate() {
            let n_nonzero = weights.iter().filter(|&&w| w != 0).count();
            if 2 < n_nonzero {
                return Err(EngineError::NotTwoOfFour {
                    channel,
                    first_k: group * 4,
                    n_nonzero,
                });
            }
        }
    }
    Ok(())
}

/// How far a product is from the exact one, over the outputs that are computed, where that is measured.
pub(crate) fn error_of(operands: &Operands<'_>, product: &[i32], mse: Mse) -> Option<ErrorSums> {
    match mse {
        Mse::Measure => Some(error_sums(operands, product)),
        Mse::Skip => None,
    }
}

fn error_sums(operands: &Operands<'_>, product: &[i32]) -> ErrorSums {
    let mut sums = ErrorSums::default();
    for (m, row) in product.chunks(operands.shape().n()).enumerate() {
        for (n, &value) in row.iter().enumerate() {
            let is_skipped = operands.plan().is_some_and(|plan| !plan.outputs().is_kept(m, n));
            if is_skipped && !mutant::is_on(Mutant::SkippedInError) {
                continue;
            }
            let terms = operands.activation_row(m).iter().zip(operands.weight_row(n));
            let exact: i32 = terms.map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
            let square = |value: i64| u128::from(value.unsigned_abs()).pow(2);
            sums.squared_error += square(i64::from(value) - i64::from(exact));
            sums.squared_exact += square(i64::from(exact));
        }
    }
    sums
}
