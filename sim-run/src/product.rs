//! Two matrices that form a product.

use std::path::{Path, PathBuf};

use sim_array::engine::{Engine, EngineError, Mse, Operands};
use sim_array::lockstep::{Divergence, Truth};
use sim_array::mapping::Schedule;
use sim_core::record::ProductRecord;
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;

use crate::error::RunError;
use crate::matrix;
use crate::memory;
use crate::planned::{self, OutputsAsk};
use crate::workers::Engines;

pub use crate::memory::Held;

/// Two matrices that form a product: A `[M, K]` of `u8` and W `[N, K]` of `i8`, row-major.
#[derive(Clone, Debug)]
pub struct Product {
    activations: Vec<u8>,
    weights: Vec<i8>,
    shape: Gemm,
    /// Of A and W, where they came from files.
    paths: [PathBuf; 2],
}

/// What a product became.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductOutcome {
    /// C, `[M, N]` row-major.
    pub product: Vec<i32>,
    /// Cycles and counts, against the conventional array of the same size and timing.
    pub record: ProductRecord,
}

impl Product {
    /// Of matrices at hand.
    ///
    /// - Errors: numbers of values other than those of `shape`.
    pub fn new(shape: Gemm, activations: Vec<u8>, weights: Vec<i8>) -> Result<Self, RunError> {
        let product = Self {
            activations,
            weights,
            shape,
            paths: ["activations", "weights"].map(PathBuf::from),
        };
        product.operands()?;
        Ok(product)
    }

    /// Read A and W from `.npy` files, once it is known that they fit in memory with what is `held` beside them.
    ///
    /// - Errors: files that are not such matrices, another K, nothing to multiply, and too little memory.
    pub fn read(activations: &Path, weights: &Path, held: Held) -> Result<Self, RunError> {
        let a = matrix::open::<u8>(activations)?;
        let w = matrix::open::<i8>(weights)?;
        if a.cols != w.cols {
            return Err(RunError::at(
                weights,
                &format!(
                    "K is {}, but {} has K = {}; activations are [M, K] and weights [N, K]",
                    w.cols,
                    activations.display(),
                    a.cols
                ),
            ));
        }
        let shape = Gemm::new(a.rows, w.rows, a.cols).map_err(|error| {
            let path = if error.dimension == "N" {
                weights
            } else {
                activations
            };
            RunError::at(path, &format!("{error}; give a matrix with values"))
        })?;
        memory::check_product(activations, shape, held)?;
        Ok(Self {
            activations: a.read()?,
            weights: w.read()?,
            shape,
            paths: [activations.to_owned(), weights.to_owned()],
        })
    }

    /// M, N and K.
    pub const fn shape(&self) -> Gemm {
        self.shape
    }

    /// The operands of the product.
    ///
    /// - Errors: numbers of values other than those of the shape.
    pub fn operands(&self) -> Result<Operands<'_>, RunError> {
        Operands::new(self.shape, &self.activations, &self.weights).map_err(|error| self.refused(&error))
    }

    /// Multiply on an array, on one thread of this computer.
    ///
    /// - Errors: operands that the array's PEs cannot multiply.
    pub fn run(&self, array: &ArraySpec, engine: &dyn Engine, mse: Mse) -> Result<ProductOutcome, RunError> {
        self.run_planned(array, engine, mse, None)
    }

    /// Multiply on an array that computes the outputs that are asked for, where only some are.
    ///
    /// - Errors: as [`Self::run`], and as [`OutputsAsk::plan`].
    pub fn run_planned(
        &self,
        array: &ArraySpec,
        engine: &dyn Engine,
        mse: Mse,
        ask: Option<&OutputsAsk>,
    ) -> Result<ProductOutcome, RunError> {
        let plan = ask.map(|ask| ask.plan(self.shape, array)).transpose()?;
        let operands = self.operands()?;
        let operands = match &plan {
            Some(plan) => operands.with_plan(plan),
            None => operands,
        };
        let outcome = engine
            .run(array, &operands, mse.into())
            .map_err(|error| self.refused(&error))?;
        Ok(ProductOutcome {
            product: outcome.product,
            record: ProductRecord {
                shape: self.shape,
                n_products: 1,
                engine: engine.kind(),
                array: *array,
                cycles: outcome.cycles,
                baseline_cycles: Schedule::new(&array.default_baseline(), self.shape).cycles(),
                counters: outcome.counters,
                error: outcome.error,
                busy: None,
                predicted: ask
                    .zip(plan.as_ref())
                    .map(|(ask, plan)| planned::record(plan, ask.rules.predictor_lanes)),
            },
        })
    }

    /// Multiply on engines that are held to `truth`; the first difference, if there is one.
    ///
    /// - Errors: as [`Self::run`].
    pub fn check(
        &self,
        array: &ArraySpec,
        engines: &Engines,
        truth: Truth,
    ) -> Result<Option<Divergence>, RunError> {
        engines
            .check(array, &self.operands()?, truth)
            .map_err(|error| self.refused(&error))
    }

    /// A product that the array refuses, with the file to blame and the remedy.
    pub fn refused(&self, error: &EngineError) -> RunError {
        let [activations, weights] = &self.paths;
        let (path, remedy) = match error {
            EngineError::NotTwoOfFour { .. } => (weights, "prune the weights, or take a `sparq` array"),
            EngineError::AccumulatorRange { .. } => (activations, "cut K into parts and add their products"),
            EngineError::Empty(_) | EngineError::Length { .. } => (activations, "give matrices with values"),
            EngineError::OtherPlan(_) | EngineError::SeveralPlans(_) => {
                (activations, "this is a fault of the simulator: please report it")
            }
        };
        RunError::at(path, &format!("{error}; {remedy}"))
    }

    /// Whether there is a file at `path` that [`Self::write`] may have written, of this product or another.
    ///
    /// - Errors: it cannot be read.
    pub fn is_written_at(path: &Path) -> std::io::Result<bool> {
        matrix::is_product(path)
    }

    /// Write C as an `.npy` file of `int32`, whole or not at all.
    ///
    /// - Errors: a folder that cannot be written to.
    pub fn write(&self, path: &Path, product: &[i32]) -> Result<(), RunError> {
        matrix::write_product(path, [self.shape.m(), self.shape.n()], product)
    }
}
